// The probes: that they answer rightly on every instruction set, and measure something.
#include "../probe.hpp"

#include <cmath>
#include <limits>
#include <vector>

#include "../panels.hpp"
#include "check.hpp"
#include "random.hpp"

using alsatian::i32;
using alsatian::i64;
using alsatian::Timed;

using testing::random_vector;

namespace {

void check_timed(const Timed& timed, i64 calls) {
    CHECK(std::isfinite(timed.seconds) && timed.seconds > 0);
    CHECK(timed.calls == calls);
}

// A chain that starts at c ends at r + (c − r) factorˢ, where r = term / (1 − factor).
template <class T>
void check_chains(const std::string& isa) {
    const alsatian::Kernels<T>& kernels = alsatian::kernels<T>(isa);
    const double factor = 0.875, term = 0.5, rest = term / (1 - factor), width = kernels.chain_width;
    const double start = double(kernels.run_chains(0, T(factor), T(term))) / width;
    CHECK(start == 5.5 || start == 11.5);  // the mean of 0 … 11, or of 0 … 23
    for (i64 steps : {1, 2, 7}) {
        const double expected = width * (rest + (start - rest) * std::pow(factor, double(steps)));
        CHECK_CLOSE(double(kernels.run_chains(steps, T(factor), T(term))), expected,
                    64 * std::numeric_limits<T>::epsilon() * expected);
    }
    T sum = 0;
    check_timed(alsatian::time_chains<T>({isa, 2, 3}, T(factor), T(term), &sum), 6);
    CHECK_CLOSE(double(sum), rest * width, 1e-3 * rest * width);
}

template <class T>
void check_rows(const std::string& isa, int k, i64 rows, i64 count) {
    const std::vector<T> data = random_vector<T>(std::size_t(rows * k), 3);
    const alsatian::Factors<T> z{data.data(), rows, k, false};
    std::vector<i32> index;
    for (i64 q = 0; q < count; q++) index.push_back(static_cast<i32>((7 * q + rows - 1) % rows));
    const i64 first = std::min(count, alsatian::kProbeRows);
    std::vector<T> out(std::size_t(first * k));
    check_timed(alsatian::time_pack<T>({isa, 2, 4}, z, index.data(), count, out.data()), 8);
    for (i64 q = 0; q < first; q++)
        for (int c = 0; c < k; c++) CHECK(out[std::size_t(q * k + c)] == data[std::size_t(index[q]) * k + c]);

    std::vector<T> gram(std::size_t(k) * k);
    check_timed(alsatian::time_gram<T>({isa, 2, 4}, z, gram.data()), 8);
    for (int r = 0; r < k; r++)
        for (int c = 0; c < k; c++) {
            double expected = 0;
            for (i64 q = 0; q < rows && c >= r; q++)
                expected += double(data[std::size_t(q) * k + r]) * double(data[std::size_t(q) * k + c]);
            CHECK_CLOSE(double(gram[std::size_t(r) * k + c]), expected,
                        4 * std::numeric_limits<T>::epsilon() * double(rows));
        }
}

template <class T>
void check_solver(const std::string& isa, int k) {
    const std::size_t n = static_cast<std::size_t>(k);
    const std::vector<T> v = random_vector<T>(n * n, 5), b = random_vector<T>(n, 6);
    std::vector<T> a(n * n), u(n * n), x(n);
    for (std::size_t r = 0; r < n; r++)
        for (std::size_t c = 0; c < n; c++) {
            double s = r == c ? k : 0;
            for (std::size_t q = 0; q < n; q++) s += double(v[q * n + r]) * double(v[q * n + c]);
            a[r * n + c] = static_cast<T>(s);
        }
    bool regular = false;
    check_timed(alsatian::time_cholesky<T>({isa, 2, 2}, a.data(), k, u.data(), &regular), 4);
    CHECK(regular);
    check_timed(alsatian::time_solve<T>({isa, 2, 2}, u.data(), k, b.data(), x.data()), 4);
    const double eps = 100 * std::numeric_limits<T>::epsilon() * k;
    for (std::size_t r = 0; r < n; r++) {
        double solved = 0;
        for (std::size_t c = 0; c < n; c++) {
            double product = 0;
            for (std::size_t q = 0; q <= std::min(r, c); q++)
                product += double(u[q * n + r]) * double(u[q * n + c]);
            CHECK_CLOSE(product, double(a[r * n + c]), eps);
            solved += double(a[r * n + c]) * double(x[c]);
        }
        CHECK_CLOSE(solved, double(b[r]), eps);
    }
    a[n * n - 1] = T(-1);
    alsatian::time_cholesky<T>({isa, 1, 1}, a.data(), k, u.data(), &regular);
    CHECK(!regular);
}

// What the tiles do is more than the triangle, but by no more than half a panel a row.
template <class T>
void check_work(const std::string& isa) {
    const alsatian::Kernels<T>& kernels = alsatian::kernels<T>(isa);
    for (int padded = kernels.padding; padded < 300; padded += kernels.padding) {
        const i64 triangle = i64(padded) * (padded + 1) / 2, work = kernels.gram_work(padded);
        CHECK(work >= triangle);
        CHECK(work <= triangle + i64(padded) * kernels.panel / 2);
    }
}

template <class T>
void check_all() {
    for (const std::string& isa : alsatian::available_isas()) {
        check_chains<T>(isa);
        check_work<T>(isa);
        for (int k : {1, 3, 8, 17, 64, 130}) {
            check_rows<T>(isa, k, 37, 600);
            check_rows<T>(isa, k, 256, 5);
            check_solver<T>(isa, k);
        }
    }
}

}  // namespace

TEST(probes_in_float) {
    check_all<float>();
}
TEST(probes_in_double) {
    check_all<double>();
}
TEST(a_copy_takes_time) {
    check_timed(alsatian::time_copy({"", 1, 3}, 1 << 16), 1);
    check_timed(alsatian::time_copy({"", 3, 2}, 2), 3);
}
