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
    explicit PairCounter(const ScoredPairs<T>& job) : job_(job), others_(std::size_t(job.items)) {}

    double run(i64 row) {
        gather(row);
        const double pairs = double(relevant_.size()) * double(count_);
        // In halves: two for each pair in order, one for each that is equal. Whole numbers are exact.
        const i64 halves = i64(relevant_.size()) <= kFew ? by_counting() : by_searching();
        return pairs > 0 ? double(halves) / (2 * pairs) : std::numeric_limits<double>::quiet_NaN();
    }

  private:
    static constexpr i64 kFew = 128;      // relevant items, up to which passes without branches are faster
    static constexpr i64 kRun = 1 << 20;  // scores that are counted in 32 bits

    // Both lists are sorted, so they are read side by side; what lies between their items is copied whole.
    void gather(i64 row) {
        const T* scores = job_.scores + row * job_.items;
        relevant_.clear();
        count_ = 0;
        const i32 *wanted = begin(job_.relevant, row), *wanted_end = begin(job_.relevant, row + 1);
        const i32 *out = begin(job_.exclude, row), *out_end = begin(job_.exclude, row + 1);
        i64 next = 0;
        while (wanted != wanted_end || out != out_end) {
            const bool excluded = out != out_end && (wanted == wanted_end || *out <= *wanted);
            const i64 item = excluded ? *out++ : *wanted++;
            if (item < next) continue;  // in both lists
            take(row, scores, next, item);
            if (!excluded) {
                check(row, scores, item);
                relevant_.push_back(scores[item]);
            }
            next = item + 1;
        }
        take(row, scores, next, job_.items);
    }

    static const i32* begin(const ItemLists& lists, i64 row) {
        return lists ? lists.indices + lists.indptr[row] : nullptr;
    }

    void take(i64 row, const T* scores, i64 first, i64 end) {
        bool nan = false;
        for (i64 item = first; item < end; item++) nan |= scores[item] != scores[item];
        for (i64 item = first; nan && item < end; item++) check(row, scores, item);
        std::copy(scores + first, scores + end, others_.data() + count_);
        count_ += end - first;
    }

    static void check(i64 row, const T* scores, i64 item) {
        if (!std::isnan(scores[item])) return;
        throw std::invalid_argument("the score in row " + std::to_string(row) + ", item " +
                                    std::to_string(item) + ", is NaN");
    }

    i64 by_counting() const {
        i64 halves = 0;
        for (const T wanted : relevant_) {
            for (i64 first = 0; first < count_; first += kRun) {
                const i64 end = std::min(count_, first + kRun);
                i32 below = 0, not_above = 0;
                for (i64 i = first; i < end; i++) {
                    below += others_[std::size_t(i)] < wanted;
                    not_above += others_[std::size_t(i)] <= wanted;
                }
                halves += i64(below) + not_above;
            }
        }
        return halves;
    }

    i64 by_searching() {
        std::sort(relevant_.begin(), relevant_.end());
        i64 halves = 0;
        for (i64 i = 0; i < count_; i++) {
            const T score = others_[std::size_t(i)];
            const auto not_below = std::lower_bound(relevant_.begin(), relevant_.end(), score);
            const bool tied = not_below != relevant_.end() && *not_below == score;
            const auto above = tied ? std::upper_bound(not_below, relevant_.end(), score) : not_below;
            halves += (relevant_.end() - above) + (relevant_.end() - not_below);
        }
        return halves;
    }

    const ScoredPairs<T>& job_;
    std::vector<T> others_;  // the scores of what is not relevant: the first count_ of them
    i64 count_ = 0;
    std::vector<T> relevant_;
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
