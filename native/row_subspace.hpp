// Rows improved block by block: some columns solved exactly while the others are held fixed, then the next
// ones (Rendle, Krichene, Zhang and Koren 2021, iALS++).
#pragma once

#include <vector>

#include "inexact_side.hpp"
#include "row_cells.hpp"
#include "row_solver.hpp"

namespace alsatian {

template <class T>
class RowSubspace {
  public:
    explicit RowSubspace(const InexactSide<T>& side);

    // Improves row i and writes it out.
    void solve(i64 row, Crew& crew, int worker);

    Counts counts;

  private:
    void start(i64 row);
    void improve(int first, int width);
    void add_cells(const Factors<T>& block);
    void push(const Factors<T>& block, const CellBlock<T>& cells, Sum how);
    void add_shared(int first);

    const InexactSide<T>& side_;
    const Shared<T>& s_;
    const Kernels<T>& k_;
    RowCellsReader<T> cells_;
    int block_;      // columns of a block
    Panels layout_;  // of the block at hand
    i64 stride_;     // of its packed rows
    Buffer<T> packed_, a_, rhs_, inverse_;
    Buffer<T> x_, step_, product_,
        gradient_;                          // δ of a block among zeros; (α₀ Z̃ᵀZ̃ + Λ) δ; the shared gradient
    std::vector<T> pull_, weight_, score_;  // of each cell: p − q s, q, and z̃·δ
    CellBlock<T> plus_, minus_;
    double scale_ = 0, loss_ = 0;
};

}  // namespace alsatian
