// Turning both sides of a model to other axes: W V and Z V for an orthogonal V leave every score as it is.
#pragma once

#include <string>

#include "kernels.hpp"

namespace alsatian {

// rows × k numbers that are changed in place.
template <class T>
struct Turned {
    T* data = nullptr;
    i64 rows = 0;
};

// Multiplies the rows of both by the k × k matrix (row-major) from the right. Without polls, as a model of
// which one side alone has been turned is none.
template <class T>
void turn(const Turned<T>& one, const Turned<T>& other, int k, const double* matrix, int threads,
          const std::string& isa);

}  // namespace alsatian
