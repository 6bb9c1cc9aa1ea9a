// What rows that are improved rather than solved share: the typical row system, and the part of A that is one
// for all rows.
#pragma once

#include "fixed_side.hpp"
#include "half_step.hpp"
#include "panels.hpp"

namespace alsatian {

template <class T>
struct Shared;

// A row of which the cells have the weight a has a matrix of about a C̄ + α₀ Z̃ᵀZ̃ + Λ, where C̄ is what a cell
// of weight one adds to A on average. In the axes of the fixed side that is a diagonal, but for the bias.
template <class T>
class InexactSide {
  public:
    explicit InexactSide(const Shared<T>& shared);

    // out ← (α₀ Z̃ᵀZ̃ + scale Λ) x, all padded.
    void multiply(double scale, const T* x, T* out) const;

    // The entry (r, c) of α₀ Z̃ᵀZ̃.
    T entry(int r, int c) const;

    // y ← M⁻¹ r, where M is the diagonal of a typical row with cells of the total weight `weight`, with the
    // border of its bias; `diagonal` is scratch.
    void precondition(double weight, double scale, const T* r, T* y, T* diagonal) const;

    // Whether A is the product that `multiply` makes of a diagonal and a border, and no matrix.
    bool diagonal() const { return matrix_.size() == 0; }

    const Shared<T>& shared;
    Buffer<T> gram_diagonal, gram_border;        // of α₀ Z̃ᵀZ̃; the border is the column of the bias
    Buffer<T> typical_diagonal, typical_border;  // of C̄
    Buffer<T> rhs;                               // α₀ times the shared right-hand side
    double square = 0;                           // α₀ Σ_j o_j²

  private:
    void take_gram(const FixedSide<T>& side);

    Buffer<T> matrix_;  // α₀ Z̃ᵀZ̃, where it is not diagonal
};

}  // namespace alsatian
