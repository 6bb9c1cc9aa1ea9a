// Some queries against all items, panel by panel: one worker's part of a top-n.
#pragma once

#include <algorithm>
#include <cmath>
#include <vector>

#include "item_panels.hpp"
#include "ranked.hpp"

namespace alsatian {

// What belongs to a query in every one of its scores.
template <class T>
T query_base(const TopN<T>& job, i64 query) {
    return static_cast<T>(job.constant + (job.query_offset ? double(job.query_offset[query]) : 0.0));
}

// The list of a query, with as much room as there are places and items.
template <class T>
Ranked<T> ranked(const TopN<T>& job, i64 query) {
    return {std::min(job.n, job.items.rows), job.scores + query * job.n, job.indices + query * job.n,
            job.counts + query};
}

template <class T>
class QueryBlock {
  public:
    // Queries that are taken at a time: their strips stay in the second-level cache beside a panel of items.
    static i64 size(const TopN<T>& job, const Kernels<T>& k) {
        constexpr i64 kBytes = 128 << 10, kMost = 192, kTasksPerThread = 4;
        const i64 fitting = std::min(kMost, kBytes / i64(sizeof(T) * std::size_t(job.queries.k)));
        const i64 share = job.queries.rows / (kTasksPerThread * std::max(1, job.threads)) + 1;
        return std::max<i64>(1, std::min(fitting, share) / k.strip) * k.strip;
    }

    QueryBlock(const TopN<T>& job, const Kernels<T>& k, const double* norms)
        : job_(job),
          kernels_(k),
          norms_(norms),
          bound_(job.queries.k),
          depth_(job.queries.k),
          room_(size(job, k)),
          packed_(std::size_t(room_ * depth_)),
          base_(std::size_t(room_)),
          threshold_(std::size_t(room_)),
          query_(std::size_t(room_)),
          hits_(std::size_t(room_ * k.panel)) {}

    // Offers the items at [first, first + count) of the order to queries [begin, end); returns how many
    // scores were computed.
    i64 run(i64 begin, i64 end, const ItemOrder<T>& order, const ItemPanels<T>& panels, i64 first, i64 count,
            Crew& crew, int worker) {
        constexpr i64 block = ItemOrder<T>::kItemBlock;
        load(begin, end);
        i64 scored = 0;
        for (i64 at = first; at < first + count; at += block) {
            if (job_.prune) drop_finished(order.rest(at));
            if (count_ == 0) {
                crew.tick(worker, double(end - begin) * double(first + count - at));
                break;
            }
            const i64 stop = std::min(at + block, first + count);
            for (i64 item = at; item < stop; item += kernels_.panel) score(order, panels, item);
            scored += count_ * (stop - at);
            crew.tick(worker, double(end - begin) * double(stop - at));
        }
        return scored;
    }

  private:
    i64 strips() const { return (count_ + kernels_.strip - 1) / kernels_.strip; }
    // The first element of a query; the next are kernels_.strip apart.
    T* packed(i64 place) {
        const i64 strip = kernels_.strip;
        return packed_.data() + place / strip * depth_ * strip + place % strip;
    }

    void load(i64 begin, i64 end) {
        count_ = end - begin;
        for (i64 p = 0; p < count_; p++) {
            const T* row = job_.queries.data + (begin + p) * depth_;
            T* to = packed(p);
            for (i64 d = 0; d < depth_; d++) to[d * kernels_.strip] = row[d];
            query_[p] = begin + p;
            base_[p] = query_base(job_, begin + p);
            threshold_[p] = ranked(job_, begin + p).threshold();
        }
        silence(count_, strips() * kernels_.strip);
    }

    // Places without a query have scores of NaN, which no threshold lets pass.
    void silence(i64 from, i64 to) {
        for (i64 p = from; p < to; p++) base_[p] = std::numeric_limits<T>::quiet_NaN();
    }

    // Leaves out the queries for which nothing that is left can be good enough. An equal score may be, as a
    // lower index goes first.
    void drop_finished(const typename ItemOrder<T>::Rest& rest) {
        i64 kept = 0;
        for (i64 p = 0; p < count_; p++) {
            if (bound_(norms_[query_[p]], rest.norm, base_[p], rest.offset) < threshold_[p]) continue;
            if (kept != p) move(p, kept);
            kept++;
        }
        const i64 before = strips() * kernels_.strip;
        count_ = kept;
        silence(kept, before);
    }

    void move(i64 from, i64 to) {
        const T* source = packed(from);
        T* target = packed(to);
        for (i64 d = 0, end = depth_ * kernels_.strip; d < end; d += kernels_.strip) target[d] = source[d];
        query_[to] = query_[from];
        base_[to] = base_[from];
        threshold_[to] = threshold_[from];
    }

    void score(const ItemOrder<T>& order, const ItemPanels<T>& panels, i64 first) {
        const i64 found =
            kernels_.score_panel(packed_.data(), static_cast<int>(strips()), depth_, panels.factors(first),
                                 base_.data(), panels.offsets(first), threshold_.data(), hits_.data());
        for (i64 h = 0; h < found; h++) {
            const Hit<T>& hit = hits_[h];
            const i64 query = query_[hit.query];
            const i32 item = order.index()[first + hit.item];
            Ranked<T> best = ranked(job_, query);
            if (!best.wants(hit.score, item) || excluded(query, item)) continue;
            best.take(hit.score, item);
            threshold_[hit.query] = best.threshold();
        }
    }

    bool excluded(i64 query, i32 item) const {
        if (!job_.exclude) return false;
        const i64* indptr = job_.exclude.indptr + query;
        return std::binary_search(job_.exclude.indices + indptr[0], job_.exclude.indices + indptr[1], item);
    }

    const TopN<T>& job_;
    const Kernels<T>& kernels_;
    const double* norms_;
    ScoreBound<T> bound_;
    i64 depth_, room_, count_ = 0;
    Buffer<T> packed_, base_, threshold_;
    Buffer<i64> query_;
    Buffer<Hit<T>> hits_;
};

}  // namespace alsatian
