// What the machine can do at most, and how fast the kernels are on data in its caches: for measuring, and
// nothing else.
//
// Every function makes its calls on all workers at once, each of them on data of its own that was touched
// before, and says how much processor time the slowest of them took. Its answer is that of one call.
#pragma once

#include <string>

#include "kernels.hpp"

namespace alsatian {

struct Round {
    std::string isa;
    int threads = 1;
    i64 calls = 1;  // by each worker
};

struct Timed {
    double seconds = 0;
    i64 calls = 0;  // by all workers: of fewer than asked for, where the system has no more threads
};

// Rows that one call packs, or adds to a Gram matrix: as a half-step does.
constexpr i64 kProbeRows = 256;

// Steps of chains in registers; each is kernels<T>(isa).chain_width multiply-adds.
constexpr i64 kProbeSteps = 1 << 14;
template <class T>
Timed time_chains(const Round& round, T factor, T term, T* sum);

// Copies `bytes`, a part for each worker, from memory to memory, `round.calls` times; of these the quickest.
// Throws std::runtime_error where the copy is none.
Timed time_copy(const Round& round, i64 bytes);

// Packs kProbeRows rows of z, at random, after others. `out` gets the first of the index, k numbers each.
template <class T>
Timed time_pack(const Round& round, const Factors<T>& z, const i32* index, i64 count, T* out);

// Upper triangle of ZᵀZ, for a few rows z packed once; `out` is k × k, zero below the diagonal.
template <class T>
Timed time_gram(const Round& round, const Factors<T>& z, T* out);

// The factor of A (k × k, of which the upper triangle is read), U with UᵀU = A; the copy of A to where it is
// factored does not count. False in `regular` where a pivot is not above zero.
template <class T>
Timed time_cholesky(const Round& round, const T* a, int k, T* out, bool* regular);

// x = (UᵀU)⁻¹ b for an upper U.
template <class T>
Timed time_solve(const Round& round, const T* u, int k, const T* b, T* out);

}  // namespace alsatian
