// Judged lists and pairs in order against their definitions; under the sanitizers, also that nothing is
// touched outside the arrays, which are as large as they have to be and no larger.
#include "../rank_metrics.hpp"

#include <cmath>
#include <random>
#include <stdexcept>
#include <string>
#include <vector>

#include "check.hpp"

using alsatian::i32;
using alsatian::i64;

namespace {

struct Lists {
    std::vector<i64> indptr{0};
    std::vector<i32> indices;
    alsatian::ItemLists view() const { return {indptr.data(), indices.data()}; }
};

Lists random_lists(std::mt19937& engine, i64 queries, i64 items, unsigned one_in) {
    Lists lists;
    for (i64 i = 0; i < queries; i++) {
        for (i64 j = 0; j < items; j++)
            if (engine() % one_in == 0) lists.indices.push_back(static_cast<i32>(j));
        lists.indptr.push_back(i64(lists.indices.size()));
    }
    return lists;
}

bool has(const Lists& lists, i64 row, i64 item) {
    for (i64 c = lists.indptr[std::size_t(row)]; c < lists.indptr[std::size_t(row) + 1]; c++)
        if (lists.indices[std::size_t(c)] == item) return true;
    return false;
}

struct Judged {
    std::vector<float> gains;
    std::vector<i32> lengths;
};

Judged judge(const std::vector<i32>& lists, i64 n, i64 items, const Lists& relevant, int threads = 1) {
    std::vector<float> values;
    for (std::size_t c = 0; c < relevant.indices.size(); c++) values.push_back(float(c + 1));
    const i64 queries = i64(relevant.indptr.size()) - 1;
    Judged found{std::vector<float>(lists.size()), std::vector<i32>(std::size_t(queries))};
    alsatian::JudgedLists<float> job;
    job.lists = lists.data();
    job.queries = queries;
    job.n = n;
    job.items = items;
    job.relevant = relevant.view();
    job.values = values.data();
    job.gains = found.gains.data();
    job.lengths = found.lengths.data();
    job.threads = threads;
    alsatian::judge_lists(job);
    return found;
}

std::string refusal(const std::vector<i32>& list, i64 items) {
    Lists none;
    none.indptr.push_back(0);
    try {
        judge(list, i64(list.size()), items, none);
    } catch (const std::exception& e) {
        return e.what();
    }
    return "";
}

}  // namespace

TEST(judged_lists_have_the_value_of_each_relevant_item) {
    std::mt19937 engine(1);
    const i64 queries = 9000, items = 7, n = 5;
    const Lists relevant = random_lists(engine, queries, items, 3);
    std::vector<i32> lists;
    for (i64 i = 0; i < queries; i++) {
        const i64 first = engine() % items, length = i % (n + 1);
        for (i64 r = 0; r < n; r++) lists.push_back(r < length ? static_cast<i32>((first + r) % items) : -1);
    }
    for (const int threads : {1, 3}) {
        const Judged found = judge(lists, n, items, relevant, threads);
        bool same = true;
        for (i64 i = 0; i < queries; i++) {
            same = same && found.lengths[std::size_t(i)] == i % (n + 1);
            for (i64 r = 0; r < n; r++) {
                const std::size_t at = std::size_t(i * n + r);
                float wanted = 0;
                for (i64 c = relevant.indptr[std::size_t(i)]; c < relevant.indptr[std::size_t(i) + 1]; c++)
                    if (relevant.indices[std::size_t(c)] == lists[at]) wanted = float(c + 1);
                same = same && found.gains[at] == wanted;
            }
        }
        CHECK(same);
    }
}

TEST(judged_lists_refuse_what_is_no_list) {
    CHECK(refusal({0, 4, 1}, 4) == "item 4 in row 0, place 1 is out of range for 4 items");
    CHECK(refusal({0, -2}, 4).find("item -2 in row 0, place 1") == 0);
    CHECK(refusal({3, 0, 3}, 4).find("item 3 is in the list twice") == 0);
    CHECK(refusal({3, -1, 2}, 4).find("item 2 in row 0, place 2 comes after") == 0);
    CHECK(refusal({3, -1, -1}, 4).empty());
    CHECK(refusal({}, 0).empty());
}

TEST(pairs_in_order_are_counted_one_by_one) {
    std::mt19937 engine(2);
    const i64 queries = 50, items = 323;  // relevant ones on both sides of what is searched
    const Lists relevant = random_lists(engine, queries, items, 3);
    const Lists exclude = random_lists(engine, queries, items, 3);
    std::vector<double> scores;
    for (i64 c = 0; c < queries * items; c++) scores.push_back(double(engine() % 6));  // ties are many
    for (i64 j = 0; j < items; j++) scores[std::size_t(j)] = has(exclude, 0, j) ? std::nan("") : 1.0;
    std::vector<double> auc(std::size_t(queries), 0.0);
    alsatian::ScoredPairs<double> job;
    job.scores = scores.data();
    job.queries = queries;
    job.items = items;
    job.relevant = relevant.view();
    job.exclude = exclude.view();
    job.auc = auc.data();
    job.threads = 2;
    alsatian::pairs_in_order(job);
    for (i64 i = 0; i < queries; i++) {
        double good = 0, pairs = 0;
        for (i64 p = 0; p < items; p++) {
            for (i64 j = 0; j < items; j++) {
                if (!has(relevant, i, p) || has(relevant, i, j) || has(exclude, i, p) || has(exclude, i, j))
                    continue;
                const double a = scores[std::size_t(i * items + p)], b = scores[std::size_t(i * items + j)];
                good += a > b ? 1 : a == b ? 0.5 : 0;
                pairs++;
            }
        }
        CHECK(pairs > 0 ? auc[std::size_t(i)] == good / pairs : std::isnan(auc[std::size_t(i)]));
    }
    job.exclude = {};
    bool refused = false;
    try {
        alsatian::pairs_in_order(job);
    } catch (const std::invalid_argument& e) {
        refused = std::string(e.what()).find("row 0") != std::string::npos;
    }
    CHECK(refused);
}
