// What the kernels trust, checked: a row pointer or a column out of range would read outside the arrays.
#pragma once

#include "kernels.hpp"

namespace alsatian {

// Throws std::invalid_argument or std::out_of_range, naming the first bad place.
void check_structure(const i64* indptr, i64 rows, i64 stored, const i32* indices, i64 columns);
// Throws std::invalid_argument, naming the first row whose indices fall; equal neighbours may be.
void check_sorted(const i64* indptr, i64 rows, const i32* indices);

}  // namespace alsatian
