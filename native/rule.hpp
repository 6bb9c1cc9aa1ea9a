// What a stored cell is to the objective: see ARCHITECTURE.md, "One objective".
#pragma once

namespace alsatian {

// A stored cell of weight c and value x enters ½ Σ (q s² − 2 p s + κ) with
//     q = c − less,   C = c + more,   p = C x,   κ = C x²,
// and every cell, stored or not, enters ½ α₀ Σ s².
struct Rule {
    double gram_weight = 0;  // α₀
    double less = 0;
    double more = 0;

    bool operator==(const Rule&) const = default;
    double shared() const { return less + more; }  // C − q: what of a cell the sum over all cells holds
};

constexpr Rule kObserved{0, 0, 0};  // cells that are not stored are missing
constexpr Rule kZero{1, 1, 0};      // … are zeros of weight one

// A cell as it enters the normal equations of its row: q z̃z̃ᵀ to A, (p − q o) z̃ to r, and q o² − 2 p o + κ to
// the constant of the loss, o the fixed part of its score.
template <class T>
struct CellTerms {
    T q;
    T coef;
    double constant;

    // With t = x − o:  p − q o = C t + (C − q) o,   q o² − 2 p o + κ = C t² − (C − q) o².
    CellTerms(const Rule& rule, T c, T x, T o) {
        const T t = x - o, weight = c + static_cast<T>(rule.more), rest = static_cast<T>(rule.shared());
        q = c - static_cast<T>(rule.less);
        coef = weight * t + rest * o;
        constant = double(weight) * double(t) * double(t) - double(rest) * double(o) * double(o);
    }
};

}  // namespace alsatian
