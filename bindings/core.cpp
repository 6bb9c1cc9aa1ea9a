// The extension: arrays in, GIL released, Ctrl-C and progress by polling, C++ errors to Python errors. No
// arithmetic.
#include <nanobind/stl/tuple.h>
#include <nanobind/stl/vector.h>

#include <tuple>

#include "arrays.hpp"
#include "fixed_side.hpp"
#include "half_step.hpp"
#include "structure.hpp"

namespace {

using namespace alsatian::bindings;
using alsatian::i32;
using alsatian::i64;

alsatian::Form parse_form(const std::string& name) {
    if (name == "auto") return alsatian::Form::automatic;
    if (name == "primal") return alsatian::Form::primal;
    if (name == "dual") return alsatian::Form::dual;
    if (name == "downdate") return alsatian::Form::downdate;
    throw std::invalid_argument("form must be 'auto', 'primal', 'dual' or 'downdate', got '" + name + "'");
}

alsatian::Method parse_method(const std::string& name) {
    if (name == "exact") return alsatian::Method::exact;
    if (name == "cg") return alsatian::Method::cg;
    if (name == "subspace") return alsatian::Method::subspace;
    throw std::invalid_argument("method must be 'exact', 'cg' or 'subspace', got '" + name + "'");
}

template <class T>
void check_cells(const In<T, 2>& factors, i64 columns, const std::optional<In<T, 1>>& offset) {
    require(i64(factors.shape(0)) == columns, "factors must have one row for each column of the cells");
    require(factors.shape(1) >= 1, "factors must have at least one column");
    require(factors.shape(1) < 100000, "factors have too many columns");
    require(!offset || i64(offset->shape(0)) == columns,
            "offset must have one entry for each column of the cells");
}

using Counts = nb::typed<nb::dict, nb::str, nb::int_>;

template <class T>
Counts half_step(i64 rows, i64 columns, std::optional<In<i64, 1>> indptr, std::optional<In<i32, 1>> indices,
                 nb::ndarray<const T, nb::numpy, nb::c_contig, nb::device::cpu> values,
                 std::optional<In<T, 1>> weights, std::tuple<double, double, double, double> rule,
                 In<T, 2> factors, std::optional<In<T, 1>> offset, double ridge, double ridge_bias,
                 In<double, 1> scale, const alsatian::FixedSide<T>* prepared, Out<T, 2> out,
                 std::optional<Out<T, 1>> out_bias, double relaxation, Out<double, 1> fit,
                 Out<double, 1> penalty, int n_jobs, const std::string& form, const std::string& isa,
                 nb::object poll, std::tuple<std::string, int, double, int> inexact,
                 std::optional<In<double, 2>> typical) {
    require(rows >= 0 && columns >= 0, "shape must not be negative");
    check_cells<T>(factors, columns, offset);
    require(indptr.has_value() == indices.has_value(), "indptr and indices go together");
    const auto [gram_weight, less, more, alpha] = rule;
    require(gram_weight >= 0 && less >= 0 && more >= 0 && alpha >= 0,
            "the numbers of the rule must not be negative");
    if (indptr) {
        const i64 stored = static_cast<i64>(indices->shape(0));
        require(i64(indptr->shape(0)) == rows + 1, "indptr must have rows + 1 entries");
        require(i64(values.size()) == stored, "indices and values must be of the same length");
        require(!weights || i64(weights->shape(0)) == stored,
                "weights and indices must be of the same length");
        alsatian::check_structure(indptr->data(), rows, stored, indices->data(), columns);
    } else {
        require(i64(values.size()) == rows * columns, "a full matrix must have rows × columns values");
        require(!weights && gram_weight == 0 && alpha == 0,
                "a full matrix has no weights and no absent cells");
        require(scale.shape(0) == 1, "a full matrix has one scale");
    }
    require(scale.shape(0) == 1 || i64(scale.shape(0)) == rows, "scale must have one entry, or one a row");
    require(i64(out.shape(0)) == rows && out.shape(1) == factors.shape(1), "out must be rows × components");
    require(!out_bias || i64(out_bias->shape(0)) == rows, "out_bias must have one entry a row");
    require(i64(fit.shape(0)) == rows && i64(penalty.shape(0)) == rows,
            "fit and penalty must have one entry a row");
    require(ridge >= 0 && ridge_bias >= 0, "ridge must not be negative");

    alsatian::HalfStep<T> step;
    step.cells = {rows,          columns,          pointer(indptr),           pointer(indices),
                  values.data(), pointer(weights), {gram_weight, less, more}, static_cast<T>(alpha)};
    require(alpha == 0 || !weights, "values that hold their confidence have no weights beside them");
    step.fixed = {factors.data(), columns, static_cast<int>(factors.shape(1)), out_bias.has_value()};
    step.offset = pointer(offset);
    step.ridge = ridge;
    step.ridge_bias = out_bias ? ridge_bias : 0;
    step.scale = scale.data();
    step.scale_step = scale.shape(0) == 1 ? 0 : 1;
    step.prepared = prepared;
    step.out = out.data();
    step.out_bias = pointer(out_bias);
    step.relaxation = relaxation;
    step.fit = fit.data();
    step.penalty = penalty.data();
    step.threads = n_jobs;
    step.form = parse_form(form);
    step.isa = usable_isa(isa);
    step.poll = make_poll(poll);
    step.inexact = {parse_method(std::get<0>(inexact)), std::get<1>(inexact), std::get<2>(inexact),
                    std::get<3>(inexact), pointer(typical)};
    require(step.inexact.steps >= 0, "the number of steps must not be negative");
    require(step.inexact.method != alsatian::Method::subspace || step.inexact.block >= 1,
            "a block must have a column");
    require(step.inexact.method == alsatian::Method::exact || typical,
            "rows are improved by what is typical of the cells, which is not given");
    require(!typical || (typical->shape(0) == 2 && typical->shape(1) == factors.shape(1)),
            "what is typical must be 2 × components");
    require(!prepared || (prepared->isa == step.isa && prepared->rows == columns &&
                          prepared->size == step.fixed.size() && prepared->rule == step.cells.rule),
            "what was prepared does not belong to this half-step");

    alsatian::Counts counts;
    {
        nb::gil_scoped_release release;
        counts = alsatian::half_step(step);
    }
    Counts result;
    result["primal"] = counts.primal;
    result["dual"] = counts.dual;
    result["downdate"] = counts.downdate;
    result["shared"] = counts.shared;
    result["minimum_norm"] = counts.minimum_norm;
    result["empty"] = counts.empty;
    result["cg"] = counts.cg;
    result["subspace"] = counts.subspace;
    return result;
}

template <class T>
void define_half_step(nb::module_& m, const char* name) {
    m.def(name, &half_step<T>, "rows"_a, "columns"_a, "indptr"_a.noconvert().none(),
          "indices"_a.noconvert().none(), "values"_a.noconvert(), "weights"_a.noconvert().none(), "rule"_a,
          "factors"_a.noconvert(), "offset"_a.noconvert().none(), "ridge"_a, "ridge_bias"_a,
          "scale"_a.noconvert(), "prepared"_a.none(), "out"_a.noconvert(), "out_bias"_a.noconvert().none(),
          "relaxation"_a, "fit"_a.noconvert(), "penalty"_a.noconvert(), "n_jobs"_a, "form"_a, "isa"_a,
          "poll"_a.none(), "inexact"_a, "typical"_a.noconvert().none(),
          "Solve every row of one side with the other side fixed; see contract.py.");
}

// What half-steps that begin with Z̃ᵀZ̃ need of the fixed side alone.
template <class T>
alsatian::FixedSide<T> prepare(In<T, 2> factors, std::optional<In<T, 1>> offset,
                               std::tuple<double, double, double, double> rule, bool bias, double ridge,
                               double ridge_bias, std::optional<In<double, 1>> eigenvalues,
                               std::optional<In<double, 2>> eigenvectors, int n_jobs, const std::string& isa,
                               nb::object poll) {
    check_cells<T>(factors, i64(factors.shape(0)), offset);
    alsatian::HalfStep<T> step;
    step.cells.rule = {std::get<0>(rule), std::get<1>(rule), std::get<2>(rule)};
    step.fixed = {factors.data(), i64(factors.shape(0)), static_cast<int>(factors.shape(1)), bias};
    const std::size_t size = step.fixed.size();
    require(eigenvalues.has_value() == eigenvectors.has_value(), "eigenvalues and eigenvectors go together");
    require(!eigenvalues || (eigenvalues->shape(0) == size && eigenvectors->shape(0) == size &&
                             eigenvectors->shape(1) == size),
            "the eigenbasis must have the size of the row system");
    require(!eigenvalues || (ridge > 0 && (!bias || ridge_bias > 0)), "an eigenbasis needs a ridge");
    step.offset = pointer(offset);
    step.ridge = ridge;
    step.ridge_bias = ridge_bias;
    step.eigenvalues = pointer(eigenvalues);
    step.eigenvectors = pointer(eigenvectors);
    step.threads = n_jobs;
    step.isa = usable_isa(isa);
    step.poll = make_poll(poll);
    nb::gil_scoped_release release;
    return alsatian::prepare(step);
}

template <class T>
void define_prepare(nb::module_& m, const char* type, const char* name) {
    nb::class_<alsatian::FixedSide<T>>(m, type, "What half-steps share of the side held fixed.");
    m.def(name, &prepare<T>, "factors"_a.noconvert(), "offset"_a.noconvert().none(), "rule"_a, "bias"_a,
          "ridge"_a, "ridge_bias"_a, "eigenvalues"_a.noconvert().none(), "eigenvectors"_a.noconvert().none(),
          "n_jobs"_a, "isa"_a, "poll"_a.none(),
          "Make what half-steps that begin with a Gram matrix need of the fixed side alone.");
}

// Z̃ᵀZ̃ in float64, whole and symmetric, into `out`.
template <class T>
void gram(In<T, 2> factors, std::optional<In<T, 1>> root_weights, bool bias, Out<double, 2> out, int n_jobs,
          nb::object poll) {
    const auto size = factors.shape(1) + (bias ? 1 : 0);
    require(out.shape(0) == size && out.shape(1) == size,
            "out must be square, of the size of the row system");
    require(!root_weights || root_weights->shape(0) == factors.shape(0), "give one weight for each row");
    const alsatian::Factors<T> z{factors.data(), i64(factors.shape(0)), static_cast<int>(factors.shape(1)),
                                 bias};
    const std::string isa = alsatian::current_isa();
    const auto call = make_poll(poll);
    nb::gil_scoped_release release;
    alsatian::gram(z, pointer(root_weights), out.data(), n_jobs, isa, call);
}

using Config = nb::typed<nb::dict, nb::str, nb::object>;

Config build_config() {
    Config config;
    config["compiler"] = __VERSION__;
    config["build_type"] = ALSATIAN_BUILD_TYPE;
    config["sanitize"] = ALSATIAN_SANITIZE;
    config["isas"] = alsatian::available_isas();
    config["isa"] = std::string(alsatian::current_isa());
    return config;
}

}  // namespace

