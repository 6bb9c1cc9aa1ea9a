// Whole half-steps in every mode: the gradient of the row's problem is zero at the solution, the bits do not
// depend on the number of threads, and (under the sanitizers) no memory is touched that should not be.
#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include "check.hpp"
#include "row_problem.hpp"

using namespace row_problem;

namespace {

template <class T>
void check(const Problem<T>& p, const Mode& mode, const std::string& isa, double roundings = 200) {
    const Solution<T> one = solve(p, mode, 1, isa);
    for (i64 i = 0; i < p.rows; i++)
        CHECK(relative_gradient(p, mode, one, i) < roundings * std::numeric_limits<T>::epsilon());
    for (double relaxation : {1.0, 1.6}) {
        const Solution<T> a = solve(p, mode, 1, isa, relaxation), b = solve(p, mode, 3, isa, relaxation);
        CHECK(a.w == b.w);
        CHECK(a.b == b.b);
        CHECK(a.fit == b.fit);
    }
}

template <class T>
void check_modes() {
    for (const std::string& isa : alsatian::available_isas())
        for (int k : {1, 5, 16, 40, 113}) {
            const Problem<T> full(9, 30, k, true, 1, -1), sparse(14, 60, k, false, 0.3, 2);
            for (bool bias : {false, true}) {
                check(full, {true, false, alsatian::kObserved, bias, 0.3, alsatian::Form::automatic}, isa);
                for (bool weighted : {false, true}) {
                    for (const alsatian::Rule& rule : {alsatian::kObserved, alsatian::kZero, kHkv, kIals}) {
                        check(sparse, {false, weighted, rule, bias, 0.3, alsatian::Form::automatic}, isa);
                        check(sparse, {false, weighted, rule, bias, 0.3, alsatian::Form::primal}, isa);
                        check(sparse, {false, weighted, rule, bias, 0.3, alsatian::Form::dual}, isa);
                        check(sparse, {false, weighted, rule, bias, 0.3, alsatian::Form::downdate}, isa);
                    }
                }
            }
        }
}

}  // namespace

TEST(the_gradient_is_zero_in_float) {
    check_modes<float>();
}
TEST(the_gradient_is_zero_in_double) {
    check_modes<double>();
}

TEST(very_long_rows_are_summed_alike_by_any_number_of_threads) {
    const Problem<float> p(4, 30000, 9, false, 0.01, 2);
    for (bool weighted : {false, true}) {
        const Mode mode{false, weighted, alsatian::kObserved, true, 0.5, alsatian::Form::automatic};
        check(p, mode, alsatian::current_isa());
    }
}

TEST(without_a_ridge_all_is_finite) {
    for (int k : {3, 70, 113}) {
        const Problem<double> p(14, 60, k, false, 0.3, 2);
        for (bool weighted : {false, true})
            for (const alsatian::Rule& rule : {alsatian::kObserved, alsatian::kZero}) {
                const Solution<double> s =
                    solve(p, {false, weighted, rule, true, 0.0, alsatian::Form::automatic}, 2,
                          alsatian::current_isa());
                for (double w : s.w) CHECK(std::isfinite(w) && std::fabs(w) < 1e6);
            }
    }
}

TEST(short_rows_beside_a_gram_matrix_take_the_dual_form) {
    const Problem<float> p(200, 60, 113, false, 0.3, 2);
    std::vector<alsatian::Rule> rules{kHkv, kIals};
    for (const alsatian::Rule& rule : rules) {
        const Mode mode{false, false, rule, false, 0.3, alsatian::Form::automatic};
        const Solution<float> s = solve(p, mode, 2, alsatian::current_isa());
        CHECK(s.counts.primal == 1);  // the row without cells
        CHECK(s.counts.dual == p.rows - 1);
        check(p, mode, alsatian::current_isa());
        check(p, {false, false, rule, false, 0.3, alsatian::Form::automatic, 4.0f}, alsatian::current_isa());
        check(p, {false, false, rule, true, 0.3, alsatian::Form::primal, 4.0f}, alsatian::current_isa());
    }
}

TEST(small_weights_of_nearly_full_rows_are_not_lost_beside_the_ones_of_absent_cells) {
    Problem<float> p(14, 60, 5, false, 0.9, 2);
    for (float& w : p.weights) w *= 1e-5f;
    check(p, {false, true, alsatian::kZero, true, 1e-6, alsatian::Form::automatic}, alsatian::current_isa(),
          1000);
    const Problem<float> full(5, 60, 5, false, 2.0, 2);
    check(full, {false, true, alsatian::kZero, true, 1e-6, alsatian::Form::automatic},
          alsatian::current_isa());
}

TEST(rows_with_few_holes_are_solved_by_a_downdate) {
    for (const std::string& isa : alsatian::available_isas())
        for (int k : {16, 40, 113}) {
            const Problem<float> single(12, 300, k, false, 0.97, 2);
            const Problem<double> p(12, 300, k, false, 0.97, 2);
            for (bool bias : {false, true}) {
                const Mode mode{false, false, alsatian::kObserved, bias, 0.3, alsatian::Form::automatic};
                check(p, mode, isa);
                check(single, mode, isa);
                const Solution<double> s = solve(p, mode, 2, isa);
                CHECK(s.counts.downdate == p.rows - 1);  // one is empty
                Mode without = mode;
                without.ridge = 0;
                CHECK(solve(p, without, 2, isa).counts.downdate == 0);
            }
        }
}

TEST(long_rows_with_few_holes_are_summed_alike_by_any_number_of_threads) {
    const Problem<float> p(3, 30000, 17, false, 0.95, 2);
    const Mode mode{false, false, alsatian::kObserved, true, 0.5, alsatian::Form::automatic};
    CHECK(solve(p, mode, 3, alsatian::current_isa()).counts.downdate == 2);
    check(p, mode, alsatian::current_isa());
}

TEST(a_row_that_lacks_most_of_what_there_is_of_a_column_is_solved_in_the_primal_form) {
    Problem<double> p(6, 200, 20, false, 0.97, 2);
    for (i64 i = 0; i < p.k; i++) p.factors[i] *= 30;  // the first column of the cells
    const Mode mode{false, false, alsatian::kObserved, false, 0.5, alsatian::Form::automatic};
    i64 lacking = 0;
    for (i64 i = 0; i < p.rows; i++)
        lacking += p.indptr[i] < p.indptr[i + 1] && p.indices[std::size_t(p.indptr[i])] > 0;
    Problem<double> all_lack = p;
    all_lack.indices.clear();
    all_lack.values.clear();
    all_lack.indptr = {0};
    for (i64 i = 0; i < p.rows; i++) {
        for (i64 e = p.indptr[i]; e < p.indptr[i + 1]; e++)
            if (p.indices[std::size_t(e)] > 0) {
                all_lack.indices.push_back(p.indices[std::size_t(e)]);
                all_lack.values.push_back(p.values[std::size_t(e)]);
            }
        all_lack.indptr.push_back(static_cast<i64>(all_lack.indices.size()));
    }
    CHECK(solve(p, mode, 1, alsatian::current_isa()).counts.downdate == p.rows - 1 - lacking);
    CHECK(solve(all_lack, mode, 1, alsatian::current_isa()).counts.downdate == 0);
    check(all_lack, mode, alsatian::current_isa());
}
