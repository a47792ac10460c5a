// The NativeEngine class of the raw binding: one engine, its thread, and promises.
#pragma once
#include <memory>

#include "addon/environment.h"
#include "addon/job_thread.h"
#include "addon/promise_job.h"
#include "addon/requests.h"
#include "engine/engine.h"

namespace glossa::addon {

// The engine and the only thread that may touch it. Held by the JavaScript object and by every job in flight.
struct Session {
  explicit Session(Napi::Env env) : thread(JobThread::start(env, Environment::of(env).loop)) {}
  ~Session() { thread->stop(); }
  // JavaScript thread: what the engine holds now, told to V8, so that an engine that was dropped without dispose() is
  // collected under memory pressure.
  void count_memory(napi_env env, int64_t bytes);

  std::unique_ptr<Engine> engine;  // job thread only, once made
  EngineInfo info{};               // JavaScript thread only: as of the last job that settled
  bool disposed = false;           // JavaScript thread only: disposed of, or its object collected
  int64_t counted_bytes = 0;       // JavaScript thread only
  const std::shared_ptr<JobThread> thread;
};

class EngineObject : public Napi::ObjectWrap<EngineObject> {
 public:
  static Napi::Function define(Napi::Env env);
  // JavaScript's `new NativeEngine()` throws: engines come from createEngine and loadEngine.
  explicit EngineObject(const Napi::CallbackInfo& info);
  void Finalize(Napi::BasicEnv env) override;

  // Queues the making of an engine on a new thread; resolves to a NativeEngine.
  using Maker = std::function<Result<std::unique_ptr<Engine>>()>;
  static Napi::Promise make(Napi::Env env, Maker maker);

 private:
  Napi::Value info(const Napi::CallbackInfo& info);
  Napi::Value generate(const Napi::CallbackInfo& info);
  Napi::Value logprobs(const Napi::CallbackInfo& info);
  Napi::Value grpo_step(const Napi::CallbackInfo& info);
  Napi::Value grpo_addresses(const Napi::CallbackInfo& info);
  Napi::Value supervised_step(const Napi::CallbackInfo& info);
  Napi::Value reserve(const Napi::CallbackInfo& info);
  Napi::Value measured_peak(const Napi::CallbackInfo& info);
  Napi::Value set_reference(const Napi::CallbackInfo& info);
  Napi::Value save_weights(const Napi::CallbackInfo& info);
  Napi::Value save_adapter(const Napi::CallbackInfo& info);
  Napi::Value save_checkpoint(const Napi::CallbackInfo& info);
  Napi::Value load_state(const Napi::CallbackInfo& info);
  Napi::Value dispose(const Napi::CallbackInfo& info);

  Session& live(Napi::Env env) const;
  template <class T>
  Napi::Value queue(Napi::Env env, Inputs inputs, JobOptions options,
                    std::function<Result<T>(Engine&, const JobControl&)> work, typename PromiseJob<T>::Convert convert);
  Napi::Value queue_training(const Napi::CallbackInfo& info, Inputs inputs, const TrainRequest& request);

  std::shared_ptr<Session> session_;
};

}  // namespace glossa::addon
