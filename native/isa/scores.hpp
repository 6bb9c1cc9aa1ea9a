// Scores of many pairs, and which of them may enter a list of the best.
//
// A score is the same number whichever way it is reached: the products are added up one after the other from
// zero, then what belongs to the query is added, then what belongs to the item.
#pragma once

#include "../kernels.hpp"
#include "pack.hpp"
#include "vec.hpp"

#if defined(__AVX512F__)
#include <immintrin.h>
#endif

namespace alsatian::ALSATIAN_ISA {

// One bit for each lane of a comparison's result.
template <class T>
ALSATIAN_INLINE std::uint64_t lane_bits(vec<integer<T>> mask) {
#if defined(__AVX512F__)
    if constexpr (sizeof(T) == 4)
        return _mm512_movepi32_mask((__m512i)mask);
    else
        return _mm512_movepi64_mask((__m512i)mask);
#elif defined(__AVX__)
    if constexpr (sizeof(T) == 4)
        return static_cast<unsigned>(__builtin_ia32_movmskps256((vec<float>)mask));
    else
        return static_cast<unsigned>(__builtin_ia32_movmskpd256((vec<double>)mask));
#elif defined(__SSE2__)
    if constexpr (sizeof(T) == 4)
        return static_cast<unsigned>(__builtin_ia32_movmskps((vec<float>)mask));
    else
        return static_cast<unsigned>(__builtin_ia32_movmskpd((vec<double>)mask));
#else
    std::uint64_t bits = 0;
    ALSATIAN_UNROLL for (int i = 0; i < kWidth<T>; i++) bits |= std::uint64_t(mask[i] & 1) << i;
    return bits;
#endif
}

// One strip of queries against one panel of items.
template <class T>
ALSATIAN_INLINE Hit<T>* score_tile(const T* __restrict a, const T* __restrict b, i64 depth, const T* base,
                                   const vec<T>* offset, const T* threshold, i32 query, Hit<T>* hit) {
    constexpr int W = kWidth<T>, P = kPanel<T>, R = kTileRows, V = kTileVectors;
    vec<T> sum[R][V];
    ALSATIAN_UNROLL for (int r = 0; r < R; r++) ALSATIAN_UNROLL for (int j = 0; j < V; j++) sum[r][j] =
        vec<T>{};
    for (i64 d = 0; d < depth; d++) {
        vec<T> row[V];
        ALSATIAN_UNROLL for (int j = 0; j < V; j++) row[j] = load(b + d * P + j * W);
        ALSATIAN_UNROLL for (int r = 0; r < R; r++) {
            const vec<T> s = broadcast(a[d * R + r]);
            ALSATIAN_UNROLL for (int j = 0; j < V; j++) sum[r][j] += s * row[j];
        }
    }
    ALSATIAN_UNROLL for (int r = 0; r < R; r++) {
        std::uint64_t bits = 0;
        ALSATIAN_UNROLL for (int j = 0; j < V; j++) {
            sum[r][j] = (sum[r][j] + broadcast(base[r])) + offset[j];
            bits |= lane_bits<T>(sum[r][j] >= broadcast(threshold[r])) << (j * W);
        }
        if (bits == 0) continue;
        T lanes[P];
        ALSATIAN_UNROLL for (int j = 0; j < V; j++) store(lanes + j * W, sum[r][j]);
        for (; bits != 0; bits &= bits - 1) {
            const int column = __builtin_ctzll(bits);
            *hit++ = {lanes[column], query + r, column};
        }
    }
    return hit;
}

template <class T>
i64 score_panel(const T* queries, int strips, i64 depth, const T* items, const T* base, const T* offset,
                const T* threshold, Hit<T>* hits) {
    constexpr int W = kWidth<T>, R = kTileRows, V = kTileVectors;
    vec<T> shared[V];
    for (int j = 0; j < V; j++) shared[j] = load(offset + j * W);
    Hit<T>* end = hits;
    for (int s = 0; s < strips; s++)
        end = score_tile<T>(queries + s * depth * R, items, depth, base + s * R, shared, threshold + s * R,
                            s * R, end);
    return end - hits;
}

// W items at a time, turned in registers, so that each of them is summed in the order of score_tile. Where
// there are fewer, the first stands in for the rest.
template <class T>
ALSATIAN_INLINE vec<T> score_items(const RowReader<T>& read, const i32* index, i64 count, const T* query) {
    constexpr int W = kWidth<T>;
    const int k = read.z.k;
    i32 item[W];
    const T* row[W];
    for (int i = 0; i < W; i++) {
        item[i] = index[i < count ? i : 0];
        row[i] = read.z.data + i64(item[i]) * k;
    }
    vec<T> sum{}, block[W];
    for (int d = 0; d < read.whole; d += W) {
        ALSATIAN_UNROLL for (int i = 0; i < W; i++) block[i] = load(row[i] + d);
        transpose<T>(block);
        ALSATIAN_UNROLL for (int i = 0; i < W; i++) sum += broadcast(query[d + i]) * block[i];
    }
    if (read.rest == 0) return sum;
    ALSATIAN_UNROLL for (int i = 0; i < W; i++) block[i] = read(item[i], read.whole);
    transpose<T>(block);
    ALSATIAN_UNROLL for (int i = 0; i < W; i++) if (i < read.rest) sum +=
        broadcast(query[read.whole + i]) * block[i];
    return sum;
}

template <class T>
void score_rows(const Factors<T>& items, const i32* index, i64 count, const T* query, T base, const T* offset,
                T* scores) {
    constexpr int W = kWidth<T>;
    const RowReader<T> read(items);
    constexpr int kMostAhead = 1024;  // of a longer row, the processor sees itself where it goes on
    const i64 bytes = i64(sizeof(T)) * items.k;
    const int ahead = bytes < kMostAhead ? static_cast<int>(bytes) : kMostAhead;
    for (i64 q = 0; q < count; q += W) {
        for (i64 p = q + kAhead; p < q + kAhead + W && p < count; p++)
            prefetch_lines(items.data + i64(index[p]) * items.k, ahead);
        const i64 left = count - q < W ? count - q : W;
        T shared[W] = {};
        for (i64 i = 0; i < left && offset; i++) shared[i] = offset[index[q + i]];
        const vec<T> score = (score_items<T>(read, index + q, left, query) + broadcast(base)) + load(shared);
        if (left == W)
            store(scores + q, score);
        else
            for (i64 i = 0; i < left; i++) scores[q + i] = score[i];
    }
}

}  // namespace alsatian::ALSATIAN_ISA
