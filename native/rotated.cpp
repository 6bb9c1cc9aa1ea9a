#include "rotated.hpp"

#include <algorithm>
#include <cmath>

namespace alsatian {

template <class T>
void Rotation<T>::operator()(const Factors<T>& rows, T* out, Scratch& scratch) const {
    const i64 panel = layout_.panel, c_stride = panel * panel;
    if (scratch.left.size() == 0) {
        scratch.left = Buffer<T>(std::size_t(layout_.padded) * panel);
        scratch.product = Buffer<T>(std::size_t(c_stride) * layout_.count);
    }
    kernels_.pack_transposed(rows, consecutive(), rows.rows, layout_.panel, 0, layout_.padded, scale_.data(),
                             nullptr, scratch.left.data(), 0);
    std::fill(scratch.product.begin(), scratch.product.end(), T(0));
    kernels_.product(scratch.left.data(), matrix_.data(), stride_, layout_.padded,
                     static_cast<int>(rows.rows), layout_.padded, scratch.product.data(), c_stride);
    for (i64 r = 0; r < rows.rows; r++)
        for (int c = 0; c < layout_.size; c += layout_.panel)
            std::copy_n(scratch.product.data() + (c / panel) * c_stride + r * panel,
                        std::min(layout_.panel, layout_.size - c), out + r * layout_.size + c);
}

template <class T>
Rotated<T> rotate(const HalfStep<T>& step, const ColumnSums& sums, const Kernels<T>& k, Crew& crew) {
    const Factors<T>& z = step.fixed;
    const int size = z.size();
    const Panels layout(size, k);
    auto root = [&](int d) { return std::sqrt(d < z.k ? step.ridge : step.ridge_bias); };
    auto basis = [&](int d, int c) { return step.eigenvectors[std::size_t(d) * size + c]; };
    Buffer<T> up(layout.padded), down(layout.padded), ones(layout.padded);
    for (int d = 0; d < size; d++) {
        up[d] = static_cast<T>(root(d));
        down[d] = static_cast<T>(1 / root(d));
        ones[d] = T(1);
    }
    // z' = (D^-½ z̃) V, w' = (D^½ w̃) V, w̃ = w' (Vᵀ D^-½)
    const Rotation<T> of_fixed(k, size, std::move(down), basis);
    Rotated<T> r{Rotation<T>(k, size, std::move(up), basis),
                 Rotation<T>(k, size, std::move(ones), [&](int c, int d) { return basis(d, c) / root(d); }),
                 Buffer<T>(layout.padded),
                 {},
                 Buffer<T>(std::size_t(z.rows) * size),
                 {}};
    r.factors = {r.storage.data(), z.rows, size, false};
    const double weight = step.cells.rule.gram_weight;
    for (int c = 0; c < size; c++)
        r.eigenvalues[c] = static_cast<T>(weight * std::max(0.0, step.eigenvalues[c]));
    if (step.offset) {
        r.rhs = Buffer<T>(layout.padded);
        for (int c = 0; c < size; c++) {
            double sum = 0;
            for (int d = 0; d < size; d++) sum += sums.rhs[d] / root(d) * basis(d, c);
            r.rhs[c] = static_cast<T>(weight * sum);
        }
    }
    std::vector<typename Rotation<T>::Scratch> scratch(static_cast<std::size_t>(crew.size()));
    const i64 panel = layout.panel;
    crew.each((z.rows + kBlock - 1) / kBlock, [&](int worker, i64 block) {
        const i64 end = std::min(z.rows, (block + 1) * kBlock);
        for (i64 first = block * kBlock; first < end; first += panel) {
            const Factors<T> rows{z.data + first * z.k, std::min(panel, end - first), z.k, z.bias};
            of_fixed(rows, r.storage.data() + first * size, scratch[worker]);
        }
        crew.tick(worker, 0);
    });
    return r;
}

template class Rotation<float>;
template class Rotation<double>;
template Rotated<float> rotate<float>(const HalfStep<float>&, const ColumnSums&, const Kernels<float>&,
                                      Crew&);
template Rotated<double> rotate<double>(const HalfStep<double>&, const ColumnSums&, const Kernels<double>&,
                                        Crew&);

}  // namespace alsatian
