// Half-steps on random cells, for several tests: what is solved, how, and how far from the solution that is.
#pragma once

#include <cmath>
#include <limits>
#include <map>
#include <random>
#include <string>
#include <tuple>
#include <vector>

#include "../half_step.hpp"

namespace row_problem {

using alsatian::i32;
using alsatian::i64;

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

inline const alsatian::Rule kHkv{0.25, 0, 0.25}, kIals{0.25, 0, 0};

struct Mode {
    bool full, weighted;
    alsatian::Rule rule;
    bool bias;
    double ridge;
    alsatian::Form form;
    float alpha = 0;
    alsatian::Inexact inexact{};
};

inline double ridge_of(const Mode& mode, bool of_bias) {
    return of_bias ? mode.ridge / 2 : mode.ridge;
}

struct Eigenbasis {
    std::vector<double> values, vectors;
};

// Of a symmetric n × n matrix, by Jacobi's rotations.
inline Eigenbasis jacobi(std::vector<double> a, int n) {
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
    alsatian::gram<T>({p.factors.data(), p.columns, p.k, mode.bias}, nullptr, a.data(), 1,
                      alsatian::current_isa(), {});
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
                  double relaxation = 1, const Solution<T>* from = nullptr) {
    Solution<T> s;
    s.w.assign(std::size_t(p.rows * p.k), T(0.25));
    s.b.assign(std::size_t(p.rows), T(0.25));
    if (from) {
        s.w = from->w;
        s.b = from->b;
    }
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
    if (mode.rule.gram_weight > 0 && mode.inexact.method == alsatian::Method::exact &&
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
    step.inexact = mode.inexact;
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

}  // namespace row_problem
