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
