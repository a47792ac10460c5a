// One pool of threads: short spin, then park; tasks are taken from an atomic counter, so a thread that is held up by
// other work on its core takes fewer. No sum crosses tasks, so results do not depend on the number of threads.
#pragma once
#include <cstdint>
#include <functional>
#include <memory>

namespace glossa {

// Cores this process may use: affinity and cgroup (v1, v2) CPU quota, at least 1.
int available_cores();

class ThreadPool {
 public:
  explicit ThreadPool(int threads);  // the calling thread is worker 0; threads - 1 are started
  ~ThreadPool();
  ThreadPool(const ThreadPool&) = delete;
  ThreadPool& operator=(const ThreadPool&) = delete;
  int threads() const;
  // Runs fn(task, worker) for every task in [0, tasks) and returns when all are done. Not reentrant.
  void run(int64_t tasks, const std::function<void(int64_t task, int worker)>& fn);

 private:
  struct Shared;
  std::unique_ptr<Shared> shared_;
};

}  // namespace glossa
