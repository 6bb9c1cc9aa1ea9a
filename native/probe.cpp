#include "probe.hpp"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstring>
#include <ctime>
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

// Processor time of this thread, where the system tells it: other programs then take nothing from what is
// measured.
double thread_seconds() {
#ifdef CLOCK_THREAD_CPUTIME_ID
    timespec spent;
    if (clock_gettime(CLOCK_THREAD_CPUTIME_ID, &spent) == 0)
        return double(spent.tv_sec) + 1e-9 * double(spent.tv_nsec);
#endif
    return std::chrono::duration<double>(Clock::now().time_since_epoch()).count();
}

// What a worker does again and again: call(). Of this, what aside() does as well does not count.
struct Task {
    void aside() const {}
    void answer() const {}
};

template <class Body>
double repeated(i64 calls, const Body& body) {
    const double start = thread_seconds();
    for (i64 i = 0; i < calls; i++) body();
    return thread_seconds() - start;
}

// make(worker) returns a task; for its answer worker 0 is asked.
template <class Make>
Timed together(const Round& round, const Make& make) {
    std::vector<double> seconds(static_cast<std::size_t>(std::max(1, round.threads)), -1);
    std::atomic<int> ready{0};
    Crew crew(round.threads, {}, 1);
    crew.run([&](int worker) {
        auto task = make(worker);
        task.call();  // brings code and data into the caches
        wait_for_others(ready, crew.size());
        const double all = repeated(round.calls, [&] { task.call(); });
        const double aside = repeated(round.calls, [&] { task.aside(); });
        seconds[static_cast<std::size_t>(worker)] = std::max(all - aside, 1e-9);
        if (worker == 0) task.answer();
    });
    Timed timed;
    for (const double spent : seconds) {
        timed.seconds = std::max(timed.seconds, spent);
        if (spent > 0) timed.calls += round.calls;
    }
    return timed;
}

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
                          rows.layout.stride, Sum::add, nullptr);
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
        aside();
        good = kernels.cholesky(a.data(), layout.stride, layout.padded, T(0), inverse.data());
    }
    void answer() {
        call();  // after aside() there is no factor
        from_panels(layout, a.data(), out);
        *regular = good;
    }
    void aside() { layout.copy(a.data(), given.data()); }
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

}  // namespace

template <class T>
Timed time_chains(const Round& round, T factor, T term, T* sum) {
    return together(round, [&](int) { return ChainTask<T>(round, factor, term, sum); });
}

// By the clock, from the first start to the last end, since what threads share here is the memory.
Timed time_copy(const Round& round, i64 bytes) {
    struct Part {
        Buffer<char> from, to;
        Clock::time_point begin, end;
    };
    const std::size_t workers = static_cast<std::size_t>(std::max(1, round.threads));
    const std::size_t size = std::max<std::size_t>(1, static_cast<std::size_t>(bytes) / workers);
    std::vector<Part> parts(workers);
    Timed best{std::numeric_limits<double>::infinity(), 0};
    for (i64 pass = 0; pass < round.calls; pass++) {
        std::atomic<int> ready{0};
        Crew crew(static_cast<int>(workers), {}, 1);
        crew.run([&](int worker) {
            Part& part = parts[static_cast<std::size_t>(worker)];
            if (part.from.size() == 0) {  // by the worker that uses it: its memory then lies near to it
                part.from = Buffer<char>(size);
                part.to = Buffer<char>(size);
                std::memset(part.from.data(), worker + 1, size);
            }
            wait_for_others(ready, crew.size());
            part.begin = Clock::now();
            std::memcpy(part.to.data(), part.from.data(), size);
            part.end = Clock::now();
        });
        Clock::time_point begin = Clock::time_point::max(), end = Clock::time_point::min();
        Timed timed;
        for (const Part& part : parts) {
            if (part.end == Clock::time_point{}) continue;
            begin = std::min(begin, part.begin);
            end = std::max(end, part.end);
            timed.calls++;
        }
        timed.seconds = std::chrono::duration<double>(end - begin).count();
        if (timed.seconds < best.seconds) best = timed;
    }
    for (const Part& part : parts)
        if (part.from.size() > 0 && std::memcmp(part.from.data(), part.to.data(), size) != 0)
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
