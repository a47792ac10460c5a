#include "addon/job_thread.h"

#include <chrono>
#include <cstdlib>
#include <map>
#include <utility>
#include <vector>

#include "addon/failure.h"
#include "base/caught.h"

namespace glossa::addon {
namespace {

// Every thread of the process, whichever environment it serves. Never destroyed: threads may outlive static objects.
struct Registry {
  std::mutex mutex;
  std::map<const JobThread*, std::weak_ptr<JobThread>> threads;
};
Registry& registry() {
  static Registry* const all = new Registry;
  return *all;
}

// Those that still live, and go on living while the result does: their owners may drop them at any time.
std::vector<std::shared_ptr<JobThread>> registered() {
  std::vector<std::shared_ptr<JobThread>> living;
  std::lock_guard<std::mutex> lock(registry().mutex);
  for (const auto& [_, thread] : registry().threads)
    if (std::shared_ptr<JobThread> one = thread.lock()) living.push_back(std::move(one));
  return living;
}

}  // namespace

std::shared_ptr<JobThread> JobThread::start(Napi::Env env, std::shared_ptr<MainLoop> loop) {
  [[maybe_unused]] static const int at_exit = std::atexit(&JobThread::abandon_all);
  const std::shared_ptr<JobThread> made(new JobThread(std::move(loop)));
  {
    std::lock_guard<std::mutex> lock(registry().mutex);
    registry().threads.emplace(made.get(), made);
  }
  try {
    made->thread_ = std::thread(&JobThread::serve, made.get());
  } catch (...) {
    const Status status = caught("an engine");
    throw error_of(env, status.code(), status.message());
  }
  return made;
}

JobThread::~JobThread() {
  stop();
  std::lock_guard<std::mutex> lock(registry().mutex);
  registry().threads.erase(this);
}

void JobThread::enqueue(std::shared_ptr<Job> job) {
  loop_->hold();
  std::lock_guard<std::mutex> lock(mutex_);
  waiting_.push_back(std::move(job));
  changed_.notify_all();
}

void JobThread::stop() {
  std::deque<std::shared_ptr<Job>> forgotten;
  {
    std::lock_guard<std::mutex> lock(mutex_);
    stopping_ = true;
    forgotten.swap(waiting_);
    if (running_) running_->cancel();
    changed_.notify_all();
  }
  if (thread_.joinable()) thread_.join();
  for (size_t i = 0; i < forgotten.size(); ++i) loop_->release();
}

void JobThread::serve() {
  std::unique_lock<std::mutex> lock(mutex_);
  for (;;) {
    changed_.wait(lock, [this] { return stopping_ || (!waiting_.empty() && !abandoned_); });
    if (stopping_) return;
    running_ = std::move(waiting_.front());
    waiting_.pop_front();
    lock.unlock();
    running_->run();
    lock.lock();
    std::shared_ptr<Job> done = std::move(running_);
    running_ = nullptr;
    changed_.notify_all();
    // The process is ending: nothing more may be touched, and the job's JavaScript references are not ours to drop.
    changed_.wait(lock, [this] { return !abandoned_; });
    lock.unlock();
    // The last reference must fall on the JavaScript thread, so it moves into the task.
    loop_->post([job = std::move(done), loop = loop_](Napi::Env env) mutable {
      loop->release();
      job->settle(env);
      job = nullptr;
    });
    lock.lock();
  }
}

void JobThread::abandon() {
  std::unique_lock<std::mutex> lock(mutex_);
  abandoned_ = true;
  if (running_) running_->cancel();
  changed_.wait_for(lock, std::chrono::seconds(5), [this] { return running_ == nullptr; });
}

void JobThread::stop_all(const MainLoop& loop) {
  for (const std::shared_ptr<JobThread>& thread : registered()) {
    if (thread->loop_.get() == &loop) thread->stop();
  }
}

void JobThread::abandon_all() {
  for (const std::shared_ptr<JobThread>& thread : registered()) thread->abandon();
}

}  // namespace glossa::addon
