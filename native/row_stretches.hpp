// The parts in which a row is added up: one for most rows, several for very long ones.
#pragma once

#include <algorithm>

#include "half_step.hpp"

namespace alsatian {

// Longer rows are summed in parts of so many cells, or columns, each from zero.
constexpr i64 kSegment = 8192;

// Cells [begin, end) of a row, and the columns [first, last) in which they lie; no columns where only stored
// cells are looked at.
struct Stretch {
    i64 begin = 0, end = 0;
    i64 first = 0, last = 0;
};

// Parts of kSegment cells; or of kSegment columns, where the cells that the row does not store are added too,
// so that neither kind of cell is too many in a part.
template <class T>
class Stretches {
  public:
    Stretches(const Cells<T>& cells, i64 row, bool by_columns)
        : cells_(cells),
          begin_(cells.indptr[row]),
          end_(cells.indptr[row + 1]),
          by_columns_(by_columns),
          length_(by_columns ? cells.columns : end_ - begin_) {}

    i64 count() const { return std::max<i64>(1, (length_ + kSegment - 1) / kSegment); }

    Stretch operator[](i64 s) const {
        const i64 first = s * kSegment, last = std::min(length_, first + kSegment);
        if (!by_columns_) return {begin_ + first, begin_ + last};
        return {cell_at(first), cell_at(last), first, last};
    }

  private:
    // The first cell of the row that is not before `column`.
    i64 cell_at(i64 column) const {
        if (column == 0) return begin_;
        if (column == length_) return end_;
        return std::lower_bound(cells_.indices + begin_, cells_.indices + end_, column) - cells_.indices;
    }

    const Cells<T>& cells_;
    i64 begin_, end_;
    bool by_columns_;
    i64 length_;
};

}  // namespace alsatian
