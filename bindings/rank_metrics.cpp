// The binding of what measures of ranked lists need. No arithmetic.
#include "rank_metrics.hpp"

#include <limits>

#include "item_lists.hpp"

namespace {

using namespace alsatian::bindings;
using alsatian::i32;
using alsatian::i64;

template <class T>
void judge_lists(In<i32, 2> lists, i64 items, In<i64, 1> relevant_indptr, In<i32, 1> relevant_indices,
                 In<T, 1> relevant_values, Out<T, 2> gains, Out<i32, 1> lengths, int n_jobs,
                 nb::object poll) {
    require(items >= 0 && items <= i64(std::numeric_limits<i32>::max()),
            "the number of items is out of range");
    require(relevant_values.shape(0) == relevant_indices.shape(0), "relevant items need one value each");
    require(gains.shape(0) == lists.shape(0) && gains.shape(1) == lists.shape(1),
            "gains must have the shape of the lists");
    require(lengths.shape(0) == lists.shape(0), "lengths must have one entry a list");

    alsatian::JudgedLists<T> job;
    job.lists = lists.data();
    job.queries = i64(lists.shape(0));
    job.n = i64(lists.shape(1));
    job.items = items;
    job.relevant = checked_lists(relevant_indptr, relevant_indices, job.queries, items);
    job.values = relevant_values.data();
    job.gains = gains.data();
    job.lengths = lengths.data();
    job.threads = n_jobs;
    job.poll = make_poll(poll);
    nb::gil_scoped_release release;
    alsatian::judge_lists(job);
}

template <class T>
void pairs_in_order(In<T, 2> scores, In<i64, 1> relevant_indptr, In<i32, 1> relevant_indices,
                    std::optional<In<i64, 1>> exclude_indptr, std::optional<In<i32, 1>> exclude_indices,
                    Out<double, 1> auc, int n_jobs, nb::object poll) {
    require(scores.shape(1) <= std::size_t(std::numeric_limits<i32>::max()), "there are too many items");
    require(auc.shape(0) == scores.shape(0), "auc must have one entry a row of scores");

    alsatian::ScoredPairs<T> job;
    job.scores = scores.data();
    job.queries = i64(scores.shape(0));
    job.items = i64(scores.shape(1));
    job.relevant = checked_lists(relevant_indptr, relevant_indices, job.queries, job.items);
    job.exclude = checked_lists(exclude_indptr, exclude_indices, job.queries, job.items);
    job.auc = auc.data();
    job.threads = n_jobs;
    job.poll = make_poll(poll);
    nb::gil_scoped_release release;
    alsatian::pairs_in_order(job);
}

template <class T>
void define(nb::module_& m, const char* judge, const char* pairs) {
    m.def(judge, &judge_lists<T>, "lists"_a.noconvert(), "items"_a, "relevant_indptr"_a.noconvert(),
          "relevant_indices"_a.noconvert(), "relevant_values"_a.noconvert(), "gains"_a.noconvert(),
          "lengths"_a.noconvert(), "n_jobs"_a, "poll"_a.none(),
          "The relevance of each place of each list; see rank_metrics.py.");
    m.def(pairs, &pairs_in_order<T>, "scores"_a.noconvert(), "relevant_indptr"_a.noconvert(),
          "relevant_indices"_a.noconvert(), "exclude_indptr"_a.noconvert().none(),
          "exclude_indices"_a.noconvert().none(), "auc"_a.noconvert(), "n_jobs"_a, "poll"_a.none(),
          "The share of pairs of items in the right order, for each row; see rank_metrics.py.");
}

}  // namespace

void define_rank_metrics(nb::module_& m) {
    define<float>(m, "judge_lists_float32", "pairs_in_order_float32");
    define<double>(m, "judge_lists_float64", "pairs_in_order_float64");
}
