#include "inexact_side.hpp"

#include <cmath>
#include <limits>

#include "row_solver.hpp"

namespace alsatian {

namespace {
// What is less than this many roundings of the diagonal beside it is no entry of a matrix that has been
// turned to its axes.
constexpr double kOffDiagonalRoundings = 32;
// Added to the diagonal of the typical row, as a fraction of its mean: directions that this row may have more
// of than others are not overrated.
constexpr double kDamping = 0.1;
// A Schur complement of the bias below this fraction of its diagonal is rounding.
constexpr double kLeastComplement = 1e-3;
}  // namespace

template <class T>
InexactSide<T>::InexactSide(const Shared<T>& s)
    : shared(s),
      gram_diagonal(s.layout.padded),
      gram_border(s.layout.padded),
      typical_diagonal(s.layout.padded),
      typical_border(s.layout.padded),
      rhs(s.layout.padded) {
    const Factors<T>& z = s.step.fixed;
    for (int c = 0; c < z.k; c++) {
        typical_diagonal[c] = static_cast<T>(s.step.inexact.typical[c]);
        if (z.bias) typical_border[c] = static_cast<T>(s.step.inexact.typical[z.k + c]);
    }
    if (z.bias) typical_diagonal[z.k] = T(1);
    if (s.gram_weight() > 0) take_gram(*s.side);
}

template <class T>
void InexactSide<T>::take_gram(const FixedSide<T>& side) {
    const Panels& layout = shared.layout;
    const HalfStep<T>& step = shared.step;
    const double weight = shared.gram_weight();
    const int k = step.fixed.k, size = layout.size;
    const Buffer<double>& gram = side.sums.gram;
    for (int c = 0; c < size; c++) rhs[c] = static_cast<T>(weight * side.sums.rhs[c]);
    square = weight * side.sums.square;
    for (int c = 0; c < size; c++) gram_diagonal[c] = static_cast<T>(weight * gram[layout.at(c, c)]);
    for (int c = 0; c < k && step.fixed.bias; c++)
        gram_border[c] = static_cast<T>(weight * gram[layout.at(c, k)]);

    double scale = step.scale[0];
    for (i64 i = 0; i < step.cells.rows * step.scale_step; i++) scale = std::min(scale, step.scale[i]);
    const double ridge = scale * step.ridge;
    const double limit = kOffDiagonalRoundings * double(std::numeric_limits<T>::epsilon());
    auto size_of = [&](int c) { return std::sqrt(weight * gram[layout.at(c, c)] + ridge); };
    bool diagonal = true;
    for (int r = 0; r < k && diagonal; r++)
        for (int c = r + 1; c < k && diagonal; c++)
            diagonal = weight * std::fabs(gram[layout.at(r, c)]) <= limit * size_of(r) * size_of(c);
    if (diagonal) return;
    matrix_ = Buffer<T>(std::size_t(size) * size);
    for (int r = 0; r < size; r++)
        for (int c = 0; c < size; c++)
            matrix_[std::size_t(r) * size + c] =
                static_cast<T>(weight * gram[layout.at(std::min(r, c), std::max(r, c))]);
}

template <class T>
void InexactSide<T>::multiply(double scale, const T* x, T* out) const {
    const HalfStep<T>& step = shared.step;
    const int k = step.fixed.k, size = shared.layout.size;
    const T ridge = static_cast<T>(scale * step.ridge);
    for (int c = 0; c < k; c++) out[c] = ridge * x[c];
    for (int c = k; c < shared.layout.padded; c++) out[c] = T(0);
    if (step.fixed.bias) out[k] = static_cast<T>(scale * step.ridge_bias) * x[k];
    if (shared.gram_weight() == 0) return;
    if (!diagonal()) {
        for (i64 c = 0; c < size; c += kBlock) {
            const i64 count = std::min<i64>(kBlock, size - c);
            const Factors<T> rows{matrix_.data() + c * size, size - c, size, false};
            shared.kernels.pack_rows(rows, consecutive(), count, count, nullptr, x + c, shared.layout.padded,
                                     nullptr, 0, out);
        }
        return;
    }
    for (int c = 0; c < size; c++) out[c] += gram_diagonal[c] * x[c];
    if (!step.fixed.bias) return;
    const T bias = x[k];
    T sum = 0;
    for (int c = 0; c < k; c++) sum += gram_border[c] * x[c];
    for (int c = 0; c < k; c++) out[c] += gram_border[c] * bias;
    out[k] += sum;
}

template <class T>
T InexactSide<T>::entry(int r, int c) const {
    const int k = shared.step.fixed.k;
    if (!diagonal()) return matrix_[std::size_t(r) * std::size_t(shared.layout.size) + std::size_t(c)];
    if (r == c) return gram_diagonal[r];
    if (r == k) return gram_border[c];
    return c == k ? gram_border[r] : T(0);
}

template <class T>
void InexactSide<T>::precondition(double weight, double scale, const T* r, T* y, T* diagonal) const {
    const HalfStep<T>& step = shared.step;
    const int k = step.fixed.k;
    const T own = static_cast<T>(std::max(0.0, weight)), ridge = static_cast<T>(scale * step.ridge);
    T sum = 0;
    for (int c = 0; c < k; c++) sum += diagonal[c] = own * typical_diagonal[c] + gram_diagonal[c] + ridge;
    const T damping = static_cast<T>(kDamping) * sum / static_cast<T>(k);
    if (!(sum > 0)) {
        std::copy_n(r, shared.layout.padded, y);
        return;
    }
    for (int c = 0; c < k; c++) diagonal[c] = T(1) / (diagonal[c] + damping);
    for (int c = 0; c < k; c++) y[c] = r[c] * diagonal[c];
    for (int c = k; c < shared.layout.padded; c++) y[c] = T(0);
    if (!step.fixed.bias) return;
    const T whole = own + gram_diagonal[k] + static_cast<T>(scale * step.ridge_bias);
    if (!(whole > 0)) return;
    T rest = whole, right = r[k];
    for (int c = 0; c < k; c++) {
        const T border = own * typical_border[c] + gram_border[c];
        rest -= border * border * diagonal[c];
        right -= border * y[c];
    }
    if (rest < static_cast<T>(kLeastComplement) * whole) {
        y[k] = r[k] / whole;
        return;
    }
    y[k] = right / rest;
    for (int c = 0; c < k; c++) y[c] -= (own * typical_border[c] + gram_border[c]) * diagonal[c] * y[k];
}

template class InexactSide<float>;
template class InexactSide<double>;

}  // namespace alsatian
