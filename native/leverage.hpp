// What the row systems say beside their solutions: how far a score would move with its own cell, and how
// uncertain it is. All of it in float64.
#pragma once

#include "half_step.hpp"

namespace alsatian {

// Columns asked about, row by row (CSR); a column may come more than once.
struct Targets {
    const i64* indptr = nullptr;
    const i32* indices = nullptr;
};

// Of each target, z̃ᵀ A_i⁻¹ z̃; and of each row (where `freedom` is given) tr(A_i⁻¹ (A_i − Λ_i)), the
// parameters that its cells determine. Where A_i is singular, A_i⁺ stands for its inverse. Reads the cells,
// fixed side, ridge and scale of a half-step; cells are stored ones.
void leverages(const HalfStep<double>& step, const Targets& targets, double* variance, double* freedom);

// Of each stored cell, what is left of 1 − h, h = C z̃ᵀ A_i⁻¹ z̃ (C the whole weight of the cell), and x − s₋,
// s₋ the score of the row solved without it. A cell of weight zero has 1 and x − s. Where 1 − h is below
// `kLeastRest` and the row was not solved in its dual form, only rounding is left of it, and the error is
// NaN: such a row is to be solved again without the cell. There are at most as many in a row as it has
// unknowns.
void leave_one_out(const HalfStep<double>& step, double* rest, double* error);

constexpr double kLeastRest = 1e-3;

}  // namespace alsatian
