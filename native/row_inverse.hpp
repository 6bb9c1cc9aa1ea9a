// A_i⁻¹ of one row at a time, as F Fᵀ, and products of it with rows of the fixed side; in float64.
#pragma once

#include <vector>

#include "row_solver.hpp"

namespace alsatian {

// U⁻¹ (row-major, size × size) of an upper U in panels, with the inverse of its diagonal beside it.
void invert_upper(const Panels& layout, const double* u, const double* inverse_diagonal, double* out);

class RowInverse {
  public:
    explicit RowInverse(const Shared<double>& shared);

    // Makes F, and g = Fᵀ r, of the row: w̃ = F g.
    void make(i64 row, Crew& crew, int worker);

    // Calls visit(p, z̃ᵀ A⁻¹ z̃, z̃ᵀ w̃) for the p-th of `count` columns.
    template <class Visit>
    void visit(const i32* columns, i64 count, Visit visit) {
        for (i64 first = 0; first < count; first += panel()) {
            const i64 some = std::min(panel(), count - first);
            through(columns + first, some);
            for (i64 p = 0; p < some; p++) visit(first + p, variance_[p], score_[p]);
        }
    }

    // tr(A⁻¹ (A − Λ)): how many parameters the cells of the row determine.
    double freedom() const { return freedom_; }

  private:
    i64 panel() const { return s_.layout.panel; }
    void accumulate(i64 row, Crew& crew, int worker);
    void push(const CellBlock<double>& block, Sum how);
    bool factor(i64 row);
    void invert(i64 row);
    void pseudo_invert(i64 row);
    void set(int r, int c, double entry) {
        f_[(c / s_.layout.panel) * f_stride_ + i64(r) * s_.layout.panel + c % s_.layout.panel] = entry;
    }
    void through(const i32* columns, i64 count);

    const Shared<double>& s_;
    const Kernels<double>& k_;
    i64 stride_, f_stride_;
    Buffer<double> packed_, a_, rhs_, inverse_diagonal_;
    Buffer<double> f_, g_, left_, product_, ones_;
    std::vector<double> square_;  // U⁻¹, row-major
    std::vector<double> variance_, score_;
    CellBlock<double> plus_, minus_;
    double freedom_ = 0;
};

}  // namespace alsatian
