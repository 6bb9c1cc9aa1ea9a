#include "row_cg.hpp"

#include <algorithm>

#include "dot.hpp"

namespace alsatian {

namespace {

constexpr i64 kPassCells = 1024;       // cells whose sums are kept in T before they join those of the row
constexpr i64 kStretchBytes = 256000;  // of the fixed side, that stay in a second-level cache
constexpr i64 kGroupBytes = 128000;    // of the vectors of rows that go in step
constexpr i64 kMostRows = 128;
// Cells that a long row has in a stretch, on average: more of them where the fixed side stays in a last-level
// cache, from which single rows come nearly as fast.
constexpr double kLeastPart = 8, kLeastPartNear = 64;
constexpr i64 kNearBytes = 16 << 20;
constexpr int kVectors = 5;

template <class T>
i64 row_bytes(const HalfStep<T>& step) {
    return i64(step.fixed.size()) * i64(sizeof(T));
}

template <class T>
i64 stretch_of(const HalfStep<T>& step) {
    return std::max<i64>(kPassCells / 16, kStretchBytes / row_bytes(step));
}

}  // namespace

template <class T>
CgRow<T>::CgRow(const InexactSide<T>& side)
    : side_(side),
      s_(side.shared),
      cells_(s_.step),
      vectors_(std::size_t(kVectors) * std::size_t(s_.layout.padded)) {}

template <class T>
bool CgRow<T>::begin(i64 row) {
    row_ = row;
    going_ = cells_.read(row) || s_.gram_weight() > 0;
    if (!going_) return false;
    scale_ = s_.scale(row);
    value_ = drop_ = 0;
    read_row(s_.step, row, x());
    std::fill_n(gradient(), s_.layout.padded, T(0));
    return true;
}

// gradient += Σ (p − q (o + z̃·x)) z̃ over some of the cells
template <class T>
void CgRow<T>::gradient_part(i64 from, i64 count, Scratch& scratch) {
    T* part = scratch.part.data();
    const int padded = s_.layout.padded;
    std::fill_n(part, padded, T(0));
    value_ += s_.kernels.gradient_pass(s_.step.fixed, cells_.part(from, count), x(), part);
    for (int c = 0; c < padded; c++) gradient()[c] += part[c];
}

template <class T>
void CgRow<T>::start() {
    const int size = s_.layout.size;
    T *at = x(), *shared = shared_product(), *r = gradient();
    side_.multiply(scale_, at, shared);
    loss_ = 0.5 * (value_ + side_.square + dot(at, shared, size) - 2 * dot(side_.rhs.data(), at, size));
    for (int c = 0; c < size; c++) r[c] += side_.rhs[c] - shared[c];
}

template <class T>
bool CgRow<T>::choose(int t, Scratch& scratch) {
    if (!going_) return false;
    const Inexact& how = s_.step.inexact;
    const int padded = s_.layout.padded, size = s_.layout.size;
    T *r = gradient(), *p = direction(), *y = scratch.conditioned.data();
    side_.precondition(cells_.total(), scale_, r, y, scratch.diagonal.data());
    const double next = dot(r, y, size);
    if (t == 0) first_ = next;
    going_ = next > how.tolerance * how.tolerance * first_;
    if (!going_) return false;
    const T beta = t == 0 ? T(0) : static_cast<T>(next / rho_);
    for (int c = 0; c < padded; c++) p[c] = t == 0 ? y[c] : y[c] + beta * p[c];
    rho_ = next;
    last_ = t + 1 == how.steps;
    side_.multiply(scale_, p, shared_product());
    curvature_ = dot(p, shared_product(), size);
    if (!last_) std::fill_n(product(), padded, T(0));
    return true;
}

template <class T>
void CgRow<T>::curvature_part(i64 from, i64 count, Scratch& scratch) {
    const RowCells<T> cells = cells_.part(from, count);
    const int padded = s_.layout.padded;
    if (last_) {
        curvature_ += s_.kernels.curvature_pass(s_.step.fixed, cells, direction(), nullptr);
        return;
    }
    T* part = scratch.part.data();
    std::fill_n(part, padded, T(0));
    curvature_ += s_.kernels.curvature_pass(s_.step.fixed, cells, direction(), part);
    for (int c = 0; c < padded; c++) product()[c] += part[c];
}

template <class T>
void CgRow<T>::advance() {
    const int size = s_.layout.size;
    if (!(curvature_ > 0)) {
        going_ = false;
        return;
    }
    const double alpha = rho_ / curvature_;
    const T by = static_cast<T>(alpha);
    T *at = x(), *r = gradient();
    for (int c = 0; c < size; c++) at[c] += by * direction()[c];
    drop_ += 0.5 * alpha * rho_;
    if (last_) return;
    for (int c = 0; c < size; c++) r[c] -= by * (product()[c] + shared_product()[c]);
}

// Along the line from the old row through where the steps lead to, f is a quadratic with its minimum there:
// the residual is orthogonal to all directions taken. So what over-relaxation makes of an exact solution it
// makes of this one.
template <class T>
void CgRow<T>::finish() {
    RowResult result;
    result.optimum = loss_ - drop_;
    result.curvature = drop_;
    write_row(s_.step, row_, x(), result);
}

template <class T>
RowCg<T>::RowCg(const InexactSide<T>& side) : side_(side), scratch_(side.shared.layout.padded) {
    rows_.emplace_back(side);
}

template <class T>
void RowCg<T>::solve(i64 row, Crew& crew, int worker) {
    CgRow<T>& r = rows_[0];
    if (!r.begin(row)) {
        counts.empty++;
        return write_zero_row(side_.shared.step, row);
    }
    counts.cg++;
    auto parts = [&](auto part) {
        for (i64 c = 0; c < r.cells(); c += kPassCells) part(c, std::min(kPassCells, r.cells() - c));
    };
    parts([&](i64 from, i64 count) { r.gradient_part(from, count, scratch_); });
    r.start();
    for (int t = 0; t < side_.shared.step.inexact.steps && r.choose(t, scratch_); t++) {
        parts([&](i64 from, i64 count) { r.curvature_part(from, count, scratch_); });
        r.advance();
    }
    r.finish();
    crew.tick(worker, double(r.cells()));
}

template <class T>
bool RowCg<T>::long_enough(const HalfStep<T>& step, i64 row) {
    const i64 stretch = stretch_of(step), length = step.cells.length(row);
    const double least = step.fixed.rows * row_bytes(step) <= kNearBytes ? kLeastPartNear : kLeastPart;
    return step.fixed.rows > 2 * stretch && length >= kPassCells / 4 &&
           double(length) * double(stretch) >= least * double(step.fixed.rows);
}

template <class T>
i64 RowCg<T>::group_size(const HalfStep<T>& step) {
    return std::clamp<i64>(kGroupBytes / (kVectors * row_bytes(step)), 4, kMostRows);
}

template <class T>
template <class Part>
void RowCg<T>::pass_over(const Part& part, Crew& crew, int worker) {
    const i64 fixed = side_.shared.step.fixed.rows, stretch = stretch_of(side_.shared.step);
    cursor_.assign(going_.size(), 0);
    for (i64 end = std::min(stretch, fixed);; end = std::min(end + stretch, fixed)) {
        for (std::size_t g = 0; g < going_.size(); g++) {
            CgRow<T>& row = *going_[g];
            const i32* indices = row.indices();
            const i64 from = cursor_[g];
            // The last stretch takes all that is left, so that every cell has its turn whatever their order.
            const i64 to = end == fixed
                               ? row.cells()
                               : std::lower_bound(indices + from, indices + row.cells(), end) - indices;
            if (to > from) part(row, from, to - from);
            cursor_[g] = to;
        }
        crew.tick(worker, 0);
        if (end == fixed) return;
    }
}

template <class T>
void RowCg<T>::solve_group(const i64* rows, i64 count, Crew& crew, int worker) {
    while (std::ssize(rows_) < count) rows_.emplace_back(side_);
    going_.clear();
    double cells = 0;
    for (i64 g = 0; g < count; g++) {
        cells += double(side_.shared.step.cells.length(rows[g]));
        if (rows_[g].begin(rows[g])) {
            going_.push_back(&rows_[g]);
            continue;
        }
        counts.empty++;
        write_zero_row(side_.shared.step, rows[g]);
    }
    counts.cg += std::ssize(going_);
    const std::vector<CgRow<T>*> all = going_;
    pass_over([&](CgRow<T>& row, i64 from, i64 n) { row.gradient_part(from, n, scratch_); }, crew, worker);
    for (CgRow<T>* row : all) row->start();
    for (int t = 0; t < side_.shared.step.inexact.steps; t++) {
        std::erase_if(going_, [&](CgRow<T>* row) { return !row->choose(t, scratch_); });
        if (going_.empty()) break;
        pass_over([&](CgRow<T>& row, i64 from, i64 n) { row.curvature_part(from, n, scratch_); }, crew,
                  worker);
        for (CgRow<T>* row : going_) row->advance();
    }
    for (CgRow<T>* row : all) row->finish();
    crew.tick(worker, cells);
}

template class CgRow<float>;
template class CgRow<double>;
template class RowCg<float>;
template class RowCg<double>;

}  // namespace alsatian
