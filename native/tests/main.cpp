#include <exception>

#include "check.hpp"

int main() {
    int failed = 0;
    for (const testing::Case& c : testing::cases()) {
        const int before = testing::failures();
        try {
            c.body();
        } catch (const std::exception& e) {
            std::printf("%s threw: %s\n", c.name.c_str(), e.what());
            testing::failures()++;
        }
        const bool good = testing::failures() == before;
        failed += good ? 0 : 1;
        std::printf("%-50s %s\n", c.name.c_str(), good ? "ok" : "FAILED");
    }
    std::printf("%zu passed, %d failed\n", testing::cases().size() - static_cast<std::size_t>(failed),
                failed);
    return failed ? 1 : 0;
}
