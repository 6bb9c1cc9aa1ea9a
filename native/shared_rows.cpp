#include "shared_rows.hpp"

#include <cmath>
#include <limits>

namespace alsatian {

namespace {

// A = Z̃ᵀZ̃ + Λ factored once; where that is singular, the rows P_j = A⁺ z̃_j stand in for z̃_j and nothing is
// left to solve.
template <class T>
class SharedSystem {
  public:
    SharedSystem(const Shared<T>& s, const ColumnSums& sums)
        : layout(s.layout), factors(s.step.fixed), s_(s), u_(s.layout.elements()), inverse_(s.layout.padded) {
        layout.copy_scaled(u_.data(), sums.gram.data(), 1.0);
        double trace = 0;
        for (int c = 0; c < layout.size; c++)
            trace += u_[layout.at(c, c)] += static_cast<T>(s.scale(0) * s.lambda(c));
        layout.set_padding(u_.data());
        const T eps = std::numeric_limits<T>::epsilon();
        const bool regular = s.kernels.cholesky(u_.data(), layout.stride, layout.padded,
                                                kPivotRoundings * eps, inverse_.data());
        if (!regular || (too_small_to_regularize<T>(s.scale(0) * s.least_lambda(), trace) &&
                         smallest_eigenvalue(s.kernels, layout, u_.data(), inverse_.data()) <=
                             kSingularRoundings * double(eps) * trace))
            use_pseudo_inverse();
        rhs = Buffer<T>(layout.padded);
        std::vector<double> start(sums.rhs.data(), sums.rhs.data() + layout.size);
        if (s.gram_weight() > 0) {
            if (minimum_norm) start = through_pseudo_inverse(start);
            for (int c = 0; c < layout.size; c++) rhs[c] = static_cast<T>(start[c]);
        }
    }

    // x ← w̃ for x = Σ_j t_ij (factors_j).
    void solve(T* x) const {
        if (!minimum_norm) s_.kernels.solve(u_.data(), layout.stride, layout.padded, inverse_.data(), x);
    }

    const Panels& layout;
    Factors<T> factors;
    Buffer<T> rhs;  // what every row's right-hand side starts from
    bool minimum_norm = false;

    // ½ δᵀAδ
    double curvature(const ColumnSums& sums, const T* delta) const {
        if (!minimum_norm)
            return 0.5 * s_.kernels.norm_through(u_.data(), layout.stride, layout.padded, delta);
        double sum = gram_norm(layout, sums.gram, delta);
        for (int c = 0; c < layout.size; c++)
            sum += s_.scale(0) * s_.lambda(c) * double(delta[c]) * double(delta[c]);
        return 0.5 * sum;
    }

  private:
    void use_pseudo_inverse() {
        minimum_norm = true;
        const Factors<T>& z = s_.step.fixed;
        const int size = layout.size;
        LeastSquares system;
        system.columns = size;
        system.t.assign(std::size_t(z.rows), 0.0);
        system.s.reserve(std::size_t(z.rows) * size);
        for (i64 j = 0; j < z.rows; j++) {
            for (int c = 0; c < z.k; c++) system.s.push_back(double(z.data[j * z.k + c]));
            if (z.bias) system.s.push_back(1.0);
        }
        append_ridge(system, s_.step, s_.scale(0));
        pseudo_ =
            pseudo_inverse_gram(std::move(system), std::sqrt(double(std::numeric_limits<T>::epsilon())));
        transformed_ = Buffer<T>(std::size_t(z.rows) * size);
        std::vector<double> zj(size);
        for (i64 j = 0; j < z.rows; j++) {
            for (int c = 0; c < size; c++) zj[c] = c < z.k ? double(z.data[j * z.k + c]) : 1.0;
            const std::vector<double> p = through_pseudo_inverse(zj);
            for (int c = 0; c < size; c++) transformed_[std::size_t(j) * size + c] = static_cast<T>(p[c]);
        }
        factors = Factors<T>{transformed_.data(), z.rows, size, false};
    }

    std::vector<double> through_pseudo_inverse(const std::vector<double>& v) const {
        const std::size_t n = v.size();
        std::vector<double> out(n, 0.0);
        for (std::size_t a = 0; a < n; a++)
            for (std::size_t b = 0; b < n; b++) out[a] += pseudo_[a * n + b] * v[b];
        return out;
    }

    const Shared<T>& s_;
    Buffer<T> u_, inverse_, transformed_;
    std::vector<double> pseudo_;
};

template <class T>
class SharedRows {
  public:
    static constexpr i64 kDenseRows = 64;  // rows of a full matrix that are multiplied at a time

    SharedRows(const Shared<T>& s, const SharedSystem<T>& system, const ColumnSums& sums)
        : s_(s),
          system_(system),
          sums_(sums),
          x_(s.layout.padded),
          old_(s.layout.padded),
          delta_(s.layout.padded) {}

