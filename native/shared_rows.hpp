// The shared form: all rows have one A, so there is one factorization and a product.
#pragma once

#include "crew.hpp"
#include "row_solver.hpp"

namespace alsatian {

template <class T>
void solve_shared(const Shared<T>& shared, const ColumnSums& sums, Crew& crew, Counts& counts);

}  // namespace alsatian
