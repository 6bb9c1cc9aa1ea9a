#include "column_sums.hpp"

#include <array>
#include <numeric>

namespace alsatian {

namespace {
constexpr i64 kRowsPerSum = 1024;  // rows whose sum is kept in T before it is added in float64
constexpr i64 kMostTasks = 64;     // a function of the size alone, so that the order of sums is too
}  // namespace

const i32* consecutive() {
    static const auto numbers = [] {
        std::array<i32, kBlock> a{};
        std::iota(a.begin(), a.end(), 0);
        return a;
    }();
    return numbers.data();
}

namespace {

template <class T>
class PartialSums {
  public:
    PartialSums(const Panels& layout, const Kernels<T>& k, const T* root_weights)
        : root_weights_(root_weights),
          layout_(layout),
          k_(k),
          stride_(kBlock * layout.panel),
          packed_(std::size_t(stride_) * layout.count),
          gram_(layout.elements()),
          rhs_(layout.padded) {}

    // Adds rows [begin, end) to `sums`, by way of T for every kRowsPerSum of them.
    void add(const Factors<T>& z, const T* offset, i64 begin, i64 end, ColumnSums& sums, Crew& crew,
             int worker) {
        for (i64 b = begin; b < end; b += kRowsPerSum) {
            layout_.clear(gram_.data());
            std::fill(rhs_.begin(), rhs_.end(), T(0));
            for (i64 c = b, stop = std::min(end, b + kRowsPerSum); c < stop; c += kBlock)
                pack(z, offset, c, std::min(kBlock, stop - c), sums);
            layout_.add(sums.gram.data(), gram_.data());
            for (int c = 0; c < layout_.padded; c++) sums.rhs[c] += rhs_[c];
            crew.tick(worker, 0);
        }
    }

  private:
    void pack(const Factors<T>& z, const T* offset, i64 first, i64 count, ColumnSums& sums) {
        T minus[kBlock];
        for (i64 q = 0; q < count; q++) {
            const double o = offset ? offset[first + q] : T(0);
            minus[q] = static_cast<T>(-o);
            sums.square += o * o;
        }
        const Factors<T> rows{z.data + first * z.k, z.rows - first, z.k, z.bias};
        const T* scale = root_weights_ ? root_weights_ + first : nullptr;
        k_.pack_rows(rows, consecutive(), count, count, scale, minus, layout_.padded, packed_.data(), stride_,
                     rhs_.data());
        k_.gram(packed_.data(), stride_, count, layout_.padded, gram_.data(), layout_.stride, Sum::add,
                nullptr);
    }

    const T* root_weights_;
    Panels layout_;
    const Kernels<T>& k_;
    i64 stride_;
    Buffer<T> packed_, gram_, rhs_;
};

ColumnSums empty_sums(const Panels& layout) {
    ColumnSums sums;
    sums.gram = Buffer<double>(layout.elements());
    sums.rhs = Buffer<double>(layout.padded);
    return sums;
}

}  // namespace

template <class T>
ColumnSums column_sums(const Factors<T>& z, const T* offset, const Kernels<T>& k, Crew& crew,
                       const T* root_weights) {
    const Panels layout(z.size(), k);
    const i64 blocks = (z.rows + kRowsPerSum - 1) / kRowsPerSum;
    const i64 share = std::max<i64>(1, (blocks + kMostTasks - 1) / kMostTasks) * kRowsPerSum;
    const i64 tasks = (z.rows + share - 1) / share;
    ColumnSums total = empty_sums(layout);
    crew.reset_turns();
    crew.each(tasks, [&](int worker, i64 task) {
        ColumnSums sums = empty_sums(layout);
        PartialSums<T>(layout, k, root_weights)
            .add(z, offset, task * share, std::min(z.rows, (task + 1) * share), sums, crew, worker);
        crew.wait_turn(worker, task);
        layout.add(total.gram.data(), sums.gram.data());
        for (int c = 0; c < layout.padded; c++) total.rhs[c] += sums.rhs[c];
        total.square += sums.square;
        crew.pass_turn();
    });
    return total;
}

template ColumnSums column_sums<float>(const Factors<float>&, const float*, const Kernels<float>&, Crew&,
                                       const float*);
template ColumnSums column_sums<double>(const Factors<double>&, const double*, const Kernels<double>&, Crew&,
                                        const double*);

}  // namespace alsatian
