// Rows whose normal equations are singular to working precision: solved again in float64, with minimum norm.
#include <algorithm>
#include <cmath>
#include <limits>

#include "row_solver.hpp"

namespace alsatian {

namespace {

template <class T>
void append_row(LeastSquares& system, const Factors<T>& z, i32 j, double factor, double target) {
    for (int c = 0; c < z.k; c++) system.s.push_back(factor * double(z.data[i64(j) * z.k + c]));
    if (z.bias) system.s.push_back(factor);
    system.t.push_back(factor * target);
}

}  // namespace

// S over √Λ, and √C (x − o) over zeros: the row's problem as least squares.
template <class T>
LeastSquares RowSolver<T>::stacked_rows(i64 row) const {
    const Cells<T>& cells = s_.step.cells;
    LeastSquares system;
    system.columns = s_.layout.size;
    for (i64 c = cells.indptr[row]; c < cells.indptr[row + 1]; c++) {
        const double weight = cells.weights ? double(cells.weights[c]) : 1.0;
        if (weight == 0) continue;
        const i32 j = cells.indices[c];
        const T t = cells.values[c] - (s_.step.offset ? s_.step.offset[j] : T(0));
        append_row(system, s_.step.fixed, j, std::sqrt(weight), double(t));
    }
    append_ridge(system, s_.step, s_.scale(row));
    return system;
}

// A and r themselves in float64, for rows that all absent cells take part in.
template <class T>
LeastSquares RowSolver<T>::dense_system(i64 row) const {
    const Cells<T>& cells = s_.step.cells;
    const Factors<T>& z = s_.step.fixed;
    const int size = s_.layout.size;
    LeastSquares system;
    system.columns = size;
    system.s.assign(std::size_t(size) * size, 0.0);
    system.t.assign(size, 0.0);
    for (int a = 0; a < size; a++) {
        system.t[a] = s_.gram_weight * s_.sums->rhs[a];
        for (int b = a; b < size; b++)
            system.s[std::size_t(a) * size + b] = s_.gram_weight * s_.sums->gram[s_.layout.at(a, b)];
        system.s[std::size_t(a) * size + a] += s_.scale(row) * s_.lambda(a);
    }
    std::vector<double> zj(size);
    for (i64 c = cells.indptr[row]; c < cells.indptr[row + 1]; c++) {
        const i32 j = cells.indices[c];
        const double weight = cells.weights ? double(cells.weights[c]) : 1.0;
        const double o = s_.step.offset ? double(s_.step.offset[j]) : 0.0;
        for (int a = 0; a < size; a++) zj[a] = a < z.k ? double(z.data[i64(j) * z.k + a]) : 1.0;
        for (int a = 0; a < size; a++) {
            system.t[a] += (weight * (double(cells.values[c]) - o) + o) * zj[a];
            for (int b = a; b < size; b++)
                system.s[std::size_t(a) * size + b] += (weight - 1) * zj[a] * zj[b];
        }
    }
    for (int a = 0; a < size; a++)
        for (int b = 0; b < a; b++) system.s[std::size_t(a) * size + b] = system.s[std::size_t(b) * size + a];
    return system;
}

template <class T>
RowResult RowSolver<T>::fallback(i64 row) {
    counts.minimum_norm++;
    const bool dense = s_.step.cells.absent_zero;
    const LeastSquares system = dense ? dense_system(row) : stacked_rows(row);
    const double eps = std::numeric_limits<T>::epsilon();
    // The singular values of A are the squares of those of S, and so is the cutoff: √eps becomes eps.
    const double rounding = 16.0 * system.columns * std::numeric_limits<double>::epsilon();
    const std::vector<double> w = minimum_norm(system, dense ? std::max(eps, rounding) : std::sqrt(eps));

    RowResult result;
    const int n = system.columns;
    for (int r = 0; r < system.rows(); r++) {
        double s = 0;
        for (int c = 0; c < n; c++) s += system.s[std::size_t(r) * n + c] * w[c];
        if (dense)
            result.optimum += w[r] * (s - 2 * system.t[r]);
        else
            result.optimum += (s - system.t[r]) * (s - system.t[r]);
    }
    if (dense) result.optimum += tally_.constant;
    result.optimum *= 0.5;
    std::fill(x_.begin(), x_.end(), T(0));
    for (int c = 0; c < n; c++) x_[c] = static_cast<T>(w[c]);
    if (relaxed()) result.curvature = curvature(row);
    return result;
}

template <class T>
void append_ridge(LeastSquares& system, const HalfStep<T>& step, double scale) {
    const int size = step.fixed.size();
    for (int c = 0; c < size; c++) {
        const double lambda = scale * (c < step.fixed.k ? step.ridge : step.ridge_bias);
        if (lambda == 0) continue;
        system.s.resize(system.s.size() + size, 0.0);
        system.s[system.s.size() - size + c] = std::sqrt(lambda);
        system.t.push_back(0.0);
    }
}

template class RowSolver<float>;
template class RowSolver<double>;
template void append_ridge<float>(LeastSquares&, const HalfStep<float>&, double);
template void append_ridge<double>(LeastSquares&, const HalfStep<double>&, double);

}  // namespace alsatian
