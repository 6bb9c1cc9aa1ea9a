#include "structure.hpp"

#include <algorithm>
#include <stdexcept>
#include <string>

namespace alsatian {

void check_structure(const i64* indptr, i64 rows, i64 stored, const i32* indices, i64 columns) {
    if (indptr[0] != 0 || indptr[rows] != stored)
        throw std::invalid_argument("indptr must run from 0 to the number of stored cells, " +
                                    std::to_string(stored) + ", but runs from " + std::to_string(indptr[0]) +
                                    " to " + std::to_string(indptr[rows]));
    for (i64 i = 0; i < rows; i++)
        if (indptr[i] > indptr[i + 1])
            throw std::invalid_argument("indptr must not decrease, but does after row " + std::to_string(i));
    // One pass without branches: as an unsigned number a negative index is too large as well.
    std::uint32_t largest = 0;
    for (i64 c = 0; c < stored; c++) largest = std::max(largest, static_cast<std::uint32_t>(indices[c]));
    if (stored == 0 || i64(largest) < columns) return;
    const i64 at =
        std::find_if(indices, indices + stored, [&](i32 j) { return j < 0 || j >= columns; }) - indices;
    const i64 row = std::upper_bound(indptr, indptr + rows + 1, at) - indptr - 1;
    throw std::out_of_range("column index " + std::to_string(indices[at]) + " in row " + std::to_string(row) +
                            " is out of range for " + std::to_string(columns) + " columns");
}

void check_sorted(const i64* indptr, i64 rows, const i32* indices) {
    for (i64 i = 0; i < rows; i++)
        if (!std::is_sorted(indices + indptr[i], indices + indptr[i + 1]))
            throw std::invalid_argument("the indices of row " + std::to_string(i) + " must be sorted");
}

}  // namespace alsatian
