// Rows that lack few of all columns: A is Z̃ᵀZ̃ less what the missing cells would have added to it.
//
// Let G = Z̃ᵀZ̃, H the sum over the missing cells and A = G − H what is left. Sums of outer products, in
// whatever order, have errors of at most γ √(M_aa M_bb) in their entry (a, b), M being the sum and γ a few
// roundings for each term: that is so for the primal form, with M = A, and it is what a Cholesky adds to it.
// Here H is summed from zero, as the primal form sums A, and G in float64; the difference is rounded once. So
// the error is γ √(H_aa H_bb) and a few roundings of G, and wherever
//     H_aa ≤ ½ G_aa  for every a,  which is  H_aa ≤ A_aa,
// it is no larger than the primal form's could be, entry by entry, however the columns of Z̃ are scaled
// against one another. Nothing else is asked of the row: a ridge too small to make A regular by itself is
// told by what the Cholesky leaves, as in the primal form, and the row is then solved again from its cells.
#include "row_solver.hpp"

namespace alsatian {

namespace {
constexpr double kMostTaken = 0.5;
}  // namespace

// A ← Z̃ᵀZ̃ − A, where A is the sum over the missing cells; false where too little would be left of some
// diagonal entry, or where the cells are in no order, so that stored ones were taken for missing.
template <class T>
bool RowSolver<T>::take_from_gram(i64 row) {
    const Cells<T>& cells = s_.step.cells;
    if (sum_.tally.absent != cells.columns - cells.length(row)) return false;
    const Panels& layout = s_.layout;
    const Buffer<double>& gram = s_.side->sums.gram;
    for (int c = 0; c < layout.size; c++) {
        const i64 at = layout.at(c, c);
        if (!(double(sum_.a[at]) <= kMostTaken * gram[at])) return false;  // nor where one is no number
    }
    layout.take_from(sum_.a.data(), gram.data());
    return true;
}

template bool RowSolver<float>::take_from_gram(i64);
template bool RowSolver<double>::take_from_gram(i64);

}  // namespace alsatian
