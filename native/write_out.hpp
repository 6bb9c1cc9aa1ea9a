// The end of every row, in whatever form it was solved: past its solution, written out, its loss told.
#pragma once

#include <algorithm>

#include "half_step.hpp"

namespace alsatian {

// The solution of a row and what the loss needs of it.
struct RowResult {
    double optimum = 0;    // f_i at the solution, fit and ridge together
    double curvature = 0;  // ½ δᵀ A δ for δ = old − solution; only where relaxed
};

// x ← w̃_i as it is before the step.
template <class T>
void read_row(const HalfStep<T>& step, i64 row, T* x) {
    std::copy_n(step.out + row * step.fixed.k, step.fixed.k, x);
    if (step.out_bias) x[step.fixed.k] = step.out_bias[row];
}

// ½ x̃ᵀ Λ_i x̃
template <class T>
double penalty_of(const HalfStep<T>& step, i64 row, const T* x) {
    double sum = 0, bias = 0;
    const int k = step.fixed.k;
    for (int c = 0; c < k; c++) sum += double(x[c]) * double(x[c]);
    if (step.fixed.bias) bias = double(x[k]) * double(x[k]);
    return 0.5 * step.scale[row * step.scale_step] * (step.ridge * sum + step.ridge_bias * bias);
}

// Writes the row as x, where f_i is `loss`.
template <class T>
void store_row(const HalfStep<T>& step, i64 row, const T* x, double loss) {
    std::copy_n(x, step.fixed.k, step.out + row * step.fixed.k);
    if (step.out_bias) step.out_bias[row] = x[step.fixed.k];
    step.penalty[row] = penalty_of(step, row, x);
    step.fit[row] = std::max(0.0, loss - step.penalty[row]);
}

// Moves the row past its solution x, w ← w + ω (w* − w), where f = f* + (1 − ω)² (f_old − f*), and writes it.
template <class T>
void write_row(const HalfStep<T>& step, i64 row, T* x, const RowResult& result) {
    const int k = step.fixed.k;
    const double rest = 1 - step.relaxation;
    if (rest != 0) {
        for (int c = 0; c < k; c++) x[c] += static_cast<T>(rest) * (step.out[row * k + c] - x[c]);
        if (step.out_bias) x[k] += static_cast<T>(rest) * (step.out_bias[row] - x[k]);
    }
    store_row(step, row, x, result.optimum + rest * rest * result.curvature);
}

// A row of which nothing is known.
template <class T>
void write_zero_row(const HalfStep<T>& step, i64 row) {
    std::fill_n(step.out + row * step.fixed.k, step.fixed.k, T(0));
    if (step.out_bias) step.out_bias[row] = T(0);
    step.fit[row] = step.penalty[row] = 0;
}

}  // namespace alsatian
