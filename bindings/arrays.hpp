// What all bindings share: arrays in and out, checks, and the poll that looks for Ctrl-C.
#pragma once

#include <nanobind/nanobind.h>
#include <nanobind/ndarray.h>
#include <nanobind/stl/optional.h>
#include <nanobind/stl/string.h>

#include <functional>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>

#include "kernels.hpp"

namespace nb = nanobind;
using namespace nb::literals;

namespace alsatian::bindings {

template <class T, int Dimensions>
using In = nb::ndarray<const T, nb::numpy, nb::ndim<Dimensions>, nb::c_contig, nb::device::cpu>;
template <class T, int Dimensions>
using Out = nb::ndarray<T, nb::numpy, nb::ndim<Dimensions>, nb::c_contig, nb::device::cpu>;

inline void require(bool condition, const char* what) {
    if (!condition) throw std::invalid_argument(what);
}

template <class Array>
auto pointer(const std::optional<Array>& array) {
    return array ? array->data() : nullptr;
}

// The one asked for, or else the one in use; code for an instruction set that the machine lacks would end the
// process.
inline std::string usable_isa(const std::string& wanted) {
    if (wanted.empty()) return alsatian::current_isa();
    for (const std::string& isa : alsatian::available_isas())
        if (isa == wanted) return isa;
    throw std::invalid_argument("isa '" + wanted + "' is not available on this machine");
}

// Calls back into Python from the polling thread: signals first, then the caller's own poll. The function may
// be copied without the GIL, the object in it may not, so copies share it; the first of them, made and
// destroyed with the GIL, has to outlive the others.
inline std::function<void(double)> make_poll(nb::object poll) {
    return [shared = std::make_shared<nb::object>(std::move(poll))](double fraction) {
        nb::gil_scoped_acquire gil;
        if (PyErr_CheckSignals() != 0) throw nb::python_error();
        if (!shared->is_none()) (*shared)(fraction);
    };
}

}  // namespace alsatian::bindings

// Each file of bindings adds its own functions to the module.
void define_leverage(nb::module_& m);
void define_probe(nb::module_& m);
void define_rank_metrics(nb::module_& m);
void define_top_n(nb::module_& m);
void define_turn(nb::module_& m);
