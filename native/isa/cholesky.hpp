// Cholesky factor A = Uᵀ U and its triangular solves, on panels.
#pragma once

#include "gram.hpp"
#include "vec.hpp"

namespace alsatian::ALSATIAN_ISA {

// Rows that are eliminated together in registers, and the vectors that fit beside them.
template <class T>
constexpr int kStep = kRegisters >= 32 ? 8 : 4;
// Sizes are padded to whole vectors and to whole steps of the elimination.
template <class T>
constexpr int kPadding = kWidth<T> > kStep<T> ? kWidth<T> : kStep<T>;
// Depth of one update of a later panel: keeps both operands in the first-level cache.
constexpr int kUpdateDepth = 64;

// The small triangle on the diagonal: l ← its factor (row r: u_rs for s > r, scaled), inverse[r] = 1 / u_rr.
// One pivot waits for the one before it, so what it waits for is kept short, as in A = LDLᵀ: a quotient, and
// no root.
template <class T>
ALSATIAN_INLINE bool factor_step(T (*l)[kStep<T>], const T* floor, T* inverse) {
    constexpr int S = kStep<T>;
    bool good = true;
    ALSATIAN_UNROLL for (int r = 0; r < S; r++) {
        T pivot = l[r][r];
        if (!(pivot > floor[r])) {
            good = false;
            pivot = T(1);
        }
        const T quotient = T(1) / pivot;
        ALSATIAN_UNROLL for (int q = r + 1; q < S; q++) {
            const T share = l[r][q] * quotient;
            ALSATIAN_UNROLL for (int s = q; s < S; s++) l[q][s] -= share * l[r][s];
        }
        inverse[r] = T(1) / square_root(pivot);
        ALSATIAN_UNROLL for (int s = r + 1; s < S; s++) l[r][s] *= inverse[r];
    }
    return good;
}

// C[R × W] −= Σ_d a[d·P + r] b[d·P + :], every other term in sums of its own: R of them would be too few to
// keep the arithmetic busy.
template <class T, int R>
ALSATIAN_INLINE void subtract_narrow(const T* a, const T* b, int depth, T* c) {
    constexpr int P = kPanel<T>;
    static_assert(R % 2 == 0);
    vec<T> even[R], odd[R];
    ALSATIAN_UNROLL for (int r = 0; r < R; r++) {
        even[r] = load(c + r * P);
        odd[r] = vec<T>{};
    }
    for (int d = 0; d < depth; d += 2) {  // whole steps, which are even
        const vec<T> first = load(b + d * P), second = load(b + (d + 1) * P);
        ALSATIAN_UNROLL for (int r = 0; r < R; r++) {
            even[r] -= broadcast(a[d * P + r]) * first;
            odd[r] -= broadcast(a[(d + 1) * P + r]) * second;
        }
    }
    ALSATIAN_UNROLL for (int r = 0; r < R; r++) store(c + r * P, even[r] + odd[r]);
}

// S rows by V vectors of the panel: subtract what earlier rows of the panel contribute, then eliminate
// within.
template <class T, int V>
ALSATIAN_INLINE void eliminate(const T* a, const T* b, int depth, T* c, const T (*l)[kStep<T>],
                               const T* inverse) {
    constexpr int W = kWidth<T>, P = kPanel<T>, S = kStep<T>;
    vec<T> x[S][V];
    ALSATIAN_UNROLL for (int r = 0; r < S; r++) ALSATIAN_UNROLL for (int j = 0; j < V; j++) x[r][j] =
        load(c + r * P + j * W);
    for (int d = 0; d < depth; d++) {
        vec<T> row[V];
        ALSATIAN_UNROLL for (int j = 0; j < V; j++) row[j] = load(b + d * P + j * W);
        ALSATIAN_UNROLL for (int r = 0; r < S; r++) {
            const vec<T> s = broadcast(a[d * P + r]);
            ALSATIAN_UNROLL for (int j = 0; j < V; j++) x[r][j] -= s * row[j];
        }
    }
    ALSATIAN_UNROLL for (int r = 0; r < S; r++) {
        ALSATIAN_UNROLL for (int q = 0; q < r; q++) {
            const vec<T> s = broadcast(l[q][r]);
            ALSATIAN_UNROLL for (int j = 0; j < V; j++) x[r][j] -= s * x[q][j];
        }
        const vec<T> s = broadcast(inverse[r]);
        ALSATIAN_UNROLL for (int j = 0; j < V; j++) x[r][j] *= s;
    }
    ALSATIAN_UNROLL for (int r = 0; r < S; r++) ALSATIAN_UNROLL for (int j = 0; j < V; j++)
        store(c + r * P + j * W, x[r][j]);
}

template <class T>
ALSATIAN_INLINE void eliminate_span(const T* a, const T* b, int depth, T* c, int columns,
                                    const T (*l)[kStep<T>], const T* inverse) {
    constexpr int W = kWidth<T>;
    int vectors = columns / W;
    // Three at a time, and what is left by twos: one alone is waited for.
    for (; vectors >= 3 && vectors != 4; vectors -= 3, b += 3 * W, c += 3 * W)
        eliminate<T, 3>(a, b, depth, c, l, inverse);
    for (; vectors >= 2; vectors -= 2, b += 2 * W, c += 2 * W) eliminate<T, 2>(a, b, depth, c, l, inverse);
    if (vectors == 0) return;
    subtract_narrow<T, kStep<T>>(a, b, depth, c);
    eliminate<T, 1>(a, b, 0, c, l, inverse);
}

// Eliminates S rows at j of the diagonal panel `i`, through all later panels.
template <class T>
ALSATIAN_INLINE bool eliminate_rows(T* a, i64 stride, int padded, int i, int j, const T* floor,
                                    T* inverse_diagonal) {
    constexpr int W = kWidth<T>, P = kPanel<T>, S = kStep<T>;
    const int top = i * P, panels = (padded + P - 1) / P;
    T* block = a + i * stride + i64(top) * P;  // the diagonal block of this panel
    T* row = block + j * P;
    const int first = j / W * W;  // the vector that holds the diagonal element
    const T* left = block + j;    // u_dj for the rows d already done

    // The vectors that hold the S × S triangle are brought up to date first, so that it can be factored.
    constexpr int V = S > W ? S / W : 1;
    ALSATIAN_UNROLL for (int v = 0; v < V; v++)
        subtract_narrow<T, S>(left, block + first + v * W, j, row + first + v * W);
    T l[S][S];
    for (int r = 0; r < S; r++)
        for (int s = r; s < S; s++) l[r][s] = row[r * P + j + s];
    T* inverse = inverse_diagonal + top + j;
    const bool good = factor_step<T>(l, floor, inverse);
    eliminate<T, V>(left, block + first, 0, row + first, l, inverse);
    const int next = first + V * W;
    eliminate_span<T>(left, block + next, j, row + next, panel_width<T>(padded, i) - next, l, inverse);
    for (int p = i + 1; p < panels; p++) {
        T* other = a + p * stride + i64(top) * P;
        eliminate_span<T>(left, other, j, other + j * P, panel_width<T>(padded, p), l, inverse);
    }
    return good;
}

// Left-looking by panels: each panel row is first brought up to date with all rows above by the Gram tile,
// then eliminated S rows at a time in registers. `inverse_diagonal` starts as scratch for the pivots' floors.
template <class T>
bool cholesky(T* a, i64 stride, int padded, T tolerance, T* inverse_diagonal) {
    constexpr int P = kPanel<T>, S = kStep<T>;
    const int panels = (padded + P - 1) / P;
    NoFetcher none;
    for (int c = 0; c < padded; c++)
        inverse_diagonal[c] = tolerance * a[(c / P) * stride + i64(c) * P + c % P];
    bool good = true;
    for (int i = 0; i < panels; i++) {
        const int top = i * P, rows = panel_width<T>(padded, i);
        T* panel = a + i * stride;
        for (int p = i; p < panels; p++)
            for (int d = 0; d < top; d += kUpdateDepth) {
                const int depth = top - d < kUpdateDepth ? top - d : kUpdateDepth;
                panel_product<T, Sum::subtract>(panel + i64(d) * P, a + p * stride + i64(d) * P, depth, rows,
                                                panel_width<T>(padded, p), p == i,
                                                a + p * stride + i64(top) * P, none);
            }
        for (int j = 0; j < rows; j += S) {
            T floor[S];
            for (int r = 0; r < S; r++) floor[r] = inverse_diagonal[top + j + r];
            good &= eliminate_rows<T>(a, stride, padded, i, j, floor, inverse_diagonal);
        }
    }
    return good;
}

// x ← U⁻ᵀ x, a vector of unknowns at a time.
template <class T>
ALSATIAN_INLINE void solve_forward(const T* u, i64 stride, int padded, const T* inverse, T* x) {
    constexpr int W = kWidth<T>, P = kPanel<T>;
    for (int i = 0; i < padded; i += W) {
        const T* diagonal = u + (i / P) * stride + i64(i) * P + i % P;
        vec<T> rest = load(x + i);
        T solved[W];
        ALSATIAN_UNROLL for (int r = 0; r < W; r++) {
            const T lane = rest[r];  // the next one waits for this alone: what it is multiplied by is ready
            solved[r] = lane * inverse[i + r];
            rest -= broadcast(lane) * (broadcast(inverse[i + r]) * load(diagonal + r * P));
        }
        ALSATIAN_UNROLL for (int r = 0; r < W; r++) x[i + r] = solved[r];
        for (int c = i + W; c < padded; c += W) {
            const T* e = u + (c / P) * stride + i64(i) * P + c % P;
            vec<T> even = load(x + c), odd{};
            ALSATIAN_UNROLL for (int r = 0; r < W; r += 2) {
                even -= broadcast(solved[r]) * load(e + r * P);
                odd -= broadcast(solved[r + 1]) * load(e + (r + 1) * P);
            }
            store(x + c, even + odd);
        }
    }
}

// x ← U⁻¹ x, from the last vector of unknowns up.
template <class T>
ALSATIAN_INLINE void solve_backward(const T* u, i64 stride, int padded, const T* inverse, T* x) {
    constexpr int W = kWidth<T>, P = kPanel<T>;
    for (int i = padded - W; i >= 0; i -= W) {
        vec<T> sum[W];
        ALSATIAN_UNROLL for (int r = 0; r < W; r++) sum[r] = vec<T>{};
        for (int c = i + W; c < padded; c += W) {
            const T* e = u + (c / P) * stride + i64(i) * P + c % P;
            const vec<T> known = load(x + c);
            ALSATIAN_UNROLL for (int r = 0; r < W; r++) sum[r] += load(e + r * P) * known;
        }
        transpose<T>(sum);
        vec<T> rest = load(x + i);
        ALSATIAN_UNROLL for (int r = 0; r < W; r++) rest -= sum[r];
        vec<T> column[W];
        const T* diagonal = u + (i / P) * stride + i64(i) * P + i % P;
        ALSATIAN_UNROLL for (int r = 0; r < W; r++) column[r] = load(diagonal + r * P);
        transpose<T>(column);
        T solved[W];
        ALSATIAN_UNROLL for (int r = W - 1; r >= 0; r--) {
            const T lane = rest[r];
            solved[r] = lane * inverse[i + r];
            rest -= broadcast(lane) * (broadcast(inverse[i + r]) * column[r]);
        }
        ALSATIAN_UNROLL for (int r = 0; r < W; r++) x[i + r] = solved[r];
    }
}

template <class T>
void solve(const T* u, i64 stride, int padded, const T* inverse_diagonal, T* x) {
    solve_forward<T>(u, stride, padded, inverse_diagonal, x);
    solve_backward<T>(u, stride, padded, inverse_diagonal, x);
}

template <class T>
double norm_through(const T* u, i64 stride, int padded, const T* x) {
    constexpr int W = kWidth<T>, P = kPanel<T>;
    double total = 0;
    for (int r = 0; r < padded; r++) {
        const int first = r / W * W;
        vec<T> head = load(x + first);  // what lies left of the diagonal in this vector is not part of U
        for (int c = first; c < r; c++) head[c - first] = T(0);
        const T* row = u + i64(r) * P;
        vec<T> sum = head * load(row + (first / P) * stride + first % P);
        for (int c = first + W; c < padded; c += W) sum += load(x + c) * load(row + (c / P) * stride + c % P);
        const double s = horizontal_sum<T>(sum);
        total += s * s;
    }
    return total;
}

}  // namespace alsatian::ALSATIAN_ISA
