// Passes over the cells of one row: products with rows of the fixed side, and sums of them, without a matrix.
#pragma once

#include "../kernels.hpp"
#include "pack.hpp"
#include "vec.hpp"

namespace alsatian::ALSATIAN_ISA {

template <class T, int Step>
ALSATIAN_INLINE void sum_stages(vec<T>* rows) {
    constexpr int W = kWidth<T>;
    if constexpr (Step < W) {
        ALSATIAN_UNROLL for (int i = 0; i < W; i += 2 * Step) {
            exchange<T, Step>(rows[i], rows[i + Step], typename MakeLanes<W>::type{});
            rows[i] += rows[i + Step];
        }
        sum_stages<T, Step * 2>(rows);
    }
}

// Lane i of the result is the sum of the lanes of rows[i]; the rows are used up.
template <class T>
ALSATIAN_INLINE vec<T> sums_of_lanes(vec<T>* rows) {
    sum_stages<T, 1>(rows);
    return rows[0];
}

// Rows of the fixed side that are multiplied together: enough to keep the multiply-adds busy.
template <class T>
constexpr int kDotRows = kWidth<T> > 8 ? kWidth<T> : 8;
// Rows between the two halves of a pass: they are still in the first-level cache when the second half comes.
constexpr int kPassRows = 16;

// kPassRows cells of a row. Where there are fewer, the first stands in for the rest, and counts for nothing.
template <class T>
struct PassRows {
    i32 index[kPassRows];
    const T* data[kPassRows];
    int count;

