#include "../crew.hpp"

#include <atomic>
#include <stdexcept>
#include <vector>

#include "check.hpp"

TEST(every_task_runs_once) {
    for (int threads : {1, 2, 5}) {
        alsatian::Crew crew(threads, nullptr, 1);
        std::vector<std::atomic<int>> runs(1000);
        crew.each(1000, [&](int, std::int64_t i) { runs[static_cast<std::size_t>(i)]++; });
        for (const auto& r : runs) CHECK(r == 1);
    }
}

TEST(turns_come_in_order) {
    alsatian::Crew crew(4, nullptr, 1);
    std::vector<std::int64_t> order;
    crew.reset_turns();
    crew.each(200, [&](int worker, std::int64_t i) {
        crew.wait_turn(worker, i);
        order.push_back(i);
        crew.pass_turn();
    });
    CHECK(order.size() == 200);
    for (std::size_t i = 0; i < order.size(); i++) CHECK(order[i] == static_cast<std::int64_t>(i));
}

TEST(an_exception_reaches_the_caller_and_frees_those_who_wait) {
    alsatian::Crew crew(3, nullptr, 1);
    bool caught = false;
    try {
        crew.each(50, [&](int worker, std::int64_t i) {
            if (i == 20) throw std::runtime_error("boom");
            crew.wait_turn(worker, i);
            crew.pass_turn();
        });
    } catch (const std::runtime_error&) {
        caught = true;
    }
    CHECK(caught);
}

TEST(the_poll_can_stop_the_crew) {
    std::atomic<int> polls{0};
    alsatian::Crew crew(
        2,
        [&](double fraction) {
            CHECK(fraction >= 0 && fraction <= 1);
            if (++polls == 2) throw std::runtime_error("stop");
        },
        1e9);
    bool caught = false;
    try {
        crew.each(std::int64_t(1) << 40, [&](int worker, std::int64_t) { crew.tick(worker, 1); });
    } catch (const std::runtime_error&) {
        caught = true;
    }
    CHECK(caught);
    CHECK(polls == 2);
}
