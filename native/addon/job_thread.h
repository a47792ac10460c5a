// One native thread that runs the jobs of one engine, one after the other, in the order they were asked for.
#pragma once
#include <condition_variable>
#include <deque>
#include <memory>
#include <mutex>
#include <thread>

#include "addon/main_loop.h"

namespace glossa::addon {

// Made, settled and destroyed on the JavaScript thread; run on the job thread.
class Job {
 public:
  virtual ~Job() = default;
  virtual void run() = 0;
  virtual void cancel() = 0;  // any thread; run() returns soon after
  virtual void settle(Napi::Env env) = 0;
};

// Held by its owner; for a moment also by whoever stops all threads of an environment or of the process.
class JobThread {
 public:
  // Throws into JavaScript, OUT_OF_MEMORY, where the system gives no more threads.
  static std::shared_ptr<JobThread> start(Napi::Env env, std::shared_ptr<MainLoop> loop);
  ~JobThread();
  JobThread(const JobThread&) = delete;
  JobThread& operator=(const JobThread&) = delete;

  void enqueue(std::shared_ptr<Job> job);
  // JavaScript thread: cancels the running job, forgets the waiting ones and joins the thread. Their promises stay
  // unsettled. Again: does nothing.
  void stop();

  const std::shared_ptr<MainLoop>& loop() const { return loop_; }

  // Stops every thread that serves this loop: its environment is closing.
  static void stop_all(const MainLoop& loop);

 private:
  explicit JobThread(std::shared_ptr<MainLoop> loop) : loop_(std::move(loop)) {}
  void serve();
  // At process exit: cancels, and waits a little for the thread to leave native code, whose static objects go next.
  void abandon();
  static void abandon_all();

  const std::shared_ptr<MainLoop> loop_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<std::shared_ptr<Job>> waiting_;
  std::shared_ptr<Job> running_;
  bool stopping_ = false, abandoned_ = false;
  std::thread thread_;
};

}  // namespace glossa::addon
