// The table of kernels that every instruction set fills in: the only arithmetic that is compiled more than
// once.
//
// Panel layout, used by all of them: a matrix of C columns is ⌈C / P⌉ panels of P columns (P · sizeof(T) =
// 256 bytes); element (r, c) lies at [(c / P) · stride + r · P + c % P], with `stride` elements between
// panels. Sizes written "padded" are multiples of `padding`.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace alsatian {

using i64 = std::int64_t;
using i32 = std::int32_t;

// The side held fixed: rows z̃ = (z, 1 where bias), contiguous with leading dimension k; or some columns of
// it, k of them after `skip` others, in rows of `leading`.
template <class T>
struct Factors {
    const T* data = nullptr;
    i64 rows = 0;
    int k = 0;
    bool bias = false;
    int leading = 0;  // 0: k
    int skip = 0;
    i64 stride() const { return leading > 0 ? leading : k; }
    const T* row(i64 i) const { return data + i * stride() + skip; }
    int size() const { return k + (bias ? 1 : 0); }
};

// What a product does to the matrix that it is for.
enum class Sum { set, add, subtract };

// Rows that will be gathered next: while `gram` multiplies, it asks for them.
struct Wanted {
    const char* const* rows = nullptr;
    i64 count = 0;
    i64 lines = 0;  // cache lines of a row
};

// A pair whose score reached its query's threshold: the query's place in the block, the item's in the panel.
template <class T>
struct Hit {
    T score;
    i32 query, item;
};

// The cells of one row, as passes over them take them. With the score s = z̃·x a cell is worth
// ½ (C (t − s)² − rest (o + s)²); see rule.hpp for C and rest.
template <class T>
struct RowCells {
    const i32* index = nullptr;
    i64 count = 0;
    const T* target = nullptr;  // t = x − o
    const T* weight = nullptr;  // C; null: all one
    const T* offset = nullptr;  // o; null: zero
    T rest = 0;
};

template <class T>
struct Kernels {
    const char* isa;
    int padding;  // what sizes are padded to: a multiple of the vector width
    int panel;    // columns of a panel
    int strip;    // queries that score_panel takes together

    // Gathers z̃ of `count` rows, times scale[q] where given, into panels (row q of `packed`), and adds
    // Σ_q coef[q] z̃_q to rhs (padded, unscaled z̃). A null `packed` only adds. The first `ahead` >= count
    // indices may be looked at, to fetch rows before their turn.
    void (*pack_rows)(const Factors<T>& z, const i32* index, i64 count, i64 ahead, const T* scale,
                      const T* coef, int padded, T* packed, i64 stride, T* rhs);

    // Gathers columns first … first+depth−1 of z̃ of `count` rows, transposed: row d of `packed` holds column
    // first+d over the rows, times column_scale[first + d] · row_scale[q]. Rows up to `padded` are zero.
    void (*pack_transposed)(const Factors<T>& z, const i32* index, i64 count, int padded, int first,
                            int depth, const T* column_scale, const T* row_scale, T* packed, i64 stride);

    // Transposes a block of a dense row-major matrix, less an offset: row d of the one panel `packed` holds
    // x[r][first + d] − offset[first + d] for r = 0 … rows−1 (rows <= panel); the rest of the panel is zero.
    void (*pack_dense)(const T* x, i64 leading, i64 rows, i64 first, i64 depth, const T* offset, T* packed);

    // Upper triangle of C = or ±= Pᵀ P, P the packed rows (depth × padded). What is `wanted`, unless null, is
    // brought near.
    void (*gram)(const T* packed, i64 stride, i64 depth, int padded, T* c, i64 c_stride, Sum how,
                 const Wanted* wanted);

    // C + Aᵀ B for one panel A (depth × rows, rows <= panel) and packed B (depth × padded): C has rows ×
    // padded.
    void (*product)(const T* a, const T* b, i64 stride, i64 depth, int rows, int padded, T* c, i64 c_stride);

    // A = Uᵀ U in place (upper), padded; writes 1 / u_jj. Returns false where a pivot is not above
    // tolerance × the diagonal it started from.
    bool (*cholesky)(T* a, i64 stride, int padded, T tolerance, T* inverse_diagonal);

    // x ← (Uᵀ U)⁻¹ x.
    void (*solve)(const T* u, i64 stride, int padded, const T* inverse_diagonal, T* x);

    // ‖U x‖², summed in float64.
    double (*norm_through)(const T* u, i64 stride, int padded, const T* x);

    // dots[q] = z̃_q · x, for padded x.
    void (*dots)(const Factors<T>& z, const i32* index, i64 count, const T* x, T* dots);

    // gradient += Σ (C (t − s) + rest (o + s)) z̃ for the scores s = z̃·x of the cells; returns
    // Σ C (t − s)² − rest (o + s)². x and gradient are padded. Sums run in T: give at most a few thousand
    // cells.
    double (*gradient_pass)(const Factors<T>& z, const RowCells<T>& cells, const T* x, T* gradient);

    // product += Σ (C − rest) s z̃, unless it is null; returns Σ (C − rest) s².
    double (*curvature_pass)(const Factors<T>& z, const RowCells<T>& cells, const T* x, T* product);

    // Scores of `strips` strips of queries (each depth × strip) with one panel of items (depth × panel):
    // (w·z + base) + offset, w·z summed from zero in the order of d. Writes those that are at or above their
    // query's threshold to `hits` (room for all), by rising query and then item; returns how many.
    i64 (*score_panel)(const T* queries, int strips, i64 depth, const T* items, const T* base,
                       const T* offset, const T* threshold, Hit<T>* hits);

    // The same scores, to the bit, of one query (k elements) with `count` items where they lie.
    void (*score_rows)(const Factors<T>& items, const i32* index, i64 count, const T* query, T base,
                       const T* offset, T* scores);

    // For measuring: `chain_width` numbers in registers, each of which becomes x · factor + term, `steps`
    // times; returns their sum.
    int chain_width;
    T (*run_chains)(i64 steps, T factor, T term);
    // Multiply-adds that gram makes for each packed row: more than padded (padded + 1) / 2, since its tiles
    // reach below the diagonal.
    i64 (*gram_work)(int padded);
};

// Instruction sets compiled into this build that this machine can run, best first.
std::vector<std::string> available_isas();
// The one in use: the best, or the one that ALSATIAN_ISA names. Throws std::invalid_argument where it cannot
// be had.
const char* current_isa();

template <class T>
const Kernels<T>& kernels(const std::string& isa);

}  // namespace alsatian
