// The way back from native threads to the JavaScript thread of one environment (the main thread or a worker).
#pragma once
#include <deque>
#include <functional>
#include <memory>
#include <mutex>

#include "addon/napi_setup.h"

namespace glossa::addon {

// Owned jointly by the environment and the job threads that post to it; outlives the environment while a thread has it.
class MainLoop : public std::enable_shared_from_this<MainLoop> {
 public:
  using Task = std::function<void(Napi::Env)>;

  // One for each environment, made when it loads the addon.
  static std::shared_ptr<MainLoop> make(Napi::Env env) { return std::shared_ptr<MainLoop>(new MainLoop(env)); }

  // Any thread: runs the task on the JavaScript thread, in order of posting. Dropped once the environment is closing.
  void post(Task task);
  // JavaScript thread: the process stays alive while anything is held.
  void hold();
  void release();

 private:
  explicit MainLoop(Napi::Env env);
  static void run_task(napi_env env, napi_value, void* context, void*);
  static void close(void* context);

  napi_env env_;
  napi_threadsafe_function wake_ = nullptr;
  std::mutex mutex_;
  std::deque<Task> tasks_;
  bool closed_ = false;
  int held_ = 0;
};

}  // namespace glossa::addon
