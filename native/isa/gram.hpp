// Products of packed panels: the register tile that nearly all of the arithmetic runs through.
#pragma once

#include "../kernels.hpp"
#include "vec.hpp"

namespace alsatian::ALSATIAN_ISA {

// A tile of R rows by V vectors.
template <int R, int V>
struct Shape {};
template <int R>
struct Rows {
    static constexpr int value = R;
};
// Two vectors wide: all of `Upper` rows, and below them the second vector of `Lower` rows.
template <int Upper, int Lower>
struct Corner {};

// Asks for rows that are wanted next, a cache line in four steps; after the last of them for its lines again,
// which costs nothing.
class Fetcher {
  public:
    // `near` is asked for where nothing else is wanted.
    Fetcher(const Wanted* wanted, const char* const* near)
        : row_(wanted ? wanted->rows : near),
          last_(wanted ? wanted->rows + wanted->count - 1 : near),
          bytes_(wanted ? 64 * wanted->lines : 64) {
        begin();
    }
    ALSATIAN_READER void step() {
        __builtin_prefetch(at_, 0, 2);  // into the second level: what is multiplied needs the first
        at_ += 16;
        if (at_ != end_) return;
        row_ += row_ != last_;
        begin();
    }

  private:
    ALSATIAN_READER void begin() {
        at_ = *row_;
        end_ = at_ + bytes_;
    }
    const char *const *row_, *const *last_, *at_, *end_;
    i64 bytes_;
};
// Where nothing is to be fetched.
struct NoFetcher {
    ALSATIAN_READER void step() {}
};

template <class T, Sum How>
ALSATIAN_INLINE void add_product(vec<T>& sum, vec<T> a, vec<T> b) {
    if constexpr (How == Sum::subtract)
        sum -= a * b;
    else
        sum += a * b;
}

// C[R × V·W] = or ±= Σ_d a[d·P + r] b[d·P + :]
template <class T, Sum How, int R, int V, class Fetch>
ALSATIAN_INLINE void tile(Shape<R, V>, const T* __restrict a, const T* __restrict b, i64 depth,
                          T* __restrict c, Fetch& fetch) {
    constexpr int W = kWidth<T>, P = kPanel<T>;
    vec<T> sum[R][V];
    ALSATIAN_UNROLL for (int r = 0; r < R; r++) ALSATIAN_UNROLL for (int j = 0; j < V; j++) sum[r][j] =
        How == Sum::set ? vec<T>{} : load(c + r * P + j * W);
    for (i64 d = 0; d < depth; d++) {
        fetch.step();
        vec<T> row[V];
        ALSATIAN_UNROLL for (int j = 0; j < V; j++) row[j] = load(b + d * P + j * W);
        ALSATIAN_UNROLL for (int r = 0; r < R; r++) {
            const vec<T> s = broadcast(a[d * P + r]);
            ALSATIAN_UNROLL for (int j = 0; j < V; j++) add_product<T, How>(sum[r][j], s, row[j]);
        }
    }
    ALSATIAN_UNROLL for (int r = 0; r < R; r++) ALSATIAN_UNROLL for (int j = 0; j < V; j++)
        store(c + r * P + j * W, sum[r][j]);
}

// The same for what lies above the diagonal of rows whose diagonal passes from the first vector to the
// second.
template <class T, Sum How, int Upper, int Lower, class Fetch>
ALSATIAN_INLINE void tile(Corner<Upper, Lower>, const T* __restrict a, const T* __restrict b, i64 depth,
                          T* __restrict c, Fetch& fetch) {
    constexpr int W = kWidth<T>, P = kPanel<T>;
    T* low = c + Upper * P + W;
    vec<T> upper[Upper][2], lower[Lower];
    ALSATIAN_UNROLL for (int r = 0; r < Upper; r++) ALSATIAN_UNROLL for (int j = 0; j < 2; j++) upper[r][j] =
        How == Sum::set ? vec<T>{} : load(c + r * P + j * W);
    ALSATIAN_UNROLL for (int r = 0; r < Lower; r++) lower[r] = How == Sum::set ? vec<T>{} : load(low + r * P);
    for (i64 d = 0; d < depth; d++) {
        fetch.step();
        const vec<T> first = load(b + d * P), second = load(b + d * P + W);
        ALSATIAN_UNROLL for (int r = 0; r < Upper; r++) {
            const vec<T> s = broadcast(a[d * P + r]);
            add_product<T, How>(upper[r][0], s, first);
            add_product<T, How>(upper[r][1], s, second);
        }
        ALSATIAN_UNROLL for (int r = 0; r < Lower; r++)
            add_product<T, How>(lower[r], broadcast(a[d * P + Upper + r]), second);
    }
    ALSATIAN_UNROLL for (int r = 0; r < Upper; r++) ALSATIAN_UNROLL for (int j = 0; j < 2; j++)
        store(c + r * P + j * W, upper[r][j]);
    ALSATIAN_UNROLL for (int r = 0; r < Lower; r++) store(low + r * P, lower[r]);
}

// A tile in a function of its own: side by side in one, the sums of each would take registers from the
// others.
template <class T, Sum How, class Shape, class Fetch>
__attribute__((noinline)) void apart(Shape shape, const T* a, const T* b, i64 depth, T* c, Fetch& fetch) {
    Fetch own = fetch;  // in registers
    tile<T, How>(shape, a, b, depth, c, own);
    fetch = own;
}

// visit(tile's shape, its first column) for R rows by `vectors` vectors from column `from` on.
template <class T, int R, class Visit>
ALSATIAN_INLINE void walk_row(int vectors, int from, const Visit& visit) {
    constexpr int W = kWidth<T>, V = kTileVectors;
    int j = 0;
    for (; j + V <= vectors; j += V) visit(Shape<R, V>{}, from + j * W);
    if constexpr (V == 4) {
        if (vectors - j == 3) return visit(Shape<R, 3>{}, from + j * W);
        if (vectors - j == 2) return visit(Shape<R, 2>{}, from + j * W);
    }
    if (vectors - j == 1) visit(Shape<R, 1>{}, from + j * W);
}

// visit(tile's shape, its first row, its first column) for tiles that cover `rows` × `columns` of a panel,
// or, on the diagonal, of each row what lies right of it, from the vector that holds the diagonal element.
//
// Sums that depend on one another wait for four or five cycles, and two can start in each: a tile wants eight
// of them or more.
template <class T, class Visit>
ALSATIAN_INLINE void walk_panel(int rows, int columns, bool diagonal, const Visit& visit) {
    constexpr int W = kWidth<T>, P = kPanel<T>, S = kTileRows;
    int r = 0;
    if constexpr (kTileVectors == 2) {
        if (diagonal && rows == P && columns == P) {
            constexpr int Above = W > S ? S : 0;  // rows before the corner
            if constexpr (Above > 0) visit(Shape<S, 2>{}, 0, 0);
            return visit(Corner<W - Above, W>{}, Above, 0);
        }
        if (columns == W)
            for (; r + 8 <= rows; r += 8) visit(Shape<8, 1>{}, r, 0);
    }
    auto whole = [&](auto tall, int row) {
        constexpr int R = decltype(tall)::value;
        const int from = diagonal ? row / W * W : 0;
        walk_row<T, R>((columns - from) / W, from,
                       [&](auto shape, int column)
                           __attribute__((always_inline)) { visit(shape, row, column); });
    };
    while (r < rows) {
        const int left = rows - r;
        // Four rows twice are better than six and two.
        if (left >= S && left % S != 2) {
            whole(Rows<S>{}, r);
            r += S;
        } else if (left >= 4) {
            whole(Rows<4>{}, r);
            r += 4;
        } else {
            whole(Rows<1>{}, r);
            r++;
        }
    }
}

// C = or ±= Aᵀ B for one panel of A (rows) and one of B (columns). On the diagonal only columns from the
// vector that holds the row's own diagonal element are needed.
template <class T, Sum How, class Fetch>
ALSATIAN_INLINE void panel_product(const T* a, const T* b, i64 depth, int rows, int columns, bool diagonal,
                                   T* c, Fetch& fetch) {
    walk_panel<T>(rows, columns, diagonal,
                  [&](auto shape, int row, int column) __attribute__((always_inline)) {
                      apart<T, How>(shape, a + row, b + column, depth, c + row * kPanel<T> + column, fetch);
                  });
}

template <class T>
ALSATIAN_INLINE int panel_width(int size, int p) {
    const int rest = size - p * kPanel<T>;
    return rest < kPanel<T> ? rest : kPanel<T>;
}

template <class T, Sum How>
ALSATIAN_INLINE void gram_as(const T* packed, i64 stride, i64 depth, int padded, T* c, i64 c_stride,
                             Fetcher& fetch) {
    constexpr int P = kPanel<T>;
    const int panels = (padded + P - 1) / P;
    for (int i = 0; i < panels; i++)
        for (int j = i; j < panels; j++)
            panel_product<T, How>(packed + i * stride, packed + j * stride, depth, panel_width<T>(padded, i),
                                  panel_width<T>(padded, j), i == j, c + j * c_stride + i64(i) * P * P,
                                  fetch);
}

template <class T>
void gram(const T* packed, i64 stride, i64 depth, int padded, T* c, i64 c_stride, Sum how,
          const Wanted* wanted) {
    const char* const near = reinterpret_cast<const char*>(packed);
    Fetcher fetch(wanted && wanted->count > 0 ? wanted : nullptr, &near);
    if (how == Sum::set) return gram_as<T, Sum::set>(packed, stride, depth, padded, c, c_stride, fetch);
    if (how == Sum::add) return gram_as<T, Sum::add>(packed, stride, depth, padded, c, c_stride, fetch);
    gram_as<T, Sum::subtract>(packed, stride, depth, padded, c, c_stride, fetch);
}

template <int R, int V>
constexpr int vectors_of(Shape<R, V>) {
    return R * V;
}
template <int Upper, int Lower>
constexpr int vectors_of(Corner<Upper, Lower>) {
    return 2 * Upper + Lower;
}

// Multiply-adds of `gram` for one packed row.
template <class T>
i64 gram_work(int padded) {
    constexpr int P = kPanel<T>;
    const int panels = (padded + P - 1) / P;
    i64 vectors = 0;
    for (int i = 0; i < panels; i++)
        for (int j = i; j < panels; j++)
            walk_panel<T>(panel_width<T>(padded, i), panel_width<T>(padded, j), i == j,
                          [&](auto shape, int, int) { vectors += vectors_of(shape); });
    return vectors * kWidth<T>;
}

template <class T>
void product(const T* a, const T* b, i64 stride, i64 depth, int rows, int padded, T* c, i64 c_stride) {
    constexpr int P = kPanel<T>;
    NoFetcher none;
    for (int j = 0; j * P < padded; j++)
        panel_product<T, Sum::add>(a, b + j * stride, depth, rows, panel_width<T>(padded, j), false,
                                   c + j * c_stride, none);
}

}  // namespace alsatian::ALSATIAN_ISA
