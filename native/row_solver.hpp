// The row systems of one half-step, solved one row at a time: primal, dual, or of minimum norm.
#pragma once

#include <vector>

#include "buffer.hpp"
#include "column_sums.hpp"
#include "crew.hpp"
#include "fixed_side.hpp"
#include "half_step.hpp"
#include "min_norm.hpp"
#include "panels.hpp"
#include "row_plan.hpp"
#include "row_stretches.hpp"
#include "write_out.hpp"

namespace alsatian {

// What all rows of a half-step have in common.
template <class T>
struct Shared {
    const HalfStep<T>& step;
    const Kernels<T>& kernels;
    Panels layout;                       // of A
    const FixedSide<T>* side = nullptr;  // where α₀ > 0, or some row is solved by a downdate
    bool no_ridge = false;               // some λ is zero, so that A may be singular
    bool dual_allowed = false;           // by Λ
    Buffer<T> inverse_root_ridge;        // 1 / √λ by column, for the dual; one where there is no ridge at all

    Shared(const HalfStep<T>& s, const Kernels<T>& k);
    double least_lambda() const {
        return step.fixed.bias ? std::min(step.ridge, step.ridge_bias) : step.ridge;
    }
    double lambda(int column) const { return column < step.fixed.k ? step.ridge : step.ridge_bias; }
    double scale(i64 row) const { return step.scale[row * step.scale_step]; }
    double gram_weight() const { return step.cells.rule.gram_weight; }
};

// An estimate from above of the smallest eigenvalue of UᵀU.
template <class T>
double smallest_eigenvalue(const Kernels<T>& k, const Panels& layout, const T* u, const T* inverse);

// Appends √Λ_i to a least-squares problem, leaving out zeros.
template <class T>
void append_ridge(LeastSquares& system, const HalfStep<T>& step, double scale);

// S over √Λ, and √C (x − o) over zeros: the row's problem as least squares; `absent`: with the cells that it
// does not store, as zeros of weight one.
template <class T>
LeastSquares stacked_rows(const Shared<T>& shared, i64 row, bool absent);

// xᵀ G x for an upper G in panels.
template <class T>
double gram_norm(const Panels& layout, const Buffer<double>& gram, const T* x) {
    double sum = 0;
    for (int r = 0; r < layout.size; r++) {
        double s = 0.5 * gram[layout.at(r, r)] * double(x[r]);
        for (int c = r + 1; c < layout.size; c++) s += gram[layout.at(r, c)] * double(x[c]);
        sum += 2 * s * double(x[r]);
    }
    return sum;
}

// Whether a ridge leaves it to the cells to make a matrix of this trace regular; T(ridge) may even round to
// nothing beside it.
template <class T>
bool too_small_to_regularize(double ridge, double trace);

// A pivot below this many roundings of its diagonal is no pivot.
constexpr int kPivotRoundings = 8;
// Without a ridge, a smallest eigenvalue below this many roundings of the trace goes to the minimum-norm
// solver, whose own cutoff then decides.
constexpr int kSingularRoundings = 1024;

// Up to kBlock cells of a row, as they enter its normal equations.
template <class T>
struct CellBlock {
    i64 count = 0;
    i32 index[kBlock];
    T scale[kBlock];  // √|q|
    T coef[kBlock];   // p − q o
    void add(i32 j, T s, T c) {
        index[count] = j;
        scale[count] = s;
        coef[count] = c;
        count++;
    }
};

// What accumulates beside A and r.
struct Tally {
    double constant = 0;  // of the loss: Σ q o² − 2 p o + κ
    i64 cells = 0;        // of positive weight
    i64 absent = 0;       // that were looked for because they are not stored
};

// The normal equations of a row while they are added up.
template <class T>
struct NormalSum {
    Buffer<T> a, rhs;
    bool untouched = true;  // a is to be taken for zero: the first product sets it
    Tally tally;
    NormalSum() = default;
    explicit NormalSum(const Panels& layout) : a(layout.elements()), rhs(layout.padded) {}
    void clear() {
        std::fill(rhs.begin(), rhs.end(), T(0));
        tally = Tally{};
        untouched = true;
    }
};

template <class T>
class RowSolver {
  public:
    explicit RowSolver(const Shared<T>& shared, i64 longest_dual);

