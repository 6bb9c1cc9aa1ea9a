// The n items of highest score for each query: scores and selection in one pass, a block at a time.
#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "kernels.hpp"

namespace alsatian {

// One sorted list of items for each query; null where there are none.
struct ItemLists {
    const i64* indptr = nullptr;
    const i32* indices = nullptr;
    explicit operator bool() const { return indptr != nullptr; }
};

// s_ij = (w_i·z_j + (constant + query_offset_i)) + item_offset_j, the brackets as written: with the fixed
// order of the products, the bits of a score depend on the two rows, k and the instruction set alone.
template <class T>
struct TopN {
    Factors<T> queries, items;
    const T* query_offset = nullptr;  // null is zero
    const T* item_offset = nullptr;
    double constant = 0;
    const std::uint8_t* allowed = nullptr;  // items that may be listed at all; null is all
    ItemLists exclude, only;                // for each query
    i64 n = 0;                              // columns of the result
    i32* indices = nullptr;                 // −1 where there are no more
    T* scores = nullptr;                    // −∞ there
    i32* counts = nullptr;                  // how many are real
    int threads = 1;
    bool prune = true;  // the result is the same without
    std::string isa;
    std::function<void(double)> poll;
};

// Sorted by falling score, of equal scores the lower index first. A score of NaN is never listed. Returns how
// many scores were computed.
template <class T>
i64 top_n(const TopN<T>& job);

}  // namespace alsatian
