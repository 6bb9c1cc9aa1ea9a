#include <exception>
#include <string_view>

#include "check.hpp"

// native_tests [--skip PREFIX ...]: all cases, but those whose names begin with one of these.
int main(int argc, char** argv) {
    const bool skip = argc > 1 && std::string_view(argv[1]) == "--skip";
    auto skipped = [&](const std::string& name) {
        for (int i = 2; skip && i < argc; i++)
            if (name.starts_with(argv[i])) return true;
        return false;
    };
    int failed = 0, passed = 0;
    for (const testing::Case& c : testing::cases()) {
        if (skipped(c.name)) continue;
        const int before = testing::failures();
        try {
            c.body();
        } catch (const std::exception& e) {
            std::printf("%s threw: %s\n", c.name.c_str(), e.what());
            testing::failures()++;
        }
        const bool good = testing::failures() == before;
        (good ? passed : failed)++;
        std::printf("%-50s %s\n", c.name.c_str(), good ? "ok" : "FAILED");
    }
    std::printf("%d passed, %d failed\n", passed, failed);
    return failed ? 1 : 0;
}
