// Rows that are improved: the passes over cells against plain loops, the loss that a half-step tells against
// the loss that there is, and the solution that enough steps lead to.
#include <algorithm>
#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include "../buffer.hpp"
#include "../kernels.hpp"
#include "../panels.hpp"
#include "../turn.hpp"
#include "check.hpp"
#include "random.hpp"
#include "row_problem.hpp"

using namespace row_problem;
using alsatian::Buffer;
using alsatian::Factors;
using alsatian::Inexact;
using alsatian::Method;
using alsatian::RowCells;

using testing::random_vector;

namespace {

template <class T>
void check_passes(const alsatian::Kernels<T>& kernel, int k, bool bias, i64 count, int what) {
    constexpr i64 kRows = 37;
    const std::vector<T> data = random_vector<T>(std::size_t(kRows * k), 5);
    const Factors<T> z{data.data(), kRows, k, bias};
    const alsatian::Panels layout(z.size(), kernel);
    std::vector<i32> index;
    for (i64 c = 0; c < count; c++) index.push_back(static_cast<i32>((kRows - 1 + 5 * c) % kRows));
    const std::vector<T> target = random_vector<T>(std::size_t(count), 1),
                         weight = random_vector<T>(std::size_t(count), 2),
                         offset = random_vector<T>(std::size_t(count), 3);
    RowCells<T> cells{index.data(), count, target.data()};
    if (what & 1) cells.weight = weight.data();
    if (what & 2) cells.rest = T(0.25);
    if (what & 4) cells.offset = offset.data();
    const std::vector<T> start = random_vector<T>(std::size_t(layout.padded), 4);
    Buffer<T> x(std::size_t(layout.padded)), gradient(std::size_t(layout.padded)),
        product(std::size_t(layout.padded));
    std::copy_n(start.data(), z.size(), x.data());

    std::vector<double> g(std::size_t(z.size()), 0.0), h(std::size_t(z.size()), 0.0);
    double value = 0, curvature = 0;
    for (i64 c = 0; c < count; c++) {
        auto at = [&](int d) { return d < k ? double(data[std::size_t(index[c]) * k + d]) : 1.0; };
        double s = 0;
        for (int d = 0; d < z.size(); d++) s += at(d) * double(x[d]);
        const double own = what & 1 ? double(weight[c]) : 1.0, rest = double(cells.rest);
        const double miss = double(target[c]) - s, whole = s + (what & 4 ? double(offset[c]) : 0.0);
        value += own * miss * miss - rest * whole * whole;
        curvature += (own - rest) * s * s;
        for (int d = 0; d < z.size(); d++) {
            g[d] += (own * miss + rest * whole) * at(d);
            h[d] += (own - rest) * s * at(d);
        }
    }
    const double limit =
        40 * double(std::numeric_limits<T>::epsilon()) * double(z.size()) * double(count + 1);
    CHECK_CLOSE(kernel.gradient_pass(z, cells, x.data(), gradient.data()), value, limit);
    CHECK_CLOSE(kernel.curvature_pass(z, cells, x.data(), product.data()), curvature, limit);
    CHECK_CLOSE(kernel.curvature_pass(z, cells, x.data(), nullptr), curvature, limit);
    for (int d = 0; d < z.size(); d++) {
        CHECK_CLOSE(gradient[d], g[d], limit);
        CHECK_CLOSE(product[d], h[d], limit);
    }
}

template <class T>
void check_all_passes() {
    for (const std::string& isa : alsatian::available_isas())
        for (int k : {1, 3, 4, 8, 13, 16, 31, 32, 64, 67, 128, 130})
            for (bool bias : {false, true})
                for (i64 count : {0, 1, 2, 7, 8, 9, 15, 16, 17, 33, 100})
                    for (int what = 0; what < 8; what++)
                        check_passes(alsatian::kernels<T>(isa), k, bias, count, what);
}

// What a view of some columns gives is what they give by themselves.
template <class T>
void check_views() {
    constexpr int kAll = 29;
    constexpr i64 kRows = 11;
    const std::vector<T> data = random_vector<T>(std::size_t(kRows * kAll), 5), x = random_vector<T>(64, 6);
    const std::vector<i32> index{10, 0, 3, 10, 9, 8, 7, 1, 2, 4, 5, 6};
    const i64 count = std::ssize(index);
    for (const std::string& isa : alsatian::available_isas()) {
        const alsatian::Kernels<T>& kernel = alsatian::kernels<T>(isa);
        for (int first : {0, 5, 16, 28})
            for (bool bias : {false, true}) {
                const int k = kAll - first;
                std::vector<T> own;
                for (i64 r = 0; r < kRows; r++)
                    own.insert(own.end(), data.begin() + r * kAll + first, data.begin() + (r + 1) * kAll);
                const Factors<T> view{data.data(), kRows, k, bias, kAll, first},
                    alone{own.data(), kRows, k, bias};
                const alsatian::Panels layout(view.size(), kernel);
                const i64 stride = count * layout.panel;
                Buffer<T> a(std::size_t(stride * layout.count)), b(std::size_t(stride * layout.count));
                Buffer<T> ra(std::size_t(layout.padded)), rb(std::size_t(layout.padded)), v(64);
                std::copy_n(x.data(), view.size(), v.data());
                kernel.pack_rows(view, index.data(), count, count, nullptr, x.data(), layout.padded, a.data(),
                                 stride, ra.data());
                kernel.pack_rows(alone, index.data(), count, count, nullptr, x.data(), layout.padded,
                                 b.data(), stride, rb.data());
                for (std::size_t e = 0; e < a.size(); e++) CHECK(a[e] == b[e]);
                for (std::size_t e = 0; e < ra.size(); e++) CHECK(ra[e] == rb[e]);
                std::vector<T> da(index.size()), db(index.size());
                kernel.dots(view, index.data(), count, v.data(), da.data());
                kernel.dots(alone, index.data(), count, v.data(), db.data());
                CHECK(da == db);
            }
    }
}

struct Typical {
    std::vector<double> numbers;
    explicit Typical(int k) : numbers(std::size_t(2 * k), 0.3) {}
};

Mode mode_of(const Typical& typical, Method method, bool weighted, const alsatian::Rule& rule, bool bias,
             int steps) {
    Mode mode{false, weighted, rule, bias, 0.3, alsatian::Form::automatic};
    mode.inexact = {method, steps, 0.0, 8, typical.numbers.data()};
    return mode;
}

// The loss of row i, by plain loops.
template <class T>
double plain_loss(const Problem<T>& p, const Mode& mode, const std::vector<T>& w, const std::vector<T>& b,
                  i64 i) {
    double total = 0;
    auto score = [&](i64 j) {
        double s = double(p.offset[j]) + (mode.bias ? double(b[i]) : 0.0);
        for (int d = 0; d < p.k; d++) s += double(w[i * p.k + d]) * double(p.factors[j * p.k + d]);
        return s;
    };
    for (i64 j = 0; j < p.columns && mode.rule.gram_weight > 0; j++)
        total += mode.rule.gram_weight * score(j) * score(j);
    for (i64 e = p.indptr[i]; e < p.indptr[i + 1]; e++) {
        const double c = mode.weighted ? double(p.weights[e]) : 1.0, x = double(p.values[e]);
        const double s = score(p.indices[e]), q = c - mode.rule.less, own = c + mode.rule.more;
        total += q * s * s - 2 * own * x * s + own * x * x;
    }
    for (int d = 0; d < p.k; d++) total += 3 * mode.ridge * double(w[i * p.k + d]) * double(w[i * p.k + d]);
    if (mode.bias) total += 3 * mode.ridge / 2 * double(b[i]) * double(b[i]);
    return 0.5 * total;
}

// At the start all rows are 0.25.
template <class T>
void check_half_step(const Problem<T>& p, Method method, bool weighted, const alsatian::Rule& rule, bool bias,
                     const std::string& isa) {
    const Typical typical(p.k);
    const double eps = std::numeric_limits<T>::epsilon();
    const std::vector<T> w(std::size_t(p.rows * p.k), T(0.25)), b(std::size_t(p.rows), T(0.25));
    for (double relaxation : {1.0, 1.7}) {
        const Mode mode = mode_of(typical, method, weighted, rule, bias, 2);
        const Solution<T> a = solve(p, mode, 1, isa, relaxation), other = solve(p, mode, 3, isa, relaxation);
        CHECK(a.w == other.w);
        CHECK(a.b == other.b);
        CHECK(a.fit == other.fit);
        CHECK((method == Method::cg ? a.counts.cg : a.counts.subspace) > 0);
        for (i64 i = 0; i < p.rows; i++) {
            const double now = a.fit[i] + a.penalty[i], found = plain_loss(p, mode, a.w, a.b, i);
            CHECK_CLOSE(now, found, 200 * eps * double(p.columns));
            const bool known = rule.gram_weight > 0 || p.indptr[i + 1] > p.indptr[i];
            if (known) CHECK(now <= plain_loss(p, mode, w, b, i) + 200 * eps * double(p.columns));
        }
    }
    // Again and again from where the rows are; more steps at a time would cost more than solving them.
    const Mode mode = mode_of(typical, method, weighted, rule, bias, method == Method::cg ? 5 : 20);
    Solution<T> end = solve(p, mode, 2, isa);
    for (int again = 0; again < 30; again++) end = solve(p, mode, 2, isa, 1.0, &end);
    const Mode exactly{false, weighted, rule, bias, 0.3, alsatian::Form::primal};
    const Solution<T> exact = solve(p, exactly, 1, isa);
    for (i64 i = 0; i < p.rows; i++) {
        CHECK(relative_gradient(p, mode, end, i) < std::max(2000 * eps, 1e-6));
        const double found = end.fit[i] + end.penalty[i], wanted = exact.fit[i] + exact.penalty[i];
        CHECK_CLOSE(found, wanted, std::max(500 * eps * double(p.columns), 1e-7));
    }
}

template <class T>
void check_half_steps() {
    for (const std::string& isa : alsatian::available_isas())
        for (int k : {11, 48}) {
            const Problem<T> p(14, 60, k, false, 0.5, 2);
            for (Method method : {Method::cg, Method::subspace})
                for (bool bias : {false, true})
                    for (bool weighted : {false, true})
                        for (const alsatian::Rule& rule :
                             {alsatian::kObserved, alsatian::kZero, kHkv, kIals}) {
                            // Conjugate gradients take rows for which that is cheaper, and these are of more
                            // columns.
                            if (method == Method::cg && k < 40) continue;
                            if (rule == alsatian::kZero && !weighted) continue;
                            check_half_step(p, method, weighted, rule, bias, isa);
                        }
        }
}

}  // namespace

