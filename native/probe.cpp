#include "probe.hpp"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstring>
#include <limits>
#include <stdexcept>
#include <vector>

#include "buffer.hpp"
#include "crew.hpp"
#include "panels.hpp"

namespace alsatian {

namespace {

using Clock = std::chrono::steady_clock;

// Waits for the other workers, but for a moment only: there may be fewer of them than were asked for.
void wait_for_others(std::atomic<int>& ready, int workers) {
    constexpr auto kMoment = std::chrono::milliseconds(1);
    const auto start = Clock::now();
    ready++;
    while (ready < workers && Clock::now() - start < kMoment) {  // a yield would let other programs in
    }
}

// make(worker) returns a task with call() and answer(), which is asked of worker 0. What call() has spent on
// getting ready, in `aside`, is not counted.
template <class Make>
Timed together(const Round& round, const Make& make) {
    struct Span {
        Clock::time_point begin, end;
        Clock::duration aside{};
        bool ran = false;
    };
    std::vector<Span> spans(static_cast<std::size_t>(std::max(1, round.threads)));
    std::atomic<int> ready{0};
    Crew crew(round.threads, {}, 1);
    crew.run([&](int worker) {
        auto task = make(worker);
        task.call();  // brings code and data into the caches
        task.aside = {};
        wait_for_others(ready, crew.size());
        Span& span = spans[static_cast<std::size_t>(worker)];
        span.begin = Clock::now();
        for (i64 i = 0; i < round.calls; i++) task.call();
        span.end = Clock::now();
        span.aside = task.aside;
        span.ran = true;
        if (worker == 0) task.answer();
    });
    Clock::time_point begin = spans[0].begin, end = spans[0].end;
    Clock::duration aside = spans[0].aside;
    Timed timed;
    for (const Span& span : spans) {
        if (!span.ran) continue;
        begin = std::min(begin, span.begin);
        end = std::max(end, span.end);
        aside = std::min(aside, span.aside);
        timed.calls += round.calls;
    }
    timed.seconds = std::chrono::duration<double>(end - begin - aside).count();
    return timed;
}

struct Task {
    Clock::duration aside{};
};

template <class T>
struct ChainTask : Task {
    const Kernels<T>& kernels;
    T factor, term, *sum, last = 0;
    ChainTask(const Round& round, T by, T plus, T* result)
        : kernels(alsatian::kernels<T>(round.isa)), factor(by), term(plus), sum(result) {}
    void call() { last = kernels.run_chains(kProbeSteps, factor, term); }
    void answer() const { *sum = last; }
};

// The rows of z that an index names, in panels.
template <class T>
struct PackTask : Task {
    const Kernels<T>& kernels;
    const Factors<T>& z;
    const i32* index;
    i64 count;
    T* out;
    Panels layout;
    i64 stride, next = 0;
    Buffer<T> packed, rhs;
    std::vector<T> coef;

    PackTask(const Round& round, const Factors<T>& factors, const i32* rows, i64 n, i64 first, T* result)
        : kernels(alsatian::kernels<T>(round.isa)),
          z(factors),
          index(rows),
          count(n),
          out(result),
          layout(factors.size(), kernels),
          stride(kProbeRows * layout.panel),
          next(first),
          packed(std::size_t(stride) * layout.count),
          rhs(layout.padded),
          coef(static_cast<std::size_t>(kProbeRows), T(0)) {}

    i64 pack(i64 from) {
        const i64 rows = std::min(kProbeRows, count - from);
        kernels.pack_rows(z, index + from, rows, rows, nullptr, coef.data(), layout.padded, packed.data(),
                          stride, rhs.data());
        return rows;
    }
    void call() {
        next += pack(next);
        if (next >= count) next = 0;
    }
    void answer() {
        const i64 rows = pack(0);
        for (i64 q = 0; q < rows; q++)
            for (int c = 0; c < z.k; c++)
                out[q * z.k + c] = packed[(c / layout.panel) * stride + q * layout.panel + c % layout.panel];
    }
};

// Panels from the upper triangle of a row-major matrix, and back.
template <class T>
void to_panels(const Panels& layout, const T* from, T* to) {
    for (int r = 0; r < layout.size; r++)
        for (int c = r; c < layout.size; c++) to[layout.at(r, c)] = from[std::size_t(r) * layout.size + c];
    layout.set_padding(to);
}
template <class T>
void from_panels(const Panels& layout, const T* from, T* to) {
    for (int r = 0; r < layout.size; r++)
        for (int c = 0; c < layout.size; c++)
            to[std::size_t(r) * layout.size + c] = c < r ? T(0) : from[layout.at(r, c)];
}

template <class T>
struct GramTask : Task {
    PackTask<T> rows;
    i64 count;
    Buffer<T> a;

    GramTask(const Round& round, const Factors<T>& z, const i32* index, T* out)
        : rows(round, z, index, z.rows, 0, out), count(rows.pack(0)), a(rows.layout.elements()) {}

    void call() {
        rows.kernels.gram(rows.packed.data(), rows.stride, count, rows.layout.padded, a.data(),
                          rows.layout.stride, false);
    }
    void answer() {
        rows.layout.clear(a.data());
        call();
        from_panels(rows.layout, a.data(), rows.out);
    }
};

template <class T>
struct CholeskyTask : Task {
    const Kernels<T>& kernels;
    Panels layout;
    Buffer<T> given, a, inverse;
    bool good = true;
    T* out;
    bool* regular;

