#include "addon/engine_object.h"

#include "addon/arguments.h"
#include "addon/cancel_token.h"
#include "addon/columns.h"
#include "addon/failure.h"

namespace glossa::addon {
namespace {

Napi::Value undefined(Napi::Env env, Nothing&&) {
  return env.Undefined();
}

Napi::Value metrics_of(Napi::Env env, TrainMetrics&& metrics) {
  return train_metrics(env, metrics);
}

}  // namespace

void Session::count_memory(napi_env env, int64_t bytes) {
  int64_t total = 0;
  napi_adjust_external_memory(env, bytes - counted_bytes, &total);
  counted_bytes = bytes;
}

Napi::Function EngineObject::define(Napi::Env env) {
  return DefineClass(env, "NativeEngine",
                     {
                         InstanceMethod<&EngineObject::info>("info"),
                         InstanceMethod<&EngineObject::generate>("generate"),
                         InstanceMethod<&EngineObject::logprobs>("logprobs"),
                         InstanceMethod<&EngineObject::grpo_step>("grpoStep"),
                         InstanceMethod<&EngineObject::grpo_addresses>("grpoAddresses"),
                         InstanceMethod<&EngineObject::supervised_step>("supervisedStep"),
                         InstanceMethod<&EngineObject::reserve>("reserve"),
                         InstanceMethod<&EngineObject::measured_peak>("measuredPeak"),
                         InstanceMethod<&EngineObject::set_reference>("setReference"),
                         InstanceMethod<&EngineObject::save_weights>("saveWeights"),
                         InstanceMethod<&EngineObject::save_adapter>("saveAdapter"),
                         InstanceMethod<&EngineObject::save_checkpoint>("saveCheckpoint"),
                         InstanceMethod<&EngineObject::load_state>("loadState"),
                         InstanceMethod<&EngineObject::dispose>("dispose"),
                     });
}

EngineObject::EngineObject(const Napi::CallbackInfo& info) : Napi::ObjectWrap<EngineObject>(info) {
  session_ = std::exchange(Environment::of(info.Env()).session_to_wrap, nullptr);
  if (!session_) {
    throw error_of(info.Env(), "INVALID_ARGUMENT", "NativeEngine: use createEngine or loadEngine to make one");
  }
  session_->count_memory(info.Env(), session_->info.resident_bytes);
}

void EngineObject::Finalize(Napi::BasicEnv env) {
  session_->disposed = true;
  session_->count_memory(env, 0);
}

Napi::Promise EngineObject::make(Napi::Env env, Maker maker) {
  const auto session = std::make_shared<Session>(env);
  return start<EngineInfo>(
      env, *session->thread, {}, {},
      [session, maker = std::move(maker)](const JobControl&) -> Result<EngineInfo> {
        Result<std::unique_ptr<Engine>> made = maker();
        if (!made.ok()) return made.status();
        session->engine = made.take();
        return session->engine->info();
      },
      [session](Napi::Env env, EngineInfo&& info) -> Napi::Value {
        session->info = std::move(info);
        Environment::of(env).session_to_wrap = session;
        return Environment::of(env).engine_class.New({});
      });
}

Session& EngineObject::live(Napi::Env env) const {
  if (session_->disposed)
    throw error_of(env, "ENGINE_DISPOSED", "the engine has been disposed; create or load another");
  return *session_;
}

template <class T>
Napi::Value EngineObject::queue(Napi::Env env, Inputs inputs, JobOptions options,
                                std::function<Result<T>(Engine&, const JobControl&)> work,
                                typename PromiseJob<T>::Convert convert) {
  struct Outcome {
    T value;
    EngineInfo info;
  };
  return start<Outcome>(
      env, *live(env).thread, std::move(inputs), std::move(options),
      [session = session_, work = std::move(work)](const JobControl& control) -> Result<Outcome> {
        Result<T> result = work(*session->engine, control);
        if (!result.ok()) return result.status();
        return Outcome{result.take(), session->engine->info()};
      },
      [session = session_, convert = std::move(convert)](Napi::Env env, Outcome&& outcome) -> Napi::Value {
        session->info = std::move(outcome.info);
        if (!session->disposed) session->count_memory(env, session->info.resident_bytes);
        return convert(env, std::move(outcome.value));
      });
}

Napi::Value EngineObject::info(const Napi::CallbackInfo& info) {
  return engine_info(info.Env(), live(info.Env()).info);
}

Napi::Value EngineObject::generate(const Napi::CallbackInfo& info) {
  Session& session = live(info.Env());
  Inputs inputs;
  const GenerateRequest request = generate_request(info[0], session.info, &inputs);
  return queue<Rollout>(
      info.Env(), std::move(inputs), job_options(info[1], session.thread->loop()),
      [request](Engine& engine, const JobControl& control) { return engine.generate(request, control); },
      rollout_columns);
}

Napi::Value EngineObject::logprobs(const Napi::CallbackInfo& info) {
  Session& session = live(info.Env());
  Inputs inputs;
  const LogprobRequest request = logprob_request(info[0], session.info, &inputs);
  return queue<Logprobs>(
      info.Env(), std::move(inputs), job_options(info[1], session.thread->loop()),
      [request](Engine& engine, const JobControl& control) {
        return engine.logprobs(request.batch, request.settings, control);
      },
      logprob_columns);
}

Napi::Value EngineObject::queue_training(const Napi::CallbackInfo& info, Inputs inputs, const TrainRequest& request) {
  return queue<TrainMetrics>(
      info.Env(), std::move(inputs), job_options(info[1], session_->thread->loop()),
      [request](Engine& engine, const JobControl& control) {
        return engine.train_step(request.batch, request.settings, control);
      },
      metrics_of);
}

Napi::Value EngineObject::grpo_step(const Napi::CallbackInfo& info) {
  Inputs inputs;
  const TrainRequest request = grpo_request(info[0], live(info.Env()).info, &inputs);
  return queue_training(info, std::move(inputs), request);
}

Napi::Value EngineObject::grpo_addresses(const Napi::CallbackInfo& info) {
  Inputs inputs;
  return step_addresses(info.Env(), grpo_request(info[0], live(info.Env()).info, &inputs).batch);
}

Napi::Value EngineObject::supervised_step(const Napi::CallbackInfo& info) {
  Inputs inputs;
  const TrainRequest request = supervised_request(info[0], live(info.Env()).info, &inputs);
  return queue_training(info, std::move(inputs), request);
}

Napi::Value EngineObject::reserve(const Napi::CallbackInfo& info) {
  live(info.Env());
  return queue<Nothing>(
      info.Env(), {}, {},
      [run = planned_run(info[0], "reserve")](Engine& engine, const JobControl&) {
        return nothing_or(engine.reserve(run));
      },
      undefined);
}

Napi::Value EngineObject::measured_peak(const Napi::CallbackInfo& info) {
  live(info.Env());
  return queue<double>(
      info.Env(), {}, {}, [](Engine& engine, const JobControl&) { return engine.measured_flops(); },
      [](Napi::Env env, double&& flops) -> Napi::Value { return Napi::Number::New(env, flops); });
}

Napi::Value EngineObject::set_reference(const Napi::CallbackInfo& info) {
  return queue<Nothing>(
      info.Env(), {}, {}, [](Engine& engine, const JobControl&) { return nothing_or(engine.set_reference()); },
      undefined);
}

Napi::Value EngineObject::save_weights(const Napi::CallbackInfo& info) {
  live(info.Env());
  return queue<WrittenFiles>(
      info.Env(), {}, {},
      [dir = path_argument(info, 0, "saveWeights.dir"), type = stored_type_argument(info, 1, "saveWeights.onDisk"),
       shard = integer_argument(info, 2, "saveWeights.shardBytes", 1, Engine::kShardBytes)](
          Engine& engine, const JobControl&) { return engine.save_weights(dir, type, shard); },
      written_files);
}

Napi::Value EngineObject::save_adapter(const Napi::CallbackInfo& info) {
  live(info.Env());
  return queue<WrittenFiles>(
      info.Env(), {}, {},
      [dir = path_argument(info, 0, "saveAdapter.dir")](Engine& engine, const JobControl&) {
        return engine.save_adapter(dir);
      },
      written_files);
}

Napi::Value EngineObject::save_checkpoint(const Napi::CallbackInfo& info) {
  live(info.Env());
  return queue<WrittenFiles>(
      info.Env(), {}, {},
      [dir = path_argument(info, 0, "saveCheckpoint.dir"),
       shard = integer_argument(info, 1, "saveCheckpoint.shardBytes", 1, Engine::kShardBytes)](
          Engine& engine, const JobControl&) { return engine.save_checkpoint(dir, shard); },
      written_files);
}

Napi::Value EngineObject::load_state(const Napi::CallbackInfo& info) {
  live(info.Env());
  return queue<Nothing>(
      info.Env(), {}, {},
      [path = path_argument(info, 0, "loadState.path")](Engine& engine, const JobControl&) {
        return nothing_or(engine.load_state(path));
      },
      undefined);
}

Napi::Value EngineObject::dispose(const Napi::CallbackInfo& info) {
  Session& session = live(info.Env());
  session.disposed = true;
  session.count_memory(info.Env(), 0);
  return start<Nothing>(
      info.Env(), *session.thread, {}, {},
      [session = session_](const JobControl&) -> Result<Nothing> {
        session->engine = nullptr;
        return Nothing{};
      },
      [session = session_](Napi::Env env, Nothing&&) -> Napi::Value {
        session->thread->stop();
        return env.Undefined();
      });
}

}  // namespace glossa::addon
