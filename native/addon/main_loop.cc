#include "addon/main_loop.h"

#include "addon/failure.h"
#include "addon/job_thread.h"

namespace glossa::addon {
// The thread-safe function only wakes the loop: tasks wait in a queue of ours, which is emptied while the environment
// is still whole. It is never released: the environment closes it, after our own hook (hooks run last in, first out).
MainLoop::MainLoop(Napi::Env env) : env_(env) {
  const napi_status status = napi_create_threadsafe_function(env, nullptr, nullptr, Napi::String::New(env, "glossa"), 0,
                                                             1, nullptr, nullptr, this, &MainLoop::run_task, &wake_);
  if (status != napi_ok) throw error_of(env, "NATIVE_ERROR", "cannot create the native message queue");
  napi_unref_threadsafe_function(env, wake_);
  napi_add_env_cleanup_hook(env, &MainLoop::close, this);
}

void MainLoop::post(Task task) {
  std::lock_guard<std::mutex> lock(mutex_);
  if (closed_) return;
  tasks_.push_back(std::move(task));
  napi_call_threadsafe_function(wake_, nullptr, napi_tsfn_nonblocking);
}

void MainLoop::hold() {
  if (held_++ == 0 && !closed_) napi_ref_threadsafe_function(env_, wake_);
}

void MainLoop::release() {
  if (--held_ == 0 && !closed_) napi_unref_threadsafe_function(env_, wake_);
}

// One task a call, so that what a settled promise sets off runs before the next one settles.
void MainLoop::run_task(napi_env env, napi_value, void* context, void*) {
  if (env == nullptr) return;
  const std::shared_ptr<MainLoop> self = static_cast<MainLoop*>(context)->shared_from_this();
  Task task;
  {
    std::lock_guard<std::mutex> lock(self->mutex_);
    if (self->tasks_.empty()) return;
    task = std::move(self->tasks_.front());
    self->tasks_.pop_front();
  }
  Napi::HandleScope scope(env);
  try {
    task(Napi::Env(env));
  } catch (const Napi::Error& error) {
    // Nobody above can catch it: the same as a throw from a timer's callback.
    napi_fatal_exception(env, error.Value());
  }
}

void MainLoop::close(void* context) {
  const std::shared_ptr<MainLoop> self = static_cast<MainLoop*>(context)->shared_from_this();
  JobThread::stop_all(*self);
  std::deque<Task> dropped;
  {
    std::lock_guard<std::mutex> lock(self->mutex_);
    self->closed_ = true;
    dropped.swap(self->tasks_);
  }
}

}  // namespace glossa::addon
