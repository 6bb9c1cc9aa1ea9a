// Products of packed panels: the register tile that nearly all of the arithmetic runs through.
#pragma once

#include "vec.hpp"

namespace alsatian::ALSATIAN_ISA {

// C[R × V·W] ±= Σ_d a[d·P + r] b[d·P + :]
template <class T, int R, int V, bool Subtract>
ALSATIAN_INLINE void tile(const T* __restrict a, const T* __restrict b, i64 depth, T* __restrict c) {
    constexpr int W = kWidth<T>, P = kPanel<T>;
    vec<T> sum[R][V];
    ALSATIAN_UNROLL for (int r = 0; r < R; r++) ALSATIAN_UNROLL for (int j = 0; j < V; j++) sum[r][j] =
        load(c + r * P + j * W);
    for (i64 d = 0; d < depth; d++) {
        vec<T> row[V];
        ALSATIAN_UNROLL for (int j = 0; j < V; j++) row[j] = load(b + d * P + j * W);
        ALSATIAN_UNROLL for (int r = 0; r < R; r++) {
            const vec<T> s = broadcast(a[d * P + r]);
            ALSATIAN_UNROLL for (int j = 0; j < V; j++) {
                if constexpr (Subtract)
                    sum[r][j] -= s * row[j];
                else
                    sum[r][j] += s * row[j];
            }
        }
    }
    ALSATIAN_UNROLL for (int r = 0; r < R; r++) ALSATIAN_UNROLL for (int j = 0; j < V; j++)
        store(c + r * P + j * W, sum[r][j]);
}

// R rows by `vectors` vectors, in tiles as wide as the registers hold.
template <class T, int R, bool Subtract>
ALSATIAN_INLINE void tile_row(int vectors, const T* a, const T* b, i64 depth, T* c) {
    constexpr int W = kWidth<T>, V = kTileVectors;
    int j = 0;
    for (; j + V <= vectors; j += V) tile<T, R, V, Subtract>(a, b + j * W, depth, c + j * W);
    if constexpr (V == 4) {
        if (vectors - j == 3) {
            tile<T, R, 3, Subtract>(a, b + j * W, depth, c + j * W);
            return;
        }
        if (vectors - j == 2) {
            tile<T, R, 2, Subtract>(a, b + j * W, depth, c + j * W);
            return;
        }
    }
    if (vectors - j == 1) tile<T, R, 1, Subtract>(a, b + j * W, depth, c + j * W);
}

// C ±= Aᵀ B for one panel of A (rows) and one of B (columns). On the diagonal only columns from the vector
// that holds the row's own diagonal element are needed.
template <class T, bool Subtract>
__attribute__((noinline)) void panel_product(const T* a, const T* b, i64 depth, int rows, int columns,
                                             bool diagonal, T* c) {
    constexpr int W = kWidth<T>, P = kPanel<T>;
    int r = 0;
    auto from = [&](int row) { return diagonal ? row / W * W : 0; };
    for (; r + kTileRows <= rows; r += kTileRows)
        tile_row<T, kTileRows, Subtract>((columns - from(r)) / W, a + r, b + from(r), depth,
                                         c + r * P + from(r));
    if (r + 4 <= rows) {
        tile_row<T, 4, Subtract>((columns - from(r)) / W, a + r, b + from(r), depth, c + r * P + from(r));
        r += 4;
    }
    for (; r < rows; r++)
        tile_row<T, 1, Subtract>((columns - from(r)) / W, a + r, b + from(r), depth, c + r * P + from(r));
}

template <class T>
ALSATIAN_INLINE int panel_width(int size, int p) {
    const int rest = size - p * kPanel<T>;
    return rest < kPanel<T> ? rest : kPanel<T>;
}

template <class T>
void gram(const T* packed, i64 stride, i64 depth, int padded, T* c, i64 c_stride, bool subtract) {
    constexpr int P = kPanel<T>;
    const int panels = (padded + P - 1) / P;
    for (int i = 0; i < panels; i++)
        for (int j = i; j < panels; j++) {
            T* block = c + j * c_stride + i64(i) * P * P;
            const int rows = panel_width<T>(padded, i), columns = panel_width<T>(padded, j);
            if (subtract)
                panel_product<T, true>(packed + i * stride, packed + j * stride, depth, rows, columns, i == j,
                                       block);
            else
                panel_product<T, false>(packed + i * stride, packed + j * stride, depth, rows, columns,
                                        i == j, block);
        }
}

// Multiply-adds of `gram` for one packed row.
template <class T>
i64 gram_work(int padded) {
    constexpr int W = kWidth<T>, P = kPanel<T>;
    i64 work = 0;
    for (int r = 0; r < padded; r++) work += padded - r / P * P;  // whole panels, those on the diagonal too
    for (int top = 0; top < padded; top += P) {
        // A tile on the diagonal starts at the vector that holds the diagonal element of its first row.
        const int rows = padded - top < P ? padded - top : P;
        for (int r = 0; r < rows;) {
            const int tall = r + kTileRows <= rows ? kTileRows : r + 4 <= rows ? 4 : 1;
            work -= i64(tall) * (r / W * W);
            r += tall;
        }
    }
    return work;
}

template <class T>
void product(const T* a, const T* b, i64 stride, i64 depth, int rows, int padded, T* c, i64 c_stride) {
    constexpr int P = kPanel<T>;
    for (int j = 0; j * P < padded; j++)
        panel_product<T, false>(a, b + j * stride, depth, rows, panel_width<T>(padded, j), false,
                                c + j * c_stride);
}

}  // namespace alsatian::ALSATIAN_ISA
