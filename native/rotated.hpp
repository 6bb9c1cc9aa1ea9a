// The eigenbasis of the shared Gram matrix, in which every A_i of a row without cells is diagonal.
//
// With D the ridge and D^-½ G D^-½ = V E Vᵀ, the coordinates w̃ = D^-½ V w' and z' = Vᵀ D^-½ z̃ give
//     z̃·w̃ = z'·w',   w̃ᵀ(α₀ G + s D) w̃ = w'ᵀ(α₀ E + s) w'   for every scale s.
#pragma once

#include <vector>

#include "buffer.hpp"
#include "column_sums.hpp"
#include "crew.hpp"
#include "half_step.hpp"
#include "panels.hpp"

namespace alsatian {

template <class T>
struct Rotated {
    Factors<T> factors;               // z', one row for each z̃
    std::vector<double> eigenvalues;  // E, not negative
    std::vector<double> rhs;          // Vᵀ D^-½ of the shared right-hand side
    Buffer<T> back;                   // D^-½ V, row-major

    // w̃ ← D^-½ V w'
    void rotate_back(const T* rotated, T* out) const;

    Buffer<T> storage;
};

// Rotates every row of the fixed side by the basis that `step` brings.
template <class T>
Rotated<T> rotate(const HalfStep<T>& step, const ColumnSums& sums, const Kernels<T>& k, Crew& crew);

}  // namespace alsatian
