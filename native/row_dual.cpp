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
    const T* offset = s_.step.offset;
    for (i64 c = begin; c < end; c++) {
        const T weight = cells.weights ? cells.weights[c] : T(1);
        if (weight == 0) continue;
        const i32 j = cells.indices[c];
        const T root = cells.weights ? std::sqrt(weight) : T(1);
        dual_scale_[dual_index_.size()] = root;
        dual_x_[dual_index_.size()] = root * (cells.values[c] - (offset ? offset[j] : T(0)));
        dual_index_.push_back(j);
    }
    const int count = static_cast<int>(dual_index_.size());
    if (count == 0) return write_empty(row);
    dual_target_.assign(dual_x_.data(), dual_x_.data() + count);
    const double shift = s_.no_ridge ? 0.0 : s_.scale(row);
    if (!solve_dual(s_.step.fixed, s_.inverse_root_ridge.data(), shift, s_.no_ridge))
        return finish(row, fallback(row));
    crew.tick(worker, double(count));

    RowResult result;
    for (int i = 0; i < count; i++) result.optimum += double(dual_target_[i]) * double(dual_x_[i]);
    result.optimum *= 0.5 * shift;

    for (int i = 0; i < count; i++) dual_x_[i] *= dual_scale_[i];
    std::fill(x_.begin(), x_.end(), T(0));
    k_.pack_rows(s_.step.fixed, dual_index_.data(), count, count, nullptr, dual_x_.data(), s_.layout.padded,
                 nullptr, 0, x_.data());
    for (int c = 0; c < s_.layout.size; c++) x_[c] *= s_.inverse_root_ridge[c] * s_.inverse_root_ridge[c];
    if (relaxed()) result.curvature = curvature(row);
    finish(row, result);
}

// dual_x_ ← (S S^T + shift I)⁻¹ dual_x_ for the rows S = diag(dual_scale_) Z diag(column_scale) of
// dual_index_. Returns false where that is singular to working precision.
template <class T>
bool RowSolver<T>::solve_dual(const Factors<T>& z, const T* column_scale, double shift, bool check) {
    const int count = static_cast<int>(dual_index_.size());
    const Panels layout(count, k_);
    std::fill(dual_scale_.data() + count, dual_scale_.data() + layout.padded, T(0));
    std::fill(dual_x_.data() + count, dual_x_.data() + layout.padded, T(0));
    layout.clear(dual_a_.data());
    const i64 stride = kBlock * layout.panel;
    for (int first = 0; first < s_.layout.padded; first += kBlock) {
        const int depth = std::min<int>(kBlock, s_.layout.padded - first);
        k_.pack_transposed(z, dual_index_.data(), count, layout.padded, first, depth, column_scale,
                           dual_scale_.data(), dual_packed_.data(), stride);
        k_.gram(dual_packed_.data(), stride, depth, layout.padded, dual_a_.data(), layout.stride, false);
    }
    double trace = 0;
    for (int i = 0; i < count; i++) trace += dual_a_[layout.at(i, i)] += static_cast<T>(shift);
    layout.set_padding(dual_a_.data());
    const T eps = std::numeric_limits<T>::epsilon();
    if (!k_.cholesky(dual_a_.data(), layout.stride, layout.padded, kPivotRoundings * eps,
                     dual_inverse_.data()))
        return false;
    if (check && smallest_eigenvalue(k_, layout, dual_a_.data(), dual_inverse_.data()) <=
                     kSingularRoundings * double(eps) * trace)
        return false;
    counts.dual++;
    k_.solve(dual_a_.data(), layout.stride, layout.padded, dual_inverse_.data(), dual_x_.data());
    return true;
}

