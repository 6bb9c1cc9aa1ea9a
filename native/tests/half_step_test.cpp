// Whole half-steps in every mode: the gradient of the row's problem is zero at the solution, the bits do not
// depend on the number of threads, and (under the sanitizers) no memory is touched that should not be.
#include "../half_step.hpp"

#include <cmath>
#include <limits>
#include <map>
#include <random>
#include <string>
#include <tuple>
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

const alsatian::Rule kHkv{0.25, 0, 0.25}, kIals{0.25, 0, 0};

struct Mode {
    bool full, weighted;
    alsatian::Rule rule;
    bool bias;
    double ridge;
    alsatian::Form form;
    float alpha = 0;
};

double ridge_of(const Mode& mode, bool of_bias) {
    return of_bias ? mode.ridge / 2 : mode.ridge;
}

struct Eigenbasis {
    std::vector<double> values, vectors;
};

// Of a symmetric n × n matrix, by Jacobi's rotations.
Eigenbasis jacobi(std::vector<double> a, int n) {
    std::vector<double> v(std::size_t(n) * n);
    for (int i = 0; i < n; i++) v[i * n + i] = 1;
    double largest = 0;
    for (double x : a) largest = std::max(largest, std::fabs(x));
    for (bool turned = true; turned;) {
        turned = false;
        for (int i = 0; i < n; i++)
            for (int j = i + 1; j < n; j++) {
                if (std::fabs(a[i * n + j]) < 1e-15 * largest) continue;
                turned = true;
                const double angle = 0.5 * std::atan2(2 * a[i * n + j], a[j * n + j] - a[i * n + i]);
                const double c = std::cos(angle), t = std::sin(angle);
                auto turn = [&](double& x, double& y) {
                    const double old = x;
                    x = c * old - t * y;
                    y = t * old + c * y;
                };
                for (int r = 0; r < n; r++) turn(a[r * n + i], a[r * n + j]);
                for (int r = 0; r < n; r++) turn(a[i * n + r], a[j * n + r]);
                for (int r = 0; r < n; r++) turn(v[r * n + i], v[r * n + j]);
            }
    }
    Eigenbasis basis{{}, v};
    for (int i = 0; i < n; i++) basis.values.push_back(a[i * n + i]);
    return basis;
}

