// What a half-step beside a Gram matrix, or with rows that are solved by a downdate of one, needs of the
// fixed side alone: made by the half-step itself, or once for many of them, such as the folding in of one
// user at a time.
#pragma once

#include <optional>
#include <string>

#include "column_sums.hpp"
#include "rotated.hpp"

namespace alsatian {

template <class T>
struct FixedSide {
    std::string isa;  // its layout is that of one instruction set
    i64 rows = 0;
    int size = 0;
    Rule rule;
    ColumnSums sums;
    Buffer<T> start;                    // α₀ Z̃ᵀZ̃, which every A begins with; empty where α₀ = 0
    std::optional<Rotated<T>> rotated;  // where the dual form is wanted
};

// Reads the fixed side, offset, ridge, rule and eigenbasis of a half-step.
template <class T>
FixedSide<T> prepare(const HalfStep<T>& step);
template <class T>
FixedSide<T> prepare(const HalfStep<T>& step, const Kernels<T>& kernels, Crew& crew);

}  // namespace alsatian
