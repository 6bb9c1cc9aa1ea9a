// Turning both sides of a model to other axes.
#include "turn.hpp"

#include "arrays.hpp"

namespace {

using namespace alsatian::bindings;
using alsatian::i64;

template <class T>
void turn(Out<T, 2> one, Out<T, 2> other, In<double, 2> matrix, int n_jobs) {
    const auto k = one.shape(1);
    require(k >= 1 && other.shape(1) == k, "both sides must have the same number of components");
    require(matrix.shape(0) == k && matrix.shape(1) == k, "the matrix must be components × components");
    const alsatian::Turned<T> first{one.data(), i64(one.shape(0))}, second{other.data(), i64(other.shape(0))};
    const std::string isa = usable_isa("");
    nb::gil_scoped_release release;
    alsatian::turn(first, second, static_cast<int>(k), matrix.data(), n_jobs, isa);
}

template <class T>
void define(nb::module_& m, const char* name) {
    m.def(name, &turn<T>, "one"_a.noconvert(), "other"_a.noconvert(), "matrix"_a.noconvert(), "n_jobs"_a,
          "Multiply the rows of both sides by a matrix, in place.");
}

}  // namespace

void define_turn(nb::module_& m) {
    define<float>(m, "turn_float32");
    define<double>(m, "turn_float64");
}
