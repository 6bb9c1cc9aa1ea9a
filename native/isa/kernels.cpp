// Compiled once per instruction set: see CMakeLists.txt for the flags and the namespace that each gets.
#include "../kernels.hpp"

#include "chains.hpp"
#include "cholesky.hpp"
#include "gram.hpp"
#include "pack.hpp"
#include "passes.hpp"
#include "scores.hpp"
#include "vec.hpp"

#define ALSATIAN_STRING_OF(x) #x
#define ALSATIAN_STRING(x) ALSATIAN_STRING_OF(x)

namespace alsatian::ALSATIAN_ISA {

template <class T>
static constexpr Kernels<T> make_table() {
    return {ALSATIAN_STRING(ALSATIAN_ISA),
            kPadding<T>,
            kPanel<T>,
            kTileRows,
            pack_rows<T>,
            pack_transposed<T>,
            pack_dense<T>,
            gram<T>,
            product<T>,
            cholesky<T>,
            solve<T>,
            norm_through<T>,
            dots<T>,
            gradient_pass<T>,
            curvature_pass<T>,
            score_panel<T>,
            score_rows<T>,
            kChainWidth<T>,
            run_chains<T>,
            gram_work<T>};
}

extern const Kernels<float> float_kernels;
extern const Kernels<double> double_kernels;
// Constant-initialized: a run-time initializer would execute this instruction set's code on any machine.
constinit const Kernels<float> float_kernels = make_table<float>();
constinit const Kernels<double> double_kernels = make_table<double>();

}  // namespace alsatian::ALSATIAN_ISA