    PassRows(const Factors<T>& z, const i32* from, i64 left)
        : count(left < kPassRows ? static_cast<int>(left) : kPassRows) {
        for (int i = 0; i < kPassRows; i++) {
            index[i] = from[i < left ? i : 0];
            data[i] = z.row(index[i]);
        }
    }
};

// scores[i] = z̃_i · x for all of them. The rows of `next` are asked for on the way, a line at a time: asked
// for all at once they would wait for one another.
template <class T>
ALSATIAN_INLINE void score_pass_rows(const RowReader<T>& read, const PassRows<T>& rows,
                                     const PassRows<T>& next, const T* x, T* scores) {
    constexpr int W = kWidth<T>, D = kDotRows<T>;
    for (int first = 0; first < rows.count; first += D) {
        vec<T> sum[D];
        ALSATIAN_UNROLL for (int i = 0; i < D; i++) sum[i] = vec<T>{};
        for (int c = 0; c < read.whole; c += W) {
            const vec<T> v = load(x + c);
            if (c * static_cast<int>(sizeof(T)) % 64 == 0)
                ALSATIAN_UNROLL for (int i = 0; i < D; i++) __builtin_prefetch(next.data[first + i] + c);
            ALSATIAN_UNROLL for (int i = 0; i < D; i++) sum[i] += load(rows.data[first + i] + c) * v;
        }
        if (read.z.size() > read.whole) {
            const vec<T> v = load(x + read.whole);
            ALSATIAN_UNROLL for (int i = 0; i < D; i++) sum[i] += read(rows.index[first + i], read.whole) * v;
        }
        ALSATIAN_UNROLL for (int i = 0; i < D; i += W) store(scores + first + i, sums_of_lanes<T>(sum + i));
    }
}

// out[column …] += Σ_i coef[i] z_i over Count whole vectors.
template <class T, int Count>
ALSATIAN_INLINE void add_pass_strip(const PassRows<T>& rows, const T* coef, int column, T* out) {
    constexpr int W = kWidth<T>;
    vec<T> sum[Count];
    ALSATIAN_UNROLL for (int j = 0; j < Count; j++) sum[j] = load(out + column + j * W);
    for (int i = 0; i < rows.count; i++) {
        const vec<T> c = broadcast(coef[i]);
        ALSATIAN_UNROLL for (int j = 0; j < Count; j++) sum[j] += c * load(rows.data[i] + column + j * W);
    }
    ALSATIAN_UNROLL for (int j = 0; j < Count; j++) store(out + column + j * W, sum[j]);
}

// out += Σ_i coef[i] z̃_i
template <class T>
ALSATIAN_INLINE void add_pass_rows(const RowReader<T>& read, const PassRows<T>& rows, const T* coef, T* out) {
    constexpr int W = kWidth<T>;
    int c = 0;
    for (; c + 8 * W <= read.whole; c += 8 * W) add_pass_strip<T, 8>(rows, coef, c, out);
    if (c + 4 * W <= read.whole) {
        add_pass_strip<T, 4>(rows, coef, c, out);
        c += 4 * W;
    }
    for (; c < read.whole; c += W) add_pass_strip<T, 1>(rows, coef, c, out);
    if (read.z.size() == read.whole) return;
    vec<T> sum = load(out + c);
    for (int i = 0; i < rows.count; i++) sum += broadcast(coef[i]) * read(rows.index[i], c);
    store(out + c, sum);
}

template <class T>
ALSATIAN_INLINE vec<T> first_lanes(vec<T> v, i64 count) {
    if (count >= kWidth<T>) return v;
    return (vec<T>)((vec<integer<T>>)v & lanes_below<T>(count > 0 ? static_cast<int>(count) : 0));
}

// `count` numbers that may be fewer than a vector; zeros follow.
template <class T>
ALSATIAN_INLINE vec<T> load_some(const T* p, i64 count) {
    if (count >= kWidth<T>) return load(p);
    vec<T> v{};
    for (int i = 0; i < count; i++) v[i] = p[i];
    return v;
}

// What every pass does: scores s of all cells with x, coef and a share of the value from each by `term`, and
// out += Σ coef z̃ unless out is null.
template <class T, class Term>
ALSATIAN_INLINE double pass(const Factors<T>& z, const RowCells<T>& cells, const T* x, T* out, Term term) {
    constexpr int W = kWidth<T>;
    const RowReader<T> read(z);
    if (cells.count == 0) return 0;
    PassRows<T> next(z, cells.index, cells.count);
    vec<T> value{};
    for (i64 b = 0; b < cells.count; b += kPassRows) {
        const i64 left = cells.count - b;
        const PassRows<T> rows = next;
        if (left > kPassRows) next = PassRows<T>(z, cells.index + b + kPassRows, left - kPassRows);
        T scores[kPassRows], coef[kPassRows];
        score_pass_rows<T>(read, rows, next, x, scores);
        for (int i = 0; i < rows.count; i += W) {
            vec<T> share;
            store(coef + i, first_lanes<T>(term(load(scores + i), b + i, left - i, share), left - i));
            value += first_lanes<T>(share, left - i);
        }
        if (out) add_pass_rows<T>(read, rows, coef, out);
    }
    return horizontal_sum<T>(value);
}

template <class T>
double gradient_pass(const Factors<T>& z, const RowCells<T>& cells, const T* x, T* gradient) {
    const vec<T> rest = broadcast(cells.rest);
    const bool shared = cells.rest != 0;
    return pass<T>(z, cells, x, gradient, [&](vec<T> score, i64 at, i64 left, vec<T>& share) {
        const vec<T> miss = load_some(cells.target + at, left) - score;
        const vec<T> pull = cells.weight ? load_some(cells.weight + at, left) * miss : miss;
        share = pull * miss;
        if (!shared) return pull;
        const vec<T> whole = cells.offset ? score + load_some(cells.offset + at, left) : score;
        share -= rest * whole * whole;
        return pull + rest * whole;
    });
}

template <class T>
double curvature_pass(const Factors<T>& z, const RowCells<T>& cells, const T* x, T* product) {
    const vec<T> rest = broadcast(cells.rest), one = broadcast(T(1));
    return pass<T>(z, cells, x, product, [&](vec<T> score, i64 at, i64 left, vec<T>& share) {
        const vec<T> q = (cells.weight ? load_some(cells.weight + at, left) : one) - rest;
        const vec<T> coef = q * score;
        share = coef * score;
        return coef;
    });
}

}  // namespace alsatian::ALSATIAN_ISA
