#include "top_n.hpp"

#include <atomic>
#include <memory>

#include "query_block.hpp"

namespace alsatian {

namespace {

// Up to so many queries are scored where the items lie: packing all items would take longer.
constexpr i64 kFewQueries = 3;

template <class T>
double typical_norm(const Buffer<double>& norms) {
    double sum = 0;
    for (const double norm : norms) sum += std::isfinite(norm) ? norm * norm : 0.0;
    return std::sqrt(sum / std::max<double>(1.0, double(norms.size())));
}

// All items, for many queries.
template <class T>
i64 by_blocks(const TopN<T>& job, const Kernels<T>& k, Crew& crew) {
    const Buffer<double> norms = job.prune ? upper_norms(job.queries, crew) : Buffer<double>();
    const ItemOrder<T> order(job, typical_norm<T>(norms), crew);
    ItemPanels<T> panels(job, order, k);
    std::vector<std::unique_ptr<QueryBlock<T>>> blocks(std::size_t(crew.size()));
    const i64 queries = job.queries.rows, size = QueryBlock<T>::size(job, k);
    std::atomic<i64> scored{0};
    for (i64 first = 0, count = 0; first < order.size(); first += count) {
        count = panels.pack(first, crew);
        crew.each((queries + size - 1) / size, [&](int worker, i64 task) {
            auto& block = blocks[std::size_t(worker)];
            if (!block) block = std::make_unique<QueryBlock<T>>(job, k, norms.data());
            scored += block->run(task * size, std::min(queries, (task + 1) * size), order, panels, first,
                                 count, crew, worker);
        });
    }
    return scored;
}

// One query at a time, its items scored where they lie.
template <class T>
class OneByOne {
  public:
    OneByOne(const TopN<T>& job, const Kernels<T>& k) : job_(job), kernels_(k) {}

    // Offers the listed items, or all of them, less those that are excluded; returns how many scores were
    // computed.
    i64 run(i64 query, Crew& crew, int worker) {
        excluded_ = excluded_end_ = nullptr;
        if (job_.exclude) {
            excluded_ = job_.exclude.indices + job_.exclude.indptr[query];
            excluded_end_ = job_.exclude.indices + job_.exclude.indptr[query + 1];
        }
        const i32* list = job_.only ? job_.only.indices + job_.only.indptr[query] : nullptr;
        const i64 size = list ? job_.only.indptr[query + 1] - job_.only.indptr[query] : job_.items.rows;
        i64 scored = 0;
        for (i64 at = 0; at < size;) {
            const i64 begin = at;
            const i64 count = gather(list, size, at);
            offer(query, count);
            scored += count;
            crew.tick(worker, double(at - begin));
        }
        return scored;
    }

  private:
    static constexpr i64 kItems = 256;

    // The next items from `at` on that may be listed, each once. Both lists are sorted, so they are read side
    // by side.
    i64 gather(const i32* list, i64 size, i64& at) {
        i64 count = 0;
        for (; at < size && count < kItems; at++) {
            const i32 item = list ? list[at] : static_cast<i32>(at);
            if (list && at > 0 && list[at - 1] == item) continue;
            while (excluded_ != excluded_end_ && *excluded_ < item) excluded_++;
            if (excluded_ != excluded_end_ && *excluded_ == item) continue;
            if (job_.allowed && !job_.allowed[item]) continue;
            index_[count++] = item;
        }
        return count;
    }

    void offer(i64 query, i64 count) {
        kernels_.score_rows(job_.items, index_, count, job_.queries.data + query * job_.queries.k,
                            query_base(job_, query), job_.item_offset, scores_);
        Ranked<T> best = ranked(job_, query);
        T threshold = best.threshold();
        for (i64 i = 0; i < count; i++) {
            if (!(scores_[i] >= threshold) || !best.wants(scores_[i], index_[i])) continue;
            best.take(scores_[i], index_[i]);
            threshold = best.threshold();
        }
    }

    const TopN<T>& job_;
    const Kernels<T>& kernels_;
    const i32 *excluded_ = nullptr, *excluded_end_ = nullptr;
    i32 index_[kItems];
    T scores_[kItems];
};

template <class T>
i64 one_by_one(const TopN<T>& job, const Kernels<T>& k, Crew& crew) {
    constexpr i64 kQueriesPerTask = 16;
    const i64 each = job.only ? kQueriesPerTask : 1, queries = job.queries.rows;
    std::atomic<i64> scored{0};
    crew.each((queries + each - 1) / each, [&](int worker, i64 task) {
        OneByOne<T> scorer(job, k);
        for (i64 i = task * each; i < std::min(queries, (task + 1) * each); i++)
            scored += scorer.run(i, crew, worker);
    });
    return scored;
}

}  // namespace

template <class T>
i64 top_n(const TopN<T>& job) {
    const Kernels<T>& k = kernels<T>(job.isa);
    const i64 queries = job.queries.rows;
    const double work =
        job.only ? double(job.only.indptr[queries]) : double(queries) * double(job.items.rows);
    Crew crew(job.threads, job.poll, work);
    std::fill_n(job.counts, queries, 0);
    const bool direct = job.only || queries <= kFewQueries;
    const i64 scored = direct ? one_by_one(job, k, crew) : by_blocks(job, k, crew);
    constexpr i64 kRows = 1024;
    crew.each((queries + kRows - 1) / kRows, [&](int worker, i64 task) {
        for (i64 i = task * kRows; i < std::min(queries, (task + 1) * kRows); i++)
            ranked(job, i).finish(job.n);
        crew.tick(worker, 0);
    });
    return scored;
}

template i64 top_n<float>(const TopN<float>&);
template i64 top_n<double>(const TopN<double>&);

}  // namespace alsatian
