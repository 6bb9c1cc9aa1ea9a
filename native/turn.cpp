#include "turn.hpp"

#include <algorithm>
#include <vector>

#include "rotated.hpp"

namespace alsatian {

template <class T>
void turn(const Turned<T>& one, const Turned<T>& other, int k, const double* matrix, int threads,
          const std::string& isa) {
    const Kernels<T>& kernel = kernels<T>(isa);
    const Panels layout(k, kernel);
    Buffer<T> ones(layout.padded);
    std::fill_n(ones.data(), k, T(1));
    const Rotation<T> rotation(kernel, k, std::move(ones),
                               [&](int r, int c) { return matrix[std::size_t(r) * std::size_t(k) + c]; });
    Crew crew(threads, {}, 1);
    std::vector<typename Rotation<T>::Scratch> scratch(static_cast<std::size_t>(crew.size()));
    const i64 panel = layout.panel;
    for (const Turned<T>& side : {one, other})
        crew.each((side.rows + kBlock - 1) / kBlock, [&](int worker, i64 block) {
            const i64 end = std::min(side.rows, (block + 1) * kBlock);
            for (i64 first = block * kBlock; first < end; first += panel) {
                T* rows = side.data + first * k;
                rotation({rows, std::min(panel, end - first), k, false}, rows, scratch[worker]);
            }
        });
}

template void turn<float>(const Turned<float>&, const Turned<float>&, int, const double*, int,
                          const std::string&);
template void turn<double>(const Turned<double>&, const Turned<double>&, int, const double*, int,
                           const std::string&);

}  // namespace alsatian
