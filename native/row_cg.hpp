// Rows improved by conjugate gradients from where they are: one at a time, or long ones side by side.
#pragma once

#include <vector>

#include "inexact_side.hpp"
#include "row_cells.hpp"
#include "row_solver.hpp"

namespace alsatian {

// One row under way. Its cells are passed over by whoever drives it, in parts of any size, all of them before
// the next call:
//     begin, { gradient_part … } start, { choose, curvature_part …, advance } …, finish
template <class T>
class CgRow {
  public:
    explicit CgRow(const InexactSide<T>& side);

    // Space that a worker needs beside its rows.
    struct Scratch {
        Buffer<T> conditioned, diagonal, part;
        explicit Scratch(int padded) : conditioned(padded), diagonal(padded), part(padded) {}
    };

    // Reads the row; false where nothing is known of it.
    bool begin(i64 row);
    void gradient_part(i64 from, i64 count, Scratch& scratch);
    // All parts are in: takes the gradient to be what they say.
    void start();
    // Chooses the direction of step t; false where the row is good enough as it is.
    bool choose(int t, Scratch& scratch);
    void curvature_part(i64 from, i64 count, Scratch& scratch);
    void advance();
    // Writes the row, moved past where the steps have led to.
    void finish();

    i64 cells() const { return cells_.count(); }
    const i32* indices() const { return cells_.indices(); }

  private:
    T* vector(int which) { return vectors_.data() + i64(which) * s_.layout.padded; }
    T* x() { return vector(0); }
    T* gradient() { return vector(1); }
    T* direction() { return vector(2); }
    T* product() { return vector(3); }         // Σ q z̃ z̃ᵀ p
    T* shared_product() { return vector(4); }  // (α₀ Z̃ᵀZ̃ + Λ) p

    const InexactSide<T>& side_;
    const Shared<T>& s_;
    RowCellsReader<T> cells_;
    Buffer<T> vectors_;
    i64 row_ = 0;
    bool last_ = false, going_ = false;
    double scale_ = 0, value_ = 0, curvature_ = 0, loss_ = 0, drop_ = 0, rho_ = 0, first_ = 0;
};

template <class T>
class RowCg {
  public:
    explicit RowCg(const InexactSide<T>& side);

    // Improves row i and writes it out.
    void solve(i64 row, Crew& crew, int worker);
    // The same for several long rows in step with each other: one stretch of the fixed side after the other
    // serves all of them while it is in the cache. The bits of a row do not depend on the rows beside it, but
    // on this way of passing over it.
    void solve_group(const i64* rows, i64 count, Crew& crew, int worker);

    Counts counts;

    // Whether a row is long enough for a group, and how many of them make one.
    static bool long_enough(const HalfStep<T>& step, i64 row);
    static i64 group_size(const HalfStep<T>& step);

  private:
    // Has `part(row, from, count)` called for every stretch of the fixed side and all cells of every row in
    // it.
    template <class Part>
    void pass_over(const Part& part, Crew& crew, int worker);

    const InexactSide<T>& side_;
    typename CgRow<T>::Scratch scratch_;
    std::vector<CgRow<T>> rows_;
    std::vector<i64> cursor_;
    std::vector<CgRow<T>*> going_;
};

}  // namespace alsatian
