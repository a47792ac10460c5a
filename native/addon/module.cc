// glossa.node: the names below are the whole raw binding. src/engine/binding.ts lists them again, by hand, with types.
#include "addon/arguments.h"
#include "addon/cancel_token.h"
#include "addon/engine_object.h"
#include "addon/environment.h"
#include "addon/failure.h"
#include "addon/requests.h"
#include "engine/memory_plan.h"
#include "golden/golden.h"

namespace glossa::addon {
namespace {

Napi::Value native_info(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  Napi::Object result = Napi::Object::New(env);
  const std::vector<std::string> isas = device_isas();
  Napi::Array names = Napi::Array::New(env, isas.size());
  for (uint32_t i = 0; i < isas.size(); ++i) names.Set(i, Napi::String::New(env, isas[i]));
  result.Set("isas", names);
  const std::vector<std::string> devices = device_names();
  Napi::Array device_list = Napi::Array::New(env, devices.size());
  for (uint32_t i = 0; i < devices.size(); ++i) device_list.Set(i, Napi::String::New(env, devices[i]));
  result.Set("devices", device_list);
  result.Set("gpu", Napi::String::New(env, gpu_state()));
  result.Set("cores", Napi::Number::New(env, host_cores()));
  result.Set("losses", loss_table(env));
  return result;
}

// Floating-point operations a second of all threads, measured now (about 20 ms, on the calling thread).
Napi::Value measured_peak(const Napi::CallbackInfo& info) {
  const EngineOptions options = engine_options(info[0]);
  const Result<double> flops = measured_flops(options.device(), options.dtype);
  if (!flops.ok()) throw error_of(info.Env(), flops.status());
  return Napi::Number::New(info.Env(), flops.value());
}

Napi::Value create_engine(const Napi::CallbackInfo& info) {
  const std::string json = text_argument(info, 0, "createEngine.config");
  const uint64_t seed = seed_argument(info, 1, "createEngine.seed");
  const EngineOptions options = engine_options(info[2]);
  return EngineObject::make(info.Env(), [json, seed, options]() -> Result<std::unique_ptr<Engine>> {
    const Result<ModelConfig> config = parse_model_config(json, "the model configuration");
    if (!config.ok()) return config.status();
    return Engine::create(config.value(), seed, options);
  });
}

Napi::Value load_engine(const Napi::CallbackInfo& info) {
  const std::string dir = path_argument(info, 0, "loadEngine.dir");
  const EngineOptions options = engine_options(info[1]);
  return EngineObject::make(info.Env(), [dir, options] { return Engine::load(dir, options); });
}

// The engine's memory for a run, term by term; computed at once, nothing is allocated.
Napi::Value memory_plan(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  const std::string json = text_argument(info, 0, "planMemory.config");
  const PlannedRun run = planned_run(info[1], "planMemory");
  const EngineOptions options = engine_options(info[2]);
  const Result<ModelConfig> config = parse_model_config(json, "the model configuration");
  if (!config.ok()) throw error_of(env, config.status());
  const Result<MemoryPlan> plan = plan_memory(config.value(), options, run);
  if (!plan.ok()) throw error_of(env, plan.status());
  Napi::Array terms = Napi::Array::New(env, plan.value().terms.size());
  for (uint32_t i = 0; i < plan.value().terms.size(); ++i) {
    const MemoryTerm& term = plan.value().terms[i];
    Napi::Object entry = Napi::Object::New(env);
    entry.Set("name", term.name);
    entry.Set("bytes", static_cast<double>(term.bytes));
    entry.Set("shared", term.group != 0);
    entry.Set("ofHost", term.of_host);
    terms.Set(i, entry);
  }
  Napi::Object result = Napi::Object::New(env);
  result.Set("terms", terms);
  result.Set("total", static_cast<double>(plan.value().total));
  result.Set("host", static_cast<double>(plan.value().host));
  if (plan.value().room.total > 0) {
    Napi::Object room = Napi::Object::New(env);
    room.Set("total", static_cast<double>(plan.value().room.total));
    room.Set("free", static_cast<double>(plan.value().room.free));
    result.Set("room", room);
  }
  result.Set("microBatchRows", static_cast<double>(plan.value().micro_batch_rows));
  result.Set("microBatchTokens", static_cast<double>(plan.value().micro_batch_tokens));
  return result;
}

Napi::Value golden_cases(Napi::Env env, std::vector<GoldenCase>&& cases) {
  Napi::Array result = Napi::Array::New(env, cases.size());
  for (uint32_t i = 0; i < cases.size(); ++i) {
    const GoldenCase& one = cases[i];
    Napi::Object entry = Napi::Object::New(env);
    entry.Set("name", one.name);
    entry.Set("kind", one.kind);
    entry.Set("state", one.state);
    entry.Set("detail", one.detail);
    Napi::Array measures = Napi::Array::New(env, one.measures.size());
    for (uint32_t j = 0; j < one.measures.size(); ++j) {
      Napi::Object measure = Napi::Object::New(env);
      measure.Set("name", one.measures[j].name);
      measure.Set("error", one.measures[j].error);
      measure.Set("bound", one.measures[j].bound);
      measures.Set(j, measure);
    }
    entry.Set("measures", measures);
    result.Set(i, entry);
  }
  return result;
}

Napi::Value run_golden_cases(const Napi::CallbackInfo& info) {
  const std::string dir = path_argument(info, 0, "runGolden.dir");
  const EngineOptions options = engine_options(info[1]);
  const auto thread = JobThread::start(info.Env(), Environment::of(info.Env()).loop);
  return start<std::vector<GoldenCase>>(
      info.Env(), *thread, {}, {}, [dir, options](const JobControl&) { return run_golden(dir, options); },
      [thread](Napi::Env env, std::vector<GoldenCase>&& cases) { return golden_cases(env, std::move(cases)); });
}

Napi::Value buffer_address(const Napi::CallbackInfo& info) {
  return Napi::BigInt::New(info.Env(),
                           static_cast<uint64_t>(reinterpret_cast<uintptr_t>(address_of(info[0], "bufferAddress"))));
}

Napi::Object define_module(Napi::Env env, Napi::Object exports) {
  Environment* const environment = new Environment{MainLoop::make(env), {}, nullptr};
  env.SetInstanceData(environment);
  const Napi::Function engine_class = EngineObject::define(env);
  environment->engine_class = Napi::Persistent(engine_class);
  exports.Set("nativeInfo", Napi::Function::New<native_info>(env, "nativeInfo"));
  exports.Set("measuredPeak", Napi::Function::New<measured_peak>(env, "measuredPeak"));
  exports.Set("planMemory", Napi::Function::New<memory_plan>(env, "planMemory"));
  exports.Set("createEngine", Napi::Function::New<create_engine>(env, "createEngine"));
  exports.Set("loadEngine", Napi::Function::New<load_engine>(env, "loadEngine"));
  exports.Set("runGolden", Napi::Function::New<run_golden_cases>(env, "runGolden"));
  exports.Set("bufferAddress", Napi::Function::New<buffer_address>(env, "bufferAddress"));
  exports.Set("NativeEngine", engine_class);
  exports.Set("CancelToken", CancelToken::define(env));
  return exports;
}

NODE_API_MODULE(glossa, define_module)

}  // namespace
}  // namespace glossa::addon