    // Sparse: Σ_j p_ij z̃_j over the stored cells, onto the shared part.
    void sparse_row(i64 row, Crew& crew, int worker) {
        const Cells<T>& cells = s_.step.cells;
        std::copy(system_.rhs.begin(), system_.rhs.end(), x_.begin());
        double constant = sums_.square;
        const i64 begin = cells.indptr[row], end = cells.indptr[row + 1];
        for (i64 c = begin; c < end; c++) {
            const double o = s_.step.offset ? double(s_.step.offset[cells.indices[c]]) : 0.0;
            constant += double(cells.values[c]) * (double(cells.values[c]) - 2 * o);
        }
        s_.kernels.pack_rows(system_.factors, cells.indices + begin, end - begin, end - begin, nullptr,
                             cells.values + begin, s_.layout.padded, nullptr, 0, x_.data());
        crew.tick(worker, double(end - begin));
        finish(row, constant);
    }

    // Full: a block of rows at a time, (X − o) Z̃ by the register tile.
    void dense_rows(i64 first, i64 count, Crew& crew, int worker) {
        const Panels& layout = s_.layout;
        const int panel = layout.panel;
        const i64 stride = kBlock * panel, c_stride = i64(panel) * panel, c_size = c_stride * layout.count;
        const i64 groups = (kDenseRows + panel - 1) / panel;  // panels of rows that share one packing of Z̃
        if (block_.size() == 0) {
            block_ = Buffer<T>(std::size_t(c_size * groups));
            packed_ = Buffer<T>(std::size_t(stride * layout.count));
            left_ = Buffer<T>(std::size_t(stride));
            unused_ = Buffer<T>(layout.padded);
        }
        std::fill(block_.begin(), block_.end(), T(0));
        const Cells<T>& cells = s_.step.cells;
        const T* x = cells.values + first * cells.columns;
        const T zeros[kBlock] = {};
        for (i64 j = 0; j < cells.columns; j += kBlock) {
            const i64 depth = std::min(kBlock, cells.columns - j);
            const Factors<T>& z = system_.factors;
            const Factors<T> rows{z.data + j * z.k, z.rows - j, z.k, z.bias};
            s_.kernels.pack_rows(rows, consecutive(), depth, depth, nullptr, zeros, layout.padded,
                                 packed_.data(), stride, unused_.data());
            for (i64 g = 0; g * panel < count; g++) {
                const i64 height = std::min<i64>(panel, count - g * panel);
                s_.kernels.pack_dense(x + g * panel * cells.columns, cells.columns, height, j, depth,
                                      s_.step.offset, left_.data());
                s_.kernels.product(left_.data(), packed_.data(), stride, depth, static_cast<int>(height),
                                   layout.padded, block_.data() + g * c_size, c_stride);
            }
            crew.tick(worker, double(depth * count));
        }
        for (i64 r = 0; r < count; r++) {
            const T* products = block_.data() + (r / panel) * c_size + (r % panel) * panel;
            for (int c = 0; c < layout.padded; c += panel)
                std::copy_n(products + (c / panel) * c_stride, std::min(panel, layout.padded - c),
                            x_.data() + c);
            finish(first + r, squared_distance(x + r * cells.columns));
        }
    }

  private:
    // Σ_j (x_j − o_j)²
    double squared_distance(const T* x) const {
        double sum = 0;
        for (i64 j = 0; j < s_.step.cells.columns; j++) {
            const T t = x[j] - (s_.step.offset ? s_.step.offset[j] : T(0));
            sum += double(t) * double(t);
        }
        return sum;
    }

    // f* = ½ (const − 2 w̃·r + w̃ᵀAw̃) = ½ (const − w̃ᵀAw̃) at the solution.
    void finish(i64 row, double constant) {
        const HalfStep<T>& step = s_.step;
        system_.solve(x_.data());
        RowResult result{0.5 * constant - system_.curvature(sums_, x_.data())};
        if (step.relaxation != 1.0) {
            read_row(step, row, old_.data());
            for (int c = 0; c < s_.layout.size; c++) delta_[c] = old_[c] - x_[c];
            result.curvature = system_.curvature(sums_, delta_.data());
        }
        write_row(step, row, x_.data(), result);
    }

    const Shared<T>& s_;
    const SharedSystem<T>& system_;
    const ColumnSums& sums_;
    Buffer<T> x_, old_, delta_, block_, packed_, left_, unused_;
};

}  // namespace

template <class T>
void solve_shared(const Shared<T>& shared, const ColumnSums& sums, Crew& crew, Counts& counts) {
    const SharedSystem<T> system(shared, sums);
    const Cells<T>& cells = shared.step.cells;
    // The result of a row does not depend on the block that it is in.
    const i64 block = SharedRows<T>::kDenseRows;
    std::vector<SharedRows<T>> workers;
    for (int w = 0; w < crew.size(); w++) workers.emplace_back(shared, system, sums);
    crew.each((cells.rows + block - 1) / block, [&](int worker, i64 b) {
        const i64 first = b * block, count = std::min(block, cells.rows - first);
        if (cells.full()) return workers[worker].dense_rows(first, count, crew, worker);
        for (i64 row = first; row < first + count; row++) workers[worker].sparse_row(row, crew, worker);
    });
    (system.minimum_norm ? counts.minimum_norm : counts.shared) += cells.rows;
}

template void solve_shared<float>(const Shared<float>&, const ColumnSums&, Crew&, Counts&);
template void solve_shared<double>(const Shared<double>&, const ColumnSums&, Crew&, Counts&);

}  // namespace alsatian
