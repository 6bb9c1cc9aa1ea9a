// Sizes and element access of the panel layout (see kernels.hpp), for code that is compiled once.
#pragma once

#include <algorithm>
#include <cstring>

#include "kernels.hpp"

namespace alsatian {

// The panel layout of a square matrix of `size`, padded for the kernels.
struct Panels {
    int size = 0;
    int padded = 0;
    int panel = 1;
    int count = 0;
    i64 stride = 0;  // elements between panels

    Panels() = default;
    Panels(int n, int padding, int panel_columns)
        : size(n), padded((n + padding - 1) / padding * padding), panel(panel_columns) {
        count = (padded + panel - 1) / panel;
        stride = i64(count) * panel * panel;
    }
    template <class T>
    Panels(int n, const Kernels<T>& k) : Panels(n, k.padding, k.panel) {}

    i64 elements() const { return stride * count; }
    i64 at(int r, int c) const { return (c / panel) * stride + i64(r) * panel + c % panel; }
    // Rows of panel p that hold the upper triangle.
    int rows(int p) const { return std::min(padded, (p + 1) * panel); }

    template <class T>
    void clear(T* a) const {
        for (int p = 0; p < count; p++)
            std::memset(a + p * stride, 0, sizeof(T) * std::size_t(rows(p)) * panel);
    }
    template <class T>
    void copy(T* to, const T* from) const {
        for (int p = 0; p < count; p++)
            std::memcpy(to + p * stride, from + p * stride, sizeof(T) * std::size_t(rows(p)) * panel);
    }
    template <class T, class U>
    void add(T* to, const U* from) const {
        for (int p = 0; p < count; p++) {
            T* t = to + p * stride;
            const U* f = from + p * stride;
            for (i64 i = 0, end = i64(rows(p)) * panel; i < end; i++) t[i] += static_cast<T>(f[i]);
        }
    }
    template <class T, class U>
    void copy_scaled(T* to, const U* from, double factor) const {
        for (int p = 0; p < count; p++) {
            T* t = to + p * stride;
            const U* f = from + p * stride;
            for (i64 i = 0, end = i64(rows(p)) * panel; i < end; i++) t[i] = static_cast<T>(factor * f[i]);
        }
    }
    // to ← from − to, in the precision of `from`.
    template <class T, class U>
    void take_from(T* to, const U* from) const {
        for (int p = 0; p < count; p++) {
            T* t = to + p * stride;
            const U* f = from + p * stride;
            for (i64 i = 0, end = i64(rows(p)) * panel; i < end; i++) t[i] = static_cast<T>(f[i] - U(t[i]));
        }
    }
    // A padded unknown has its own equation x = 0.
    template <class T>
    void set_padding(T* a) const {
        for (int c = size; c < padded; c++) a[at(c, c)] = T(1);
    }
};

}  // namespace alsatian
