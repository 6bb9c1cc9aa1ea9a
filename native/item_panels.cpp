#include "item_panels.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

namespace alsatian {

namespace {
constexpr i64 kRowsPerTask = 2048;
constexpr std::size_t kPackedBytes = std::size_t(64) << 20;
}  // namespace

template <class T>
Buffer<double> upper_norms(const Factors<T>& rows, Crew& crew) {
    Buffer<double> norms(static_cast<std::size_t>(rows.rows));
    // Squares below the smallest number vanish: each is made up for. The factor is for the roundings.
    const double vanished = rows.k * std::numeric_limits<double>::denorm_min();
    const double factor = 1 + (rows.k + 4) * std::numeric_limits<double>::epsilon();
    crew.each((rows.rows + kRowsPerTask - 1) / kRowsPerTask, [&](int worker, i64 task) {
        const i64 end = std::min(rows.rows, (task + 1) * kRowsPerTask);
        for (i64 i = task * kRowsPerTask; i < end; i++) {
            const T* row = rows.data + i * rows.k;
            double lanes[4] = {};
            int d = 0;
            for (; d + 4 <= rows.k; d += 4)
                for (int l = 0; l < 4; l++) lanes[l] += double(row[d + l]) * double(row[d + l]);
            for (; d < rows.k; d++) lanes[0] += double(row[d]) * double(row[d]);
            const double norm = std::sqrt((lanes[0] + lanes[1]) + (lanes[2] + lanes[3]) + vanished) * factor;
            norms[i] = std::isnan(norm) ? std::numeric_limits<double>::infinity() : norm;
        }
        crew.tick(worker, 0);
    });
    return norms;
}

template <class T>
ScoreBound<T>::ScoreBound(int k)
    : factor_(1 + 4.0 * (k + 8) * double(std::numeric_limits<T>::epsilon())),
      underflow_(2.0 * (k + 8) * double(std::numeric_limits<T>::denorm_min())) {}

template <class T>
T ScoreBound<T>::operator()(double query_norm, double item_norm, T base, T item_offset) const {
    const T product = static_cast<T>(query_norm * item_norm * factor_ + underflow_);
    return (std::nextafter(product, std::numeric_limits<T>::infinity()) + base) + item_offset;
}

template <class T>
ItemOrder<T>::ItemOrder(const TopN<T>& job, double scale, Crew& crew) {
    const i64 items = job.items.rows;
    const auto offset = [&](i64 j) { return job.item_offset ? job.item_offset[j] : T(0); };
    const auto allowed = [&](i64 j) { return !job.allowed || job.allowed[j]; };
    if (!job.prune) {
        for (i64 j = 0; j < items; j++)
            if (allowed(j)) index_.push_back(static_cast<i32>(j));
        return;
    }
    const Buffer<double> norms = upper_norms(job.items, crew);
    std::vector<std::pair<double, i32>> keys;
    keys.reserve(static_cast<std::size_t>(items));
    for (i64 j = 0; j < items; j++) {
        const double key = double(offset(j)) + scale * norms[j];
        // What is not a number comes first, as if it were the greatest: sorting needs an order.
        if (allowed(j)) keys.emplace_back(std::isnan(key) ? -HUGE_VAL : -key, static_cast<i32>(j));
    }
    std::sort(keys.begin(), keys.end());
    for (const auto& [key, j] : keys) index_.push_back(j);
    rest_.resize((keys.size() + kItemBlock - 1) / kItemBlock);
    Rest rest{0, -std::numeric_limits<T>::infinity()};
    for (i64 place = size() - 1; place >= 0; place--) {
        const i32 j = index_[place];
        rest.norm = std::max(rest.norm, norms[j]);
        if (offset(j) > rest.offset) rest.offset = offset(j);  // one that is NaN is never listed
        rest_[place / kItemBlock] = rest;
    }
}

template <class T>
ItemPanels<T>::ItemPanels(const TopN<T>& job, const ItemOrder<T>& order, const Kernels<T>& k)
    : job_(job), order_(order), kernels_(k), panel_(k.panel) {
    const i64 depth = (job.items.k + k.padding - 1) / k.padding * k.padding, block = ItemOrder<T>::kItemBlock;
    stride_ = depth * panel_;
    const i64 fitting = static_cast<i64>(kPackedBytes / (sizeof(T) * std::size_t(depth))) / block;
    room_ = std::min(std::max<i64>(fitting, 1), (order.size() + block - 1) / block) * block;
    packed_ = Buffer<T>(std::size_t(room_ / panel_ * stride_));
    offset_ = Buffer<T>(std::size_t(room_));
}

template <class T>
i64 ItemPanels<T>::pack(i64 first, Crew& crew) {
    begin_ = first;
    const i64 count = std::min(room_, order_.size() - first), each = kRowsPerTask;
    crew.each((count + each - 1) / each, [&](int worker, i64 task) {
        const i64 end = std::min(count, (task + 1) * each);
        for (i64 at = task * each; at < end; at += panel_)
            pack_panel(first + at, std::min(panel_, count - at));
        crew.tick(worker, 0);
    });
    return count;
}

template <class T>
void ItemPanels<T>::pack_panel(i64 first, i64 count) {
    const i32* index = order_.index() + first;
    const int depth = static_cast<int>(stride_ / panel_);
    T* target = packed_.data() + (first - begin_) / panel_ * stride_;
    kernels_.pack_transposed(job_.items, index, count, static_cast<int>(panel_), 0, depth, nullptr, nullptr,
                             target, stride_);
    for (i64 i = 0; i < panel_; i++) {
        const T offset = i >= count         ? std::numeric_limits<T>::quiet_NaN()
                         : job_.item_offset ? job_.item_offset[index[i]]
                                            : T(0);
        offset_[first - begin_ + i] = offset;
    }
}

template Buffer<double> upper_norms<float>(const Factors<float>&, Crew&);
template Buffer<double> upper_norms<double>(const Factors<double>&, Crew&);
template class ScoreBound<float>;
template class ScoreBound<double>;
template class ItemOrder<float>;
template class ItemOrder<double>;
template class ItemPanels<float>;
template class ItemPanels<double>;

}  // namespace alsatian
