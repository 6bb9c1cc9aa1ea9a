// The dual form beside a shared Gram matrix, in its eigenbasis; rows wait for one another, so that both
// rotations are products.
#include <cmath>

#include "row_solver.hpp"

namespace alsatian {

template <class T>
void RowSolver<T>::finish_batch(Crew& crew, int worker) {
    const i64 count = std::ssize(batch_), size = s_.layout.size;
    if (count == 0) return;
    const Rotated<T>& rotated = *s_.side->rotated;
    if (batch_new_.size() == 0) {
        const std::size_t panel = std::size_t(s_.layout.panel) * size;
        batch_new_ = Buffer<T>(panel);
        batch_x_ = Buffer<T>(panel);
        batch_old_ = Buffer<T>(panel);
    }
    if (relaxed()) {
        for (i64 b = 0; b < count; b++) read_row(s_.step, batch_[b], batch_x_.data() + b * size);
        rotated.there({batch_x_.data(), count, int(size), false}, batch_old_.data(), scratch_);
    }
    std::vector<RowResult> results(static_cast<std::size_t>(count));
    std::vector<bool> solved(static_cast<std::size_t>(count));
    for (i64 b = 0; b < count; b++) {
        solved[b] = dual_in_eigenbasis(batch_[b], batch_new_.data() + b * size, batch_old_.data() + b * size,
                                       results[b]);
        crew.tick(worker, double(s_.step.cells.length(batch_[b])));
    }
    rotated.back({batch_new_.data(), count, int(size), false}, batch_x_.data(), scratch_);
    for (i64 b = 0; b < count; b++) {
        if (solved[b])
            write_row(s_.step, batch_[b], batch_x_.data() + b * size, results[b]);
        else
            primal(batch_[b], RowPlan{s_.step.cells.rule}, crew, worker);
    }
    batch_.clear();
}

// H = α₀ E + s is what A would be without the row's own cells, w₀ = H⁻¹ r₀, and
//     (I + √Q Z' H⁻¹ Z'ᵀ √Q) v = Q^-½ (p − q (o + z'·w₀)),   w' = w₀ + H⁻¹ Z'ᵀ √Q v.
template <class T>
bool RowSolver<T>::dual_in_eigenbasis(i64 row, T* w, const T* old, RowResult& result) {
    const Cells<T>& cells = s_.step.cells;
    const Rotated<T>& rotated = *s_.side->rotated;
    const int size = s_.layout.size;
    const i64 begin = cells.indptr[row];
    const int count = static_cast<int>(cells.length(row));
    const T scale = static_cast<T>(s_.scale(row));
    Buffer<T>&inverse = inverse_, &root = old_, &right = delta_;  // H⁻¹, H^-½, r'
    for (int c = 0; c < size; c++) inverse[c] = T(1) / (rotated.eigenvalues[c] + scale);
    for (int c = 0; c < size; c++) root[c] = std::sqrt(inverse[c]);
    std::fill(right.begin(), right.end(), T(0));
    std::fill(x_.begin(), x_.end(), T(0));
    dual_index_.assign(cells.indices + begin, cells.indices + begin + count);
    std::fill(dual_x_.data(), dual_x_.data() + count, T(0));
    if (rotated.rhs.size() > 0) {
        std::copy_n(rotated.rhs.data(), size, right.data());
        for (int c = 0; c < size; c++) x_[c] = inverse[c] * right[c];
        k_.dots(rotated.factors, dual_index_.data(), count, x_.data(), dual_x_.data());
    }
    std::vector<T>& coef = dual_target_;
    coef.resize(static_cast<std::size_t>(count));
    double constant = s_.gram_weight() * s_.side->sums.square;
    for (int i = 0; i < count; i++) {
        const CellTerms<T> cell = terms(cells.rule, begin + i);
        constant += cell.constant;
        coef[i] = cell.coef;
        dual_scale_[i] = std::sqrt(cell.q);
        dual_x_[i] = cell.coef / dual_scale_[i] - dual_scale_[i] * dual_x_[i];
    }
    if (!solve_dual(rotated.factors, root.data(), 1.0)) return false;

    for (int i = 0; i < count; i++) dual_x_[i] *= dual_scale_[i];
    k_.pack_rows(rotated.factors, dual_index_.data(), count, count, nullptr, coef.data(), s_.layout.padded,
                 nullptr, 0, right.data());
    Buffer<T>& moved = old_;  // Z'ᵀ √Q v
    std::fill(moved.begin(), moved.end(), T(0));
    k_.pack_rows(rotated.factors, dual_index_.data(), count, count, nullptr, dual_x_.data(), s_.layout.padded,
                 nullptr, 0, moved.data());
    double explained = 0;
    for (int c = 0; c < size; c++) {
        w[c] = x_[c] + inverse[c] * moved[c];
        explained += double(w[c]) * double(right[c]);
    }
    result.optimum = 0.5 * (constant - explained);
    if (!relaxed()) return true;
    Buffer<T>& delta = delta_;
    double sum = 0;
    for (int c = 0; c < size; c++) {
        delta[c] = old[c] - w[c];
        sum += double(rotated.eigenvalues[c] + scale) * double(delta[c]) * double(delta[c]);
    }
    result.curvature = 0.5 * (sum + curvature_of_cells(row, cells.rule, rotated.factors, delta.data()));
    return true;
}

template void RowSolver<float>::finish_batch(Crew&, int);
template void RowSolver<double>::finish_batch(Crew&, int);
template bool RowSolver<float>::dual_in_eigenbasis(i64, float*, const float*, RowResult&);
template bool RowSolver<double>::dual_in_eigenbasis(i64, double*, const double*, RowResult&);

}  // namespace alsatian