    CholeskyTask(const Round& round, const T* matrix, int k, T* result, bool* well)
        : kernels(alsatian::kernels<T>(round.isa)),
          layout(k, kernels),
          given(layout.elements()),
          a(layout.elements()),
          inverse(layout.padded),
          out(result),
          regular(well) {
        to_panels(layout, matrix, given.data());
    }

    void call() {
        const auto start = Clock::now();
        layout.copy(a.data(), given.data());
        aside += Clock::now() - start;
        good = kernels.cholesky(a.data(), layout.stride, layout.padded, T(0), inverse.data());
    }
    void answer() {
        from_panels(layout, a.data(), out);
        *regular = good;
    }
};

template <class T>
struct SolveTask : Task {
    const Kernels<T>& kernels;
    Panels layout;
    Buffer<T> u, inverse, b, x;
    T* out;

    SolveTask(const Round& round, const T* factor, int k, const T* right, T* result)
        : kernels(alsatian::kernels<T>(round.isa)),
          layout(k, kernels),
          u(layout.elements()),
          inverse(layout.padded),
          b(layout.padded),
          x(layout.padded),
          out(result) {
        to_panels(layout, factor, u.data());
        for (int c = 0; c < layout.padded; c++) inverse[c] = T(1) / u[layout.at(c, c)];
        std::copy(right, right + k, b.begin());
    }

    void call() {
        std::copy(b.begin(), b.end(), x.begin());
        kernels.solve(u.data(), layout.stride, layout.padded, inverse.data(), x.data());
    }
    void answer() { std::copy(x.begin(), x.begin() + layout.size, out); }
};

struct CopyTask : Task {
    char *to, *from;
    std::size_t bytes;
    CopyTask(char* target, char* source, std::size_t size) : to(target), from(source), bytes(size) {}
    void call() const { std::memcpy(to, from, bytes); }
    void answer() const {}
};

}  // namespace

template <class T>
Timed time_chains(const Round& round, T factor, T term, T* sum) {
    return together(round, [&](int) { return ChainTask<T>(round, factor, term, sum); });
}

Timed time_copy(const Round& round, i64 bytes) {
    const int workers = std::max(1, round.threads);
    const std::size_t part = static_cast<std::size_t>(std::max<i64>(1, bytes / workers));
    std::vector<Buffer<char>> from(static_cast<std::size_t>(workers)), to(static_cast<std::size_t>(workers));
    Timed best{std::numeric_limits<double>::infinity(), 0};
    // Made by the worker that uses it, the first time round: its memory then lies near to it.
    const auto make = [&](int worker) {
        Buffer<char>&mine = from[static_cast<std::size_t>(worker)],
        &copied = to[static_cast<std::size_t>(worker)];
        if (mine.size() == 0) {
            mine = Buffer<char>(part);
            copied = Buffer<char>(part);
            std::memset(mine.data(), worker + 1, part);
        }
        return CopyTask(copied.data(), mine.data(), part);
    };
    for (i64 pass = 0; pass < round.calls; pass++) {
        const Timed timed = together({round.isa, workers, 1}, make);
        if (timed.seconds < best.seconds) best = timed;
    }
    for (std::size_t worker = 0; worker < from.size(); worker++)
        if (std::memcmp(from[worker].data(), to[worker].data(), from[worker].size()) != 0)
            throw std::runtime_error("a copy in memory differs from what was copied");
    return best;
}

template <class T>
Timed time_pack(const Round& round, const Factors<T>& z, const i32* index, i64 count, T* out) {
    const i64 blocks = (count + kProbeRows - 1) / kProbeRows;
    return together(round, [&](int worker) {
        const i64 first = blocks * worker / std::max(1, round.threads) % blocks * kProbeRows;
        return PackTask<T>(round, z, index, count, first, out);
    });
}

template <class T>
Timed time_gram(const Round& round, const Factors<T>& z, T* out) {
    std::vector<i32> index(static_cast<std::size_t>(z.rows));
    for (std::size_t q = 0; q < index.size(); q++) index[q] = static_cast<i32>(q);
    return together(round, [&](int) { return GramTask<T>(round, z, index.data(), out); });
}

template <class T>
Timed time_cholesky(const Round& round, const T* a, int k, T* out, bool* regular) {
    return together(round, [&](int) { return CholeskyTask<T>(round, a, k, out, regular); });
}

template <class T>
Timed time_solve(const Round& round, const T* u, int k, const T* b, T* out) {
    return together(round, [&](int) { return SolveTask<T>(round, u, k, b, out); });
}

#define ALSATIAN_PROBES(T)                                                             \
    template Timed time_chains<T>(const Round&, T, T, T*);                             \
    template Timed time_pack<T>(const Round&, const Factors<T>&, const i32*, i64, T*); \
    template Timed time_gram<T>(const Round&, const Factors<T>&, T*);                  \
    template Timed time_cholesky<T>(const Round&, const T*, int, T*, bool*);           \
    template Timed time_solve<T>(const Round&, const T*, int, const T*, T*);
ALSATIAN_PROBES(float)
ALSATIAN_PROBES(double)

}  // namespace alsatian
