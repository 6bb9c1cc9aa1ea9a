// The dual form of a row: a system of the size of its cells instead of the rank.
#include <cmath>
#include <limits>

#include "row_solver.hpp"

namespace alsatian {

// With S = √C Z̃_i and Λ_i = s D (D the ridge, s the row's scale):
//     w̃ = D⁻¹ Sᵀ v,   (S D⁻¹ Sᵀ + s I) v = √C (x − o),   f* = ½ s vᵀ √C (x − o).
// Without a ridge (D = I, s = 0) this is the minimum-norm solution, where S has full row rank.
template <class T>
void RowSolver<T>::dual(i64 row, Crew& crew, int worker) {
    const Cells<T>& cells = s_.step.cells;
    const i64 begin = cells.indptr[row], end = cells.indptr[row + 1];
    dual_index_.clear();
    for (i64 c = begin; c < end; c++) {
        const T weight = cells.weight(c);
        if (weight == 0) continue;
        const i32 j = cells.indices[c];
        const T root = cells.weighted() ? std::sqrt(weight) : T(1);
        dual_scale_[dual_index_.size()] = root;
        dual_x_[dual_index_.size()] = root * (cells.value(c) - offset(j));
        dual_index_.push_back(j);
    }
    const int count = static_cast<int>(dual_index_.size());
    if (count == 0) return write_empty(row);
    dual_target_.assign(dual_x_.data(), dual_x_.data() + count);
    const double shift = s_.no_ridge ? 0.0 : s_.scale(row);
    if (!solve_dual(s_.step.fixed, s_.inverse_root_ridge.data(), shift))
        return finish(row, fallback(row, RowPlan{kObserved}));
    crew.tick(worker, double(count));

    RowResult result;
    for (int i = 0; i < count; i++) result.optimum += double(dual_target_[i]) * double(dual_x_[i]);
    result.optimum *= 0.5 * shift;

    for (int i = 0; i < count; i++) dual_x_[i] *= dual_scale_[i];
    std::fill(x_.begin(), x_.end(), T(0));
    k_.pack_rows(s_.step.fixed, dual_index_.data(), count, count, nullptr, dual_x_.data(), s_.layout.padded,
                 nullptr, 0, x_.data());
    for (int c = 0; c < s_.layout.size; c++) x_[c] *= s_.inverse_root_ridge[c] * s_.inverse_root_ridge[c];
    if (relaxed()) {
        load_old(row);
        Buffer<T>& delta = delta_;
        for (int c = 0; c < s_.layout.padded; c++) delta[c] = old_[c] - x_[c];
        result.curvature = penalty_of(s_.step, row, delta.data()) +
                           0.5 * curvature_of_cells(row, kObserved, s_.step.fixed, delta.data());
    }
    finish(row, result);
}

// dual_x_ ← (S S^T + shift I)⁻¹ dual_x_ for the rows S = diag(dual_scale_) Z diag(column_scale) of
// dual_index_. Returns false where that is singular to working precision.
template <class T>
bool RowSolver<T>::solve_dual(const Factors<T>& z, const T* column_scale, double shift) {
    const int count = static_cast<int>(dual_index_.size());
    const Panels layout(count, k_);
    std::fill(dual_scale_.data() + count, dual_scale_.data() + layout.padded, T(0));
    std::fill(dual_x_.data() + count, dual_x_.data() + layout.padded, T(0));
    const i64 stride = kBlock * layout.panel;
    // The next row may not be gathered from a rotated side.
    const Wanted wanted = z.data == s_.step.fixed.data ? wanted_after(0, 0) : Wanted{};
    for (int first = 0; first < s_.layout.padded; first += kBlock) {
        const int depth = std::min<int>(kBlock, s_.layout.padded - first);
        k_.pack_transposed(z, dual_index_.data(), count, layout.padded, first, depth, column_scale,
                           dual_scale_.data(), dual_packed_.data(), stride);
        k_.gram(dual_packed_.data(), stride, depth, layout.padded, dual_a_.data(), layout.stride,
                first == 0 ? Sum::set : Sum::add, first == 0 ? &wanted : nullptr);
    }
    double trace = 0;
    for (int i = 0; i < count; i++) trace += dual_a_[layout.at(i, i)] += static_cast<T>(shift);
    layout.set_padding(dual_a_.data());
    const T eps = std::numeric_limits<T>::epsilon();
    if (!k_.cholesky(dual_a_.data(), layout.stride, layout.padded, kPivotRoundings * eps,
                     dual_inverse_.data()))
        return false;
    if (too_small_to_regularize<T>(shift, trace) &&
        smallest_eigenvalue(k_, layout, dual_a_.data(), dual_inverse_.data()) <=
            kSingularRoundings * double(eps) * trace)
        return false;
    counts.dual++;
    k_.solve(dual_a_.data(), layout.stride, layout.padded, dual_inverse_.data(), dual_x_.data());
    return true;
}

// Σ q (z·δ)² over the cells of the row.
template <class T>
double RowSolver<T>::curvature_of_cells(i64 row, const Rule& rule, const Factors<T>& z,
                                        const T* delta) const {
    const Cells<T>& cells = s_.step.cells;
    double sum = 0;
    T scores[kBlock];
    for (i64 b = cells.indptr[row], end = cells.indptr[row + 1]; b < end; b += kBlock) {
        const i64 count = std::min(kBlock, end - b);
        k_.dots(z, cells.indices + b, count, delta, scores);
        for (i64 c = 0; c < count; c++) {
            const double q = double(cells.weight(b + c)) - rule.less;
            sum += q * double(scores[c]) * double(scores[c]);
        }
    }
    return sum;
}

template class RowSolver<float>;
template class RowSolver<double>;

}  // namespace alsatian
