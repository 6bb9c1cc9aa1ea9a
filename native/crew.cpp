#include "crew.hpp"

#include <algorithm>
#include <system_error>
#include <thread>
#include <vector>

namespace alsatian {

namespace {
constexpr auto kPollInterval = std::chrono::milliseconds(50);
}

Crew::Crew(int threads, std::function<void(double)> poll, double total_work)
    : threads_(std::max(1, threads)),
      poll_(std::move(poll)),
      total_(std::max(total_work, 1.0)),
      polled_(std::chrono::steady_clock::now()) {}

void Crew::fail(std::exception_ptr error) {
    const std::lock_guard lock(mutex_);
    if (!error_) error_ = std::move(error);
    stop_ = true;
    turn_changed_.notify_all();
}

void Crew::guarded(const std::function<void(int)>& work, int worker) {
    try {
        work(worker);
    } catch (const Stopped&) {
    } catch (...) {
        fail(std::current_exception());
    }
}

void Crew::run(const std::function<void(int)>& work) {
    std::vector<std::thread> helpers;
    helpers.reserve(static_cast<std::size_t>(threads_ - 1));
    for (int worker = 1; worker < threads_; worker++) {
        try {
            helpers.emplace_back([this, &work, worker] { guarded(work, worker); });
        } catch (const std::system_error&) {
            break;  // the system has no more threads to give: fewer workers do the same work
        }
    }
    guarded(work, 0);
    for (std::thread& helper : helpers) helper.join();
    if (error_) std::rethrow_exception(error_);
}

void Crew::each(std::int64_t count, const std::function<void(int, std::int64_t)>& task) {
    std::atomic<std::int64_t> next{0};
    const int wanted = threads_;
    threads_ =
        static_cast<int>(std::clamp<std::int64_t>(count, 1, wanted));  // no idle threads for small work
    try {
        run([&](int worker) {
            for (std::int64_t i = next++; i < count; i = next++) {
                if (stop_.load(std::memory_order_relaxed)) throw Stopped{};
                task(worker, i);
            }
        });
    } catch (...) {
        threads_ = wanted;
        throw;
    }
    threads_ = wanted;
}

void Crew::tick(int worker, double work) {
    done_.fetch_add(work, std::memory_order_relaxed);
    if (stop_.load(std::memory_order_relaxed)) throw Stopped{};
    if (worker != 0 || !poll_) return;
    const auto now = std::chrono::steady_clock::now();
    if (now - polled_ < kPollInterval) return;
    polled_ = now;
    poll_(std::min(1.0, done_.load(std::memory_order_relaxed) / total_));
}

void Crew::wait_turn(int worker, std::int64_t i) {
    std::unique_lock lock(mutex_);
    while (turn_ != i) {
        if (stop_) throw Stopped{};
        turn_changed_.wait_for(lock, kPollInterval);
        if (turn_ != i && worker == 0) {
            lock.unlock();
            tick(worker, 0);
            lock.lock();
        }
    }
}

void Crew::pass_turn() {
    const std::lock_guard lock(mutex_);
    turn_++;
    turn_changed_.notify_all();
}

}  // namespace alsatian
