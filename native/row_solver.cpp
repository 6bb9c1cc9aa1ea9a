#include "row_solver.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

namespace alsatian {

namespace {
// Below this rank the dual gains nothing over the primal, whose tiles are then nearly as small.
constexpr int kLeastDualRank = 96;
constexpr int kDualMargin = 16;
constexpr double kLeastBiasRidge = 0.1;
constexpr double kLeastDualWeight = 1.0 / 1024;
constexpr int kInverseIterations = 4;
}  // namespace

template <class T>
Shared<T>::Shared(const HalfStep<T>& s, const Kernels<T>& k)
    : step(s), kernels(k), layout(s.fixed.size(), k) {
    const int size = s.fixed.size();
    bool all_zero = true;
    for (int c = 0; c < size; c++) {
        no_ridge |= lambda(c) == 0;
        all_zero &= lambda(c) == 0;
    }
    if (no_ridge && !all_zero) return;  // no dual form
    // S D⁻¹ Sᵀ holds (1 / λ_b) 1 1ᵀ: a small ridge of the bias would swamp all else in it.
    if (s.fixed.bias && s.ridge_bias < kLeastBiasRidge * s.ridge) return;
    inverse_root_ridge = Buffer<T>(layout.padded);
    for (int c = 0; c < size; c++)
        inverse_root_ridge[c] = all_zero ? T(1) : static_cast<T>(1 / std::sqrt(lambda(c)));
}

template <class T>
RowSolver<T>::RowSolver(const Shared<T>& shared, i64 longest_dual)
    : s_(shared),
      k_(shared.kernels),
      stride_(kBlock * shared.layout.panel),
      packed_(std::size_t(stride_) * shared.layout.count),
      a_(shared.layout.elements()),
      x_(shared.layout.padded),
      rhs_(shared.layout.padded),
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
bool dual_pays(const HalfStep<T>& step, bool no_ridge, i64 length) {
    if (length == 0 || step.form == Form::primal) return false;
    if (step.cells.absent_zero && (no_ridge || !step.eigenvalues)) return false;
    if (step.form == Form::dual) return true;
    const int size = step.fixed.size();
    if (no_ridge) return length < size;  // the primal would be singular
    return size >= kLeastDualRank && length <= size - kDualMargin;
}

template <class T>
bool RowSolver<T>::wants_dual(i64 row) const {
    const Cells<T>& cells = s_.step.cells;
    if (s_.inverse_root_ridge.size() == 0 || !dual_pays(s_.step, s_.no_ridge, cells.length(row)))
        return false;
    if (!cells.absent_zero) return true;
    // The symmetric form of the system divides by √q: every q = c − 1 must be well above zero.
    const auto [least, most] =
        std::minmax_element(cells.weights + cells.indptr[row], cells.weights + cells.indptr[row + 1]);
    return *least - 1 >= kLeastDualWeight * std::max(T(1), *most - 1);
}

template <class T>
void RowSolver<T>::solve(i64 row, Crew& crew, int worker) {
    const bool zeros = s_.step.cells.absent_zero;
    if (s_.step.cells.length(row) == 0 && !zeros) return write_empty(row);
    if (!wants_dual(row)) return primal(row, crew, worker);
    if (zeros) return dual_with_gram(row, crew, worker);
    dual(row, crew, worker);
}

template <class T>
void RowSolver<T>::primal(i64 row, Crew& crew, int worker) {
    const i64 begin = s_.step.cells.indptr[row], end = s_.step.cells.indptr[row + 1];
    begin_sum();
    if (end - begin <= kSegment) {
        accumulate(begin, end, a_.data(), rhs_.data(), tally_, crew, worker);
    } else {
        for (i64 b = begin; b < end; b += kSegment) {
            segment(b, std::min(end, b + kSegment), crew, worker);
            add_segment(*this);
        }
    }
    finish_sum(row);
}

template <class T>
void RowSolver<T>::segment(i64 begin, i64 end, Crew& crew, int worker) {
    if (a_segment_.size() == 0) {
        a_segment_ = Buffer<T>(s_.layout.elements());
        rhs_segment_ = Buffer<T>(s_.layout.padded);
    }
    s_.layout.clear(a_segment_.data());
    std::fill(rhs_segment_.begin(), rhs_segment_.end(), T(0));
    tally_segment_ = Tally{};
    accumulate(begin, end, a_segment_.data(), rhs_segment_.data(), tally_segment_, crew, worker);
}

template <class T>
void RowSolver<T>::begin_sum() {
    tally_ = Tally{};
    if (s_.sums) {
        s_.layout.copy_scaled(a_.data(), s_.sums->gram.data(), s_.gram_weight);
        for (int c = 0; c < s_.layout.padded; c++) rhs_[c] = static_cast<T>(s_.gram_weight * s_.sums->rhs[c]);
        tally_.constant = s_.gram_weight * s_.sums->square;
    } else {
        s_.layout.clear(a_.data());
        std::fill(rhs_.begin(), rhs_.end(), T(0));
    }
}

template <class T>
void RowSolver<T>::add_segment(const RowSolver& other) {
    s_.layout.add(a_.data(), other.a_segment_.data());
    for (int c = 0; c < s_.layout.padded; c++) rhs_[c] += other.rhs_segment_[c];
    tally_.constant += other.tally_segment_.constant;
    tally_.cells += other.tally_segment_.cells;
}

template <class T>
void RowSolver<T>::finish_sum(i64 row) {
    if (tally_.cells == 0 && !s_.step.cells.absent_zero) return write_empty(row);  // all its weights are zero
    finish(row, finish_primal(row));
}

// Adds cells [begin, end) of the row to A and r, and to the constant of the loss.
template <class T>
void RowSolver<T>::accumulate(i64 begin, i64 end, T* a, T* rhs, Tally& tally, Crew& crew, int worker) {
    const Cells<T>& cells = s_.step.cells;
    const T* offset = s_.step.offset;
    const bool plain = !cells.weights && !cells.absent_zero;
    for (i64 b = begin; b < end; b += kBlock) {
        const i64 stop = std::min(end, b + kBlock);
        if (plain) {
            tally.cells += stop - b;
            T coef[kBlock];
            for (i64 c = b; c < stop; c++) {
                const T t = cells.values[c] - (offset ? offset[cells.indices[c]] : T(0));
                coef[c - b] = t;
                tally.constant += double(t) * double(t);
            }
            k_.pack_rows(s_.step.fixed, cells.indices + b, stop - b, end - b, nullptr, coef, s_.layout.padded,
                         packed_.data(), stride_, rhs);
            k_.gram(packed_.data(), stride_, stop - b, s_.layout.padded, a, s_.layout.stride, false);
        } else {
            plus_.count = minus_.count = 0;
            for (i64 c = b; c < stop; c++) {
                const i32 j = cells.indices[c];
                const T weight = cells.weights ? cells.weights[c] : T(1);
                const T o = offset ? offset[j] : T(0);
                const T t = cells.values[c] - o;
                if (cells.absent_zero) {  // q = c − 1, p = c x: the rest of the cell is in the shared part
                    const T q = weight - 1;
                    tally.constant += double(weight) * double(t) * double(t) - double(o) * double(o);
                    (q < 0 ? minus_ : plus_).add(j, std::sqrt(std::fabs(q)), weight * t + o);
                } else if (weight != 0) {  // q = c, p = c x
                    tally.constant += double(weight) * double(t) * double(t);
                    plus_.add(j, std::sqrt(weight), weight * t);
                }
            }
            tally.cells += plus_.count + minus_.count;
            push(plus_, false, a, rhs);
            push(minus_, true, a, rhs);
        }
        crew.tick(worker, double(stop - b));
    }
}

template <class T>
void RowSolver<T>::push(const CellBlock<T>& block, bool subtract, T* a, T* rhs) {
    if (block.count == 0) return;
    k_.pack_rows(s_.step.fixed, block.index, block.count, block.count, block.scale, block.coef,
                 s_.layout.padded, packed_.data(), stride_, rhs);
    k_.gram(packed_.data(), stride_, block.count, s_.layout.padded, a, s_.layout.stride, subtract);
}

template <class T>
RowResult RowSolver<T>::finish_primal(i64 row) {
    const Panels& layout = s_.layout;
    const double scale = s_.scale(row);
    for (int c = 0; c < layout.size; c++) a_[layout.at(c, c)] += static_cast<T>(scale * s_.lambda(c));
    layout.set_padding(a_.data());
    double trace = 0;
    for (int c = 0; c < layout.size; c++) trace += a_[layout.at(c, c)];
    const T tolerance = static_cast<T>(kPivotRoundings * std::numeric_limits<T>::epsilon());
    const bool regular = k_.cholesky(a_.data(), layout.stride, layout.padded, tolerance, inverse_.data());
    if (!regular || (s_.no_ridge && smallest_eigenvalue(k_, layout, a_.data(), inverse_.data()) <=
                                        kSingularRoundings * std::numeric_limits<T>::epsilon() * trace))
        return fallback(row);
    counts.primal++;
    std::copy(rhs_.begin(), rhs_.end(), x_.begin());
    k_.solve(a_.data(), layout.stride, layout.padded, inverse_.data(), x_.data());
    RowResult result;
    double explained = 0;  // w̃*·r = w̃*ᵀAw̃*
    for (int c = 0; c < layout.size; c++) explained += double(x_[c]) * double(rhs_[c]);
    result.optimum = 0.5 * (tally_.constant - explained);
    if (relaxed()) {
        load_old(row);
        for (int c = 0; c < layout.padded; c++) rhs_[c] = old_[c] - x_[c];
        result.curvature = 0.5 * k_.norm_through(a_.data(), layout.stride, layout.padded, rhs_.data());
    }
    return result;
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
void RowSolver<T>::load_old(i64 row) {
    const int k = s_.step.fixed.k;
    std::copy_n(s_.step.out + row * k, k, old_.begin());
    if (s_.step.out_bias) old_[k] = s_.step.out_bias[row];
}

template <class T>
double RowSolver<T>::penalty(i64 row, const T* x) const {
    double sum = 0, bias = 0;
    const int k = s_.step.fixed.k;
    for (int c = 0; c < k; c++) sum += double(x[c]) * double(x[c]);
    if (s_.step.fixed.bias) bias = double(x[k]) * double(x[k]);
    return 0.5 * s_.scale(row) * (s_.step.ridge * sum + s_.step.ridge_bias * bias);
}

// Moves the row past its solution: w ← w + ω (w* − w), f = f* + (1 − ω)² (f_old − f*).
template <class T>
void RowSolver<T>::finish(i64 row, const RowResult& result) {
    const int k = s_.step.fixed.k;
    const double rest = 1 - s_.step.relaxation;
    if (relaxed()) {
        load_old(row);
        for (int c = 0; c < s_.layout.size; c++) x_[c] += static_cast<T>(rest) * (old_[c] - x_[c]);
    }
    std::copy_n(x_.begin(), k, s_.step.out + row * k);
    if (s_.step.out_bias) s_.step.out_bias[row] = x_[k];
    s_.step.penalty[row] = penalty(row, x_.data());
    const double loss = result.optimum + rest * rest * result.curvature;
    s_.step.fit[row] = std::max(0.0, loss - s_.step.penalty[row]);
}

template <class T>
void RowSolver<T>::write_empty(i64 row) {
    counts.empty++;
    std::fill_n(s_.step.out + row * s_.step.fixed.k, s_.step.fixed.k, T(0));
    if (s_.step.out_bias) s_.step.out_bias[row] = T(0);
    s_.step.fit[row] = s_.step.penalty[row] = 0;
}

template class RowSolver<float>;
template class RowSolver<double>;
template struct Shared<float>;
template struct Shared<double>;
template bool dual_pays<float>(const HalfStep<float>&, bool, i64);
template bool dual_pays<double>(const HalfStep<double>&, bool, i64);
template double smallest_eigenvalue<float>(const Kernels<float>&, const Panels&, const float*, const float*);
template double smallest_eigenvalue<double>(const Kernels<double>&, const Panels&, const double*,
                                            const double*);

}  // namespace alsatian