    // Solves row i and writes it out, or puts it aside for `finish_batch`.
    void solve(i64 row, Crew& crew, int worker);
    // Says which row comes after this one: what it gathers first is fetched while this one is solved.
    void expect(i64 row);
    // Solves the rows put aside.
    void finish_batch(Crew& crew, int worker);

    // The pieces, for very long rows that several workers share: a segment of the row added up from zero, …
    void segment(const RowPlan& plan, const Stretch& part, Crew& crew, int worker);
    // … then the sum of all segments, and the end of the row; false where the row is to be solved in the
    // primal form instead.
    void begin_sum(const RowPlan& plan);
    void add_segment(const RowSolver& other);
    bool finish_sum(i64 row, const RowPlan& plan);

    Counts counts;

  private:
    void primal(i64 row, const RowPlan& plan, Crew& crew, int worker);
    void dual(i64 row, Crew& crew, int worker);
    bool dual_in_eigenbasis(i64 row, T* w, const T* old, RowResult& result);
    bool solve_dual(const Factors<T>& z, const T* column_scale, double shift);
    RowResult finish_primal(i64 row, const RowPlan& plan);
    RowResult fallback(i64 row, const RowPlan& plan);
    std::vector<double> careful_solution(i64 row, const LeastSquares& system, bool dense);
    void accumulate(const RowPlan& plan, const Stretch& part, NormalSum<T>& sum, Crew& crew, int worker);
    double plain_targets(i64 begin, i64 end, T* targets) const;
    void accumulate_absent(const RowPlan& plan, const Stretch& part, NormalSum<T>& sum);
    bool take_from_gram(i64 row);
    void push(const CellBlock<T>& block, Sum how, NormalSum<T>& sum, const Wanted* wanted = nullptr);
    Wanted wanted_after(i64 from, i64 end);
    LeastSquares dense_system(i64 row) const;
    double curvature_of_cells(i64 row, const Rule& rule, const Factors<T>& z, const T* delta) const;
    bool relaxed() const { return s_.step.relaxation != 1.0; }
    void load_old(i64 row) { read_row(s_.step, row, old_.data()); }
    void finish(i64 row, const RowResult& result) { write_row(s_.step, row, x_.data(), result); }
    void write_empty(i64 row);
    void solve_empty(i64 row);
    T offset(i32 column) const { return s_.step.offset ? s_.step.offset[column] : T(0); }
    CellTerms<T> terms(const Rule& rule, i64 cell) const {
        const Cells<T>& cells = s_.step.cells;
        return {rule, cells.weight(cell), cells.value(cell), offset(cells.indices[cell])};
    }

    const Shared<T>& s_;
    const Kernels<T>& k_;
    i64 stride_;  // of packed rows
    Buffer<T> packed_;
    NormalSum<T> sum_, segment_;
    Buffer<T> x_, delta_, old_, inverse_;
    Panels dual_layout_;  // of the largest dual system
    Buffer<T> dual_a_, dual_packed_, dual_x_, dual_inverse_, dual_scale_;
    std::vector<i32> dual_index_;
    std::vector<T> dual_target_;
    CellBlock<T> plus_, minus_;
    const i32* next_index_ = nullptr;  // of the row that comes next
    i64 next_count_ = 0;
    const char* rows_[kBlock];  // that are wanted
    std::vector<i64> batch_;    // rows put aside for the eigenbasis
    Buffer<T> batch_old_, batch_new_, batch_x_;
    typename Rotation<T>::Scratch scratch_;
};

}  // namespace alsatian
