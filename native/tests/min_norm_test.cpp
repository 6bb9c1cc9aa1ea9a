#include "../min_norm.hpp"

#include <cmath>
#include <vector>

#include "check.hpp"

using alsatian::LeastSquares;

// S = u vᵀ has one singular value: the minimum-norm solution is (uᵀt / ‖u‖²) v / ‖v‖².
TEST(minimum_norm_of_rank_one) {
    const std::vector<double> u{1, 2, -1, 3}, v{2, -1, 0.5};
    for (std::size_t rows : {2u, 3u, 4u}) {
        LeastSquares p;
        p.columns = 3;
        double uu = 0, ut = 0, vv = 0;
        for (double x : v) vv += x * x;
        for (std::size_t r = 0; r < rows; r++) {
            for (double x : v) p.s.push_back(u[r] * x);
            p.t.push_back(double(r) + 1);
            uu += u[r] * u[r];
            ut += u[r] * (double(r) + 1);
        }
        const std::vector<double> w = alsatian::minimum_norm(p, 1e-8);
        for (std::size_t c = 0; c < 3; c++) CHECK_CLOSE(w[c], ut / uu / vv * v[c], 1e-14);
        const std::vector<double> inverse = alsatian::pseudo_inverse_gram(p, 1e-8);
        for (std::size_t a = 0; a < 3; a++)
            for (std::size_t b = 0; b < 3; b++)
                CHECK_CLOSE(inverse[a * 3 + b], v[a] * v[b] / (uu * vv * vv), 1e-14);
    }
}

TEST(minimum_norm_of_a_regular_system) {
    LeastSquares p;
    p.columns = 2;
    p.s = {2, 1, 1, 3};
    p.t = {5, 10};
    const std::vector<double> w = alsatian::minimum_norm(p, 1e-8);
    CHECK_CLOSE(w[0], 1.0, 1e-14);
    CHECK_CLOSE(w[1], 3.0, 1e-14);
}

TEST(minimum_norm_of_zeros) {
    LeastSquares p;
    p.columns = 3;
    p.s.assign(6, 0.0);
    p.t.assign(2, 1.0);
    for (double w : alsatian::minimum_norm(p, 1e-8)) CHECK(w == 0.0);
}

TEST(the_cutoff_decides) {
    LeastSquares p;
    p.columns = 2;
    p.s = {1, 0, 0, 1e-6};
    p.t = {1, 1};
    CHECK_CLOSE(alsatian::minimum_norm(p, 1e-7)[1], 1e6, 1e-6);
    CHECK(alsatian::minimum_norm(p, 1e-5)[1] == 0.0);
}

TEST(minimum_norm_of_wide_systems_of_low_rank) {
    // 12 × 40 of rank 3: the solution is the one that the three directions give, whatever the shape.
    alsatian::LeastSquares p;
    p.columns = 40;
    for (int r = 0; r < 12; r++) {
        for (int c = 0; c < 40; c++)
            p.s.push_back(std::cos(0.3 * r) * std::sin(0.2 * c) + (r % 3) * std::cos(0.1 * c) +
                          0.1 * r * (c % 4));
        p.t.push_back(std::sin(1.0 * r));
    }
    const std::vector<double> w = alsatian::minimum_norm(p, 1e-8);
    // The residual is orthogonal to the columns …
    auto row_times = [&](int r, const std::vector<double>& x) {
        double sum = 0;
        for (int c = 0; c < 40; c++) sum += p.s[r * 40 + c] * x[c];
        return sum;
    };
    for (int c = 0; c < 40; c++) {
        double slope = 0;
        for (int r = 0; r < 12; r++) slope += (row_times(r, w) - p.t[r]) * p.s[r * 40 + c];
        CHECK(std::fabs(slope) < 1e-11);
    }
    // … and w to everything that S takes to zero: x less what S sees of it.
    std::vector<double> x(40);
    for (int c = 0; c < 40; c++) x[c] = std::cos(1.7 * c);
    alsatian::LeastSquares seen = p;
    for (int r = 0; r < 12; r++) seen.t[r] = row_times(r, x);
    const std::vector<double> part = alsatian::minimum_norm(seen, 1e-8);
    double product = 0;
    for (int c = 0; c < 40; c++) {
        x[c] -= part[c];
        product += w[c] * x[c];
    }
    for (int r = 0; r < 12; r++) CHECK(std::fabs(row_times(r, x)) < 1e-11);
    CHECK(std::fabs(product) < 1e-11);
}
