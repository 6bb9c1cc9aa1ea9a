// Lists of items, one for each query, as they come from Python: checked before anything is read by them.
#pragma once

#include "arrays.hpp"
#include "structure.hpp"
#include "top_n.hpp"

namespace alsatian::bindings {

inline ItemLists checked_lists(const std::optional<In<i64, 1>>& indptr,
                               const std::optional<In<i32, 1>>& indices, i64 queries, i64 items) {
    require(indptr.has_value() == indices.has_value(), "indptr and indices go together");
    if (!indptr) return {};
    require(i64(indptr->shape(0)) == queries + 1, "indptr must have one entry more than there are queries");
    check_structure(indptr->data(), queries, i64(indices->shape(0)), indices->data(), items);
    check_sorted(indptr->data(), queries, indices->data());
    return {indptr->data(), indices->data()};
}

}  // namespace alsatian::bindings
