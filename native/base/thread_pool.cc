#include "base/thread_pool.h"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <exception>
#include <thread>
#include <utility>
#include <vector>

namespace glossa {
namespace {

using Clock = std::chrono::steady_clock;

// Long enough to bridge the serial work between two runs, short enough to leave the core to others at once.
constexpr auto kSpin = std::chrono::microseconds(20);

inline void relax() {
#if defined(__x86_64__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  asm volatile("yield");
#endif
}

// True as soon as ready() is, false if it is not within the spin.
template <class Ready>
bool spin(Ready ready) {
  if (ready()) return true;
  const Clock::time_point end = Clock::now() + kSpin;
  do {
    for (int i = 0; i < 16; ++i) {
      relax();
      if (ready()) return true;
    }
  } while (Clock::now() < end);
  return false;
}

}  // namespace

struct ThreadPool::Shared {
  // Written by run_job() before `left` and read only by who has taken a task, and a job lives until its tasks are done.
  Job job{};
  int64_t tasks = 0;
  std::atomic<bool> failed{false};
  std::exception_ptr error;  // written by the one that set `failed`, read when all tasks are done

  // Tasks that nobody has taken (low half) of job number (high half). Taking one is a compare-and-swap of the whole
  // word, so a thread that wakes late can never take a task of a job it has not seen.
  alignas(64) std::atomic<uint64_t> left{0};
  alignas(64) std::atomic<uint32_t> unfinished{0};
  alignas(64) std::atomic<uint32_t> epoch{0};  // changes with every job: what idle threads park on
  std::atomic<bool> stop{false};
  std::vector<std::thread> threads;

  static uint32_t low(uint64_t word) { return static_cast<uint32_t>(word); }

  // Whoever waits for the job still counts its tasks, so what a task throws is kept for the end.
  void run_task(int64_t task, int worker) {
    if (failed.load(std::memory_order_relaxed)) return;
    try {
      job.call(job.body, task, worker);
    } catch (...) {
      if (!failed.exchange(true, std::memory_order_relaxed)) error = std::current_exception();
    }
  }

  // Takes tasks until none is left.
  void work(int worker) {
    uint32_t done = 0;
    uint64_t word = left.load(std::memory_order_acquire);
    while (low(word) > 0) {
      if (!left.compare_exchange_weak(word, word - 1, std::memory_order_acq_rel, std::memory_order_acquire)) continue;
      run_task(tasks - low(word), worker);
      ++done;
      word = left.load(std::memory_order_acquire);
      // The job may end with this report, so nothing of it may be touched afterwards.
      if (low(word) == 0) break;
    }
    if (done > 0 && unfinished.fetch_sub(done, std::memory_order_acq_rel) == done) unfinished.notify_all();
  }

  void serve(int worker) {
    for (;;) {
      const uint32_t seen = epoch.load(std::memory_order_acquire);
      if (stop.load(std::memory_order_acquire)) return;
      work(worker);
      auto changed = [&] { return epoch.load(std::memory_order_acquire) != seen; };
      if (!spin(changed)) epoch.wait(seen, std::memory_order_acquire);
    }
  }

  void wake() {
    epoch.fetch_add(1, std::memory_order_acq_rel);
    epoch.notify_all();
  }
};

ThreadPool::ThreadPool(int threads) : shared_(std::make_unique<Shared>()) {
  try {
    for (int i = 1; i < threads; ++i) shared_->threads.emplace_back([s = shared_.get(), i] { s->serve(i); });
  } catch (...) {
    stop();
    throw;
  }
}

ThreadPool::~ThreadPool() {
  stop();
}

void ThreadPool::stop() {
  shared_->stop.store(true, std::memory_order_release);
  shared_->wake();
  for (std::thread& t : shared_->threads) t.join();
}

int ThreadPool::threads() const {
  return static_cast<int>(shared_->threads.size()) + 1;
}

void ThreadPool::run_job(int64_t tasks, Job job) {
  Shared& s = *shared_;
  constexpr int64_t kMost = int64_t{1} << 31;  // tasks are counted in 32 bits; more than this are run in portions
  if (tasks > kMost) {
    for (int64_t at = 0; at < tasks; at += kMost) {
      run(std::min(kMost, tasks - at), [&](int64_t task, int worker) { job.call(job.body, at + task, worker); });
    }
    return;
  }
  if (tasks <= 1 || s.threads.empty()) {
    for (int64_t i = 0; i < tasks; ++i) job.call(job.body, i, 0);
    return;
  }
  s.job = job;
  s.tasks = tasks;
  s.failed.store(false, std::memory_order_relaxed);
  s.unfinished.store(static_cast<uint32_t>(tasks), std::memory_order_relaxed);
  const uint64_t number = (s.left.load(std::memory_order_relaxed) >> 32) + 1;
  s.left.store(number << 32 | static_cast<uint64_t>(tasks), std::memory_order_release);
  s.wake();
  s.work(0);
  auto finished = [&] { return s.unfinished.load(std::memory_order_acquire) == 0; };
  if (!spin(finished)) {
    for (uint32_t left = s.unfinished.load(std::memory_order_acquire); left != 0;
         left = s.unfinished.load(std::memory_order_acquire)) {
      s.unfinished.wait(left, std::memory_order_acquire);
    }
  }
  if (s.failed.load(std::memory_order_relaxed)) std::rethrow_exception(std::exchange(s.error, nullptr));
}

}  // namespace glossa
