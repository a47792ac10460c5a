#include "engine/engine.h"

#include "base/caught.h"
#include "engine/adapter_files.h"
#include "engine/checkpoint_source.h"
#include "engine/fresh_weights.h"
#include "engine/generate.h"
#include "engine/logprobs.h"
#include "engine/memory_plan.h"
#include "engine/save_weights.h"
#include "engine/train.h"
#include "engine/train_state.h"
#include "io/read_file.h"
#include "model/families.h"

namespace glossa {
namespace {

// Runs a call that returns a status or a result; what it throws becomes one.
template <class Body>
auto guarded(const char* what, const Body& body) -> decltype(body()) {
  try {
    return body();
  } catch (...) {
    return caught(what);
  }
}

}  // namespace

struct Engine::Impl : EngineState {};

Engine::Engine() : impl_(std::make_unique<Impl>()) {}
Engine::~Engine() = default;

namespace {

Status prepare(EngineState& e, const ModelConfig& config, const EngineOptions& options) {
  if (options.dtype != Dtype::f32 && options.dtype != Dtype::bf16)
    return Status("INVALID_ARGUMENT", "dtype must be float32 or bfloat16");
  Result<LoraSettings> lora = lora_settings(options);
  if (!lora.ok()) return lora.status();
  e.lora = lora.take();
  Result<Model> model = make_model(config, options.dtype, options.trainable, e.lora);
  if (!model.ok()) return model.status();
  e.model = model.take();
  if (e.model.adapters && !options.trainable.empty())
    return Status("INVALID_ARGUMENT", "trainable: with lora the adapters train, and nothing else; give one of the two");
  Result<std::unique_ptr<Device>> device = open_device(options.device(), matrix_operand_bytes(e.model));
  if (!device.ok()) return device.status();
  e.device = device.take();
  if (const int64_t widest = e.device->traits().widest_head; e.model.shape.head_dim > widest)
    return Status("MODEL_UNSUPPORTED", "heads of " + std::to_string(e.model.shape.head_dim) + "; " + e.device->name() +
                                           " takes heads of " + std::to_string(widest) + " at most");
  e.device_name = chosen_device(options.device());
  for (Memory* memory : {&e.master, &e.optimizer.m, &e.optimizer.v, &e.arena, &e.gradient, &e.rope})
    *memory = Memory(*e.device);
  const int64_t page = kv_cache_bytes(e.model, e.device->traits().kv_page);
  e.kv = std::make_unique<KvStore>(*e.device, page, e.device->traits().kv_page, EngineState::kKeptPrompts,
                                   kv_pages(options, page));
  e.warnings = config.warnings;
  e.frozen = options.frozen;
  if (Status s = hold_weights(e); !s.ok()) return s;
  if (e.frozen && !e.model.adapters) return {};
  e.master.reserve(e.model.master_parameters() * 4);
  if (!e.model.adapters) e.policy.attach(*e.device, e.model, {e.master.data()});
  return {};
}

Status fill_adapters(EngineState& e, const std::string& dir) {
  std::unique_ptr<WeightSource> source;
  if (dir.empty()) {
    source = std::make_unique<FreshAdapters>(e.model, e.lora.seed);
  } else {
    Result<std::unique_ptr<WeightSource>> opened = open_adapter(e.model, dir);
    if (!opened.ok()) return opened.status();
    source = opened.take();
  }
  const Values master{e.master.data()};
  if (Status s = fill_flat(*e.device, e.model.adapters.parameters, *source, master); !s.ok()) return s;
  e.policy.attach_adapters(*e.device, e.model, master);
  e.policy.repack();
  return {};
}

Status fill(EngineState& e, const WeightSource& source, const EngineOptions& options) {
  if (e.frozen || e.model.adapters)
    if (Status s = e.policy.fill(*e.device, e.model, source); !s.ok()) return s;
  if (e.model.adapters) return fill_adapters(e, options.adapter);
  if (e.frozen) return {};
  if (Status s = fill_flat(*e.device, e.model.parameters, source, {e.master.data()}); !s.ok()) return s;
  e.policy.repack();
  return {};
}

Status refuse_frozen(const EngineState& e, const char* what) {
  if (!e.frozen) return {};
  return Status(
      "ENGINE_FROZEN",
      std::string(what) + " needs an engine that trains; this one was made frozen, to generate and score only");
}

}  // namespace

Result<std::unique_ptr<Engine>> Engine::create(const ModelConfig& config, uint64_t seed, const EngineOptions& options) {
  return guarded("the model", [&]() -> Result<std::unique_ptr<Engine>> {
    std::unique_ptr<Engine> engine(new Engine());
    if (Status s = prepare(*engine->impl_, config, options); !s.ok()) return s;
    EngineState& e = *engine->impl_;
    e.base_name = options.base_name;
    e.open_base = [&model = e.model, seed]() -> Result<std::unique_ptr<WeightSource>> {
      return std::unique_ptr<WeightSource>(std::make_unique<FreshWeights>(model, seed));
    };
    if (Status s = fill(e, FreshWeights(e.model, seed), options); !s.ok()) return s;
    return engine;
  });
}

Result<std::unique_ptr<Engine>> Engine::load(const std::string& folder, const EngineOptions& given) {
  return guarded("the model", [&]() -> Result<std::unique_ptr<Engine>> {
    EngineOptions options = given;
    std::string dir = folder;
    if (options.adapter.empty() && has_adapter(dir)) {
      Result<std::string> base = base_of(dir, options.base);
      if (!base.ok()) return base.status();
      options.adapter = dir;
      dir = base.take();
    }
    const std::string path = dir + "/config.json";
    Result<std::string> text = read_text_file(path);
    if (!text.ok()) return text.status();
    Result<ModelConfig> config = parse_model_config(text.value(), path);
    if (!config.ok()) return config.status();
    std::unique_ptr<Engine> engine(new Engine());
    if (Status s = prepare(*engine->impl_, config.value(), options); !s.ok()) return s;
    Result<std::unique_ptr<CheckpointSource>> source = CheckpointSource::open(engine->impl_->model, dir);
    if (!source.ok()) return source.status();
    EngineState& e = *engine->impl_;
    e.base_name = options.base_name.empty() ? dir : options.base_name;
    e.open_base = [&model = e.model, dir]() -> Result<std::unique_ptr<WeightSource>> {
      Result<std::unique_ptr<CheckpointSource>> opened = CheckpointSource::open(model, dir);
      if (!opened.ok()) return opened.status();
      return std::unique_ptr<WeightSource>(opened.take());
    };
    if (Status s = fill(e, *source.value(), options); !s.ok()) return s;
    std::vector<std::string>& warnings = engine->impl_->warnings;
    warnings.insert(warnings.end(), source.value()->warnings().begin(), source.value()->warnings().end());
    return engine;
  });
}

EngineInfo Engine::info() const {
  const Model& m = impl_->model;
  return {impl_->device_name,
          impl_->device->name(),
          m.dtype == Dtype::f32 ? "float32" : "bfloat16",
          family_row(m.config.family).model_type,
          impl_->device->threads(),
          m.all_parameters(),
          m.matmul_parameters,
          impl_->frozen ? 0 : m.trained.parameters,
          m.config.vocab,
          m.config.hidden,
          m.config.layers,
          m.config.context,
          impl_->optimizer.step,
          impl_->resident_bytes(),
          impl_->frozen,
          impl_->warnings};
}
const ModelConfig& Engine::config() const {
  return impl_->model.config;
}

Result<Rollout> Engine::generate(const GenerateRequest& request, const JobControl& control) {
  return guarded("the rollout", [&] { return glossa::generate(*impl_, request, control); });
}
Result<Logprobs> Engine::logprobs(const SequenceBatch& batch, const LogprobSettings& settings,
                                  const JobControl& control) {
  return guarded("the log-probabilities", [&] { return glossa::logprobs(*impl_, batch, settings, control); });
}
Result<TrainMetrics> Engine::train_step(const TrainBatch& batch, const TrainSettings& settings,
                                        const JobControl& control) {
  if (Status s = refuse_frozen(*impl_, "training"); !s.ok()) return s;
  return guarded("the step", [&] {
    impl_->policy.need_transposed(impl_->model);
    return glossa::train_step(*impl_, batch, settings, control);
  });
}
Result<TrainMetrics> Engine::gradients(const TrainBatch& batch, const TrainSettings& settings,
                                       std::vector<float>* out) {
  if (Status s = refuse_frozen(*impl_, "a gradient"); !s.ok()) return s;
  return guarded("the step", [&] {
    impl_->policy.need_transposed(impl_->model);
    return batch_gradients(*impl_, batch, settings, out);
  });
}
Result<std::vector<float>> Engine::logits(const int32_t* ids, int64_t n) {
  return guarded("the logits", [&] { return sequence_logits(*impl_, ids, n); });
}

Status Engine::reserve(const PlannedRun& run) {
  return guarded("the run", [&] { return reserve_run(*impl_, run); });
}
Result<double> Engine::measured_flops() const {
  return guarded("the ceiling", [&]() -> Result<double> { return impl_->device->measured_flops(impl_->model.dtype); });
}

Status Engine::set_reference() {
  if (Status s = refuse_frozen(*impl_, "a reference"); !s.ok()) return s;
  return guarded("the reference", [&] {
    if (impl_->model.adapters)
      impl_->reference.share_base(impl_->policy);
    else
      impl_->reference.freeze(*impl_->device, impl_->model, impl_->policy);
    return Status();
  });
}
bool Engine::has_reference() const {
  return !impl_->reference.empty();
}

std::vector<float> Engine::parameters() const {
  std::vector<float> out;
  if (impl_->frozen) return out;
  out.resize(static_cast<size_t>(impl_->model.master_parameters()));
  impl_->device->download(out.data(), impl_->master.data(), impl_->model.master_parameters() * 4);
  return out;
}
const std::vector<TensorSpec>& Engine::tensors() const {
  return impl_->model.master_tensors();
}
Result<std::vector<float>> Engine::merged() const {
  if (!impl_->model.adapters) return Status("INVALID_ARGUMENT", "there are no adapters to merge");
  return guarded("merging the adapters", [&] { return merged_weights(*impl_); });
}
void Engine::set_parameters(const std::vector<float>& parameters) {
  impl_->device->upload(impl_->master.data(), parameters.data(), impl_->model.master_parameters() * 4);
  impl_->policy.repack();
}

Result<WrittenFiles> Engine::save_weights(const std::string& dir, Dtype on_disk, int64_t shard_bytes) const {
  if (Status s = refuse_frozen(*impl_, "saving weights"); !s.ok() && !impl_->model.adapters) return s;
  if (shard_bytes <= 0) return Status("INVALID_ARGUMENT", "shard_bytes must be above 0");
  return guarded("writing the weights", [&] { return glossa::save_weights(*impl_, dir, on_disk, shard_bytes); });
}
Result<WrittenFiles> Engine::save_adapter(const std::string& dir) const {
  if (!impl_->model.adapters) return Status("INVALID_ARGUMENT", "there are no adapters to save");
  return guarded("writing the adapters", [&] { return glossa::save_adapter(*impl_, dir); });
}
Result<WrittenFiles> Engine::save_checkpoint(const std::string& dir, int64_t shard_bytes) const {
  if (Status s = refuse_frozen(*impl_, "saving a checkpoint"); !s.ok()) return s;
  Result<WrittenFiles> files = impl_->model.adapters ? save_adapter(dir) : save_weights(dir, Dtype::f32, shard_bytes);
  if (!files.ok()) return files;
  return guarded("writing the state", [&]() -> Result<WrittenFiles> {
    Result<WrittenFile> state = save_state(*impl_, dir);
    if (!state.ok()) return state.status();
    files.value().push_back(state.take());
    return std::move(files);
  });
}
Status Engine::load_state(const std::string& path) {
  if (Status s = refuse_frozen(*impl_, "loading a state"); !s.ok()) return s;
  return guarded("the optimizer's state", [&] { return glossa::load_state(*impl_, path); });
}

}  // namespace glossa
