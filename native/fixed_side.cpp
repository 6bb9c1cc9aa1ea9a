#include "fixed_side.hpp"

#include "row_plan.hpp"

namespace alsatian {

template <class T>
FixedSide<T> prepare(const HalfStep<T>& step, const Kernels<T>& kernels, Crew& crew) {
    FixedSide<T> side;
    side.isa = kernels.isa;
    side.rows = step.fixed.rows;
    side.size = step.fixed.size();
    side.rule = step.cells.rule;
    side.sums = column_sums(step.fixed, step.offset, kernels, crew);
    if (side.rule.gram_weight == 0) return side;
    const Panels layout(side.size, kernels);
    side.start = Buffer<T>(layout.elements());
    layout.copy_scaled(side.start.data(), side.sums.gram.data(), side.rule.gram_weight);
    if (step.eigenvalues && ridge_allows_dual(step.fixed.bias, step.ridge, step.ridge_bias))
        side.rotated.emplace(rotate(step, side.sums, kernels, crew));
    return side;
}

template <class T>
FixedSide<T> prepare(const HalfStep<T>& step) {
    const Kernels<T>& k = kernels<T>(step.isa);
    Crew crew(step.threads, step.poll, 1);
    return prepare(step, k, crew);
}

template FixedSide<float> prepare<float>(const HalfStep<float>&);
template FixedSide<double> prepare<double>(const HalfStep<double>&);
template FixedSide<float> prepare<float>(const HalfStep<float>&, const Kernels<float>&, Crew&);
template FixedSide<double> prepare<double>(const HalfStep<double>&, const Kernels<double>&, Crew&);

}  // namespace alsatian
