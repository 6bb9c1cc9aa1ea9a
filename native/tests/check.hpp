// The least that a test needs: named cases and a check that counts.
#pragma once

#include <cstdio>
#include <functional>
#include <string>
#include <utility>
#include <vector>

namespace testing {

struct Case {
    std::string name;
    std::function<void()> body;
};

inline std::vector<Case>& cases() {
    static std::vector<Case> all;
    return all;
}

inline int& failures() {
    static int count = 0;
    return count;
}

struct Register {
    Register(std::string name, std::function<void()> body) {
        cases().push_back({std::move(name), std::move(body)});
    }
};

}  // namespace testing

#define TEST(name)                                               \
    static void name();                                          \
    static const testing::Register register_##name(#name, name); \
    static void name()

#define CHECK(condition)                                                        \
    do {                                                                        \
        if (!(condition)) {                                                     \
            std::printf("%s:%d: failed: %s\n", __FILE__, __LINE__, #condition); \
            testing::failures()++;                                              \
        }                                                                       \
    } while (0)

#define CHECK_CLOSE(a, b, tolerance)                                                                    \
    do {                                                                                                \
        const double a_ = (a), b_ = (b), t_ = (tolerance);                                              \
        if (!(a_ - b_ <= t_ && b_ - a_ <= t_)) {                                                        \
            std::printf("%s:%d: failed: %s = %.17g, %s = %.17g\n", __FILE__, __LINE__, #a, a_, #b, b_); \
            testing::failures()++;                                                                      \
        }                                                                                               \
    } while (0)