template <class T>
void define_gram(nb::module_& m, const char* name) {
    m.def(name, &gram<T>, "factors"_a.noconvert(), "root_weights"_a.noconvert().none(), "bias"_a,
          "out"_a.noconvert(), "n_jobs"_a, "poll"_a.none(),
          "The Gram matrix of the rows, with a column of ones where there is a bias, in float64.");
}

NB_MODULE(_core, m) {
    m.doc() = "The native core of alsatian.";
    define_prepare<float>(m, "FixedSideFloat32", "prepare_float32");
    define_prepare<double>(m, "FixedSideFloat64", "prepare_float64");
    define_half_step<float>(m, "half_step_float32");
    define_half_step<double>(m, "half_step_float64");
    define_gram<float>(m, "gram_float32");
    define_gram<double>(m, "gram_float64");
    define_leverage(m);
    define_probe(m);
    define_rank_metrics(m);
    define_turn(m);
    define_top_n(m);
    m.def("available_isas", &alsatian::available_isas,
          "Instruction sets that this build and machine have, best first.");
    m.def(
        "current_isa", [] { return std::string(alsatian::current_isa()); },
        "The instruction set in use: the best, or the one that ALSATIAN_ISA names.");
    m.def(
        "wants_eigenbasis",
        [](int size, bool bias, double ridge, double ridge_bias, const std::string& form) {
            return alsatian::wants_eigenbasis(size, bias, ridge, ridge_bias, parse_form(form));
        },
        "size"_a, "bias"_a, "ridge"_a, "ridge_bias"_a, "form"_a,
        "Whether rows beside a shared Gram matrix may be solved in its eigenbasis.");
    m.def("downdate_pays", &alsatian::downdate_pays, "length"_a, "columns"_a, "size"_a,
          "Whether a row of so many cells of weight one is solved by a downdate of the Gram matrix.");
    m.def("build_config", &build_config, "How the extension was built.");
}
