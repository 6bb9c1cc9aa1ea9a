// Leave-one-out errors are those of the row solved without the cell; variances are quadratic forms of A⁻¹;
// the bits do not depend on the number of threads.
#include "../leverage.hpp"

#include <cmath>
#include <random>
#include <string>
#include <vector>

#include "check.hpp"

using alsatian::i32;
using alsatian::i64;

namespace {

struct Problem {
    i64 rows = 9, columns = 60;
    int k;
    bool bias, weighted;
    alsatian::Rule rule;
    double ridge;
    std::vector<i64> indptr{0};
    std::vector<i32> indices;
    std::vector<double> values, weights, factors, offset, scale;

    Problem(int components, bool with_bias, bool with_weights, alsatian::Rule r, double lambda)
        : k(components), bias(with_bias), weighted(with_weights), rule(r), ridge(lambda) {
        std::mt19937_64 engine(5);
        std::uniform_real_distribution<double> uniform(-1, 1);
        for (i64 i = 0; i < rows; i++) {
            const i64 length = i == 0 ? 0 : i == 1 ? 1 : i * i % columns + 2;
            for (i64 j = 0; j < length; j++) {
                indices.push_back(static_cast<i32>((j * 7 + i) % columns));
                values.push_back(uniform(engine));
                weights.push_back(uniform(engine) + 1.5);
            }
            indptr.push_back(std::ssize(indices));
            scale.push_back(0.5 + double(i) / 4);
        }
        for (i64 r = 0; r < rows; r++)
            std::sort(indices.begin() + indptr[r], indices.begin() + indptr[r + 1]);
        for (i64 j = 0; j < columns * k; j++) factors.push_back(uniform(engine));
        for (i64 j = 0; j < columns; j++) offset.push_back(uniform(engine));
    }

    alsatian::HalfStep<double> step(int threads, const std::string& isa) const {
        alsatian::HalfStep<double> s;
        s.cells = {
            rows, columns, indptr.data(), indices.data(), values.data(), weighted ? weights.data() : nullptr,
            rule, 0};
        s.fixed = {factors.data(), columns, k, bias};
        s.offset = offset.data();
        s.ridge = ridge;
        s.ridge_bias = bias ? ridge / 2 : 0;
        s.scale = scale.data();
        s.scale_step = 1;
        s.threads = threads;
        s.isa = isa;
        return s;
    }
};

// x − s₋ of one cell, by the half-step of the row without it.
double without(const Problem& p, const alsatian::HalfStep<double>& step, i64 row, i64 cell) {
    std::vector<i32> indices;
    std::vector<double> values, weights;
    const i64 begin = p.indptr[row], end = p.indptr[row + 1];
    i64 next = begin;
    // Under the rule of zeros all cells are laid out, so that one of them can be missing.
    for (i64 j = 0; j < p.columns; j++) {
        const bool stored = next < end && p.indices[next] == j;
        const i64 here = stored ? next++ : -1;
        if (here == cell && stored) continue;
        if (!stored && p.rule.gram_weight == 0) continue;
        indices.push_back(static_cast<i32>(j));
        values.push_back(stored ? p.values[here] : 0.0);
        weights.push_back(stored && p.weighted ? p.weights[here] : 1.0);
    }
    const i64 indptr[2] = {0, std::ssize(indices)};
    std::vector<double> w(p.k), b(1);
    double fit = 0, penalty = 0;
    auto one = step;
    one.cells = {1, p.columns, indptr, indices.data(), values.data(), weights.data(), alsatian::kObserved, 0};
    one.scale = p.scale.data() + row;
    one.scale_step = 0;
    one.out = w.data();
    one.out_bias = p.bias ? b.data() : nullptr;
    one.fit = &fit;
    one.penalty = &penalty;
    alsatian::half_step(one);
    const i32 j = p.indices[cell];
    double score = p.offset[j] + b[0];
    for (int c = 0; c < p.k; c++) score += w[c] * p.factors[std::size_t(j) * p.k + c];
    return p.values[cell] - score;
}

void check(const Problem& p, const std::string& isa) {
    const auto step = p.step(1, isa);
    std::vector<double> rest(p.indices.size()), error(rest), rest3(rest), error3(rest);
    alsatian::leave_one_out(step, rest.data(), error.data());
    alsatian::leave_one_out(p.step(3, isa), rest3.data(), error3.data());
    for (i64 row = 0; row < p.rows; row++)
        for (i64 c = p.indptr[row]; c < p.indptr[row + 1]; c++) {
            CHECK(rest[c] == rest3[c]);
            CHECK(error[c] == error3[c] || (std::isnan(error[c]) && std::isnan(error3[c])));
            CHECK(rest[c] >= -1e-9 && rest[c] <= 1 + 1e-9);
            if (std::isnan(error[c])) {
                CHECK(rest[c] < alsatian::kLeastRest);
                continue;
            }
            const double expected = without(p, step, row, c);
            CHECK_CLOSE(error[c], expected, 1e-8 * std::max(1.0, std::fabs(expected)));
        }
    // The targets being the cells themselves, C times the variance is h; and their sum is the freedom of the
    // row, where no other cells count.
    std::vector<double> variance(p.indices.size()), freedom(p.rows), variance3(variance);
    alsatian::leverages(step, {p.indptr.data(), p.indices.data()}, variance.data(), freedom.data());
    alsatian::leverages(p.step(3, isa), {p.indptr.data(), p.indices.data()}, variance3.data(), nullptr);
    CHECK(variance == variance3);
    for (i64 row = 0; row < p.rows; row++) {
        double sum = 0;
        for (i64 c = p.indptr[row]; c < p.indptr[row + 1]; c++) {
            const double h = (p.weighted ? p.weights[c] : 1.0) * variance[c];
            CHECK_CLOSE(h, 1 - rest[c], 1e-7);
            sum += h;
        }
        if (p.rule.gram_weight == 0) CHECK_CLOSE(freedom[row], sum, 1e-6);
    }
}

}  // namespace

TEST(what_is_left_out_is_as_if_it_had_never_been_there) {
    for (const std::string& isa : alsatian::available_isas())
        for (int k : {1, 3, 8, 17, 40, 70})
            for (bool bias : {false, true})
                for (bool weighted : {false, true})
                    for (double ridge : {0.0, 1e-3, 0.3, 5.0}) {
                        check(Problem(k, bias, weighted, alsatian::kObserved, ridge), isa);
                        if (ridge > 0) check(Problem(k, bias, weighted, alsatian::kZero, ridge), isa);
                    }
}

TEST(the_only_cell_of_a_row_leaves_nothing_but_the_offset) {
    const Problem p(3, false, false, alsatian::kObserved, 0.3);
    const auto step = p.step(1, alsatian::current_isa());
    std::vector<double> rest(p.indices.size()), error(rest);
    alsatian::leave_one_out(step, rest.data(), error.data());
    CHECK_CLOSE(error[0], p.values[0] - p.offset[p.indices[0]], 1e-12);
}
