// Leave-one-out errors and variances of scores: arrays in and out.
#include "leverage.hpp"

#include <nanobind/stl/tuple.h>

#include <tuple>

#include "arrays.hpp"
#include "structure.hpp"

namespace {

using namespace alsatian::bindings;
using alsatian::i32;
using alsatian::i64;

// Stored cells, the fixed side, ridge and scale, checked: what both functions read.
struct System {
    In<i64, 1> indptr;
    In<i32, 1> indices;
    In<double, 1> values;
    std::optional<In<double, 1>> weights;
    double gram_weight, less;
    In<double, 2> factors;
    std::optional<In<double, 1>> offset;
    bool bias;
    double ridge, ridge_bias;
    In<double, 1> scale;

    alsatian::HalfStep<double> step(int n_jobs, const std::string& isa, nb::object poll) const {
        const i64 rows = i64(indptr.shape(0)) - 1, columns = static_cast<i64>(factors.shape(0));
        const i64 stored = static_cast<i64>(indices.shape(0));
        require(rows >= 0, "indptr must have rows + 1 entries");
        require(i64(values.shape(0)) == stored, "indices and values must be of the same length");
        require(!weights || i64(weights->shape(0)) == stored,
                "weights and indices must be of the same length");
        require(factors.shape(1) >= 1 && factors.shape(1) < 100000,
                "factors have too few or too many columns");
        require(!offset || i64(offset->shape(0)) == columns, "offset must have one entry for each column");
        require(scale.shape(0) == 1 || i64(scale.shape(0)) == rows,
                "scale must have one entry, or one a row");
        require(ridge >= 0 && ridge_bias >= 0 && gram_weight >= 0 && less >= 0,
                "the ridge and the numbers of the rule must not be negative");
        alsatian::check_structure(indptr.data(), rows, stored, indices.data(), columns);
        alsatian::HalfStep<double> made;
        made.cells = {rows,          columns,          indptr.data(),          indices.data(),
                      values.data(), pointer(weights), {gram_weight, less, 0}, 0};
        made.fixed = {factors.data(), columns, static_cast<int>(factors.shape(1)), bias};
        made.offset = pointer(offset);
        made.ridge = ridge;
        made.ridge_bias = bias ? ridge_bias : 0;
        made.scale = scale.data();
        made.scale_step = scale.shape(0) == 1 ? 0 : 1;
        made.threads = n_jobs;
        made.isa = usable_isa(isa);
        made.poll = make_poll(std::move(poll));
        return made;
    }
};

void leverages(In<i64, 1> indptr, In<i32, 1> indices, In<double, 1> values,
               std::optional<In<double, 1>> weights, std::tuple<double, double> rule, In<double, 2> factors,
               bool bias, double ridge, double ridge_bias, In<double, 1> scale, In<i64, 1> target_indptr,
               In<i32, 1> targets, Out<double, 1> variance, std::optional<Out<double, 1>> freedom, int n_jobs,
               const std::string& isa, nb::object poll) {
    const auto [gram_weight, less] = rule;
    const System system{indptr,  indices, values, weights, gram_weight, less,
                        factors, {},      bias,   ridge,   ridge_bias,  scale};
    const auto step = system.step(n_jobs, isa, std::move(poll));
    const i64 asked = static_cast<i64>(targets.shape(0));
    require(i64(target_indptr.shape(0)) == step.cells.rows + 1, "target_indptr must have rows + 1 entries");
    require(i64(variance.shape(0)) == asked, "variance must have one entry a target");
    require(!freedom || i64(freedom->shape(0)) == step.cells.rows, "freedom must have one entry a row");
    alsatian::check_structure(target_indptr.data(), step.cells.rows, asked, targets.data(),
                              step.cells.columns);
    double* per_row = pointer(freedom);
    nb::gil_scoped_release release;
    alsatian::leverages(step, {target_indptr.data(), targets.data()}, variance.data(), per_row);
}

void leave_one_out(In<i64, 1> indptr, In<i32, 1> indices, In<double, 1> values,
                   std::optional<In<double, 1>> weights, std::tuple<double, double> rule,
                   In<double, 2> factors, std::optional<In<double, 1>> offset, bool bias, double ridge,
                   double ridge_bias, In<double, 1> scale, Out<double, 1> rest, Out<double, 1> error,
                   int n_jobs, const std::string& isa, nb::object poll) {
    const auto [gram_weight, less] = rule;
    const System system{indptr,  indices, values, weights, gram_weight, less,
                        factors, offset,  bias,   ridge,   ridge_bias,  scale};
    const auto step = system.step(n_jobs, isa, std::move(poll));
    require(rest.shape(0) == indices.shape(0) && error.shape(0) == indices.shape(0),
            "rest and error must have one entry a cell");
    nb::gil_scoped_release release;
    alsatian::leave_one_out(step, rest.data(), error.data());
}

}  // namespace

void define_leverage(nb::module_& m) {
    m.def("leverages", &leverages, "indptr"_a.noconvert(), "indices"_a.noconvert(), "values"_a.noconvert(),
          "weights"_a.noconvert().none(), "rule"_a, "factors"_a.noconvert(), "bias"_a, "ridge"_a,
          "ridge_bias"_a, "scale"_a.noconvert(), "target_indptr"_a.noconvert(), "targets"_a.noconvert(),
          "variance"_a.noconvert(), "freedom"_a.noconvert().none(), "n_jobs"_a, "isa"_a, "poll"_a.none(),
          "Variances of scores by the row systems, and the parameters that each row determines.");
    m.def("leave_one_out", &leave_one_out, "indptr"_a.noconvert(), "indices"_a.noconvert(),
          "values"_a.noconvert(), "weights"_a.noconvert().none(), "rule"_a, "factors"_a.noconvert(),
          "offset"_a.noconvert().none(), "bias"_a, "ridge"_a, "ridge_bias"_a, "scale"_a.noconvert(),
          "rest"_a.noconvert(), "error"_a.noconvert(), "n_jobs"_a, "isa"_a, "poll"_a.none(),
          "What each cell's score would be without the cell: 1 - h, and the error.");
}
