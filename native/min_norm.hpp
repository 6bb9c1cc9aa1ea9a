// Least squares of minimum norm, for the rows whose normal equations are singular. Slow and careful, in
// float64.
#pragma once

#include <optional>
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

// The solution of A w = t in float64, where the ridge that A holds is large enough beside its trace for A to
// be regular in float64. `normal`: S is A itself and t is the right-hand side; otherwise A = SᵀS.
std::optional<std::vector<double>> regularized_solution(const LeastSquares& problem, bool normal,
                                                        double ridge);

// The pseudo-inverse of SᵀS (columns × columns, row-major), by the singular values of S, with the same
// cutoff.
std::vector<double> pseudo_inverse_gram(LeastSquares problem, double cutoff);

// F (columns × columns, row-major) with F Fᵀ = (SᵀS)⁺, by the same singular values and cutoff, and g = Fᵀ Sᵀ
// t: the minimiser of least norm is F g. Columns of F beyond the rank are zero.
struct PseudoRoot {
    std::vector<double> f, g;
    int rank = 0;
};
PseudoRoot pseudo_inverse_root(LeastSquares problem, double cutoff);

}  // namespace alsatian
