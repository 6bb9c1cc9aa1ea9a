// The best n of what has been offered, kept in the arrays of the result.
#pragma once

#include <limits>
#include <utility>

#include "kernels.hpp"

namespace alsatian {

// A heap with its worst entry on top, so that what comes next need only be compared with that one. Its order
// is total (a higher score first, of equal scores the lower index), so the order of offers does not matter.
template <class T>
class Ranked {
  public:
    Ranked(i64 room, T* scores, i32* indices, i32* count)
        : room_(room), scores_(scores), indices_(indices), count_(count) {}

    bool full() const { return *count_ == room_; }

    // What an item has to reach to be worth a look.
    T threshold() const { return full() ? scores_[0] : -std::numeric_limits<T>::infinity(); }

    // Whether offer() would take it; never so for NaN.
    bool wants(T score, i32 index) const {
        if (!full()) return score == score;
        return room_ > 0 && better(score, index, scores_[0], indices_[0]);
    }

    void take(T score, i32 index) {
        if (!full()) return rise((*count_)++, score, index);
        sink(room_, score, index);
    }

    // The best first; then what says that there is no more.
    void finish(i64 columns) {
        for (i64 size = *count_ - 1; size > 0; size--) {
            const T score = scores_[size];
            const i32 index = indices_[size];
            set(size, scores_[0], indices_[0]);
            sink(size, score, index);
        }
        for (i64 i = *count_; i < columns; i++) set(i, -std::numeric_limits<T>::infinity(), -1);
    }

  private:
    static bool better(T a, i32 i, T b, i32 j) { return a > b || (a == b && i < j); }
    void set(i64 at, T score, i32 index) {
        scores_[at] = score;
        indices_[at] = index;
    }

    void rise(i64 at, T score, i32 index) {
        while (at > 0) {
            const i64 above = (at - 1) / 2;
            if (!better(scores_[above], indices_[above], score, index)) break;
            set(at, scores_[above], indices_[above]);
            at = above;
        }
        set(at, score, index);
    }

    // Puts an entry in place of the top of a heap of `size`.
    void sink(i64 size, T score, i32 index) {
        i64 at = 0;
        for (i64 below = 1; below < size; below = 2 * at + 1) {
            if (below + 1 < size &&
                better(scores_[below], indices_[below], scores_[below + 1], indices_[below + 1]))
                below++;  // the worse of the two
            if (!better(score, index, scores_[below], indices_[below])) break;
            set(at, scores_[below], indices_[below]);
            at = below;
        }
        set(at, score, index);
    }

    i64 room_;
    T* scores_;
    i32* indices_;
    i32* count_;
};

}  // namespace alsatian