// With α₀ > 0, in the eigenbasis: H = α₀ E + s is what A would be without the row's own cells, w₀ = H⁻¹ r₀,
// and
//     (I + √Q Z' H⁻¹ Z'ᵀ √Q) v = Q^-½ (p − q (o + z'·w₀)),   w' = w₀ + H⁻¹ Z'ᵀ √Q v.
template <class T>
void RowSolver<T>::dual_with_gram(i64 row, Crew& crew, int worker) {
    const Cells<T>& cells = s_.step.cells;
    const Rotated<T>& rotated = *s_.rotated;
    const int size = s_.layout.size;
    const i64 begin = cells.indptr[row];
    const int count = static_cast<int>(cells.length(row));
    Buffer<T>&start = old_, &root = inverse_, &right = rhs_;  // w₀, H^-½, r'
    std::vector<double> inverse(size);
    for (int c = 0; c < size; c++) {
        inverse[c] = 1 / (s_.gram_weight * rotated.eigenvalues[c] + s_.scale(row));
        root[c] = static_cast<T>(std::sqrt(inverse[c]));
        start[c] = static_cast<T>(s_.gram_weight * rotated.rhs[c] * inverse[c]);
        right[c] = static_cast<T>(s_.gram_weight * rotated.rhs[c]);
    }
    dual_index_.assign(cells.indices + begin, cells.indices + begin + count);
    std::vector<T>& coef = dual_target_;
    coef.resize(count);
    k_.dots(rotated.factors, dual_index_.data(), count, start.data(), dual_x_.data());
    double constant = s_.gram_weight * s_.sums->square;
    for (int i = 0; i < count; i++) {
        const T o = s_.step.offset ? s_.step.offset[dual_index_[i]] : T(0);
        const T weight = cells.weights[begin + i], t = cells.values[begin + i] - o;
        constant += double(weight) * double(t) * double(t) - double(o) * double(o);
        coef[i] = weight * t + o;  // p − q o for q = c − 1, p = c x
        dual_scale_[i] = std::sqrt(weight - 1);
        dual_x_[i] = coef[i] / dual_scale_[i] - dual_scale_[i] * dual_x_[i];
    }
    // H is bounded from below by the row's ridge, so that I + K is never singular.
    if (!solve_dual(rotated.factors, root.data(), 1.0, false)) return primal(row, crew, worker);
    crew.tick(worker, double(count));

    k_.pack_rows(rotated.factors, dual_index_.data(), count, count, nullptr, coef.data(), s_.layout.padded,
                 nullptr, 0, right.data());
    for (int i = 0; i < count; i++) dual_x_[i] *= dual_scale_[i];
    std::fill(x_.begin(), x_.end(), T(0));
    k_.pack_rows(rotated.factors, dual_index_.data(), count, count, nullptr, dual_x_.data(), s_.layout.padded,
                 nullptr, 0, x_.data());
    double explained = 0;
    for (int c = 0; c < size; c++) {
        start[c] += static_cast<T>(inverse[c] * double(x_[c]));
        explained += double(start[c]) * double(right[c]);
    }
    RowResult result;
    result.optimum = 0.5 * (constant - explained);
    rotated.rotate_back(start.data(), x_.data());
    if (relaxed()) result.curvature = curvature(row);
    finish(row, result);
}

// ½ δᵀAδ for δ = old − solution, by one pass over the cells: for the forms that never build A.
template <class T>
double RowSolver<T>::curvature(i64 row) {
    const Cells<T>& cells = s_.step.cells;
    load_old(row);
    Buffer<T>& delta = rhs_;
    for (int c = 0; c < s_.layout.padded; c++) delta[c] = old_[c] - x_[c];
    double sum = 2 * penalty(row, delta.data());
    T scores[kBlock];
    for (i64 b = cells.indptr[row], end = cells.indptr[row + 1]; b < end; b += kBlock) {
        const i64 count = std::min(kBlock, end - b);
        k_.dots(s_.step.fixed, cells.indices + b, count, delta.data(), scores);
        for (i64 q = 0; q < count; q++) {
            const double c = cells.weights ? double(cells.weights[b + q]) : 1.0;
            sum += (cells.absent_zero ? c - 1 : c) * double(scores[q]) * double(scores[q]);
        }
    }
    if (s_.sums) sum += s_.gram_weight * gram_norm(s_.layout, s_.sums->gram, delta.data());
    return 0.5 * sum;
}

template class RowSolver<float>;
template class RowSolver<double>;

}  // namespace alsatian
