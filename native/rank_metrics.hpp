// What measures of ranked lists need of each user: the relevance of each place of a list, and how many pairs
// of scores are in the right order.
#pragma once

#include <functional>

#include "top_n.hpp"

namespace alsatian {

// Lists of items, one a row, filled up with −1 at the end; judged by the sorted relevant items of each row.
template <class T>
struct JudgedLists {
    const i32* lists = nullptr;  // queries × n
    i64 queries = 0, n = 0, items = 0;
    ItemLists relevant;
    const T* values = nullptr;  // of the relevant items
    T* gains = nullptr;         // queries × n: the value of the item there, 0 where it is not relevant
    i32* lengths = nullptr;     // places before the first −1
    int threads = 1;
    std::function<void(double)> poll;
};

// Throws std::out_of_range for an item that does not exist, std::invalid_argument for one that is in a list
// twice or comes after a −1; both name row and place.
template <class T>
void judge_lists(const JudgedLists<T>& job);

// Scores of all items, one row a user; an item is a candidate where it is not excluded.
template <class T>
struct ScoredPairs {
    const T* scores = nullptr;  // queries × items
    i64 queries = 0, items = 0;
    ItemLists relevant, exclude;
    double* auc = nullptr;  // a row each; NaN where all candidates are relevant, or none is
    int threads = 1;
    std::function<void(double)> poll;
};

// The share of the pairs (relevant, not relevant) in which the relevant one has the higher score, equal
// scores counting one half. Throws std::invalid_argument for a score of NaN, naming its place.
template <class T>
void pairs_in_order(const ScoredPairs<T>& job);

}  // namespace alsatian
