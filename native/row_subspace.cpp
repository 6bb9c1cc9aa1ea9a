#include "row_subspace.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

namespace alsatian {

template <class T>
RowSubspace<T>::RowSubspace(const InexactSide<T>& side)
    : side_(side),
      s_(side.shared),
      k_(s_.kernels),
      cells_(s_.step),
      block_(std::min(s_.step.inexact.block, s_.layout.size)),
      layout_(block_, k_),
      stride_(kBlock * layout_.panel),
      packed_(std::size_t(stride_) * std::size_t(layout_.count)),
      a_(std::size_t(layout_.elements())),
      rhs_(layout_.padded),
      inverse_(layout_.padded),
      x_(s_.layout.padded + layout_.padded),
      step_(s_.layout.padded + layout_.padded),
      product_(s_.layout.padded),
      gradient_(s_.layout.padded) {}

// Past the solution of a block by ω, f changes by −ω (2 − ω) times half of what the gradient says of δ: the
// identity of over-relaxation, for the block.
template <class T>
void RowSubspace<T>::solve(i64 row, Crew& crew, int worker) {
    const HalfStep<T>& step = s_.step;
    if (!cells_.read(row) && s_.gram_weight() == 0) {
        counts.empty++;
        return write_zero_row(step, row);
    }
    counts.subspace++;
    start(row);
    for (int pass = 0; pass < step.inexact.steps; pass++)
        for (int first = 0; first < s_.layout.size; first += block_) {
            improve(first, std::min(block_, s_.layout.size - first));
            crew.tick(worker, 0);
        }
    store_row(step, row, x_.data(), loss_);
    crew.tick(worker, double(cells_.count()));
}

// The old row, what is left of every cell at it, and its loss.
template <class T>
void RowSubspace<T>::start(i64 row) {
    const HalfStep<T>& step = s_.step;
    const i64 count = cells_.count();
    const int size = s_.layout.size;
    scale_ = s_.scale(row);
    read_row(step, row, x_.data());
    pull_.resize(static_cast<std::size_t>(count));
    weight_.resize(static_cast<std::size_t>(count));
    score_.resize(static_cast<std::size_t>(count));
    const RowCells<T> cells = cells_.part(0, count);
    k_.dots(step.fixed, cells.index, count, x_.data(), score_.data());
    double value = side_.square;
    for (i64 c = 0; c < count; c++) {
        const T own = cells.weight ? cells.weight[c] : T(1), miss = cells.target[c] - score_[c];
        const T whole = score_[c] + (cells.offset ? cells.offset[c] : T(0));
        weight_[c] = own - cells.rest;
        pull_[c] = own * miss + cells.rest * whole;
        value +=
            double(own) * double(miss) * double(miss) - double(cells.rest) * double(whole) * double(whole);
    }
    side_.multiply(scale_, x_.data(), product_.data());
    for (int c = 0; c < size; c++) {
        value += double(x_[c]) * (double(product_[c]) - 2 * double(side_.rhs[c]));
        gradient_[c] = side_.rhs[c] - product_[c];
    }
    loss_ = 0.5 * value;
}

// Moves columns first … first + width − 1 to where they are best, and past it.
template <class T>
void RowSubspace<T>::improve(int first, int width) {
    const Factors<T>& z = s_.step.fixed;
    const bool bias = z.bias && first + width > z.k;
    const Factors<T> block{z.data, z.rows, width - (bias ? 1 : 0), bias, static_cast<int>(z.stride()), first};
    layout_ = Panels(width, k_);
    layout_.clear(a_.data());
    std::fill(rhs_.begin(), rhs_.end(), T(0));
    add_cells(block);
    add_shared(first);
    const T tolerance = static_cast<T>(kPivotRoundings * std::numeric_limits<T>::epsilon());
    if (!k_.cholesky(a_.data(), layout_.stride, layout_.padded, tolerance, inverse_.data())) return;
    std::fill(step_.begin(), step_.end(), T(0));
    T* delta = step_.data() + first;
    std::copy_n(rhs_.data(), layout_.padded, delta);
    k_.solve(a_.data(), layout_.stride, layout_.padded, inverse_.data(), delta);

    const double omega = s_.step.relaxation;
    double gain = 0;
    for (int c = 0; c < width; c++) gain += double(delta[c]) * double(rhs_[c]);
    loss_ -= 0.5 * omega * (2 - omega) * gain;
    for (int c = 0; c < width; c++) delta[c] *= static_cast<T>(omega);
    for (int c = width; c < layout_.padded; c++) delta[c] = T(0);
    for (int c = 0; c < width; c++) x_[first + c] += delta[c];
    side_.multiply(scale_, step_.data(), product_.data());
    for (int c = 0; c < s_.layout.size; c++) gradient_[c] -= product_[c];
    k_.dots(block, cells_.indices(), cells_.count(), delta, score_.data());
    for (i64 c = 0; c < cells_.count(); c++) pull_[c] -= weight_[c] * score_[c];
}

// A and the gradient of the block, over the cells.
template <class T>
void RowSubspace<T>::add_cells(const Factors<T>& block) {
    const i32* index = cells_.indices();
    const i64 count = cells_.count();
    const bool plain = !s_.step.cells.weighted() && s_.step.cells.rule.less == 0;
    for (i64 b = 0; b < count; b += kBlock) {
        const i64 stop = std::min(count, b + kBlock);
        if (plain) {
            k_.pack_rows(block, index + b, stop - b, count - b, nullptr, pull_.data() + b, layout_.padded,
                         packed_.data(), stride_, rhs_.data());
            k_.gram(packed_.data(), stride_, stop - b, layout_.padded, a_.data(), layout_.stride, Sum::add,
                    nullptr);
            continue;
        }
        plus_.count = minus_.count = 0;
        for (i64 c = b; c < stop; c++)
            (weight_[c] < 0 ? minus_ : plus_).add(index[c], std::sqrt(std::fabs(weight_[c])), pull_[c]);
        push(block, plus_, Sum::add);
        push(block, minus_, Sum::subtract);
    }
}

template <class T>
void RowSubspace<T>::push(const Factors<T>& block, const CellBlock<T>& cells, Sum how) {
    if (cells.count == 0) return;
    k_.pack_rows(block, cells.index, cells.count, cells.count, cells.scale, cells.coef, layout_.padded,
                 packed_.data(), stride_, rhs_.data());
    k_.gram(packed_.data(), stride_, cells.count, layout_.padded, a_.data(), layout_.stride, how, nullptr);
}

// What of A and the gradient does not come from the row's own cells.
template <class T>
void RowSubspace<T>::add_shared(int first) {
    for (int r = 0; r < layout_.size; r++) {
        rhs_[r] += gradient_[first + r];
        a_[layout_.at(r, r)] += static_cast<T>(scale_ * s_.lambda(first + r));
        if (!s_.side) continue;
        for (int c = r; c < layout_.size; c++) a_[layout_.at(r, c)] += side_.entry(first + r, first + c);
    }
    layout_.set_padding(a_.data());
}

template class RowSubspace<float>;
template class RowSubspace<double>;

}  // namespace alsatian