// That of D^-½ Z̃ᵀZ̃ D^-½; found once for a side and a ridge, as many modes share it.
template <class T>
const Eigenbasis& eigenbasis(const Problem<T>& p, const Mode& mode) {
    using Key = std::tuple<std::vector<T>, int, bool, double>;
    static std::map<Key, Eigenbasis> known;
    const Key key{p.factors, p.k, mode.bias, mode.ridge};
    if (const auto found = known.find(key); found != known.end()) return found->second;
    const int n = p.k + (mode.bias ? 1 : 0);
    std::vector<double> a(std::size_t(n) * n);
    alsatian::gram<T>({p.factors.data(), p.columns, p.k, mode.bias}, a.data(), 1, alsatian::current_isa(),
                      {});
    for (int r = 0; r < n; r++)
        for (int c = 0; c < n; c++)
            a[r * n + c] /= std::sqrt(ridge_of(mode, r >= p.k) * ridge_of(mode, c >= p.k));
    return known[key] = jacobi(std::move(a), n);
}

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
                  mode.rule,
                  mode.alpha};
    const int size = p.k + (mode.bias ? 1 : 0);
    if (mode.rule.gram_weight > 0 &&
        alsatian::wants_eigenbasis(size, mode.bias, mode.ridge, mode.ridge / 2, mode.form)) {
        const Eigenbasis& basis = eigenbasis(p, mode);
        step.eigenvalues = basis.values.data();
        step.eigenvectors = basis.vectors.data();
    }
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
    // ½ Σ (q s² − 2 p s): the target of a cell of weight zero is of no matter.
    std::vector<double> q(std::size_t(p.columns), mode.rule.gram_weight), px(std::size_t(p.columns), 0.0);
    for (i64 e = p.indptr[i]; e < p.indptr[i + 1]; e++) {
        const double x = double(p.values[e]), alpha = double(mode.alpha);
        const double c = alpha > 0 ? alpha * std::fabs(x) : mode.weighted ? double(p.weights[e]) : 1.0;
        q[p.indices[e]] += c - mode.rule.less;
        px[p.indices[e]] = (c + mode.rule.more) * (alpha > 0 ? double(x > 0) : x);
    }
    double magnitude = 1e-300;
    for (i64 j = 0; j < p.columns; j++) {
        double score = double(p.offset[j]) + (mode.bias ? double(s.b[i]) : 0.0);
        for (int d = 0; d < p.k; d++) score += double(s.w[i * p.k + d]) * double(p.factors[j * p.k + d]);
        for (int d = 0; d < size; d++) {
            const double z = d < p.k ? double(p.factors[j * p.k + d]) : 1.0;
            gradient[d] += (q[j] * score - px[j]) * z;
            magnitude += (std::fabs(q[j] * score) + std::fabs(px[j])) * std::fabs(z);
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
void check(const Problem<T>& p, const Mode& mode, const std::string& isa, double roundings = 200) {
    const Solution<T> one = solve(p, mode, 1, isa);
    for (i64 i = 0; i < p.rows; i++)
        CHECK(relative_gradient(p, mode, one, i) < roundings * std::numeric_limits<T>::epsilon());
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
                check(full, {true, false, alsatian::kObserved, bias, 0.3, alsatian::Form::automatic}, isa);
                for (bool weighted : {false, true}) {
                    for (const alsatian::Rule& rule : {alsatian::kObserved, alsatian::kZero, kHkv, kIals}) {
                        check(sparse, {false, weighted, rule, bias, 0.3, alsatian::Form::automatic}, isa);
                        check(sparse, {false, weighted, rule, bias, 0.3, alsatian::Form::primal}, isa);
                        check(sparse, {false, weighted, rule, bias, 0.3, alsatian::Form::dual}, isa);
                    }
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
        const Mode mode{false, weighted, alsatian::kObserved, true, 0.5, alsatian::Form::automatic};
        check(p, mode, alsatian::current_isa());
    }
}

TEST(without_a_ridge_all_is_finite) {
    for (int k : {3, 70, 113}) {
        const Problem<double> p(14, 60, k, false, 0.3, 2);
        for (bool weighted : {false, true})
            for (const alsatian::Rule& rule : {alsatian::kObserved, alsatian::kZero}) {
                const Solution<double> s =
                    solve(p, {false, weighted, rule, true, 0.0, alsatian::Form::automatic}, 2,
                          alsatian::current_isa());
                for (double w : s.w) CHECK(std::isfinite(w) && std::fabs(w) < 1e6);
            }
    }
}

TEST(short_rows_beside_a_gram_matrix_take_the_dual_form) {
    const Problem<float> p(200, 60, 113, false, 0.3, 2);
    std::vector<alsatian::Rule> rules{kHkv, kIals};
    for (const alsatian::Rule& rule : rules) {
        const Mode mode{false, false, rule, false, 0.3, alsatian::Form::automatic};
        const Solution<float> s = solve(p, mode, 2, alsatian::current_isa());
        CHECK(s.counts.primal == 1);  // the row without cells
        CHECK(s.counts.dual == p.rows - 1);
        check(p, mode, alsatian::current_isa());
        check(p, {false, false, rule, false, 0.3, alsatian::Form::automatic, 4.0f}, alsatian::current_isa());
        check(p, {false, false, rule, true, 0.3, alsatian::Form::primal, 4.0f}, alsatian::current_isa());
    }
}

TEST(small_weights_of_nearly_full_rows_are_not_lost_beside_the_ones_of_absent_cells) {
    Problem<float> p(14, 60, 5, false, 0.9, 2);
    for (float& w : p.weights) w *= 1e-5f;
    check(p, {false, true, alsatian::kZero, true, 1e-6, alsatian::Form::automatic}, alsatian::current_isa(),
          1000);
    const Problem<float> full(5, 60, 5, false, 2.0, 2);
    check(full, {false, true, alsatian::kZero, true, 1e-6, alsatian::Form::automatic},
          alsatian::current_isa());
}
