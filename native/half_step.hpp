// One half-step: every row of one side solved with the other side fixed. See ARCHITECTURE.md, "One
// half-step".
#pragma once

#include <cmath>
#include <functional>
#include <string>

#include "kernels.hpp"
#include "rule.hpp"

namespace alsatian {

enum class Form { automatic, primal, dual, downdate };

enum class Method { exact, cg, subspace };

// How rows are improved from where they are, instead of solved.
struct Inexact {
    Method method = Method::exact;
    int steps = 1;         // of conjugate gradients; passes over all blocks
    double tolerance = 0;  // cg stops where the residual, in the norm of M⁻¹, is below this part of the first
    int block = 0;         // columns that a subspace has
    // Diagonal of C̄, then the mean of z: what cells are typically like, k numbers each. See inexact_side.hpp.
    const double* typical = nullptr;
};

// The observed cells, row by row (CSR); or, where indptr is null, a full matrix of cells of weight one.
template <class T>
struct Cells {
    i64 rows = 0;
    i64 columns = 0;
    const i64* indptr = nullptr;
    const i32* indices = nullptr;
    const T* values = nullptr;
    const T* weights = nullptr;  // null: all one
    Rule rule;
    // Where α > 0, a value v says both: a weight of α |v|, and a target of one where v > 0, else of zero.
    T alpha = 0;

    bool full() const { return indptr == nullptr; }
    i64 length(i64 row) const { return full() ? columns : indptr[row + 1] - indptr[row]; }
    T value(i64 cell) const { return alpha > 0 ? T(values[cell] > 0) : values[cell]; }
    T weight(i64 cell) const {
        if (alpha > 0) return alpha * std::fabs(values[cell]);
        return weights ? weights[cell] : T(1);
    }
    bool weighted() const { return weights || alpha > 0; }
    // Every row has the same A: no cell of its own enters it.
    bool shared() const { return full() || (rule == kZero && !weighted()); }
};

// What a half-step that begins with Z̃ᵀZ̃ needs of the fixed side alone; see fixed_side.hpp.
template <class T>
struct FixedSide;

template <class T>
struct HalfStep {
    Cells<T> cells;
    Factors<T> fixed;               // the side held fixed, with the one of this side's bias
    const T* offset = nullptr;      // o_j = μ + d_j; null: zero
    double ridge = 0;               // λ_w
    double ridge_bias = 0;          // λ_b
    const double* scale = nullptr;  // count_i^ν: one number (scale_step 0) or one a row (scale_step 1)
    int scale_step = 0;
    // Eigenvalues and eigenvectors (columns, row-major) of D^-½ Z̃ᵀZ̃ D^-½, for the dual form where α₀ > 0; or
    // null.
    const double* eigenvalues = nullptr;
    const double* eigenvectors = nullptr;
    const FixedSide<T>* prepared = nullptr;  // made before, from the same fixed side, offset, ridge and rule
    T* out = nullptr;                        // w, rows × k: the old rows on entry, the new on return
    T* out_bias = nullptr;                   // b, or null
    double relaxation = 1;                   // ω
    double* fit = nullptr;                   // per row: its share of the loss, without and
    double* penalty = nullptr;               // of the ridge
    int threads = 1;
    Form form = Form::automatic;
    Inexact inexact;
    std::string isa;
    std::function<void(double)> poll;
};

// Whether rows of this system may take the dual form beside a shared Gram matrix, which needs its eigenbasis.
bool wants_eigenbasis(int size, bool bias, double ridge, double ridge_bias, Form form);

// Whether a row of so many cells is solved by a downdate of Z̃ᵀZ̃, where weights, rule and ridge allow it.
bool downdate_pays(i64 length, i64 columns, int size);

// How many rows took each form.
struct Counts {
    i64 primal = 0, dual = 0, downdate = 0, shared = 0, minimum_norm = 0, empty = 0, cg = 0, subspace = 0;
    Counts& operator+=(const Counts& o) {
        primal += o.primal;
        dual += o.dual;
        downdate += o.downdate;
        shared += o.shared;
        minimum_norm += o.minimum_norm;
        empty += o.empty;
        cg += o.cg;
        subspace += o.subspace;
        return *this;
    }
};

template <class T>
Counts half_step(const HalfStep<T>& step);

// Z̃ᵀZ̃, whole and symmetric, row-major: the same sums that a half-step with α₀ > 0 makes. With weights,
// Σ_j ω_j z̃_j z̃_jᵀ, given the roots of them.
template <class T>
void gram(const Factors<T>& z, const T* root_weights, double* out, int threads, const std::string& isa,
          const std::function<void(double)>& poll);

}  // namespace alsatian
