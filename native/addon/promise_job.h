// The one way a call becomes a promise: work on the job thread, the result made into JavaScript values back on the
// JavaScript thread.
#pragma once
#include <atomic>
#include <chrono>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <utility>

#include "addon/arguments.h"
#include "addon/failure.h"
#include "addon/job_thread.h"
#include "base/caught.h"
#include "engine/engine.h"

namespace glossa::addon {

using CancelFlag = std::shared_ptr<std::atomic<bool>>;

// What a call that returns nothing returns.
struct Nothing {};
inline Result<Nothing> nothing_or(Status status) {
  if (!status.ok()) return status;
  return Nothing{};
}

// Progress from the job thread to a JavaScript function, at most ten times a second; only the latest state is kept.
class Progress : public std::enable_shared_from_this<Progress> {
 public:
  Progress(std::shared_ptr<MainLoop> loop, Napi::FunctionReference callback)
      : loop_(std::move(loop)), callback_(std::move(callback)) {}
  void report(int64_t done, int64_t total, int64_t tokens);  // job thread
  void end() { callback_.Reset(); }                          // JavaScript thread: nothing is called after this

 private:
  void deliver(Napi::Env env);

  struct State {
    int64_t done, total, tokens;
  };
  const std::shared_ptr<MainLoop> loop_;
  Napi::FunctionReference callback_;
  std::mutex mutex_;
  std::optional<State> latest_;
  std::chrono::steady_clock::time_point next_{};
};

// Completions from the job thread to a JavaScript function, all of them.
class CompletedRows : public std::enable_shared_from_this<CompletedRows> {
 public:
  CompletedRows(std::shared_ptr<MainLoop> loop, Napi::FunctionReference callback)
      : loop_(std::move(loop)), callback_(std::move(callback)) {}
  void report(Completed&&);          // job thread
  void end() { callback_.Reset(); }  // JavaScript thread: nothing is called after this

 private:
  const std::shared_ptr<MainLoop> loop_;
  Napi::FunctionReference callback_;
};

// How a call may be watched and stopped; read from the last argument of every long call.
struct JobOptions {
  CancelFlag cancelled = std::make_shared<std::atomic<bool>>(false);
  std::shared_ptr<Progress> progress;
  std::shared_ptr<CompletedRows> completed;
};

template <class Value>
class PromiseJob final : public Job {
 public:
  using Work = std::function<Result<Value>(const JobControl&)>;
  using Convert = std::function<Napi::Value(Napi::Env, Value&&)>;

  PromiseJob(Napi::Env env, Inputs inputs, JobOptions options, Work work, Convert convert)
      : deferred_(env),
        inputs_(std::move(inputs)),
        options_(std::move(options)),
        work_(std::move(work)),
        convert_(std::move(convert)) {}

  Napi::Promise promise() const { return deferred_.Promise(); }

  void run() override {
    JobControl control;
    control.cancelled = options_.cancelled.get();
    if (options_.progress) {
      control.progress = [progress = options_.progress.get()](int64_t done, int64_t total, int64_t tokens) {
        progress->report(done, total, tokens);
      };
    }
    if (options_.completed)
      control.completed = [to = options_.completed.get()](Completed&& rows) { to->report(std::move(rows)); };
    try {
      if (options_.cancelled->load()) {
        result_ = Status("ABORTED", "aborted before it began");
      } else {
        result_ = work_(control);
      }
    } catch (...) {
      result_ = caught("the call");
    }
  }

  void cancel() override { options_.cancelled->store(true); }

  void settle(Napi::Env env) override {
    if (options_.progress) options_.progress->end();
    if (options_.completed) options_.completed->end();
    inputs_ = {};
    try {
      if (result_.ok()) {
        deferred_.Resolve(convert_(env, result_.take()));
      } else {
        deferred_.Reject(error_of(env, result_.status()).Value());
      }
    } catch (const Napi::Error& error) {
      deferred_.Reject(error.Value());
    }
  }

 private:
  Napi::Promise::Deferred deferred_;
  Inputs inputs_;
  JobOptions options_;
  Work work_;
  Convert convert_;
  Result<Value> result_ = Status("INTERNAL", "the job has not run");
};

template <class Value>
Napi::Promise start(Napi::Env env, JobThread& thread, Inputs inputs, JobOptions options,
                    typename PromiseJob<Value>::Work work, typename PromiseJob<Value>::Convert convert) {
  auto job = std::make_shared<PromiseJob<Value>>(env, std::move(inputs), std::move(options), std::move(work),
                                                 std::move(convert));
  const Napi::Promise promise = job->promise();
  thread.enqueue(std::move(job));
  return promise;
}

}  // namespace glossa::addon
