// Which form each row system takes. It depends on the row, the rank and the mode alone, never on the rows
// beside it or on the number of threads.
#pragma once

#include "half_step.hpp"

namespace alsatian {

template <class T>
struct Shared;

struct RowPlan {
    Rule rule;
    bool absent = false;    // the cells that are not stored are added one by one, as zeros of weight one
    bool downdate = false;  // A is Z̃ᵀZ̃ less the cells that are not stored
    bool dual = false;
    Method method = Method::exact;

    // Whether the columns that the row does not store are looked for.
    bool walks_columns() const { return absent || downdate; }
};

template <class T>
RowPlan plan_row(const Shared<T>& shared, i64 row);

// Whether some row is solved by a downdate, so that Z̃ᵀZ̃ is wanted.
template <class T>
bool any_downdate(const Shared<T>& shared);

// About the multiply-adds of a row, to share rows out by.
template <class T>
double row_work(const Shared<T>& shared, i64 row);

// Whether Λ allows a dual form: S D⁻¹ Sᵀ holds (1 / λ_b) 1 1ᵀ, and a small ridge of the bias would swamp all
// else in it. Without any ridge it does, as minimum norm.
bool ridge_allows_dual(bool bias, double ridge, double ridge_bias);

}  // namespace alsatian
