// Sums over two vectors in float64, for code that is compiled once.
#pragma once

#include <cstdint>

namespace alsatian {

template <class T>
double dot(const T* a, const T* b, std::int64_t size) {
    double sums[4] = {};  // side by side, as one sum would wait for itself
    std::int64_t c = 0;
    for (; c + 4 <= size; c += 4)
        for (int i = 0; i < 4; i++) sums[i] += double(a[c + i]) * double(b[c + i]);
    for (; c < size; c++) sums[0] += double(a[c]) * double(b[c]);
    return (sums[0] + sums[1]) + (sums[2] + sums[3]);
}

}  // namespace alsatian
