// Whole half-steps in every mode: the gradient of the row's problem is zero at the solution, the bits do not
// depend on the number of threads, and (under the sanitizers) no memory is touched that should not be.
#include "../half_step.hpp"

#include <cmath>
#include <limits>
#include <random>
#include <string>
#include <vector>

#include "check.hpp"

using alsatian::i32;
using alsatian::i64;

namespace {

template <class T>
struct Problem {
    i64 rows, columns;
    int k;
    std::vector<i64> indptr{0};
    std::vector<i32> indices;
    std::vector<T> values, weights, factors, offset;
    bool full = false;

    Problem(i64 m, i64 n, int components, bool is_full, double density, i64 long_row)
        : rows(m), columns(n), k(components), full(is_full) {
        std::mt19937_64 engine(11);
        std::uniform_real_distribution<double> uniform(-1, 1);
        for (i64 i = 0; i < m; i++) {
            for (i64 j = 0; j < n; j++) {
                const bool here = is_full || i == long_row || (i != 1 && (uniform(engine) + 1) / 2 < density);
                if (!here) continue;
                indices.push_back(static_cast<i32>(j));
                values.push_back(static_cast<T>(uniform(engine)));
                weights.push_back(static_cast<T>(indices.size() % 5 == 0 ? 0.0
                                                 : indices.size() % 3    ? 2.5
                                                                         : 0.5));
            }
            indptr.push_back(static_cast<i64>(indices.size()));
        }
        for (i64 j = 0; j < n * k; j++) factors.push_back(static_cast<T>(uniform(engine)));
        for (i64 j = 0; j < n; j++) offset.push_back(static_cast<T>(uniform(engine)));
    }
};

struct Mode {
    bool full, weighted, absent_zero, bias;
    double ridge;
    alsatian::Form form;
};

template <class T>
struct Solution {
    std::vector<T> w, b;
    std::vector<double> fit, penalty;
    alsatian::Counts counts;
};

template <class T>
Solution<T> solve(const Problem<T>& p, const Mode& mode, int threads, const std::string& isa,
                  double relaxation = 1) {
    Solution<T> s;
    s.w.assign(std::size_t(p.rows * p.k), T(0.25));
    s.b.assign(std::size_t(p.rows), T(0.25));
    s.fit.assign(std::size_t(p.rows), 0);
    s.penalty.assign(std::size_t(p.rows), 0);
    const double scale = 3;
    alsatian::HalfStep<T> step;
    step.cells = {p.rows,
                  p.columns,
                  mode.full ? nullptr : p.indptr.data(),
                  mode.full ? nullptr : p.indices.data(),
                  p.values.data(),
                  mode.weighted ? p.weights.data() : nullptr,
                  mode.absent_zero};
    step.fixed = {p.factors.data(), p.columns, p.k, mode.bias};
    step.offset = p.offset.data();
    step.ridge = mode.ridge;
    step.ridge_bias = mode.ridge / 2;
    step.scale = &scale;
    step.out = s.w.data();
    step.out_bias = mode.bias ? s.b.data() : nullptr;
    step.relaxation = relaxation;
    step.fit = s.fit.data();
    step.penalty = s.penalty.data();
    step.threads = threads;
    step.form = mode.form;
    step.isa = isa;
    s.counts = alsatian::half_step(step);
    return s;
}

// The gradient of row i's problem, by plain loops, relative to the size of what is summed.
template <class T>
double relative_gradient(const Problem<T>& p, const Mode& mode, const Solution<T>& s, i64 i) {
    const int size = p.k + (mode.bias ? 1 : 0);
    std::vector<double> gradient(size, 0.0);
    std::vector<double> x(std::size_t(p.columns), 0.0),
        c(std::size_t(p.columns), mode.absent_zero ? 1.0 : 0.0);
    for (i64 e = p.indptr[i]; e < p.indptr[i + 1]; e++) {
        x[p.indices[e]] = double(p.values[e]);
        c[p.indices[e]] = mode.weighted ? double(p.weights[e]) : 1.0;
    }
    double magnitude = 1e-300;
    for (i64 j = 0; j < p.columns; j++) {
        double score = double(p.offset[j]) + (mode.bias ? double(s.b[i]) : 0.0);
        for (int d = 0; d < p.k; d++) score += double(s.w[i * p.k + d]) * double(p.factors[j * p.k + d]);
        for (int d = 0; d < size; d++) {
            const double z = d < p.k ? double(p.factors[j * p.k + d]) : 1.0;
            gradient[d] += c[j] * (score - x[j]) * z;
            magnitude += c[j] * (std::fabs(score) + std::fabs(x[j])) * std::fabs(z);
        }
    }
    double largest = 0;
    for (int d = 0; d < size; d++) {
        const double w = d < p.k ? double(s.w[i * p.k + d]) : double(s.b[i]);
        gradient[d] += 3 * (d < p.k ? mode.ridge : mode.ridge / 2) * w;
        largest = std::max(largest, std::fabs(gradient[d]));
    }
    return largest / magnitude;
}

template <class T>
void check(const Problem<T>& p, const Mode& mode, const std::string& isa) {
    const Solution<T> one = solve(p, mode, 1, isa);
    for (i64 i = 0; i < p.rows; i++)
        CHECK(relative_gradient(p, mode, one, i) < 200 * std::numeric_limits<T>::epsilon());
    for (double relaxation : {1.0, 1.6}) {
        const Solution<T> a = solve(p, mode, 1, isa, relaxation), b = solve(p, mode, 3, isa, relaxation);
        CHECK(a.w == b.w);
        CHECK(a.b == b.b);
        CHECK(a.fit == b.fit);
    }
}

template <class T>
void check_modes() {
    for (const std::string& isa : alsatian::available_isas())
        for (int k : {1, 5, 16, 40, 113}) {
            const Problem<T> full(9, 30, k, true, 1, -1), sparse(14, 60, k, false, 0.3, 2);
            for (bool bias : {false, true}) {
                check(full, {true, false, false, bias, 0.3, alsatian::Form::automatic}, isa);
                for (bool weighted : {false, true}) {
                    check(sparse, {false, weighted, true, bias, 0.3, alsatian::Form::automatic}, isa);
                    check(sparse, {false, weighted, false, bias, 0.3, alsatian::Form::primal}, isa);
                    check(sparse, {false, weighted, false, bias, 0.3, alsatian::Form::dual}, isa);
                }
            }
        }
}

}  // namespace

TEST(the_gradient_is_zero_in_float) {
    check_modes<float>();
}
TEST(the_gradient_is_zero_in_double) {
    check_modes<double>();
}

TEST(very_long_rows_are_summed_alike_by_any_number_of_threads) {
    const Problem<float> p(4, 30000, 9, false, 0.01, 2);
    for (bool weighted : {false, true}) {
        const Mode mode{false, weighted, false, true, 0.5, alsatian::Form::automatic};
        check(p, mode, alsatian::current_isa());
    }
}

TEST(without_a_ridge_all_is_finite) {
    for (int k : {3, 70, 113}) {
        const Problem<double> p(14, 60, k, false, 0.3, 2);
        for (bool weighted : {false, true})
            for (bool zero : {false, true}) {
                const Solution<double> s =
                    solve(p, {false, weighted, zero, true, 0.0, alsatian::Form::automatic}, 2,
                          alsatian::current_isa());
                for (double w : s.w) CHECK(std::isfinite(w) && std::fabs(w) < 1e6);
            }
    }
}
