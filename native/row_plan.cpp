#include "row_plan.hpp"

#include <algorithm>
#include <limits>

#include "row_solver.hpp"

namespace alsatian {

namespace {
// Below this rank the dual gains nothing over the primal, whose tiles are then nearly as small.
constexpr int kLeastDualRank = 96;
constexpr int kDualMargin = 16;
constexpr double kLeastBiasRidge = 0.1;
// By how much a downdate has to be cheaper than the dual form, as Z̃ᵀZ̃ is made for it.
constexpr double kDowndateLead = 1.5;
constexpr double kLeastDualRidge = 1e-30;  // its inverse, times a square, has to fit into float32
// The symmetric form of the dual beside a Gram matrix divides by √q: every q must be well above zero.
constexpr double kLeastDualWeight = 1.0 / 1024;
// Below this weight, c − 1 against the one of the shared part leaves too few digits of c.
constexpr double kSmallWeight = 1.0 / 16;
// A downdate is for rows that lack at most one cell in four, at high ranks: A is then made at a third of its
// cost. At low ones the right-hand side, which takes as long in either form, and looking for the holes are
// much of what a row costs.
constexpr i64 kColumnsAHole = 4;
constexpr i64 kRankOfBeside = 32;  // at which they cost as much as A
constexpr int kLeastDowndateRank = 16;
constexpr i64 kLeastDowndateColumns = 128;

bool rank_allows_dual(int size, Form form) {
    return form == Form::dual || size >= kLeastDualRank;
}

// Taking back most of ZᵀZ to put small weights in its place would cancel: add up what is there instead.
template <class T>
bool taken_back(const Cells<T>& cells, i64 row) {
    if (cells.rule.less == 0 || !cells.weights || 2 * cells.length(row) <= cells.columns) return false;
    const T* weights = cells.weights + cells.indptr[row];
    return *std::min_element(weights, weights + cells.length(row)) < kSmallWeight;
}

template <class T>
bool weights_allow_dual(const Cells<T>& cells, i64 row) {
    if (!cells.weighted()) return cells.rule.less == 0;
    const T less = static_cast<T>(cells.rule.less);
    T least = std::numeric_limits<T>::infinity(), most = 0;
    for (i64 c = cells.indptr[row]; c < cells.indptr[row + 1]; c++) {
        least = std::min(least, cells.weight(c));
        most = std::max(most, cells.weight(c));
    }
    // Of c − 1 only the digits beyond the one are known.
    return least > less && least - less >= static_cast<T>(kLeastDualWeight) * std::max(less, most - less);
}

template <class T>
bool goes_dual(const Shared<T>& shared, const RowPlan& plan, i64 row) {
    const HalfStep<T>& step = shared.step;
    const i64 length = step.cells.length(row);
    const int size = step.fixed.size();
    if (length == 0 || plan.absent || step.form == Form::primal || !shared.dual_allowed) return false;
    const bool gram = plan.rule.gram_weight > 0;
    if (gram && !shared.side->rotated) return false;
    // Without a ridge the primal would be singular.
    const bool pays =
        shared.no_ridge ? length < size : rank_allows_dual(size, step.form) && length <= size - kDualMargin;
    if (!pays && step.form != Form::dual) return false;
    return !gram || weights_allow_dual(step.cells, row);  // last, as it looks at every cell
}

// Multiply-adds that the primal form makes for one that a pass over the cells makes in the same time: a pass
// is bound by loads.
constexpr double kPrimalSpeed = 2;

// Multiply-adds of a row in each form, at the speed of the primal, for so many cells and unknowns.
double primal_work(double cells, double size) {
    return cells * size * (size + 1) / 2 + size * size * size / 6;
}
double dual_work(double cells, double size) {
    return cells * cells * size / 2 + cells * cells * cells / 6;
}
// Its right-hand side is a pass over the cells, as no row of Z̃ is packed for anything else.
double downdate_work(double cells, double holes, double size) {
    return primal_work(holes, size) + kPrimalSpeed * cells * size;
}

// Whether the row may be solved by a downdate of Z̃ᵀZ̃, and has so few holes that it pays.
template <class T>
bool goes_downdate(const Shared<T>& shared, i64 row) {
    const HalfStep<T>& step = shared.step;
    const Cells<T>& cells = step.cells;
    if (cells.full() || cells.weighted() || !(cells.rule == kObserved) || shared.no_ridge) return false;
    const i64 length = cells.length(row);
    if (step.form == Form::downdate) return length > 0 && length <= cells.columns;
    return step.form == Form::automatic && downdate_pays(length, cells.columns, step.fixed.size());
}

// Improving a row pays where it costs less than solving it.
template <class T>
Method method_of(const Shared<T>& shared, const RowPlan& plan, i64 row) {
    const Inexact& how = shared.step.inexact;
    const double length = double(shared.step.cells.length(row)), size = shared.step.fixed.size();
    // Without a ridge the solution of least norm is wanted, to which no improvement leads.
    if (how.method == Method::exact || length == 0 || shared.no_ridge) return Method::exact;
    if (!(plan.rule == shared.step.cells.rule)) return Method::exact;
    if (how.method == Method::subspace) return how.block < size ? how.method : Method::exact;
    const double solved = plan.dual       ? dual_work(length, size)
                          : plan.downdate ? row_work(shared, row)
                                          : primal_work(length, size);
    const double improved = length * size * (2 * how.steps + 1);
    return solved > kPrimalSpeed * improved ? how.method : Method::exact;
}

}  // namespace

bool ridge_allows_dual(bool bias, double ridge, double ridge_bias) {
    if (ridge > 0 && ridge < kLeastDualRidge) return false;
    if (!bias) return true;
    if (ridge == 0 || ridge_bias == 0) return ridge == ridge_bias;
    return ridge_bias >= kLeastBiasRidge * ridge;
}

bool wants_eigenbasis(int size, bool bias, double ridge, double ridge_bias, Form form) {
    return form != Form::primal && rank_allows_dual(size, form) && ridge > 0 &&
           ridge_allows_dual(bias, ridge, ridge_bias);
}

template <class T>
RowPlan plan_row(const Shared<T>& shared, i64 row) {
    const Cells<T>& cells = shared.step.cells;
    RowPlan plan{cells.rule};
    if (taken_back(cells, row)) {
        plan.rule = kObserved;
        plan.absent = cells.length(row) < cells.columns;
    }
    const bool gram = plan.rule.gram_weight > 0;
    plan.downdate = goes_downdate(shared, row);
    plan.dual = !gram && !plan.downdate && goes_dual(shared, plan, row);
    plan.method = method_of(shared, plan, row);
    if (plan.method != Method::exact)
        plan.dual = plan.downdate = false;
    else if (gram)
        plan.dual = goes_dual(shared, plan, row);
    return plan;
}

template <class T>
bool any_downdate(const Shared<T>& shared) {
    for (i64 i = 0; i < shared.step.cells.rows; i++)
        if (plan_row(shared, i).downdate) return true;
    return false;
}

template <class T>
double row_work(const Shared<T>& shared, i64 row) {
    const Cells<T>& cells = shared.step.cells;
    const double length = double(cells.length(row)), size = shared.step.fixed.size();
    if (!goes_downdate(shared, row)) return primal_work(length, size);
    return downdate_work(length, double(cells.columns) - length, size);
}

bool downdate_pays(i64 length, i64 columns, int size) {
    const i64 holes = columns - length;
    if (size < kLeastDowndateRank || columns < kLeastDowndateColumns) return false;
    if (length == 0 || holes < 0) return false;
    if (holes * kColumnsAHole * (size + kRankOfBeside) > columns * size) return false;
    const bool dual_pays = size >= kLeastDualRank && length <= size - kDualMargin;
    return !dual_pays || kDowndateLead * downdate_work(double(length), double(holes), size) <=
                             dual_work(double(length), size);
}

template RowPlan plan_row<float>(const Shared<float>&, i64);
template RowPlan plan_row<double>(const Shared<double>&, i64);
template bool any_downdate<float>(const Shared<float>&);
template bool any_downdate<double>(const Shared<double>&);
template double row_work<float>(const Shared<float>&, i64);
template double row_work<double>(const Shared<double>&, i64);

}  // namespace alsatian
