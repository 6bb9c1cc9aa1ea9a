// Chains of multiply-adds in registers alone: the most arithmetic that this instruction set does in a second.
#pragma once

#include "vec.hpp"

namespace alsatian::ALSATIAN_ISA {

// More chains than a multiply-add takes cycles, times those that begin in one; with the two constants they
// fit the registers.
constexpr int kChains = kRegisters >= 32 ? 24 : 12;
template <class T>
constexpr int kChainWidth = kChains * kWidth<T>;
#define ALSATIAN_UNROLL_CHAINS _Pragma("GCC unroll 24")

// Every lane of chain c starts at c and becomes x · factor + term, `steps` times; returns the sum over all.
template <class T>
T run_chains(i64 steps, T factor, T term) {
    const vec<T> f = broadcast(factor), t = broadcast(term);
    vec<T> x[kChains];
    ALSATIAN_UNROLL_CHAINS for (int c = 0; c < kChains; c++) x[c] = broadcast(T(c));
    for (i64 s = 0; s < steps; s++) {
        ALSATIAN_UNROLL_CHAINS for (int c = 0; c < kChains; c++) x[c] = x[c] * f + t;
    }
    vec<T> sum{};
    ALSATIAN_UNROLL_CHAINS for (int c = 0; c < kChains; c++) sum += x[c];
    return horizontal_sum<T>(sum);
}

}  // namespace alsatian::ALSATIAN_ISA
