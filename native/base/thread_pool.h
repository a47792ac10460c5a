// One pool of threads: short spin, then park; tasks are taken from an atomic counter, so a thread that is held up by
// other work on its core takes fewer. No sum crosses tasks, so results do not depend on the number of threads.
#pragma once
#include <cstdint>
#include <memory>

namespace glossa {

// Cores this process may use: affinity and cgroup (v1, v2) CPU quota, at least 1.
int available_cores();

class ThreadPool {
 public:
  // The calling thread is worker 0; threads - 1 are started. std::system_error where the system gives no more: then
  // none is left running.
  explicit ThreadPool(int threads);
  ~ThreadPool();
  ThreadPool(const ThreadPool&) = delete;
  ThreadPool& operator=(const ThreadPool&) = delete;
  int threads() const;
  // Runs body(task, worker) for every task in [0, tasks) and returns when all are done. Not reentrant. Allocates
  // nothing. The first exception that leaves a task is thrown here, when no task runs any more; those not yet begun are
  // left out.
  template <class Body>
  void run(int64_t tasks, const Body& body) {
    run_job(tasks,
            {&body, [](const void* b, int64_t task, int worker) { (*static_cast<const Body*>(b))(task, worker); }});
  }

 private:
  struct Job {
    const void* body;
    void (*call)(const void* body, int64_t task, int worker);
  };
  void run_job(int64_t tasks, Job);
  void stop();
  struct Shared;
  std::unique_ptr<Shared> shared_;
};

}  // namespace glossa
