// The cells of one row as the kernels that pass over them take them: targets, weights and offsets side by
// side.
#pragma once

#include <vector>

#include "half_step.hpp"

namespace alsatian {

template <class T>
class RowCellsReader {
  public:
    explicit RowCellsReader(const HalfStep<T>& step) : step_(step) {}

    // Reads a row; `part` then gives any stretch of it. Returns whether a cell of it has a say.
    bool read(i64 row) {
        const Cells<T>& cells = step_.cells;
        begin_ = cells.indptr[row];
        count_ = cells.indptr[row + 1] - begin_;
        const bool observed = cells.rule == kObserved;
        own_targets_ = step_.offset || cells.alpha > 0;
        own_weights_ = cells.rule.more != 0 || (cells.weighted() && !(cells.weights && observed));
        if (own_targets_) target_.resize(static_cast<std::size_t>(count_));
        if (own_weights_) weight_.resize(static_cast<std::size_t>(count_));
        keep_offset_ = step_.offset && cells.rule.shared() != 0;
        if (keep_offset_) offset_.resize(static_cast<std::size_t>(count_));
        for (i64 c = 0; c < count_ && own_targets_; c++) {
            const T o = step_.offset ? step_.offset[cells.indices[begin_ + c]] : T(0);
            target_[c] = cells.value(begin_ + c) - o;
            if (keep_offset_) offset_[c] = o;
        }
        const T more = static_cast<T>(cells.rule.more);
        for (i64 c = 0; c < count_ && own_weights_; c++) weight_[c] = cells.weight(begin_ + c) + more;
        total_ = double(count_) * (1 - cells.rule.less);
        if (!cells.weighted()) return count_ > 0;
        total_ = -double(count_) * cells.rule.less;
        for (i64 c = 0; c < count_; c++) total_ += double(cells.weight(begin_ + c));
        return observed ? total_ > 0 : count_ > 0;
    }

    i64 count() const { return count_; }
    const i32* indices() const { return step_.cells.indices + begin_; }
    double total() const { return total_; }  // Σ q

    RowCells<T> part(i64 from, i64 count) const {
        const Cells<T>& cells = step_.cells;
        RowCells<T> out;
        out.index = cells.indices + begin_ + from;
        out.count = count;
        out.target = own_targets_ ? target_.data() + from : cells.values + begin_ + from;
        if (own_weights_)
            out.weight = weight_.data() + from;
        else if (cells.weights)
            out.weight = cells.weights + begin_ + from;
        if (keep_offset_) out.offset = offset_.data() + from;
        out.rest = static_cast<T>(cells.rule.shared());
        return out;
    }

  private:
    const HalfStep<T>& step_;
    i64 begin_ = 0, count_ = 0;
    double total_ = 0;
    bool own_targets_ = false, own_weights_ = false, keep_offset_ = false;
    std::vector<T> target_, weight_, offset_;
};

}  // namespace alsatian
