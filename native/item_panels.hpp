// The items of a top-n, packed for the kernel in an order in which the rest soon cannot matter any more.
#pragma once

#include <vector>

#include "buffer.hpp"
#include "crew.hpp"
#include "top_n.hpp"

namespace alsatian {

// Norms of rows, never below the true ones; infinite where a row is not finite.
template <class T>
Buffer<double> upper_norms(const Factors<T>& rows, Crew& crew);

// An upper bound, for the scores as computed, of what the rows of a query and of some items can give.
//
// |w·z| ≤ ‖w‖‖z‖ for the exact product (Cauchy–Schwarz). Its sum in k rounded steps is off by no more than
// γ_k Σ|w_d z_d| ≤ γ_k ‖w‖‖z‖, γ_k = ku / (1 − ku) (Higham 2002, §3.1), and by underflow; the factor and the
// term below are larger. Rounding never changes an order, so the two sums that follow, rounded as those of
// the score are, keep the bound a bound.
template <class T>
class ScoreBound {
  public:
    explicit ScoreBound(int k);
    T operator()(double query_norm, double item_norm, T base, T item_offset) const;

  private:
    double factor_, underflow_;
};

// All allowed items in the order in which they are scored, and what bounds the rest from any place on.
template <class T>
class ItemOrder {
  public:
    // `scale` is a typical norm of a query: items come by falling offset + scale · norm.
    ItemOrder(const TopN<T>& job, double scale, Crew& crew);

    i64 size() const { return static_cast<i64>(index_.size()); }
    const i32* index() const { return index_.data(); }

    // The largest norm and offset from the block of `kItemBlock` items that begins at `first` on.
    struct Rest {
        double norm;
        T offset;
    };
    const Rest& rest(i64 first) const { return rest_[static_cast<std::size_t>(first / kItemBlock)]; }

    // Items after which queries that are done are dropped: a multiple of every panel.
    static constexpr i64 kItemBlock = 128;

  private:
    std::vector<i32> index_;
    std::vector<Rest> rest_;
};

// Some of the items in order, in panels: as many as fit a bounded piece of memory.
template <class T>
class ItemPanels {
  public:
    ItemPanels(const TopN<T>& job, const ItemOrder<T>& order, const Kernels<T>& k);

    // Packs from `first` on, in parallel; returns how many items.
    i64 pack(i64 first, Crew& crew);

    // The items [first, first + panel) of the order, for first within what is packed.
    const T* factors(i64 first) const { return packed_.data() + (first - begin_) / panel_ * stride_; }
    // Offsets of the items of a panel: NaN where there is no item, which no threshold lets pass.
    const T* offsets(i64 first) const { return offset_.data() + (first - begin_); }

  private:
    void pack_panel(i64 first, i64 count);

    const TopN<T>& job_;
    const ItemOrder<T>& order_;
    const Kernels<T>& kernels_;
    i64 panel_, stride_, room_, begin_ = 0;
    Buffer<T> packed_, offset_;
};

}  // namespace alsatian
