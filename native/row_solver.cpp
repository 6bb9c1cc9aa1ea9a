#include "row_solver.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "dot.hpp"

namespace alsatian {

namespace {
constexpr int kInverseIterations = 4;
}  // namespace

template <class T>
Shared<T>::Shared(const HalfStep<T>& s, const Kernels<T>& k)
    : step(s), kernels(k), layout(s.fixed.size(), k) {
    no_ridge = s.ridge == 0 || (s.fixed.bias && s.ridge_bias == 0);
    dual_allowed = ridge_allows_dual(s.fixed.bias, s.ridge, s.ridge_bias);
    if (!dual_allowed) return;
    inverse_root_ridge = Buffer<T>(layout.padded);
    for (int c = 0; c < layout.size; c++)
        inverse_root_ridge[c] = no_ridge ? T(1) : static_cast<T>(1 / std::sqrt(lambda(c)));
}

template <class T>
RowSolver<T>::RowSolver(const Shared<T>& shared, i64 longest_dual)
    : s_(shared),
      k_(shared.kernels),
      stride_(kBlock * shared.layout.panel),
      packed_(std::size_t(stride_) * shared.layout.count),
      sum_(shared.layout),
      x_(shared.layout.padded),
      delta_(shared.layout.padded),
      old_(shared.layout.padded),
      inverse_(shared.layout.padded) {
    if (longest_dual > 0) {
        dual_layout_ = Panels(static_cast<int>(longest_dual), k_);
        dual_a_ = Buffer<T>(dual_layout_.elements());
        dual_packed_ = Buffer<T>(std::size_t(kBlock) * dual_layout_.panel * dual_layout_.count);
        dual_x_ = Buffer<T>(dual_layout_.padded);
        dual_inverse_ = Buffer<T>(dual_layout_.padded);
        dual_scale_ = Buffer<T>(dual_layout_.padded);
    }
}

template <class T>
void RowSolver<T>::solve(i64 row, Crew& crew, int worker) {
    if (s_.step.cells.length(row) == 0) {
        if (s_.gram_weight() == 0) return write_empty(row);
        if (!s_.step.offset) return solve_empty(row);
    }
    const RowPlan plan = plan_row(s_, row);
    if (!plan.dual) return primal(row, plan, crew, worker);
    if (plan.rule.gram_weight == 0) return dual(row, crew, worker);
    batch_.push_back(row);
    if (std::ssize(batch_) == s_.layout.panel) finish_batch(crew, worker);
}

template <class T>
void RowSolver<T>::primal(i64 row, const RowPlan& plan, Crew& crew, int worker) {
    const Stretches<T> parts(s_.step.cells, row, plan.walks_columns());
    begin_sum(plan);
    if (parts.count() == 1) accumulate(plan, parts[0], sum_, crew, worker);
    for (i64 s = 0; parts.count() > 1 && s < parts.count(); s++) {
        segment(plan, parts[s], crew, worker);
        add_segment(*this);
    }
    if (!finish_sum(row, plan)) primal(row, RowPlan{plan.rule}, crew, worker);
}

template <class T>
void RowSolver<T>::segment(const RowPlan& plan, const Stretch& part, Crew& crew, int worker) {
    if (segment_.a.size() == 0) segment_ = NormalSum<T>(s_.layout);
    segment_.clear();
    accumulate(plan, part, segment_, crew, worker);
}

template <class T>
void RowSolver<T>::begin_sum(const RowPlan& plan) {
    sum_.clear();
    const double weight = plan.rule.gram_weight;
    if (weight == 0) return;
    s_.layout.copy(sum_.a.data(), s_.side->start.data());
    sum_.untouched = false;
    for (int c = 0; c < s_.layout.padded; c++) sum_.rhs[c] = static_cast<T>(weight * s_.side->sums.rhs[c]);
    sum_.tally.constant = weight * s_.side->sums.square;
}

template <class T>
void RowSolver<T>::add_segment(const RowSolver& other) {
    const NormalSum<T>& part = other.segment_;
    for (int c = 0; c < s_.layout.padded; c++) sum_.rhs[c] += part.rhs[c];
    sum_.tally.constant += part.tally.constant;
    sum_.tally.cells += part.tally.cells;
    sum_.tally.absent += part.tally.absent;
    if (part.untouched) return;
    if (sum_.untouched)
        s_.layout.copy(sum_.a.data(), part.a.data());
    else
        s_.layout.add(sum_.a.data(), part.a.data());
    sum_.untouched = false;
}

template <class T>
bool RowSolver<T>::finish_sum(i64 row, const RowPlan& plan) {
    if (sum_.untouched) s_.layout.clear(sum_.a.data());
    if (plan.downdate && !take_from_gram(row)) return false;
    if (sum_.tally.cells == 0 && s_.gram_weight() == 0)
        write_empty(row);  // all its weights are zero
    else
        finish(row, finish_primal(row, plan));
    return true;
}

template <class T>
void RowSolver<T>::expect(i64 row) {
    const Cells<T>& cells = s_.step.cells;
    next_index_ = cells.indices + cells.indptr[row];
    next_count_ = std::min(kBlock, cells.length(row));
}

// The rows that are gathered after cell `from`: those of up to a block of cells to `end`, then of the next
// row.
template <class T>
Wanted RowSolver<T>::wanted_after(i64 from, i64 end) {
    const Factors<T>& z = s_.step.fixed;
    i64 count = 0;
    auto add = [&](const i32* index, i64 rows) {
        for (i64 c = 0; c < rows; c++) rows_[count++] = reinterpret_cast<const char*>(z.row(index[c]));
    };
    const i64 here = std::min(kBlock, end - from);
    add(s_.step.cells.indices + from, here);
    add(next_index_, std::min(kBlock - here, next_count_));
    return {rows_, count, (z.k * i64(sizeof(T)) + 63) / 64};
}

// targets ← x − o of cells of weight one; returns the sum of their squares.
template <class T>
double RowSolver<T>::plain_targets(i64 begin, i64 end, T* targets) const {
    const Cells<T>& cells = s_.step.cells;
    const i64 count = end - begin;
    for (i64 c = 0; c < count; c++) targets[c] = cells.values[begin + c] - offset(cells.indices[begin + c]);
    return dot(targets, targets, count);
}

// Adds some cells of the row to A and r, and to the constant of the loss. For a downdate, A is that of the
// cells that are not stored.
template <class T>
void RowSolver<T>::accumulate(const RowPlan& plan, const Stretch& part, NormalSum<T>& sum, Crew& crew,
                              int worker) {
    const Cells<T>& cells = s_.step.cells;
    const i64 end = part.end;
    const bool plain = !cells.weighted() && plan.rule == kObserved;
    for (i64 b = part.begin; b < end; b += kBlock) {
        const i64 stop = std::min(end, b + kBlock);
        if (plain) {
            T coef[kBlock];
            sum.tally.cells += stop - b;
            sum.tally.constant += plain_targets(b, stop, coef);
            k_.pack_rows(s_.step.fixed, cells.indices + b, stop - b, end - b, nullptr, coef, s_.layout.padded,
                         plan.downdate ? nullptr : packed_.data(), stride_, sum.rhs.data());
            if (!plan.downdate) {
                const Wanted wanted = wanted_after(stop, end);
                k_.gram(packed_.data(), stride_, stop - b, s_.layout.padded, sum.a.data(), s_.layout.stride,
                        sum.untouched ? Sum::set : Sum::add, &wanted);
                sum.untouched = false;
            }
        } else {
            plus_.count = minus_.count = 0;
            for (i64 c = b; c < stop; c++) {
                if (plan.rule == kObserved && cells.weight(c) == 0) continue;
                const CellTerms<T> cell = terms(plan.rule, c);
                sum.tally.constant += cell.constant;
                (cell.q < 0 ? minus_ : plus_).add(cells.indices[c], std::sqrt(std::fabs(cell.q)), cell.coef);
            }
            sum.tally.cells += plus_.count + minus_.count;
            const Wanted wanted = wanted_after(stop, end);
            push(plus_, Sum::add, sum, &wanted);
            push(minus_, Sum::subtract, sum);
        }
        crew.tick(worker, double(stop - b));
    }
    if (plan.walks_columns()) accumulate_absent(plan, part, sum);
}

// Adds the cells that the row does not store: zeros of weight one, or for a downdate to A alone.
template <class T>
void RowSolver<T>::accumulate_absent(const RowPlan& plan, const Stretch& part, NormalSum<T>& sum) {
    constexpr int kRun = 8;  // stored cells side by side that are passed over at once
    const i32* indices = s_.step.cells.indices;
    i64 next = part.begin, j = part.first;
    plus_.count = 0;
    while (j < part.last) {
        if (next < part.end && indices[next] == j) {
            const bool run = next + kRun < part.end && indices[next + kRun] == j + kRun;
            next += run ? kRun : 1;
            j += run ? kRun : 1;
            continue;
        }
        const i32 column = static_cast<i32>(j++);
        T coef = 0;
        sum.tally.absent++;
        if (plan.absent) {
            const CellTerms<T> cell(kObserved, T(1), T(0), offset(column));
            sum.tally.constant += cell.constant;
            sum.tally.cells++;
            coef = cell.coef;
        }
        plus_.add(column, T(1), coef);
        if (plus_.count < kBlock) continue;
        push(plus_, Sum::add, sum);
        plus_.count = 0;
    }
    push(plus_, Sum::add, sum);
}

template <class T>
void RowSolver<T>::push(const CellBlock<T>& block, Sum how, NormalSum<T>& sum, const Wanted* wanted) {
    if (block.count == 0) return;
    if (sum.untouched && how == Sum::add) how = Sum::set;
    if (sum.untouched && how == Sum::subtract) s_.layout.clear(sum.a.data());
    k_.pack_rows(s_.step.fixed, block.index, block.count, block.count, block.scale, block.coef,
                 s_.layout.padded, packed_.data(), stride_, sum.rhs.data());
    k_.gram(packed_.data(), stride_, block.count, s_.layout.padded, sum.a.data(), s_.layout.stride, how,
            wanted);
    sum.untouched = false;
}

template <class T>
RowResult RowSolver<T>::finish_primal(i64 row, const RowPlan& plan) {
    const Panels& layout = s_.layout;
    Buffer<T>& a = sum_.a;
    const double scale = s_.scale(row);
    for (int c = 0; c < layout.size; c++) a[layout.at(c, c)] += static_cast<T>(scale * s_.lambda(c));
    layout.set_padding(a.data());
    double trace = 0;
    for (int c = 0; c < layout.size; c++) trace += a[layout.at(c, c)];
    const T tolerance = static_cast<T>(kPivotRoundings * std::numeric_limits<T>::epsilon());
    const bool regular = k_.cholesky(a.data(), layout.stride, layout.padded, tolerance, inverse_.data());
    const double singular = kSingularRoundings * double(std::numeric_limits<T>::epsilon()) * trace;
    if (!regular || (too_small_to_regularize<T>(scale * s_.least_lambda(), trace) &&
                     smallest_eigenvalue(k_, layout, a.data(), inverse_.data()) <= singular))
        return fallback(row, plan);
    (plan.downdate ? counts.downdate : counts.primal)++;
    std::copy(sum_.rhs.begin(), sum_.rhs.end(), x_.begin());
    k_.solve(a.data(), layout.stride, layout.padded, inverse_.data(), x_.data());
    RowResult result;
    double explained = 0;  // w̃*·r = w̃*ᵀAw̃*
    for (int c = 0; c < layout.size; c++) explained += double(x_[c]) * double(sum_.rhs[c]);
    result.optimum = 0.5 * (sum_.tally.constant - explained);
    if (relaxed()) {
        load_old(row);
        for (int c = 0; c < layout.padded; c++) delta_[c] = old_[c] - x_[c];
        result.curvature = 0.5 * k_.norm_through(a.data(), layout.stride, layout.padded, delta_.data());
    }
    return result;
}

template <class T>
bool too_small_to_regularize(double ridge, double trace) {
    return ridge <= kSingularRoundings * double(std::numeric_limits<T>::epsilon()) * trace;
}

// An estimate from above of the smallest eigenvalue of UᵀU, by inverse iteration from a fixed start.
template <class T>
double smallest_eigenvalue(const Kernels<T>& k, const Panels& layout, const T* u, const T* inverse) {
    Buffer<T> v(layout.padded);
    for (int c = 0; c < layout.size; c++) v[c] = static_cast<T>(c % 3 == 1 ? -1.0 : 1.0 + c % 5);
    double estimate = std::numeric_limits<double>::infinity();
    for (int i = 0; i < kInverseIterations; i++) {
        double norm = 0;
        for (T e : v) norm += double(e) * double(e);
        norm = std::sqrt(norm);
        for (T& e : v) e = static_cast<T>(e / norm);
        k.solve(u, layout.stride, layout.padded, inverse, v.data());
        norm = 0;
        for (T e : v) norm += double(e) * double(e);
        estimate = std::min(estimate, 1 / std::sqrt(norm));
    }
    return estimate;
}

template <class T>
void RowSolver<T>::write_empty(i64 row) {
    counts.empty++;
    write_zero_row(s_.step, row);
}

// Beside a Gram matrix, and with nothing fixed in its scores, an empty row has the solution zero.
template <class T>
void RowSolver<T>::solve_empty(i64 row) {
    counts.empty++;
    std::fill(x_.begin(), x_.end(), T(0));
    RowResult result;
    if (relaxed()) {
        load_old(row);
        result.curvature = penalty_of(s_.step, row, old_.data()) +
                           0.5 * s_.gram_weight() * gram_norm(s_.layout, s_.side->sums.gram, old_.data());
    }
    finish(row, result);
}

template class RowSolver<float>;
template class RowSolver<double>;
template struct Shared<float>;
template struct Shared<double>;
template bool too_small_to_regularize<float>(double, double);
template bool too_small_to_regularize<double>(double, double);
template double smallest_eigenvalue<float>(const Kernels<float>&, const Panels&, const float*, const float*);
template double smallest_eigenvalue<double>(const Kernels<double>&, const Panels&, const double*,
                                            const double*);

}  // namespace alsatian