TEST(passes_equal_plain_loops_in_float) {
    check_all_passes<float>();
}
TEST(passes_equal_plain_loops_in_double) {
    check_all_passes<double>();
}
TEST(views_of_some_columns_are_these_columns) {
    check_views<float>();
    check_views<double>();
}
TEST(improved_rows_never_rise_and_lead_to_the_solution_in_float) {
    check_half_steps<float>();
}
TEST(improved_rows_never_rise_and_lead_to_the_solution_in_double) {
    check_half_steps<double>();
}

TEST(long_rows_in_step_lead_to_the_solution) {
    const Problem<double> p(6, 30000, 40, false, 0.02, 2);
    for (bool bias : {false, true})
        for (const alsatian::Rule& rule : {alsatian::kObserved, kHkv})
            check_half_step(p, Method::cg, true, rule, bias, alsatian::current_isa());
}

TEST(turned_sides_have_the_same_scores) {
    constexpr int k = 21;
    std::vector<double> w = random_vector<double>(300 * k, 1), z = random_vector<double>(5 * k, 2),
                        matrix(k * k, 0.0);
    for (int c = 0; c < k; c++) matrix[std::size_t(c) * k + (c + 3) % k] = c % 2 ? -1.0 : 1.0;
    const double angle = 0.7;  // and two of the axes turned
    for (int c = 0; c < k; c++) {
        const double a = matrix[c * k], b = matrix[c * k + 1];
        matrix[c * k] = std::cos(angle) * a - std::sin(angle) * b;
        matrix[c * k + 1] = std::sin(angle) * a + std::cos(angle) * b;
    }
    auto scores = [&] {
        std::vector<double> s;
        for (int i = 0; i < 300; i++)
            for (int j = 0; j < 5; j++) {
                double sum = 0;
                for (int c = 0; c < k; c++) sum += w[i * k + c] * z[j * k + c];
                s.push_back(sum);
            }
        return s;
    };
    const std::vector<double> before = scores(), old = w;
    alsatian::turn<double>({w.data(), 300}, {z.data(), 5}, k, matrix.data(), 2, alsatian::current_isa());
    const std::vector<double> after = scores();
    for (std::size_t e = 0; e < before.size(); e++) CHECK_CLOSE(before[e], after[e], 1e-13);
    CHECK(w != old);
}
