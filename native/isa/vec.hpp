// The vector type of one instruction set, and the few operations that the kernels are written in.
//
// Included once per instruction set, inside its own namespace (ALSATIAN_ISA), so that no inline function
// compiled for AVX-512 can be picked by the linker for code that runs on a plain machine. For the same reason
// nothing here and in the kernels uses the standard library.
#pragma once

#include <cstdint>

#ifndef ALSATIAN_ISA
#error "ALSATIAN_ISA must name the namespace of this instruction set"
#endif

#define ALSATIAN_INLINE static inline __attribute__((always_inline))
#define ALSATIAN_READER inline __attribute__((always_inline))
#define ALSATIAN_UNROLL _Pragma("GCC unroll 16")

namespace alsatian::ALSATIAN_ISA {

using i64 = std::int64_t;

#if defined(__AVX512F__)
constexpr int kVectorBytes = 64;
constexpr int kRegisters = 32;
#elif defined(__AVX__)
constexpr int kVectorBytes = 32;
constexpr int kRegisters = 16;
#else
constexpr int kVectorBytes = 16;
#if defined(__aarch64__)
constexpr int kRegisters = 32;
#else
constexpr int kRegisters = 16;
#endif
#endif

// A tile of 6 rows by 2 vectors fills 16 registers (12 sums, 2 of b, 1 of a), 6 by 4 fills 32.
constexpr int kTileRows = 6;
constexpr int kTileVectors = kRegisters >= 32 ? 4 : 2;

// Matrices are kept in panels as wide as the register tile: what a tile reads is contiguous, and a fixed
// leading dimension never suffers the cache conflicts of a power-of-two k.
constexpr int kPanelVectors = kTileVectors;
constexpr int kPanelBytes = kPanelVectors * kVectorBytes;

template <class T>
struct VectorOf {
    typedef T type __attribute__((vector_size(kVectorBytes)));
};
template <class T>
using vec = typename VectorOf<T>::type;

template <class T>
constexpr int kWidth = kVectorBytes / static_cast<int>(sizeof(T));
template <class T>
constexpr int kPanel = kPanelBytes / static_cast<int>(sizeof(T));

template <class T>
struct IntegerOf;
template <>
struct IntegerOf<float> {
    using type = std::int32_t;
};
template <>
struct IntegerOf<double> {
    using type = std::int64_t;
};
template <class T>
using integer = typename IntegerOf<T>::type;

template <class T>
ALSATIAN_INLINE vec<T> load(const T* p) {
    vec<T> v;
    __builtin_memcpy(&v, p, sizeof v);
    return v;
}
template <class T>
ALSATIAN_INLINE void store(T* p, vec<T> v) {
    __builtin_memcpy(p, &v, sizeof v);
}
template <class T>
ALSATIAN_INLINE vec<T> broadcast(T x) {
    return x - vec<T>{};
}

template <class T>
ALSATIAN_INLINE T square_root(T x) {
    if constexpr (sizeof(T) == 4)
        return __builtin_sqrtf(x);
    else
        return __builtin_sqrt(x);
}

template <class T>
ALSATIAN_INLINE T horizontal_sum(vec<T> v) {
    T s = v[0];
    ALSATIAN_UNROLL for (int i = 1; i < kWidth<T>; i++) s += v[i];
    return s;
}

template <int... I>
struct Lanes {};
template <int N, int... I>
struct MakeLanes : MakeLanes<N - 1, N - 1, I...> {};
template <int... I>
struct MakeLanes<0, I...> {
    using type = Lanes<I...>;
};

template <class T, int... L>
ALSATIAN_INLINE vec<integer<T>> lane_numbers(Lanes<L...>) {
    return vec<integer<T>>{L...};
}

// All bits set in the lanes below `count`.
template <class T>
ALSATIAN_INLINE vec<integer<T>> lanes_below(int count) {
    return lane_numbers<T>(typename MakeLanes<kWidth<T>>::type{}) < integer<T>(count);
}
// One in lane `at`, zero elsewhere.
template <class T>
ALSATIAN_INLINE vec<T> one_at(int at) {
    vec<T> v{};
    for (int i = 0; i < kWidth<T>; i++) v[i] = i == at ? T(1) : T(0);
    return v;
}

// Two-operand shuffles with constant lanes: clang and GCC ≥ 12 spell them alike, older GCC otherwise.
template <class T, int... Lane>
ALSATIAN_INLINE vec<T> shuffle(vec<T> a, vec<T> b) {
#if defined(__clang__) || __GNUC__ >= 12
    return __builtin_shufflevector(a, b, Lane...);
#else
    return __builtin_shuffle(a, b, vec<integer<T>>{Lane...});
#endif
}

// One stage of the transpose: exchanges the off-diagonal blocks of size Step between rows a and b.
template <class T, int Step, int... L>
ALSATIAN_INLINE void exchange(vec<T>& a, vec<T>& b, Lanes<L...>) {
    constexpr int W = kWidth<T>;
    const vec<T> low = shuffle<T, ((L & Step) ? W + L - Step : L)...>(a, b);
    const vec<T> high = shuffle<T, ((L & Step) ? W + L : L + Step)...>(a, b);
    a = low;
    b = high;
}

template <class T, int Step>
ALSATIAN_INLINE void transpose_stages(vec<T>* rows) {
    constexpr int W = kWidth<T>;
    if constexpr (Step < W) {
        ALSATIAN_UNROLL for (int i = 0; i < W; i++) {
            if ((i & Step) == 0) exchange<T, Step>(rows[i], rows[i + Step], typename MakeLanes<W>::type{});
        }
        transpose_stages<T, Step * 2>(rows);
    }
}

// Transposes a W × W block held in W registers.
template <class T>
ALSATIAN_INLINE void transpose(vec<T>* rows) {
    transpose_stages<T, 1>(rows);
}

}  // namespace alsatian::ALSATIAN_ISA
