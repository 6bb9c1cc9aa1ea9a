// The binding of the top-n. No arithmetic.
#include "top_n.hpp"

#include <limits>

#include "item_lists.hpp"

namespace {

using namespace alsatian::bindings;
using alsatian::i32;
using alsatian::i64;

template <class T>
void check_shapes(const In<T, 2>& queries, const In<T, 2>& items, const std::optional<In<T, 1>>& query_offset,
                  const std::optional<In<T, 1>>& item_offset,
                  const std::optional<In<std::uint8_t, 1>>& allowed) {
    require(queries.shape(1) == items.shape(1), "queries and items must have the same number of components");
    require(items.shape(1) >= 1, "there must be at least one component");
    require(items.shape(1) < 100000, "there are too many components");
    require(items.shape(0) <= std::size_t(std::numeric_limits<i32>::max()), "there are too many items");
    require(!query_offset || query_offset->shape(0) == queries.shape(0),
            "query_offset must have one entry for each query");
    require(!item_offset || item_offset->shape(0) == items.shape(0),
            "item_offset must have one entry for each item");
    require(!allowed || allowed->shape(0) == items.shape(0), "allowed must have one entry for each item");
}

template <class T>
i64 top_n(In<T, 2> queries, In<T, 2> items, std::optional<In<T, 1>> query_offset,
          std::optional<In<T, 1>> item_offset, double constant, std::optional<In<std::uint8_t, 1>> allowed,
          std::optional<In<i64, 1>> exclude_indptr, std::optional<In<i32, 1>> exclude_indices,
          std::optional<In<i64, 1>> only_indptr, std::optional<In<i32, 1>> only_indices, Out<i32, 2> indices,
          Out<T, 2> scores, Out<i32, 1> counts, bool prune, int n_jobs, const std::string& isa,
          nb::object poll) {
    check_shapes<T>(queries, items, query_offset, item_offset, allowed);
    const std::size_t rows = queries.shape(0);
    require(indices.shape(0) == rows && scores.shape(0) == rows && counts.shape(0) == rows,
            "the results must have one row for each query");
    require(indices.shape(1) == scores.shape(1), "indices and scores must be of the same shape");
    require(indices.shape(1) >= 1, "n must be at least 1");

    const int k = static_cast<int>(items.shape(1));
    alsatian::TopN<T> job;
    job.queries = {queries.data(), i64(rows), k, false};
    job.items = {items.data(), i64(items.shape(0)), k, false};
    job.query_offset = pointer(query_offset);
    job.item_offset = pointer(item_offset);
    job.constant = constant;
    job.allowed = pointer(allowed);
    job.exclude = checked_lists(exclude_indptr, exclude_indices, job.queries.rows, job.items.rows);
    job.only = checked_lists(only_indptr, only_indices, job.queries.rows, job.items.rows);
    job.n = i64(indices.shape(1));
    job.indices = indices.data();
    job.scores = scores.data();
    job.counts = counts.data();
    job.threads = n_jobs;
    job.prune = prune;
    job.isa = usable_isa(isa);
    job.poll = make_poll(poll);
    nb::gil_scoped_release release;
    return alsatian::top_n(job);
}

template <class T>
void define(nb::module_& m, const char* name) {
    m.def(name, &top_n<T>, "queries"_a.noconvert(), "items"_a.noconvert(),
          "query_offset"_a.noconvert().none(), "item_offset"_a.noconvert().none(), "constant"_a,
          "allowed"_a.noconvert().none(), "exclude_indptr"_a.noconvert().none(),
          "exclude_indices"_a.noconvert().none(), "only_indptr"_a.noconvert().none(),
          "only_indices"_a.noconvert().none(), "indices"_a.noconvert(), "scores"_a.noconvert(),
          "counts"_a.noconvert(), "prune"_a, "n_jobs"_a, "isa"_a, "poll"_a.none(),
          "The items of highest score for each query; see top_n.py. Returns how many scores were computed.");
}

}  // namespace

void define_top_n(nb::module_& m) {
    define<float>(m, "top_n_float32");
    define<double>(m, "top_n_float64");
}
