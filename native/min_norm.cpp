#include "min_norm.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

namespace alsatian {

namespace {

double dot(const double* a, const double* b, int n) {
    double s = 0;
    for (int i = 0; i < n; i++) s += a[i] * b[i];
    return s;
}

// Reflects rows first … m−1 of S and t so that column `pivot` is zero below row `first`.
void reflect(LeastSquares& p, int first, int pivot, std::vector<double>& v, std::vector<double>& w) {
    const int n = p.columns, m = p.rows();
    double vv = 0, vt = 0, norm = 0;
    for (int i = first; i < m; i++) {
        v[i] = p.s[std::size_t(i) * n + pivot];
        norm = std::hypot(norm, v[i]);
    }
    v[first] += v[first] >= 0 ? norm : -norm;
    std::fill(w.begin(), w.end(), 0.0);
    for (int i = first; i < m; i++) {
        vv += v[i] * v[i];
        vt += v[i] * p.t[i];
        for (int c = 0; c < n; c++) w[c] += v[i] * p.s[std::size_t(i) * n + c];
    }
    for (int i = first; i < m; i++) {
        const double f = 2 * v[i] / vv;
        for (int c = 0; c < n; c++) p.s[std::size_t(i) * n + c] -= f * w[c];
        p.t[i] -= f * vt;
    }
    for (int i = first + 1; i < m; i++) p.s[std::size_t(i) * n + pivot] = 0;
}

// Householder with column pivoting: leaves as many rows as S has rank, in float64; the others would be
// rounding. The singular values stay, and so does the solution: t becomes the matching part of Qᵀt.
void reduce_to_rank(LeastSquares& p) {
    const int n = p.columns, m = p.rows();
    std::vector<double> v(static_cast<std::size_t>(m)), w(static_cast<std::size_t>(n)), norms(w);
    double least = 0;
    int rank = 0;
    for (; rank < std::min(m, n); rank++) {
        std::fill(norms.begin(), norms.end(), 0.0);
        for (int i = rank; i < m; i++)
            for (int c = 0; c < n; c++) {
                const double e = p.s[std::size_t(i) * n + c];
                norms[c] += e * e;
            }
        const auto largest = std::max_element(norms.begin(), norms.end());
        if (rank == 0) {
            const double roundings = std::numeric_limits<double>::epsilon() * std::max(m, n);
            least = *largest * roundings * roundings;
        }
        if (*largest <= least) break;
        reflect(p, rank, static_cast<int>(largest - norms.begin()), v, w);
    }
    p.s.resize(std::size_t(rank) * n);
    p.t.resize(rank);
}

void rotate(double* a, double* b, int n, double c, double s) {
    for (int i = 0; i < n; i++) {
        const double x = a[i], y = b[i];
        a[i] = c * x - s * y;
        b[i] = s * x + c * y;
    }
}

// One-sided Jacobi (Hestenes 1958) on the rows: J S = diag(σ) Vᵀ, and t ← J t.
void orthogonalize_rows(LeastSquares& p) {
    const int n = p.columns, m = p.rows();
    constexpr double eps = std::numeric_limits<double>::epsilon();
    constexpr int kSweeps = 60;  // converges quadratically: a handful is usual
    std::vector<double> norms(static_cast<std::size_t>(m));
    for (int sweep = 0; sweep < kSweeps; sweep++) {
        bool rotated = false;
        for (int i = 0; i < m; i++) norms[i] = dot(&p.s[std::size_t(i) * n], &p.s[std::size_t(i) * n], n);
        const double largest = m ? *std::max_element(norms.begin(), norms.end()) : 0;
        const double negligible = largest * eps * eps;
        for (int i = 0; i < m; i++)
            for (int j = i + 1; j < m; j++) {
                double *a = &p.s[std::size_t(i) * n], *b = &p.s[std::size_t(j) * n];
                const double g = dot(a, b, n);
                if (std::fabs(g) <= eps * std::sqrt(norms[i] * norms[j]) || std::fabs(g) <= negligible)
                    continue;
                rotated = true;
                const double zeta = (norms[j] - norms[i]) / (2 * g);
                const double tangent = std::copysign(1.0, zeta) / (std::fabs(zeta) + std::hypot(1.0, zeta));
                const double c = 1 / std::hypot(1.0, tangent), s = c * tangent;
                rotate(a, b, n, c, s);
                rotate(&p.t[i], &p.t[j], 1, c, s);
                norms[i] = dot(a, a, n);
                norms[j] = dot(b, b, n);
            }
        if (!rotated) return;
    }
}

// Calls visit(row, σ²) for each singular direction above the cutoff; the row is σ vᵀ.
template <class Visit>
void visit_directions(const LeastSquares& p, double cutoff, Visit visit) {
    const int n = p.columns;
    std::vector<double> squares(p.t.size());
    double largest = 0;
    for (int r = 0; r < p.rows(); r++) {
        squares[r] = dot(&p.s[std::size_t(r) * n], &p.s[std::size_t(r) * n], n);
        largest = std::max(largest, squares[r]);
    }
    for (int r = 0; r < p.rows(); r++)
        if (squares[r] > cutoff * cutoff * largest) visit(r, &p.s[std::size_t(r) * n], squares[r]);
}

}  // namespace

std::vector<double> minimum_norm(LeastSquares p, double cutoff) {
    reduce_to_rank(p);
    orthogonalize_rows(p);
    std::vector<double> w(static_cast<std::size_t>(p.columns), 0.0);
    visit_directions(p, cutoff, [&](int r, const double* row, double square) {
        for (int c = 0; c < p.columns; c++) w[c] += p.t[r] / square * row[c];
    });
    return w;
}

std::optional<std::vector<double>> regularized_solution(const LeastSquares& p, bool normal, double ridge) {
    const std::size_t n = static_cast<std::size_t>(p.columns);
    std::vector<double> a(n * n, 0.0), w(n, 0.0);  // the upper triangle of A
    if (normal) {
        a = p.s;
        w = p.t;
    }
    for (std::size_t r = 0; !normal && r < p.t.size(); r++) {
        const double* row = p.s.data() + r * n;
        for (std::size_t i = 0; i < n; i++) {
            if (row[i] == 0) continue;
            w[i] += row[i] * p.t[r];
            for (std::size_t j = i; j < n; j++) a[i * n + j] += row[i] * row[j];
        }
    }
    double trace = 0;
    for (std::size_t i = 0; i < n; i++) trace += a[i * n + i];
    // Beside a ridge of fewer roundings of the trace, what is left of A would be rounding.
    constexpr double kRoundings = 1024;
    if (!(ridge > kRoundings * std::numeric_limits<double>::epsilon() * trace)) return std::nullopt;

    // A = UᵀU by rows, and Uᵀy = t on the way; then U w = y.
    for (std::size_t i = 0; i < n; i++) {
        for (std::size_t h = 0; h < i; h++) {
            const double u = a[h * n + i];
            w[i] -= u * w[h];
            for (std::size_t j = i; j < n; j++) a[i * n + j] -= u * a[h * n + j];
        }
        if (!(a[i * n + i] > 0)) return std::nullopt;
        const double root = std::sqrt(a[i * n + i]);
        w[i] /= root;
        for (std::size_t j = i; j < n; j++) a[i * n + j] /= root;
    }
    for (std::size_t i = n; i-- > 0;) {
        for (std::size_t j = i + 1; j < n; j++) w[i] -= a[i * n + j] * w[j];
        w[i] /= a[i * n + i];
    }
    return w;
}

std::vector<double> pseudo_inverse_gram(LeastSquares p, double cutoff) {
    reduce_to_rank(p);
    orthogonalize_rows(p);
    const std::size_t n = static_cast<std::size_t>(p.columns);
    std::vector<double> inverse(n * n, 0.0);
    // v vᵀ / σ² with row = σ vᵀ
    visit_directions(p, cutoff, [&](int, const double* row, double square) {
        for (std::size_t a = 0; a < n; a++)
            for (std::size_t b = 0; b < n; b++) inverse[a * n + b] += row[a] * row[b] / (square * square);
    });
    return inverse;
}

PseudoRoot pseudo_inverse_root(LeastSquares p, double cutoff) {
    reduce_to_rank(p);
    orthogonalize_rows(p);
    const std::size_t n = static_cast<std::size_t>(p.columns);
    PseudoRoot root{std::vector<double>(n * n), std::vector<double>(n)};
    // v / σ with row = σ vᵀ, and what the rotations made of t
    visit_directions(p, cutoff, [&](int r, const double* row, double square) {
        for (std::size_t c = 0; c < n; c++) root.f[c * n + root.rank] = row[c] / square;
        root.g[root.rank++] = p.t[r];
    });
    return root;
}

}  // namespace alsatian
