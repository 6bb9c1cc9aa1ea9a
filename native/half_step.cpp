#include "half_step.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <memory>
#include <optional>
#include <vector>

#include "column_sums.hpp"
#include "crew.hpp"
#include "row_cg.hpp"
#include "row_solver.hpp"
#include "row_subspace.hpp"
#include "shared_rows.hpp"

namespace alsatian {

namespace {

// Work that a worker takes at a time, in multiply-adds: long enough that taking it costs nothing, short
// enough that the last worker to finish is not waited for.
constexpr double kChunkWork = 4e6;
// Groups of long rows are small enough that the last worker to finish is not waited for.
constexpr i64 kGroupsPerWorker = 8;

// Longest rows first, to within an eighth: buckets by the leading bits of the length, each in row order.
std::vector<i64> longest_first(i64 rows, const i64* indptr) {
    auto bucket = [](i64 length) {
        const auto n = static_cast<std::uint64_t>(length);
        if (n < 8) return static_cast<int>(n);
        const int top = static_cast<int>(std::bit_width(n)) - 1;
        return top * 8 + static_cast<int>((n >> (top - 3)) & 7);
    };
    std::array<i64, 512> start{};
    for (i64 i = 0; i < rows; i++) start[511 - bucket(indptr[i + 1] - indptr[i])]++;
    i64 total = 0;
    for (i64& s : start) s = std::exchange(total, total + s);
    std::vector<i64> order(static_cast<std::size_t>(rows));
    for (i64 i = 0; i < rows; i++) order[start[511 - bucket(indptr[i + 1] - indptr[i])]++] = i;
    return order;
}

// Where each chunk of the order begins.
template <class T>
std::vector<i64> chunks_of(const Shared<T>& shared, const std::vector<i64>& order, i64 from) {
    std::vector<i64> starts{from};
    double work = 0;
    for (i64 i = from; i < std::ssize(order); i++) {
        work += row_work(shared, order[i]) + 100;
        if (work < kChunkWork) continue;
        starts.push_back(i + 1);
        work = 0;
    }
    if (starts.back() != std::ssize(order)) starts.push_back(std::ssize(order));
    return starts;
}

template <class T>
class RowsByRow {
  public:
    RowsByRow(const Shared<T>& shared, Crew& crew)
        : shared_(shared),
          step_(shared.step),
          crew_(crew),
          order_(longest_first(step_.cells.rows, step_.cells.indptr)) {
        if (step_.inexact.method != Method::exact) inexact_.emplace(shared);
        for (i64 i = 0; i < step_.cells.rows; i++)
            if (plan_row(shared, i).dual) longest_dual_ = std::max(longest_dual_, step_.cells.length(i));
        improvers_.resize(static_cast<std::size_t>(crew.size()));
        block_improvers_.resize(static_cast<std::size_t>(crew.size()));
        solvers_.resize(static_cast<std::size_t>(crew.size()));
    }

    Counts run() {
        const i64 from = giants();
        const std::vector<i64> groups = groups_in_step(from);
        const std::vector<i64> chunks = chunks_of(shared_, order_, groups.back());
        const i64 first = std::ssize(groups) - 1;
        crew_.each(first + std::ssize(chunks) - 1, [&](int worker, i64 task) {
            if (task < first) {
                const i64 begin = groups[task], count = groups[task + 1] - begin;
                return improver_of(worker).solve_group(order_.data() + begin, count, crew_, worker);
            }
            const i64 chunk = task - first;
            for (i64 i = chunks[chunk]; i < chunks[chunk + 1]; i++) {
                if (i + 1 < chunks[chunk + 1]) expect(order_[i + 1], worker);
                solve(order_[i], worker);
                crew_.tick(worker, 0);  // a row of minimum norm is long, and has no cells to count by
            }
            if (solvers_[worker]) solvers_[worker]->finish_batch(crew_, worker);
        });
        Counts counts;
        for (const auto& improver : improvers_)
            if (improver) counts += improver->counts;
        for (const auto& improver : block_improvers_)
            if (improver) counts += improver->counts;
        for (const auto& solver : solvers_)
            if (solver) counts += solver->counts;
        return counts;
    }

  private:
    void solve(i64 row, int worker) {
        if (!inexact_) return solver_of(worker).solve(row, crew_, worker);
        switch (plan_row(shared_, row).method) {
            case Method::cg:
                return improver_of(worker).solve(row, crew_, worker);
            case Method::subspace:
                return block_improver_of(worker).solve(row, crew_, worker);
            case Method::exact:
                break;
        }
        solver_of(worker).solve(row, crew_, worker);
    }

    RowSubspace<T>& block_improver_of(int worker) {
        auto& improver = block_improvers_[worker];
        if (!improver) improver = std::make_unique<RowSubspace<T>>(*inexact_);
        return *improver;
    }

    RowCg<T>& improver_of(int worker) {
        auto& improver = improvers_[worker];
        if (!improver) improver = std::make_unique<RowCg<T>>(*inexact_);
        return *improver;
    }

    // Brings long rows that are improved to the front of the order; returns where each group of them begins,
    // and where the last one ends.
    std::vector<i64> groups_in_step(i64 from) {
        std::vector<i64> starts{from};
        if (step_.inexact.method != Method::cg) return starts;
        const auto end = std::stable_partition(order_.begin() + from, order_.end(), [&](i64 row) {
            return RowCg<T>::long_enough(step_, row) && plan_row(shared_, row).method == Method::cg;
        });
        const i64 most = RowCg<T>::group_size(step_);
        const i64 total = step_.cells.indptr[step_.cells.rows] - step_.cells.indptr[0];
        const i64 share = total / (kGroupsPerWorker * crew_.size());
        i64 cells = 0;
        for (i64 i = from; i < end - order_.begin(); i++) {
            cells += step_.cells.length(order_[i]);
            if (cells < share && i + 1 - starts.back() < most) continue;
            starts.push_back(i + 1);
            cells = 0;
        }
        if (starts.back() != end - order_.begin()) starts.push_back(end - order_.begin());
        return starts;
    }

