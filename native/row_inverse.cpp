#include "row_inverse.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

namespace alsatian {

namespace {
constexpr double kEps = std::numeric_limits<double>::epsilon();
}  // namespace

// Row by row from below, each a sum of the rows under it.
void invert_upper(const Panels& layout, const double* u, const double* inverse_diagonal, double* out) {
    const int size = layout.size;
    for (int r = size - 1; r >= 0; r--) {
        double* target = out + std::size_t(r) * size;
        std::fill(target, target + size, 0.0);
        for (int m = r + 1; m < size; m++) {
            const double factor = u[layout.at(r, m)];
            const double* below = out + std::size_t(m) * size;
            for (int c = m; c < size; c++) target[c] -= factor * below[c];
        }
        for (int c = r + 1; c < size; c++) target[c] *= inverse_diagonal[r];
        target[r] = inverse_diagonal[r];
    }
}

RowInverse::RowInverse(const Shared<double>& shared)
    : s_(shared),
      k_(shared.kernels),
      stride_(kBlock * shared.layout.panel),
      f_stride_(i64(shared.layout.padded) * shared.layout.panel),
      packed_(std::size_t(stride_) * shared.layout.count),
      a_(shared.layout.elements()),
      rhs_(shared.layout.padded),
      inverse_diagonal_(shared.layout.padded),
      f_(std::size_t(f_stride_) * shared.layout.count),
      g_(shared.layout.padded),
      left_(std::size_t(shared.layout.padded) * shared.layout.panel),
      product_(std::size_t(shared.layout.panel) * shared.layout.panel * shared.layout.count),
      ones_(shared.layout.padded),
      square_(std::size_t(shared.layout.size) * shared.layout.size),
      variance_(shared.layout.panel),
      score_(shared.layout.panel) {
    std::fill(ones_.begin(), ones_.end(), 1.0);
}

void RowInverse::make(i64 row, Crew& crew, int worker) {
    accumulate(row, crew, worker);
    factor(row) ? invert(row) : pseudo_invert(row);
    crew.tick(worker, 0);
}

// A and r as the cells, and all cells together, make them.
void RowInverse::accumulate(i64 row, Crew& crew, int worker) {
    const Cells<double>& cells = s_.step.cells;
    const double weight = s_.gram_weight();
    if (weight > 0) {
        s_.layout.copy(a_.data(), s_.side->start.data());
        for (int c = 0; c < s_.layout.padded; c++) rhs_[c] = weight * s_.side->sums.rhs[c];
    } else {
        s_.layout.clear(a_.data());
        std::fill(rhs_.begin(), rhs_.end(), 0.0);
    }
    const i64 end = cells.indptr[row + 1];
    for (i64 b = cells.indptr[row]; b < end; b += kBlock) {
        const i64 stop = std::min(end, b + kBlock);
        plus_.count = minus_.count = 0;
        for (i64 c = b; c < stop; c++) {
            const i32 j = cells.indices[c];
            const CellTerms<double> cell(cells.rule, cells.weight(c), cells.value(c),
                                         s_.step.offset ? s_.step.offset[j] : 0.0);
            (cell.q < 0 ? minus_ : plus_).add(j, std::sqrt(std::fabs(cell.q)), cell.coef);
        }
        push(plus_, Sum::add);
        push(minus_, Sum::subtract);
        crew.tick(worker, double(stop - b));
    }
}

void RowInverse::push(const CellBlock<double>& block, Sum how) {
    if (block.count == 0) return;
    k_.pack_rows(s_.step.fixed, block.index, block.count, block.count, block.scale, block.coef,
                 s_.layout.padded, packed_.data(), stride_, rhs_.data());
    k_.gram(packed_.data(), stride_, block.count, s_.layout.padded, a_.data(), s_.layout.stride, how,
            nullptr);
}

// A + Λ = UᵀU in place; false where that is singular to working precision.
bool RowInverse::factor(i64 row) {
    const Panels& layout = s_.layout;
    const double scale = s_.scale(row);
    double trace = 0;
    for (int c = 0; c < layout.size; c++) trace += a_[layout.at(c, c)] += scale * s_.lambda(c);
    layout.set_padding(a_.data());
    if (!k_.cholesky(a_.data(), layout.stride, layout.padded, kPivotRoundings * kEps,
                     inverse_diagonal_.data()))
        return false;
    return !too_small_to_regularize<double>(scale * s_.least_lambda(), trace) ||
           smallest_eigenvalue(k_, layout, a_.data(), inverse_diagonal_.data()) >
               kSingularRoundings * kEps * trace;
}

// F = U⁻¹
void RowInverse::invert(i64 row) {
    const Panels& layout = s_.layout;
    const int size = layout.size;
    invert_upper(layout, a_.data(), inverse_diagonal_.data(), square_.data());
    std::fill(g_.begin(), g_.end(), 0.0);
    double held = 0;  // tr(A⁻¹ Λ)
    for (int r = 0; r < size; r++) {
        double norm = 0;
        for (int c = 0; c < size; c++) {
            const double entry = square_[std::size_t(r) * size + c];
            set(r, c, entry);
            norm += entry * entry;
            g_[c] += entry * rhs_[r];
        }
        held += norm * s_.lambda(r);
    }
    freedom_ = size - s_.scale(row) * held;
}

// F Fᵀ = A⁺, by the singular values of the stacked problem.
void RowInverse::pseudo_invert(i64 row) {
    const int size = s_.layout.size;
    const LeastSquares system = stacked_rows(s_, row, s_.gram_weight() > 0);
    const PseudoRoot root = pseudo_inverse_root(system, std::sqrt(kEps));
    std::fill(g_.begin(), g_.end(), 0.0);
    double held = 0;
    for (int r = 0; r < size; r++) {
        double norm = 0;
        for (int c = 0; c < size; c++) {
            const double entry = root.f[std::size_t(r) * size + c];
            set(r, c, entry);
            norm += entry * entry;
        }
        g_[r] = root.g[r];
        held += norm * s_.lambda(r);
    }
    freedom_ = root.rank - s_.scale(row) * held;
}

// Rows z̃ᵀ F of up to a panel of columns: their squared lengths, and their products with g.
void RowInverse::through(const i32* columns, i64 count) {
    const Panels& layout = s_.layout;
    const i64 c_stride = i64(layout.panel) * layout.panel;
    k_.pack_transposed(s_.step.fixed, columns, count, layout.panel, 0, layout.padded, ones_.data(), nullptr,
                       left_.data(), 0);
    std::fill(product_.begin(), product_.end(), 0.0);
    k_.product(left_.data(), f_.data(), f_stride_, layout.padded, static_cast<int>(count), layout.padded,
               product_.data(), c_stride);
    for (i64 p = 0; p < count; p++) {
        double variance = 0, score = 0;
        for (int c = 0; c < layout.size; c++) {
            const double entry =
                product_[(c / layout.panel) * c_stride + p * layout.panel + c % layout.panel];
            variance += entry * entry;
            score += entry * g_[c];
        }
        variance_[p] = variance;
        score_[p] = score;
    }
}

}  // namespace alsatian
