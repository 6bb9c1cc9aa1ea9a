// Least squares of minimum norm, for the rows whose normal equations are singular. Slow and careful, in
// float64.
#pragma once

#include <vector>

namespace alsatian {

// Rows of a dense least-squares problem ‖S w − t‖², row-major.
struct LeastSquares {
    int columns = 0;
    std::vector<double> s;
    std::vector<double> t;
    int rows() const { return static_cast<int>(t.size()); }
};

// The minimiser of least norm; singular values of S at or under cutoff · σ_max count as zero.
std::vector<double> minimum_norm(LeastSquares problem, double cutoff);

// The pseudo-inverse of SᵀS (columns × columns, row-major), by the singular values of S, with the same
// cutoff.
std::vector<double> pseudo_inverse_gram(LeastSquares problem, double cutoff);

}  // namespace alsatian
