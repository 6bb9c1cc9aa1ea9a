#include "rotated.hpp"

#include <algorithm>
#include <cmath>

namespace alsatian {

template <class T>
void Rotated<T>::rotate_back(const T* rotated, T* out) const {
    const int size = factors.k;
    for (int r = 0; r < size; r++) {
        const T* row = back.data() + std::size_t(r) * size;
        double sum = 0;
        for (int c = 0; c < size; c++) sum += double(row[c]) * double(rotated[c]);
        out[r] = static_cast<T>(sum);
    }
}

template <class T>
Rotated<T> rotate(const HalfStep<T>& step, const ColumnSums& sums, const Kernels<T>& k, Crew& crew) {
    const Factors<T>& z = step.fixed;
    const int size = z.size();
    const Panels layout(size, k);
    Rotated<T> r;
    r.back = Buffer<T>(std::size_t(size) * size);
    r.rhs.assign(size, 0.0);
    const i64 basis_stride = i64(layout.padded) * layout.panel;
    Buffer<T> basis(std::size_t(basis_stride) * layout.count), root(layout.padded);
    for (int d = 0; d < size; d++) {
        const double scale = 1 / std::sqrt(d < z.k ? step.ridge : step.ridge_bias);
        root[d] = static_cast<T>(scale);
        for (int c = 0; c < size; c++) {
            const double v = step.eigenvectors[std::size_t(d) * size + c];
            basis[(c / layout.panel) * basis_stride + i64(d) * layout.panel + c % layout.panel] =
                static_cast<T>(v);
            r.back[std::size_t(d) * size + c] = static_cast<T>(scale * v);
            r.rhs[c] += sums.rhs[d] * scale * v;
        }
    }
    r.eigenvalues.assign(step.eigenvalues, step.eigenvalues + size);
    for (double& e : r.eigenvalues) e = std::max(e, 0.0);

    r.storage = Buffer<T>(std::size_t(z.rows) * size);
    r.factors = {r.storage.data(), z.rows, size, false};
    const i64 panel = layout.panel, c_stride = panel * panel;
    crew.each((z.rows + kBlock - 1) / kBlock, [&](int worker, i64 block) {
        Buffer<T> left(std::size_t(layout.padded) * panel), c(std::size_t(c_stride) * layout.count);
        const i64 end = std::min(z.rows, (block + 1) * kBlock);
        for (i64 first = block * kBlock; first < end; first += panel) {
            const int height = static_cast<int>(std::min(panel, end - first));
            const Factors<T> rows{z.data + first * z.k, z.rows - first, z.k, z.bias};
            k.pack_transposed(rows, consecutive(), height, layout.panel, 0, layout.padded, root.data(),
                              nullptr, left.data(), 0);
            std::fill(c.begin(), c.end(), T(0));
            k.product(left.data(), basis.data(), basis_stride, layout.padded, height, layout.padded, c.data(),
                      c_stride);
            for (int i = 0; i < height; i++)
                for (int p = 0; p < layout.count; p++)
                    std::copy_n(c.data() + p * c_stride + i * panel, std::min<i64>(panel, size - p * panel),
                                r.storage.data() + (first + i) * size + p * panel);
        }
        crew.tick(worker, 0);
    });
    return r;
}

template struct Rotated<float>;
template struct Rotated<double>;
template Rotated<float> rotate<float>(const HalfStep<float>&, const ColumnSums&, const Kernels<float>&,
                                      Crew&);
template Rotated<double> rotate<double>(const HalfStep<double>&, const ColumnSums&, const Kernels<double>&,
                                        Crew&);

}  // namespace alsatian
