#include "rank_metrics.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <stdexcept>
#include <string>
#include <vector>

#include "crew.hpp"

namespace alsatian {

namespace {

std::string place(i64 row, i64 at) {
    return "row " + std::to_string(row) + ", place " + std::to_string(at);
}

// Who has been in the list of the current row: a mark is the number of the row, so nothing has to be wiped.
class Seen {
  public:
    explicit Seen(i64 items) : row_of_(std::size_t(items), -1) {}
    bool again(i64 row, i32 item) {
        i64& last = row_of_[std::size_t(item)];
        if (last == row) return true;
        last = row;
        return false;
    }

  private:
    std::vector<i64> row_of_;
};

template <class T>
void judge_row(const JudgedLists<T>& job, i64 row, Seen& seen) {
    const i32* list = job.lists + row * job.n;
    const i32* relevant = job.relevant.indices + job.relevant.indptr[row];
    const i32* end = job.relevant.indices + job.relevant.indptr[row + 1];
    T* gains = job.gains + row * job.n;
    i64 length = 0;
    for (; length < job.n && list[length] != -1; length++) {
        const i32 item = list[length];
        if (item < 0 || item >= job.items)
            throw std::out_of_range("item " + std::to_string(item) + " in " + place(row, length) +
                                    " is out of range for " + std::to_string(job.items) + " items");
        if (seen.again(row, item))
            throw std::invalid_argument("item " + std::to_string(item) + " is in the list twice, again in " +
                                        place(row, length));
        const i32* found = std::lower_bound(relevant, end, item);
        const bool hit = found != end && *found == item;
        gains[length] = hit ? job.values[found - job.relevant.indices] : T(0);
    }
    std::fill(gains + length, gains + job.n, T(0));
    job.lengths[row] = static_cast<i32>(length);
    for (i64 at = length; at < job.n; at++)
        if (list[at] != -1)
            throw std::invalid_argument("item " + std::to_string(list[at]) + " in " + place(row, at) +
                                        " comes after the end of the list, which is marked by -1");
}

template <class T>
class PairCounter {
  public:
    explicit PairCounter(const ScoredPairs<T>& job) : job_(job) {}

    double run(i64 row) {
        const T* scores = job_.scores + row * job_.items;
        gather(row, scores);
        std::sort(relevant_.begin(), relevant_.end());
        // In halves: two for each relevant score above, one for each that is equal. Whole numbers are exact.
        i64 halves = 0;
        for (const T score : others_) {
            const auto below = std::lower_bound(relevant_.begin(), relevant_.end(), score);
            const bool tied = below != relevant_.end() && *below == score;
            const auto above = tied ? std::upper_bound(below, relevant_.end(), score) : below;
            halves += 2 * (relevant_.end() - above) + (above - below);
        }
        const double pairs = double(relevant_.size()) * double(others_.size());
        return pairs > 0 ? double(halves) / (2 * pairs) : std::numeric_limits<double>::quiet_NaN();
    }

  private:
    // Both lists are sorted, so they are read beside the scores.
    void gather(i64 row, const T* scores) {
        relevant_.clear();
        others_.clear();
        Reader relevant(job_.relevant, row), exclude(job_.exclude, row);
        for (i64 item = 0; item < job_.items; item++) {
            const bool wanted = relevant.has(item);
            if (exclude.has(item)) continue;
            if (std::isnan(scores[item]))
                throw std::invalid_argument("the score in row " + std::to_string(row) + ", item " +
                                            std::to_string(item) + ", is NaN");
            (wanted ? relevant_ : others_).push_back(scores[item]);
        }
    }

    // Says for rising items whether they are in a sorted list.
    struct Reader {
        const i32 *at = nullptr, *end = nullptr;
        Reader(const ItemLists& lists, i64 row) {
            if (!lists) return;
            at = lists.indices + lists.indptr[row];
            end = lists.indices + lists.indptr[row + 1];
        }
        bool has(i64 item) {
            while (at != end && *at < item) at++;
            return at != end && *at == item;
        }
    };

    const ScoredPairs<T>& job_;
    std::vector<T> relevant_, others_;
};

}  // namespace

template <class T>
void judge_lists(const JudgedLists<T>& job) {
    constexpr i64 kRows = 4096;
    Crew crew(job.threads, job.poll, double(job.queries));
    std::vector<std::vector<Seen>> seen(std::size_t(crew.size()));
    crew.each((job.queries + kRows - 1) / kRows, [&](int worker, i64 task) {
        auto& own = seen[std::size_t(worker)];
        if (own.empty()) own.emplace_back(job.items);
        const i64 end = std::min(job.queries, (task + 1) * kRows);
        for (i64 row = task * kRows; row < end; row++) judge_row(job, row, own.front());
        crew.tick(worker, double(end - task * kRows));
    });
}

template <class T>
void pairs_in_order(const ScoredPairs<T>& job) {
    constexpr i64 kRows = 16;
    Crew crew(job.threads, job.poll, double(job.queries));
    crew.each((job.queries + kRows - 1) / kRows, [&](int worker, i64 task) {
        PairCounter<T> counter(job);
        const i64 end = std::min(job.queries, (task + 1) * kRows);
        for (i64 row = task * kRows; row < end; row++) job.auc[row] = counter.run(row);
        crew.tick(worker, double(end - task * kRows));
    });
}

template void judge_lists<float>(const JudgedLists<float>&);
template void judge_lists<double>(const JudgedLists<double>&);
template void pairs_in_order<float>(const ScoredPairs<float>&);
template void pairs_in_order<double>(const ScoredPairs<double>&);

}  // namespace alsatian
