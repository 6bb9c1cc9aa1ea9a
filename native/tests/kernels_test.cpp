// Every kernel of every instruction set that this machine has, against plain loops in double.
#include "../kernels.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <random>
#include <string>
#include <vector>

#include "../buffer.hpp"
#include "../panels.hpp"
#include "check.hpp"
#include "random.hpp"

using alsatian::Buffer;
using alsatian::Factors;
using alsatian::i32;
using alsatian::i64;
using alsatian::Panels;

using testing::random_vector;

namespace {

const std::vector<int> kSizes{1, 2, 3, 4, 5, 7, 8, 9, 15, 16, 17, 31, 33, 48, 63, 64, 65, 100, 127, 128, 130};

template <class T>
struct Gathered {
    int k;
    bool bias;
    i64 rows = 37;
    std::vector<T> data;
    Factors<T> z;
    std::vector<i32> index;
    Gathered(int components, bool with_bias, i64 count)
        : k(components), bias(with_bias), data(random_vector<T>(std::size_t(rows * k), 7)) {
        z = {data.data(), rows, k, bias};
        std::mt19937 engine(3);
        for (i64 q = 0; q < count; q++) index.push_back(static_cast<i32>(engine() % rows));
        if (count > 0)
            index[0] = static_cast<i32>(rows - 1);  // the row that a whole vector would read beyond
    }
    double at(i64 q, int c) const {
        if (c < k) return data[std::size_t(index[q]) * k + c];
        return bias && c == k ? 1.0 : 0.0;
    }
};

template <class T>
Buffer<T> gram_of(const alsatian::Kernels<T>& kernel, const Panels& layout, const T* packed, i64 stride,
                  i64 count, T before, const alsatian::Wanted* wanted) {
    Buffer<T> a(layout.elements());
    std::fill(a.begin(), a.end(), before);
    kernel.gram(packed, stride, count, layout.padded, a.data(), layout.stride, alsatian::Sum::set, wanted);
    return a;
}

template <class T>
void check_gram_of_size(const alsatian::Kernels<T>& kernel, int k, bool bias, i64 count) {
    const Gathered<T> g(k, bias, count);
    const Panels layout(g.z.size(), kernel);
    const std::vector<T> scale = random_vector<T>(std::size_t(count), 1),
                         coef = random_vector<T>(std::size_t(count), 2);
    const i64 stride = count * layout.panel;
    // Exactly as large as it has to be: the sanitizer sees a step beyond.
    Buffer<T> packed(std::size_t(stride) * layout.count), rhs(layout.padded), a(layout.elements());
    kernel.pack_rows(g.z, g.index.data(), count, count, scale.data(), coef.data(), layout.padded,
                     packed.data(), stride, rhs.data());
    kernel.gram(packed.data(), stride, count, layout.padded, a.data(), layout.stride, alsatian::Sum::add,
                nullptr);
    const double eps = std::numeric_limits<T>::epsilon() * double(count + 4) * 4;
    for (int r = 0; r < layout.padded; r++) {
        double expected = 0;
        for (i64 q = 0; q < count; q++) expected += double(coef[q]) * g.at(q, r);
        CHECK_CLOSE(rhs[r], expected, eps);
        for (int c = r; c < layout.padded; c++) {
            double gram = 0;
            for (i64 q = 0; q < count; q++)
                gram += double(scale[q]) * double(scale[q]) * g.at(q, r) * g.at(q, c);
            CHECK_CLOSE(a[layout.at(r, c)], gram, eps);
        }
    }
    kernel.gram(packed.data(), stride, count, layout.padded, a.data(), layout.stride, alsatian::Sum::subtract,
                nullptr);
    for (int r = 0; r < layout.padded; r++)
        for (int c = r; c < layout.padded; c++) CHECK_CLOSE(a[layout.at(r, c)], 0.0, eps);

    // Whatever was there before is not looked at; and what is wanted next changes no bit.
    const Buffer<T> twice = gram_of(kernel, layout, packed.data(), stride, count, T(0), nullptr);
    const std::vector<const char*> rows(3, reinterpret_cast<const char*>(g.data.data()));
    const alsatian::Wanted wanted{rows.data(), 3, (k * i64(sizeof(T)) + 63) / 64};
    const Buffer<T> once = gram_of(kernel, layout, packed.data(), stride, count, T(7), &wanted);
    for (int r = 0; r < layout.padded; r++)
        for (int c = r; c < layout.padded; c++) CHECK(once[layout.at(r, c)] == twice[layout.at(r, c)]);

    std::vector<T> dots(static_cast<std::size_t>(count));
    kernel.dots(g.z, g.index.data(), count, rhs.data(), dots.data());
    for (i64 q = 0; q < count; q++) {
        double expected = 0;
        for (int c = 0; c < layout.size; c++) expected += g.at(q, c) * double(rhs[c]);
        CHECK_CLOSE(dots[q], expected, eps * layout.size * double(count));
    }
}

template <class T>
void check_transposed_of_size(const alsatian::Kernels<T>& kernel, int k, bool bias, int count) {
    const Gathered<T> g(k, bias, count);
    const Panels columns(g.z.size(), kernel), rows(count, kernel);
    std::vector<T> column_scale = random_vector<T>(std::size_t(columns.padded), 1);
    std::vector<T> row_scale = random_vector<T>(std::size_t(rows.padded), 2);
    const i64 stride = i64(columns.padded) * rows.panel;
    Buffer<T> packed(std::size_t(stride) * rows.count);
    kernel.pack_transposed(g.z, g.index.data(), count, rows.padded, 0, columns.padded, column_scale.data(),
                           row_scale.data(), packed.data(), stride);
    for (int d = 0; d < columns.padded; d++)
        for (int q = 0; q < rows.padded; q++) {
            const double expected =
                q < count ? g.at(q, d) * double(column_scale[d]) * double(row_scale[q]) : 0.0;
            CHECK_CLOSE(packed[(q / rows.panel) * stride + i64(d) * rows.panel + q % rows.panel], expected,
                        4 * std::numeric_limits<T>::epsilon());
        }
}

// A well-conditioned SPD matrix of size n, and the error of UᵀU, of the solve and of ‖U x‖².
template <class T>
void check_cholesky_of_size(const alsatian::Kernels<T>& kernel, int n) {
    const Panels layout(n, kernel);
    const std::vector<T> v = random_vector<T>(std::size_t(n) * n, 5);
    std::vector<double> full(std::size_t(n) * n);
    Buffer<T> a(layout.elements()), inverse(layout.padded), x(layout.padded), b(layout.padded);
    for (int r = 0; r < n; r++)
        for (int c = 0; c < n; c++) {
            double s = r == c ? n : 0;
            for (int q = 0; q < n; q++)
                s += double(v[std::size_t(q) * n + r]) * double(v[std::size_t(q) * n + c]);
            full[std::size_t(r) * n + c] = s;
            if (c >= r) a[layout.at(r, c)] = static_cast<T>(s);
        }
    layout.set_padding(a.data());
    for (int c = 0; c < n; c++) b[c] = x[c] = v[c];
    CHECK(kernel.cholesky(a.data(), layout.stride, layout.padded, T(0), inverse.data()));
    kernel.solve(a.data(), layout.stride, layout.padded, inverse.data(), x.data());
    const double eps = std::numeric_limits<T>::epsilon();
    double energy = 0;
    for (int r = 0; r < n; r++) {
        double s = 0;
        for (int c = 0; c < n; c++) s += full[std::size_t(r) * n + c] * double(x[c]);
        CHECK_CLOSE(s, double(b[r]), 100 * eps * n);
        energy += double(x[r]) * s;
        CHECK_CLOSE(double(inverse[r]) * double(a[layout.at(r, r)]), 1.0, 8 * eps);
    }
    CHECK_CLOSE(kernel.norm_through(a.data(), layout.stride, layout.padded, x.data()), energy,
                100 * eps * (1 + energy));

    // A matrix that is not positive definite is reported, and nothing becomes NaN.
    layout.clear(a.data());
    for (int c = 0; c < layout.padded; c++) a[layout.at(c, c)] = T(1);
    a[layout.at(n - 1, n - 1)] = T(-1);
    CHECK(!kernel.cholesky(a.data(), layout.stride, layout.padded, T(0), inverse.data()));
    for (int c = 0; c < layout.padded; c++) CHECK(std::isfinite(double(inverse[c])));
}

template <class T>
void check_dense_product(const alsatian::Kernels<T>& kernel, int k, int rows, i64 columns) {
    const Gathered<T> g(k, true, columns);
    const Panels layout(g.z.size(), kernel);
    const std::vector<T> x = random_vector<T>(std::size_t(rows * columns), 8);
    const std::vector<T> offset = random_vector<T>(std::size_t(columns), 9),
                         coef(static_cast<std::size_t>(columns), T(0));
    const i64 stride = columns * layout.panel, c_stride = i64(layout.panel) * layout.panel;
    Buffer<T> left(static_cast<std::size_t>(stride)), packed(std::size_t(stride) * layout.count),
        rhs(layout.padded);
    Buffer<T> c(std::size_t(c_stride) * layout.count);
    kernel.pack_dense(x.data(), columns, rows, 0, columns, offset.data(), left.data());
    kernel.pack_rows(g.z, g.index.data(), columns, columns, nullptr, coef.data(), layout.padded,
                     packed.data(), stride, rhs.data());
    kernel.product(left.data(), packed.data(), stride, columns, rows, layout.padded, c.data(), c_stride);
    for (int r = 0; r < rows; r++)
        for (int j = 0; j < layout.size; j++) {
            double expected = 0;
            for (i64 q = 0; q < columns; q++)
                expected += (double(x[std::size_t(r * columns + q)]) - double(offset[q])) * g.at(q, j);
            CHECK_CLOSE(c[(j / layout.panel) * c_stride + i64(r) * layout.panel + j % layout.panel], expected,
                        8 * std::numeric_limits<T>::epsilon() * double(columns + 4));
        }
}

template <class T, class Body>
void on_every_isa(Body body) {
    for (const std::string& isa : alsatian::available_isas()) body(alsatian::kernels<T>(isa));
}

template <class T>
void check_all() {
    on_every_isa<T>([](const alsatian::Kernels<T>& kernel) {
        for (int k : kSizes) {
            for (bool bias : {false, true}) {
                check_gram_of_size(kernel, k, bias, k % 2 ? 5 : 40);
                check_transposed_of_size(kernel, k, bias, k % 3 == 0 ? 3 : k % 3 == 1 ? 20 : 70);
            }
            check_cholesky_of_size(kernel, k);
            check_dense_product(kernel, k, k % 2 ? 3 : kernel.panel, k % 3 ? 17 : 32);
        }
    });
}

}  // namespace

TEST(kernels_in_float) {
    check_all<float>();
}
TEST(kernels_in_double) {
    check_all<double>();
}
TEST(an_isa_is_in_use) {
    CHECK(!alsatian::available_isas().empty());
    CHECK(alsatian::available_isas().back() == "baseline");
}
