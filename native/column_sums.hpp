// Sums over all rows of the fixed side: Z̃ᵀZ̃ and what goes with it. Fixed blocks, fixed order, float64.
#pragma once

#include "buffer.hpp"
#include "crew.hpp"
#include "kernels.hpp"
#include "panels.hpp"

namespace alsatian {

struct ColumnSums {
    Buffer<double> gram;  // Z̃ᵀZ̃, upper, in the panel layout of the factors' dtype
    Buffer<double> rhs;   // −Σ_j o_j z̃_j, padded
    double square = 0;    // Σ_j o_j²
};

template <class T>
ColumnSums column_sums(const Factors<T>& z, const T* offset, const Kernels<T>& k, Crew& crew,
                       const T* root_weights = nullptr);  // √ω_j: Σ_j ω_j z̃_j z̃_jᵀ in place of Z̃ᵀZ̃

// Rows that are packed at a time: deep enough to pay for loading and storing the tiles of the result, shallow
// enough that a panel of each operand stays in the first-level cache.
constexpr i64 kBlock = 256;
// Rows 0, 1, 2, … for the kernels that gather.
const i32* consecutive();

}  // namespace alsatian
