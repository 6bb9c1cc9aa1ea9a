// Lists of the best items against a plain sort of the same scores; under the sanitizers, also that nothing is
// touched that should not be: every array is as large as it has to be and no larger.
#include "../top_n.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <random>
#include <stdexcept>
#include <string>
#include <vector>

#include "../item_panels.hpp"
#include "../structure.hpp"
#include "check.hpp"

using alsatian::i32;
using alsatian::i64;

namespace {

struct Lists {
    std::vector<i64> indptr{0};
    std::vector<i32> indices;
    void add(i32 item) { indices.push_back(item); }
    void close() { indptr.push_back(static_cast<i64>(indices.size())); }
    bool has(i64 query, i32 item) const {
        return std::find(indices.begin() + indptr[query], indices.begin() + indptr[query + 1], item) !=
               indices.begin() + indptr[query + 1];
    }
};

// Small whole numbers: every score is exact, and ties are many.
template <class T>
struct Problem {
    i64 queries, items;
    int k;
    std::vector<T> w, z, query_offset, item_offset;
    std::vector<std::uint8_t> allowed;
    Lists exclude, only;

    Problem(i64 q, i64 m, int components) : queries(q), items(m), k(components) {
        std::mt19937 engine(static_cast<unsigned>(q + 31 * m + 101 * components));
        const auto whole = [&](int least, int most) {
            return static_cast<T>(int(engine() % static_cast<unsigned>(most - least + 1)) + least);
        };
        for (i64 i = 0; i < q * k; i++) w.push_back(whole(-2, 2));
        // Few are large: there is something to leave out.
        for (i64 j = 0; j < m; j++)
            for (int d = 0; d < k; d++) z.push_back(whole(-1, 1) * (j % 50 == 3 ? T(8) : T(1)));
        for (i64 i = 0; i < q; i++) query_offset.push_back(whole(-3, 3));
        for (i64 j = 0; j < m; j++) item_offset.push_back(whole(-3, 3)), allowed.push_back(j % 4 != 1);
        for (i64 i = 0; i < q; i++) {
            for (i64 j = 0; j < m; j++) {
                if (i == 1 || engine() % 3 == 0) exclude.add(static_cast<i32>(j));
                if (i != 2 && engine() % 2 == 0) only.add(static_cast<i32>(j));
            }
            exclude.close(), only.close();
        }
    }
};

struct Options {
    bool offsets, allowed, exclude, only;
};

template <class T>
struct Found {
    std::vector<i32> indices, counts;
    std::vector<T> scores;
    i64 scored = 0;
    bool operator==(const Found& other) const {
        return indices == other.indices && counts == other.counts && scores == other.scores;
    }
};

template <class T>
alsatian::TopN<T> job_of(const Problem<T>& p, const Options& options, i64 n, Found<T>& found) {
    found.indices.assign(std::size_t(p.queries * n), -7);
    found.scores.assign(std::size_t(p.queries * n), T(-7));
    found.counts.assign(std::size_t(p.queries), -7);
    alsatian::TopN<T> job;
    job.queries = {p.w.data(), p.queries, p.k, false};
    job.items = {p.z.data(), p.items, p.k, false};
    if (options.offsets) {
        job.query_offset = p.query_offset.data();
        job.item_offset = p.item_offset.data();
        job.constant = 2;
    }
    if (options.allowed) job.allowed = p.allowed.data();
    if (options.exclude) job.exclude = {p.exclude.indptr.data(), p.exclude.indices.data()};
    if (options.only) job.only = {p.only.indptr.data(), p.only.indices.data()};
    job.n = n;
    job.indices = found.indices.data();
    job.scores = found.scores.data();
    job.counts = found.counts.data();
    return job;
}

template <class T>
Found<T> sorted(const Problem<T>& p, const Options& options, i64 n) {
    Found<T> all;
    for (i64 i = 0; i < p.queries; i++) {
        std::vector<std::pair<T, i32>> list;
        for (i32 j = 0; j < p.items; j++) {
            if (options.allowed && !p.allowed[j]) continue;
            if (options.exclude && p.exclude.has(i, j)) continue;
            if (options.only && !p.only.has(i, j)) continue;
            T score = options.offsets ? T(2) + p.query_offset[i] + p.item_offset[j] : T(0);
            for (int d = 0; d < p.k; d++) score += p.w[i * p.k + d] * p.z[i64(j) * p.k + d];
            list.emplace_back(-score, j);
        }
        std::sort(list.begin(), list.end());
        all.counts.push_back(static_cast<i32>(std::min<i64>(n, std::ssize(list))));
        for (i64 r = 0; r < n; r++) {
            const bool real = r < all.counts.back();
            all.scores.push_back(real ? -list[r].first : -std::numeric_limits<T>::infinity());
            all.indices.push_back(real ? list[r].second : -1);
        }
    }
    return all;
}

template <class T>
void check_lists(const Problem<T>& p, const Options& options, i64 n) {
    const Found<T> expected = sorted(p, options, n);
    for (const std::string& isa : alsatian::available_isas())
        for (const bool prune : {false, true})
            for (const int threads : {1, 3}) {
                Found<T> found;
                alsatian::TopN<T> job = job_of(p, options, n, found);
                job.isa = isa;
                job.prune = prune;
                job.threads = threads;
                alsatian::top_n(job);
                CHECK(found == expected);
            }
}

template <class T>
void check_all() {
    const std::vector<Options> all{{false, false, false, false},
                                   {true, false, false, false},
                                   {true, true, true, false},
                                   {false, false, false, true},
                                   {true, true, true, true}};
    for (const auto& [queries, items, k] :
         {std::tuple{1, 40, 5}, {3, 129, 8}, {4, 1, 1}, {20, 300, 17}, {7, 131, 64}, {0, 5, 2}, {5, 0, 2}}) {
        const Problem<T> p(queries, items, k);
        for (const Options& options : all)
            for (const i64 n : {1, 10, 200}) check_lists(p, options, n);
    }
}

// One random pair of rows after the other: the bound holds for the score as the kernels round it.
template <class T>
void check_bound(const alsatian::Kernels<T>& kernel) {
    std::mt19937_64 engine(3);
    std::uniform_real_distribution<double> uniform(-1, 1);
    alsatian::Crew crew(1, nullptr, 1);
    for (int k : {1, 2, 3, 7, 16, 65, 300})
        for (int turn = 0; turn < 200; turn++) {
            const double scale = std::pow(10.0, 12 * uniform(engine));
            std::vector<T> w, z;
            for (int d = 0; d < k; d++) {
                w.push_back(static_cast<T>(uniform(engine)));
                z.push_back(turn % 2 ? w.back() * static_cast<T>(scale)
                                     : static_cast<T>(scale * uniform(engine)));
            }
            const alsatian::Factors<T> query{w.data(), 1, k, false}, item{z.data(), 1, k, false};
            const T base = static_cast<T>(uniform(engine)), offset = static_cast<T>(uniform(engine));
            const i32 zero = 0;
            T score;
            kernel.score_rows(item, &zero, 1, w.data(), base, &offset, &score);
            const double a = alsatian::upper_norms(query, crew)[0], b = alsatian::upper_norms(item, crew)[0];
            const T bound = alsatian::ScoreBound<T>(k)(a, b, base, offset);
            CHECK(score <= bound);
            // Parallel rows attain it, to a few roundings.
            if (turn % 2)
                CHECK(double(bound) - double(score) <=
                      20 * (k + 8) * std::numeric_limits<T>::epsilon() * (2 + a * b));
        }
}

}  // namespace

