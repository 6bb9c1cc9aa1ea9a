#include "leverage.hpp"

#include <cmath>
#include <limits>
#include <memory>
#include <optional>
#include <vector>

#include "row_inverse.hpp"

namespace alsatian {

namespace {

constexpr double kEps = std::numeric_limits<double>::epsilon();
constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

// Something of each worker's own, made when it first has a row to do.
template <class W>
class PerWorker {
  public:
    PerWorker(const Shared<double>& shared, const Crew& crew) : shared_(shared), all_(crew.size()) {}
    W& operator[](int worker) {
        auto& own = all_[worker];
        if (!own) own = std::make_unique<W>(shared_);
        return *own;
    }

  private:
    const Shared<double>& shared_;
    std::vector<std::unique_ptr<W>> all_;
};

// Calls task(shared, crew) with what all rows have in common.
template <class Task>
void with_shared(const HalfStep<double>& step, Task task) {
    const Kernels<double>& k = kernels<double>(step.isa);
    const Cells<double>& cells = step.cells;
    Crew crew(step.threads, step.poll, double(cells.indptr[cells.rows]));
    Shared<double> shared(step, k);
    std::optional<FixedSide<double>> side;
    if (cells.rule.gram_weight > 0) {
        side.emplace(prepare(step, k, crew));
        shared.side = &*side;
    }
    task(shared, crew);
}

// One row without each of its cells in turn.
class LeftOut {
  public:
    explicit LeftOut(const Shared<double>& shared) : s_(shared), k_(shared.kernels), inverse_(shared) {}

    void solve(i64 row, double* rest, double* error, Crew& crew, int worker) {
        const i64 begin = s_.step.cells.indptr[row], count = s_.step.cells.length(row);
        if (count == 0) return;
        if (!goes_dual(row) || !dual(row, rest + begin, error + begin))
            primal(row, rest + begin, error + begin, crew, worker);
        crew.tick(worker, double(count));
    }

  private:
    double offset(i32 column) const { return s_.step.offset ? s_.step.offset[column] : 0.0; }

    bool goes_dual(i64 row) const {
        const Cells<double>& cells = s_.step.cells;
        if (s_.gram_weight() > 0 || !s_.dual_allowed || cells.length(row) > s_.layout.size) return false;
        for (i64 c = cells.indptr[row]; c < cells.indptr[row + 1]; c++)
            if (cells.weight(c) == 0) return false;
        return true;
    }

    void primal(i64 row, double* rest, double* error, Crew& crew, int worker) {
        const Cells<double>& cells = s_.step.cells;
        const i64 begin = cells.indptr[row];
        const double more = s_.gram_weight() - cells.rule.less;
        inverse_.make(row, crew, worker);
        inverse_.visit(cells.indices + begin, cells.length(row), [&](i64 p, double variance, double score) {
            rest[p] = 1 - (cells.weight(begin + p) + more) * variance;
            const double residual = cells.value(begin + p) - offset(cells.indices[begin + p]) - score;
            error[p] = rest[p] < kLeastRest ? kNaN : residual / rest[p];
        });
    }

    // With K = S D⁻¹ Sᵀ + s I, √C (x − s) = s K⁻¹ √C (x − o) and 1 − h = s (K⁻¹)_jj. Their ratio has no
    // cancellation, and where there is no ridge it is the limit, which the solution of least norm has.
    bool dual(i64 row, double* rest, double* error) {
        const Cells<double>& cells = s_.step.cells;
        const i64 begin = cells.indptr[row];
        const int count = static_cast<int>(cells.length(row));
        const double shift = s_.no_ridge ? 0.0 : s_.scale(row);
        const Panels layout(count, k_);
        if (!factor(row, layout, shift)) return false;
        for (int i = 0; i < count; i++) {
            right_[i] = std::sqrt(cells.weight(begin + i)) *
                        (cells.value(begin + i) - offset(cells.indices[begin + i]));
        }
        std::fill(right_.begin() + count, right_.end(), 0.0);
        k_.solve(a_.data(), layout.stride, layout.padded, diagonal_.data(), right_.data());
        invert(layout);
        for (int i = 0; i < count; i++) {
            double square = 0;
            for (int c = i; c < count; c++) {
                const double entry = square_[std::size_t(i) * count + c];
                square += entry * entry;
            }
            rest[i] = shift * square;
            error[i] = right_[i] / square / std::sqrt(cells.weight(begin + i));
        }
        return true;
    }

    bool factor(i64 row, const Panels& layout, double shift) {
        const Cells<double>& cells = s_.step.cells;
        const i64 begin = cells.indptr[row], stride = kBlock * layout.panel;
        const int count = layout.size;
        a_ = Buffer<double>(layout.elements());
        packed_ = Buffer<double>(std::size_t(stride) * layout.count);
        right_ = Buffer<double>(layout.padded);
        diagonal_ = Buffer<double>(layout.padded);
        root_ = Buffer<double>(layout.padded);
        for (int i = 0; i < count; i++) root_[i] = std::sqrt(cells.weight(begin + i));
        for (int first = 0; first < s_.layout.padded; first += static_cast<int>(kBlock)) {
            const int depth = std::min<int>(kBlock, s_.layout.padded - first);
            k_.pack_transposed(s_.step.fixed, cells.indices + begin, count, layout.padded, first, depth,
                               s_.inverse_root_ridge.data(), root_.data(), packed_.data(), stride);
            k_.gram(packed_.data(), stride, depth, layout.padded, a_.data(), layout.stride, Sum::add,
                    nullptr);
        }
        double trace = 0;
        for (int i = 0; i < count; i++) trace += a_[layout.at(i, i)] += shift;
        layout.set_padding(a_.data());
        if (!k_.cholesky(a_.data(), layout.stride, layout.padded, kPivotRoundings * kEps, diagonal_.data()))
            return false;
        return !too_small_to_regularize<double>(shift, trace) ||
               smallest_eigenvalue(k_, layout, a_.data(), diagonal_.data()) >
                   kSingularRoundings * kEps * trace;
    }

    void invert(const Panels& layout) {
        square_.resize(std::size_t(layout.size) * layout.size);
        invert_upper(layout, a_.data(), diagonal_.data(), square_.data());
    }

    const Shared<double>& s_;
    const Kernels<double>& k_;
    RowInverse inverse_;
    Buffer<double> a_, packed_, right_, diagonal_, root_;
    std::vector<double> square_;  // U⁻¹, row-major
};

}  // namespace

void leverages(const HalfStep<double>& step, const Targets& targets, double* variance, double* freedom) {
    with_shared(step, [&](const Shared<double>& shared, Crew& crew) {
        PerWorker<RowInverse> inverses(shared, crew);
        crew.each(step.cells.rows, [&](int worker, i64 row) {
            const i64 begin = targets.indptr ? targets.indptr[row] : 0;
            const i64 count = targets.indptr ? targets.indptr[row + 1] - begin : 0;
            if (count == 0 && !freedom) return;
            RowInverse& inverse = inverses[worker];
            inverse.make(row, crew, worker);
            if (freedom) freedom[row] = inverse.freedom();
            inverse.visit(targets.indices + begin, count,
                          [&](i64 p, double v, double) { variance[begin + p] = v; });
        });
    });
}

void leave_one_out(const HalfStep<double>& step, double* rest, double* error) {
    with_shared(step, [&](const Shared<double>& shared, Crew& crew) {
        PerWorker<LeftOut> workers(shared, crew);
        crew.each(step.cells.rows,
                  [&](int worker, i64 row) { workers[worker].solve(row, rest, error, crew, worker); });
    });
}

}  // namespace alsatian
