// The binding of the probes: private, for measuring. No arithmetic.
#include "probe.hpp"

#include <nanobind/stl/tuple.h>

#include <tuple>

#include "arrays.hpp"

namespace {

using namespace alsatian::bindings;
using alsatian::i32;
using alsatian::i64;

using Timed = std::tuple<double, i64>;
using Sizes = nb::typed<nb::dict, nb::str, nb::int_>;

constexpr i64 kMostThreads = 65536, kMostBytes = i64(1) << 40;
constexpr std::size_t kMostComponents = 16384;

alsatian::Round round_of(i64 calls, i64 n_jobs, const std::string& isa) {
    require(calls >= 1, "calls must be at least 1");
    require(n_jobs >= 1 && n_jobs <= kMostThreads, "n_jobs is out of range");
    return {usable_isa(isa), static_cast<int>(n_jobs), calls};
}

Timed told(const alsatian::Timed& timed) {
    return {timed.seconds, timed.calls};
}

template <class Array>
int components_of(const Array& array, std::size_t axis) {
    require(array.shape(axis) >= 1 && array.shape(axis) <= kMostComponents,
            "there are too few or too many components");
    return static_cast<int>(array.shape(axis));
}

template <class T>
std::tuple<double, i64, double> chains(T factor, T term, i64 calls, i64 n_jobs, const std::string& isa) {
    const auto round = round_of(calls, n_jobs, isa);
    nb::gil_scoped_release release;
    T sum = 0;
    const alsatian::Timed timed = alsatian::time_chains<T>(round, factor, term, &sum);
    return {timed.seconds, timed.calls, double(sum)};
}

Timed copy(i64 bytes, i64 calls, i64 n_jobs) {
    require(bytes >= 1 && bytes <= kMostBytes, "bytes are out of range");
    const auto round = round_of(calls, n_jobs, "");
    nb::gil_scoped_release release;
    return told(alsatian::time_copy(round, bytes));
}

template <class T>
Timed pack(In<T, 2> factors, In<i32, 1> index, Out<T, 2> out, i64 calls, i64 n_jobs, const std::string& isa) {
    const i64 rows = i64(factors.shape(0)), count = i64(index.shape(0));
    const alsatian::Factors<T> z{factors.data(), rows, components_of(factors, 1), false};
    require(count >= 1, "index must not be empty");
    require(out.shape(0) == std::size_t(std::min(count, alsatian::kProbeRows)) &&
                out.shape(1) == factors.shape(1),
            "out must have one row for each of the first entries of the index");
    for (i64 q = 0; q < count; q++)
        require(index.data()[q] >= 0 && index.data()[q] < rows, "index is out of range");
    const auto round = round_of(calls, n_jobs, isa);
    nb::gil_scoped_release release;
    return told(alsatian::time_pack(round, z, index.data(), count, out.data()));
}

template <class T>
Timed gram(In<T, 2> factors, Out<T, 2> out, i64 calls, i64 n_jobs, const std::string& isa) {
    const i64 rows = i64(factors.shape(0));
    const alsatian::Factors<T> z{factors.data(), rows, components_of(factors, 1), false};
    require(rows >= 1 && rows <= alsatian::kProbeRows, "factors have too few or too many rows");
    require(out.shape(0) == factors.shape(1) && out.shape(1) == factors.shape(1),
            "out must be components x components");
    const auto round = round_of(calls, n_jobs, isa);
    nb::gil_scoped_release release;
    return told(alsatian::time_gram(round, z, out.data()));
}

template <class T>
std::tuple<double, i64, bool> cholesky(In<T, 2> matrix, Out<T, 2> out, i64 calls, i64 n_jobs,
                                       const std::string& isa) {
    const int k = components_of(matrix, 0);
    require(matrix.shape(1) == matrix.shape(0), "the matrix must be square");
    require(out.shape(0) == matrix.shape(0) && out.shape(1) == matrix.shape(0),
            "out must have the shape of the matrix");
    const auto round = round_of(calls, n_jobs, isa);
    bool regular = true;
    nb::gil_scoped_release release;
    const alsatian::Timed timed = alsatian::time_cholesky(round, matrix.data(), k, out.data(), &regular);
    return {timed.seconds, timed.calls, regular};
}

template <class T>
Timed solve(In<T, 2> factor, In<T, 1> right, Out<T, 1> out, i64 calls, i64 n_jobs, const std::string& isa) {
    const int k = components_of(factor, 0);
    require(factor.shape(1) == factor.shape(0), "the factor must be square");
    require(right.shape(0) == factor.shape(0) && out.shape(0) == factor.shape(0),
            "right and out must have one entry a row of the factor");
    const auto round = round_of(calls, n_jobs, isa);
    nb::gil_scoped_release release;
    return told(alsatian::time_solve(round, factor.data(), k, right.data(), out.data()));
}

// What one call of a probe does, in multiply-adds, and how many rows it takes.
template <class T>
Sizes sizes(const std::string& isa, int components) {
    require(components >= 1 && std::size_t(components) <= kMostComponents,
            "there are too few or too many components");
    const auto& kernels = alsatian::kernels<T>(usable_isa(isa));
    const int padded = (components + kernels.padding - 1) / kernels.padding * kernels.padding;
    Sizes result;
    result["chains"] = alsatian::kProbeSteps * kernels.chain_width;
    result["steps"] = alsatian::kProbeSteps;
    result["rows"] = alsatian::kProbeRows;
    result["gram_row"] = kernels.gram_work(padded);
    return result;
}

template <class T>
void define(nb::module_& m, const std::string& type) {
    m.def(("time_chains_" + type).c_str(), &chains<T>, "factor"_a, "term"_a, "calls"_a, "n_jobs"_a, "isa"_a,
          "Multiply-adds in registers: seconds, calls of all workers, and the sum of the registers.");
    m.def(("time_pack_" + type).c_str(), &pack<T>, "factors"_a.noconvert(), "index"_a.noconvert(),
          "out"_a.noconvert(), "calls"_a, "n_jobs"_a, "isa"_a,
          "Gathering rows: seconds, and calls of all workers.");
    m.def(("time_gram_" + type).c_str(), &gram<T>, "factors"_a.noconvert(), "out"_a.noconvert(), "calls"_a,
          "n_jobs"_a, "isa"_a, "The Gram matrix of packed rows: seconds, and calls of all workers.");
    m.def(("time_cholesky_" + type).c_str(), &cholesky<T>, "matrix"_a.noconvert(), "out"_a.noconvert(),
          "calls"_a, "n_jobs"_a, "isa"_a,
          "The factor of a matrix: seconds, calls of all workers, and whether it went well.");
    m.def(("time_solve_" + type).c_str(), &solve<T>, "factor"_a.noconvert(), "right"_a.noconvert(),
          "out"_a.noconvert(), "calls"_a, "n_jobs"_a, "isa"_a,
          "The two triangular solves: seconds, and calls of all workers.");
    m.def(("probe_sizes_" + type).c_str(), &sizes<T>, "isa"_a, "components"_a,
          "Multiply-adds of a call of time_chains, and its steps; rows of a call of time_pack and time_gram; "
          "multiply-adds that the latter makes for each.");
}

}  // namespace

void define_probe(nb::module_& m) {
    define<float>(m, "float32");
    define<double>(m, "float64");
    m.def("time_copy", &copy, "bytes"_a, "calls"_a, "n_jobs"_a,
          "Copying from memory to memory: seconds of the quickest call, and how many parts were copied.");
}