TEST(top_n_in_float) {
    check_all<float>();
}
TEST(top_n_in_double) {
    check_all<double>();
}

TEST(what_is_scored_less_by_pruning_is_listed_no_less) {
    const Problem<float> p(40, 2000, 6);
    const Options options{false, false, true, false};
    Found<float> full, pruned;
    alsatian::TopN<float> job = job_of(p, options, 5, full);
    job.prune = false;
    CHECK(alsatian::top_n(job) == 40 * 2000);
    job = job_of(p, options, 5, pruned);
    CHECK(alsatian::top_n(job) < 40 * 1000);
    CHECK(full == pruned);
}

TEST(no_score_is_above_its_bound) {
    for (const std::string& isa : alsatian::available_isas()) {
        check_bound(alsatian::kernels<float>(isa));
        check_bound(alsatian::kernels<double>(isa));
    }
}

TEST(the_poll_can_stop_a_top_n) {
    // Far more than can be done before the first poll, on any machine.
    constexpr i64 kMany = 200000, kLength = 3;
    const std::vector<float> rows(std::size_t(kMany) * 16, 1.0f);
    constexpr std::size_t kEntries = kMany * kLength, kRows = kMany;
    std::vector<i32> indices(kEntries), counts(kRows);
    std::vector<float> scores(kEntries);
    for (const int threads : {1, 3}) {
        alsatian::TopN<float> job;
        job.queries = job.items = {rows.data(), kMany, 16, false};
        job.n = kLength;
        job.indices = indices.data();
        job.scores = scores.data();
        job.counts = counts.data();
        job.prune = false;
        job.threads = threads;
        job.poll = [](double) { throw std::runtime_error("stop"); };
        bool caught = false;
        try {
            alsatian::top_n(job);
        } catch (const std::runtime_error&) {
            caught = true;
        }
        CHECK(caught);
    }
}

TEST(unsorted_lists_are_refused) {
    const std::vector<i64> indptr{0, 2, 2, 4};
    const std::vector<i32> sorted_lists{3, 5, 1, 1}, unsorted{3, 5, 2, 1};
    alsatian::check_sorted(indptr.data(), 3, sorted_lists.data());
    bool caught = false;
    try {
        alsatian::check_sorted(indptr.data(), 3, unsorted.data());
    } catch (const std::invalid_argument& error) {
        caught = std::string(error.what()).find("row 2") != std::string::npos;
    }
    CHECK(caught);
}
