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

template <class T>
LeastSquares stacked_rows(const Shared<T>& shared, i64 row, bool absent) {
    const HalfStep<T>& step = shared.step;
    const Cells<T>& cells = step.cells;
    LeastSquares system;
    system.columns = shared.layout.size;
    i64 next = cells.indptr[row];
    const i64 end = cells.indptr[row + 1];
    auto add = [&](i32 j, double weight, T x) {
        const T offset = step.offset ? step.offset[j] : T(0);
        if (weight != 0)
            append_row(system, step.fixed, j, std::sqrt(weight), double(static_cast<T>(x - offset)));
    };
    if (!absent)
        for (; next < end; next++) add(cells.indices[next], double(cells.weight(next)), cells.value(next));
    for (i64 j = 0; absent && j < cells.columns; j++) {
        const i32 column = static_cast<i32>(j);
        const bool stored = next < end && cells.indices[next] == column;
        add(column, stored ? double(cells.weight(next)) : 1.0, stored ? cells.value(next) : T(0));
        next += stored;
    }
    append_ridge(system, step, shared.scale(row));
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
        system.t[a] = s_.gram_weight() * s_.side->sums.rhs[a];
        for (int b = a; b < size; b++)
            system.s[std::size_t(a) * size + b] = s_.gram_weight() * s_.side->sums.gram[s_.layout.at(a, b)];
        system.s[std::size_t(a) * size + a] += s_.scale(row) * s_.lambda(a);
    }
    std::vector<double> zj(size);
    for (i64 c = cells.indptr[row]; c < cells.indptr[row + 1]; c++) {
        const i32 j = cells.indices[c];
        const CellTerms<double> cell(cells.rule, double(cells.weight(c)), double(cells.value(c)),
                                     double(offset(j)));
        for (int a = 0; a < size; a++) zj[a] = a < z.k ? double(z.data[i64(j) * z.k + a]) : 1.0;
        for (int a = 0; a < size; a++) {
            system.t[a] += cell.coef * zj[a];
            for (int b = a; b < size; b++) system.s[std::size_t(a) * size + b] += cell.q * zj[a] * zj[b];
        }
    }
    for (int a = 0; a < size; a++)
        for (int b = 0; b < a; b++) system.s[std::size_t(a) * size + b] = system.s[std::size_t(b) * size + a];
    return system;
}

// The row as its ridge has it, where float64 can tell; otherwise the solution of least norm.
template <class T>
std::vector<double> RowSolver<T>::careful_solution(i64 row, const LeastSquares& system, bool dense) {
    const double ridge = s_.no_ridge ? 0.0 : s_.scale(row) * s_.least_lambda();
    if (ridge > 0) {
        if (const auto w = regularized_solution(system, dense, ridge)) {
            counts.primal++;
            return *w;
        }
    }
    counts.minimum_norm++;
    const double eps = std::numeric_limits<T>::epsilon();
    // The singular values of A are the squares of those of S, and so is the cutoff: √eps becomes eps.
    const double rounding = 16.0 * system.columns * std::numeric_limits<double>::epsilon();
    return minimum_norm(system, dense ? std::max(eps, rounding) : std::sqrt(eps));
}

template <class T>
RowResult RowSolver<T>::fallback(i64 row, const RowPlan& plan) {
    const bool dense = plan.rule.gram_weight > 0;
    const LeastSquares system = dense ? dense_system(row) : stacked_rows(s_, row, plan.absent);
    const std::vector<double> w = careful_solution(row, system, dense);

    const int n = system.columns;
    std::vector<double> delta(n, 0.0);
    if (relaxed()) {
        load_old(row);
        for (int c = 0; c < n; c++) delta[c] = double(old_[c]) - w[c];
    }
    RowResult result;
    for (int r = 0; r < system.rows(); r++) {
        double s = 0, d = 0;
        for (int c = 0; c < n; c++) {
            s += system.s[std::size_t(r) * n + c] * w[c];
            d += system.s[std::size_t(r) * n + c] * delta[c];
        }
        result.optimum += dense ? w[r] * (s - 2 * system.t[r]) : (s - system.t[r]) * (s - system.t[r]);
        result.curvature += dense ? delta[r] * d : d * d;
    }
    if (dense) result.optimum += sum_.tally.constant;
    result.optimum *= 0.5;
    result.curvature *= 0.5;
    std::fill(x_.begin(), x_.end(), T(0));
    for (int c = 0; c < n; c++) x_[c] = static_cast<T>(w[c]);
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
template LeastSquares stacked_rows<float>(const Shared<float>&, i64, bool);
template LeastSquares stacked_rows<double>(const Shared<double>&, i64, bool);
template void append_ridge<float>(LeastSquares&, const HalfStep<float>&, double);
template void append_ridge<double>(LeastSquares&, const HalfStep<double>&, double);

}  // namespace alsatian
