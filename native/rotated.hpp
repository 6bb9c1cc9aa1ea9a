// The eigenbasis of the shared Gram matrix, in which every A_i of a row without cells is diagonal.
//
// With D the ridge and D^-½ G D^-½ = V E Vᵀ, the coordinates w̃ = D^-½ V w' and z' = Vᵀ D^-½ z̃ give
//     z̃·w̃ = z'·w',   w̃ᵀ(α₀ G + s D) w̃ = w'ᵀ(α₀ E + s) w'   for every scale s.
#pragma once

#include "buffer.hpp"
#include "column_sums.hpp"
#include "crew.hpp"
#include "half_step.hpp"
#include "panels.hpp"

namespace alsatian {

// A square matrix that panels of rows are multiplied by, from the right.
template <class T>
class Rotation {
  public:
    // `entry(r, c)` gives the matrix; rows are scaled by `scale` (padded) before they are multiplied.
    template <class Entry>
    Rotation(const Kernels<T>& kernels, int size, Buffer<T> scale, Entry entry)
        : kernels_(kernels), layout_(size, kernels), scale_(std::move(scale)) {
        stride_ = i64(layout_.padded) * layout_.panel;
        matrix_ = Buffer<T>(std::size_t(stride_) * layout_.count);
        for (int r = 0; r < size; r++)
            for (int c = 0; c < size; c++)
                matrix_[(c / layout_.panel) * stride_ + i64(r) * layout_.panel + c % layout_.panel] =
                    static_cast<T>(entry(r, c));
    }

    // Space that a thread needs.
    struct Scratch {
        Buffer<T> left, product;
    };

    // out ← (rows · diag(scale)) · matrix, for `rows.rows` rows, at most a panel of them; out has `size` a
    // row. The bits of a row do not depend on the rows beside it.
    void operator()(const Factors<T>& rows, T* out, Scratch& scratch) const;

  private:
    const Kernels<T>& kernels_;
    Panels layout_;
    Buffer<T> scale_, matrix_;
    i64 stride_ = 0;
};

template <class T>
struct Rotated {
    Rotation<T> there, back;  // w̃ = D^-½ V w' and w' = Vᵀ D^½ w̃
    Buffer<T> eigenvalues;    // α₀ E, not negative, padded
    Buffer<T> rhs;            // the shared right-hand side, padded; empty where it is zero
    Buffer<T> storage;
    Factors<T> factors;  // z', one row for each z̃
};

// Rotates every row of the fixed side by the basis that `step` brings.
template <class T>
Rotated<T> rotate(const HalfStep<T>& step, const ColumnSums& sums, const Kernels<T>& k, Crew& crew);

}  // namespace alsatian
