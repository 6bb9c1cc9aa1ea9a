// Gathering rows of the fixed side into panels, straight or transposed.
#pragma once

#include "../kernels.hpp"
#include "vec.hpp"

namespace alsatian::ALSATIAN_ISA {

// How far ahead the gather asks for rows: the rows lie at random in a matrix larger than the cache.
constexpr i64 kAhead = 12;

// One row z̃, read a vector at a time: the last vector holds the rest of z, the one of the bias, and zeros.
template <class T>
struct RowReader {
    static constexpr int W = kWidth<T>;
    Factors<T> z;
    int whole;  // columns below this lie in vectors that are wholly inside z
    int rest;   // columns of z beyond them
    vec<integer<T>> mask;
    vec<T> one{};
    explicit RowReader(const Factors<T>& factors)
        : z(factors), whole(factors.k / W * W), rest(factors.k % W), mask(lanes_below<T>(rest)) {
        if (factors.bias) one = one_at<T>(rest);
    }

    ALSATIAN_READER vec<T> operator()(i32 row, int column) const {
        const i64 at = i64(row) * z.stride() + z.skip + column;
        if (column < whole) return load(z.data + at);
        if (column > whole) return vec<T>{};  // padding beyond the last vector
        if (rest == 0) return one;
        if (at + W <= z.rows * z.stride()) return (vec<T>)((vec<integer<T>>)load(z.data + at) & mask) + one;
        vec<T> v = one;  // the last rows of the matrix: a whole vector would reach beyond it
        for (int i = 0; i < rest; i++) v[i] = z.data[at + i];
        return v;
    }
};

template <class T>
ALSATIAN_INLINE void prefetch_lines(const T* p, int bytes) {
    for (int line = 0; line < bytes; line += 64) __builtin_prefetch(reinterpret_cast<const char*>(p) + line);
}

// What a strip of pack_rows does with the rows beside adding them to the right-hand side.
enum class Keep { nothing, plain, scaled };

template <class T>
struct PackJob {
    RowReader<T> read;
    const i32* index;
    i64 count, ahead;  // rows to pack, and indices that may be looked at to fetch early
    const T *scale, *coef;
};

// Vectors [column, column + Count·W) of all rows; Count accumulators of the right-hand side stay in
// registers.
template <class T, int Count, bool Whole, Keep K>
ALSATIAN_INLINE void pack_strip(const PackJob<T>& job, int column, T* __restrict packed, i64 stride,
                                T* __restrict rhs) {
    constexpr int W = kWidth<T>, P = kPanel<T>;
    const i32* __restrict index = job.index;
    const T* __restrict coef = job.coef;
    const T* __restrict scale = job.scale;
    const T* base = job.read.z.row(0) + column;
    const i64 k = job.read.z.stride(), count = job.count, ahead = job.ahead;
    vec<T> sum[Count];
    ALSATIAN_UNROLL for (int j = 0; j < Count; j++) sum[j] = load(rhs + j * W);
    for (i64 q = 0; q < count; q++) {
        if (q + kAhead < ahead) prefetch_lines(base + index[q + kAhead] * k, Count * kVectorBytes);
        const T* z = base + index[q] * k;
        const vec<T> c = broadcast(coef[q]);
        ALSATIAN_UNROLL for (int j = 0; j < Count; j++) {
            vec<T> v;
            if constexpr (Whole)
                v = load(z + j * W);
            else
                v = job.read(index[q], column + j * W);
            sum[j] += c * v;
            if constexpr (K == Keep::nothing) continue;
            T* target = packed + (j / kPanelVectors) * stride + q * P + j % kPanelVectors * W;
            if constexpr (K == Keep::plain) store(target, v);
            if constexpr (K == Keep::scaled) store(target, v * broadcast(scale[q]));
        }
    }
    ALSATIAN_UNROLL for (int j = 0; j < Count; j++) store(rhs + j * W, sum[j]);
}

template <class T, Keep K>
ALSATIAN_INLINE void pack_strips(const PackJob<T>& job, int padded, T* packed, i64 stride, T* rhs) {
    constexpr int W = kWidth<T>, P = kPanel<T>;
    constexpr int Group = 8;  // accumulators that fit the registers; whole panels
    const int whole = job.read.whole;
    auto target = [&](int c) { return K == Keep::nothing ? nullptr : packed + (c / P) * stride + c % P; };
    int column = 0;
    for (; column + Group * W <= whole; column += Group * W)
        pack_strip<T, Group, true, K>(job, column, target(column), stride, rhs + column);
    // Sums in one register only would wait for each other, row by row.
    if (column + Group / 2 * W <= whole) {
        pack_strip<T, Group / 2, true, K>(job, column, target(column), stride, rhs + column);
        column += Group / 2 * W;
    }
    for (; column + W <= whole; column += W)
        pack_strip<T, 1, true, K>(job, column, target(column), stride, rhs + column);
    for (; column < padded; column += W)
        pack_strip<T, 1, false, K>(job, column, target(column), stride, rhs + column);
}

template <class T>
void pack_rows(const Factors<T>& z, const i32* index, i64 count, i64 ahead, const T* scale, const T* coef,
               int padded, T* packed, i64 stride, T* rhs) {
    const PackJob<T> job{RowReader<T>(z), index, count, ahead, scale, coef};
    if (!packed)
        pack_strips<T, Keep::nothing>(job, padded, packed, stride, rhs);
    else if (!scale)
        pack_strips<T, Keep::plain>(job, padded, packed, stride, rhs);
    else
        pack_strips<T, Keep::scaled>(job, padded, packed, stride, rhs);
}

template <class T>
void pack_transposed(const Factors<T>& z, const i32* index, i64 count, int padded, int first, int depth,
                     const T* column_scale, const T* row_scale, T* packed, i64 stride) {
    constexpr int W = kWidth<T>, P = kPanel<T>;
    const RowReader<T> read(z);
    for (int start = 0; start < padded; start += W) {
        T* target = packed + (start / P) * stride + start % P;
        const i64 left = count - start;
        const vec<T> row_factor = row_scale ? load(row_scale + start) : broadcast(T(1));
        for (i64 q = start + kAhead; q < start + kAhead + W && q < count; q++)
            prefetch_lines(z.row(index[q]) + first, depth * static_cast<int>(sizeof(T)));
        for (int d = 0; d < depth; d += W) {
            vec<T> block[W];
            ALSATIAN_UNROLL for (int i = 0; i < W; i++) block[i] =
                i < left ? read(index[start + i], first + d) : vec<T>{};
            if (column_scale) {
                const vec<T> s = load(column_scale + first + d);
                ALSATIAN_UNROLL for (int i = 0; i < W; i++) block[i] *= s;
            }
            transpose<T>(block);
            ALSATIAN_UNROLL for (int i = 0; i < W; i++) store(target + (d + i) * P, block[i] * row_factor);
        }
    }
}

template <class T>
void pack_dense(const T* x, i64 leading, i64 rows, i64 first, i64 depth, const T* offset, T* packed) {
    constexpr int W = kWidth<T>, P = kPanel<T>;
    i64 d = 0;
    for (; d + W <= depth; d += W) {
        const vec<T> o = offset ? load(offset + first + d) : vec<T>{};
        for (int start = 0; start < P; start += W) {
            vec<T> block[W];
            ALSATIAN_UNROLL for (int i = 0; i < W; i++) block[i] =
                start + i < rows ? load(x + (start + i) * leading + first + d) - o : vec<T>{};
            transpose<T>(block);
            ALSATIAN_UNROLL for (int i = 0; i < W; i++) store(packed + (d + i) * P + start, block[i]);
        }
    }
    for (; d < depth; d++)
        for (int r = 0; r < P; r++)
            packed[d * P + r] =
                r < rows ? x[r * leading + first + d] - (offset ? offset[first + d] : T(0)) : T(0);
}

template <class T>
void dots(const Factors<T>& z, const i32* index, i64 count, const T* x, T* out) {
    constexpr int W = kWidth<T>;
    const RowReader<T> read(z);
    const int size = z.size();
    for (i64 q = 0; q < count; q++) {
        if (q + kAhead < count) prefetch_lines(z.row(index[q + kAhead]), size * static_cast<int>(sizeof(T)));
        vec<T> sum{};
        for (int c = 0; c < size; c += W) sum += read(index[q], c) * load(x + c);
        out[q] = horizontal_sum<T>(sum);
    }
}

}  // namespace alsatian::ALSATIAN_ISA