    // What a row gathers first is asked for while the row before it is solved.
    void expect(i64 row, int worker) {
        if (!inexact_)
            solver_of(worker).expect(row);
        else
            fetch_early(row);
    }

    void fetch_early(i64 row) const {
        constexpr i64 kRows = 12;
        constexpr int kLine = 64 / sizeof(T);
        const i64 begin = step_.cells.indptr[row], end = std::min(begin + kRows, step_.cells.indptr[row + 1]);
        for (i64 c = begin; c < end; c++) {
            const T* z = step_.fixed.data + i64(step_.cells.indices[c]) * step_.fixed.k;
            for (int e = 0; e < step_.fixed.k; e += kLine) __builtin_prefetch(z + e);
        }
    }

    RowSolver<T>& solver_of(int worker) {
        auto& solver = solvers_[worker];
        if (!solver) solver = std::make_unique<RowSolver<T>>(shared_, longest_dual_);
        return *solver;
    }

    // Rows so long that one worker would keep the others waiting are summed by all of them, segment by
    // segment in order: the same sums as one worker would make. Returns how many rows that were.
    i64 giants() {
        const i64 total = step_.cells.indptr[step_.cells.rows] - step_.cells.indptr[0];
        const i64 longest = std::max<i64>(kSegment, total / (4 * crew_.size()));
        i64 done = 0;
        for (; crew_.size() > 1 && done < std::ssize(order_); done++) {
            const i64 row = order_[done], begin = step_.cells.indptr[row], end = step_.cells.indptr[row + 1];
            const RowPlan plan = plan_row(shared_, row);
            if (end - begin <= longest || plan.dual || plan.method != Method::exact) break;
            if (!giant(row, plan)) giant(row, RowPlan{plan.rule});
        }
        return done;
    }

    bool giant(i64 row, const RowPlan& plan) {
        const Stretches<T> parts(step_.cells, row, plan.walks_columns());
        RowSolver<T> sum(shared_, 0);
        sum.begin_sum(plan);
        crew_.reset_turns();
        crew_.each(parts.count(), [&](int worker, i64 s) {
            RowSolver<T>& solver = solver_of(worker);
            solver.segment(plan, parts[s], crew_, worker);
            crew_.wait_turn(worker, s);
            sum.add_segment(solver);
            crew_.pass_turn();
        });
        const bool finished = sum.finish_sum(row, plan);
        crew_.tick(0, 0);
        solver_of(0).counts += sum.counts;
        return finished;
    }

    const Shared<T>& shared_;
    const HalfStep<T>& step_;
    Crew& crew_;
    std::vector<i64> order_;
    i64 longest_dual_ = 0;
    std::vector<std::unique_ptr<RowSolver<T>>> solvers_;
    std::optional<InexactSide<T>> inexact_;
    std::vector<std::unique_ptr<RowCg<T>>> improvers_;
    std::vector<std::unique_ptr<RowSubspace<T>>> block_improvers_;
};

}  // namespace

template <class T>
Counts half_step(const HalfStep<T>& step) {
    const Kernels<T>& k = kernels<T>(step.isa);
    const Cells<T>& cells = step.cells;
    const double work = cells.full() ? double(cells.rows) * double(cells.columns)
                                     : double(cells.indptr[cells.rows] - cells.indptr[0]);
    Crew crew(step.threads, step.poll, work);
    Shared<T> shared(step, k);
    if (!cells.shared() || (cells.rule.gram_weight > 0 && step.scale_step != 0)) {
        std::optional<FixedSide<T>> own;
        const bool wants_side = cells.rule.gram_weight > 0 || any_downdate(shared);
        if (wants_side && !step.prepared) own.emplace(prepare(step, k, crew));
        if (wants_side) shared.side = own ? &*own : step.prepared;
        return RowsByRow<T>(shared, crew).run();
    }
    const ColumnSums sums = column_sums(step.fixed, step.offset, k, crew);
    Counts counts;
    solve_shared(shared, sums, crew, counts);
    return counts;
}

template <class T>
void gram(const Factors<T>& z, const T* root_weights, double* out, int threads, const std::string& isa,
          const std::function<void(double)>& poll) {
    const Kernels<T>& k = kernels<T>(isa);
    Crew crew(threads, poll, 1);
    const ColumnSums sums = column_sums<T>(z, nullptr, k, crew, root_weights);
    const Panels layout(z.size(), k);
    for (int r = 0; r < layout.size; r++)
        for (int c = r; c < layout.size; c++) {
            out[std::size_t(r) * layout.size + c] = sums.gram[layout.at(r, c)];
            out[std::size_t(c) * layout.size + r] = sums.gram[layout.at(r, c)];
        }
}

template void gram<float>(const Factors<float>&, const float*, double*, int, const std::string&,
                          const std::function<void(double)>&);
template void gram<double>(const Factors<double>&, const double*, double*, int, const std::string&,
                           const std::function<void(double)>&);
template Counts half_step<float>(const HalfStep<float>&);
template Counts half_step<double>(const HalfStep<double>&);

}  // namespace alsatian
