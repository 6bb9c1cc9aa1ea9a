// Threads for one native call, with cancel and polled progress.
//
// A crew lives as long as the call: starting a thread costs tens of microseconds against half-steps of
// milliseconds to minutes, and nothing is left running that a fork could break or a second caller could fight
// over.
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <exception>
#include <functional>
#include <mutex>

namespace alsatian {

// Thrown inside workers to unwind after another one failed or the poll asked to stop; never leaves the crew.
struct Stopped {};

class Crew {
  public:
    // `poll` is called from the calling thread with the fraction done; an exception from it stops the crew.
    Crew(int threads, std::function<void(double)> poll, double total_work);

    int size() const { return threads_; }

    // Runs work(worker) on every worker, the caller being worker 0; rethrows the first exception.
    void run(const std::function<void(int)>& work);

    // Runs task(worker, i) for i = 0 … count−1, taken in order by whoever is free.
    void each(std::int64_t count, const std::function<void(int, std::int64_t)>& task);

    // To be called every millisecond or so of work: adds to the work done, polls, and leaves where asked to
    // stop.
    void tick(int worker, double work);

    // Waits until it is the turn of `i`; the turn passes on with pass(). Turns start at 0 with reset_turns().
    void wait_turn(int worker, std::int64_t i);
    void pass_turn();
    void reset_turns() { turn_ = 0; }

  private:
    void guarded(const std::function<void(int)>& work, int worker);
    void fail(std::exception_ptr error);

    int threads_;
    std::function<void(double)> poll_;
    double total_;
    std::atomic<double> done_{0};
    std::atomic<bool> stop_{false};
    std::exception_ptr error_;
    std::mutex mutex_;
    std::condition_variable turn_changed_;
    std::int64_t turn_ = 0;
    std::chrono::steady_clock::time_point polled_;
};

}  // namespace alsatian
