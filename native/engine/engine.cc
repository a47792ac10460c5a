#include "engine/engine.h"

#include <algorithm>
#include <cmath>
#include <new>

#include "base/philox.h"
#include "engine/checkpoint.h"
#include "engine/generate.h"
#include "engine/logprobs.h"
#include "engine/train.h"

namespace glossa {
namespace {

const char* family_name(Family f) {
  switch (f) {
    case Family::llama:
      return "llama";
    case Family::qwen2:
      return "qwen2";
    case Family::qwen3:
      return "qwen3";
    case Family::olmo2:
      return "olmo2";
  }
  return "";
}

// Two normal draws from the counter of a pair of elements (Box & Muller 1958).
void normal_pair(uint64_t seed, int64_t pair, double out[2]) {
  constexpr uint32_t kInitialisation = 0x696e6974;
  const Philox4 r =
      philox4x32(seed, static_cast<uint32_t>(pair), static_cast<uint32_t>(pair >> 32), 0, kInitialisation);
  const double u = (r.v[0] + 0.5) / 4294967296.0, angle = 6.283185307179586 * ((r.v[1] + 0.5) / 4294967296.0);
  const double radius = std::sqrt(-2 * std::log(u));
  out[0] = radius * std::cos(angle);
  out[1] = radius * std::sin(angle);
}

void initialise(const Model& m, uint64_t seed, ThreadPool& pool, std::vector<float>* master) {
  for (const TensorSpec& t : m.tensors) {
    const int64_t n = element_count(t);
    float* w = master->data() + t.offset;
    if (t.shape.size() != 2) {
      const bool bias = t.name.size() > 5 && t.name.compare(t.name.size() - 5, 5, ".bias") == 0;
      for (int64_t i = 0; i < n; ++i) w[i] = bias ? 0.0f : 1.0f;
      continue;
    }
    constexpr int64_t kChunk = 16384;
    pool.run((n + kChunk - 1) / kChunk, [&](int64_t task, int) {
      for (int64_t i = task * kChunk; i < std::min(n, (task + 1) * kChunk); ++i) {
        double z[2];
        normal_pair(seed, (t.offset + i) / 2, z);
        w[i] = static_cast<float>(z[(t.offset + i) % 2] * static_cast<double>(m.config.initializer_range));
      }
    });
  }
}

Status out_of_memory(const char* what) {
  return Status("OUT_OF_MEMORY",
                std::string("not enough memory for ") + what + "; use fewer slots or micro-batch tokens");
}

// Runs a call that may fail to get memory.
template <class T, class Body>
Result<T> guarded(const char* what, const Body& body) {
  try {
    return body();
  } catch (const std::bad_alloc&) {
    return out_of_memory(what);
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
  if (options.threads < 0 || options.threads > 1024)
    return Status("INVALID_ARGUMENT",
                  "threads must lie in [0, 1024], 0: as many as cores; not " + std::to_string(options.threads));
  Result<const Kernels*> kernels = options.isa.empty() ? default_kernels() : kernels_for(options.isa);
  if (!kernels.ok()) return kernels.status();
  e.model = make_model(config, options.dtype, kernels.value());
  e.pool = std::make_unique<ThreadPool>(options.threads > 0 ? options.threads : available_cores());
  e.together = options.sharing == Sharing::automatic ? e.threads() > 1 && weights_come_from_memory(e.model)
                                                     : options.sharing == Sharing::always;
  e.master.resize(static_cast<size_t>(e.model.parameters));
  e.policy.attach(e.model, e.master.data());
  return {};
}

}  // namespace

Result<std::unique_ptr<Engine>> Engine::create(const ModelConfig& config, uint64_t seed, const EngineOptions& options) {
  return guarded<std::unique_ptr<Engine>>("the model", [&]() -> Result<std::unique_ptr<Engine>> {
    std::unique_ptr<Engine> engine(new Engine());
    if (Status s = prepare(*engine->impl_, config, options); !s.ok()) return s;
    initialise(engine->impl_->model, seed, *engine->impl_->pool, &engine->impl_->master);
    engine->weights_changed();
    return engine;
  });
}

Result<std::unique_ptr<Engine>> Engine::load(const std::string& dir, const EngineOptions& options) {
  return guarded<std::unique_ptr<Engine>>("the model", [&]() -> Result<std::unique_ptr<Engine>> {
    const std::string path = dir + "/config.json";
    Result<std::string> text = read_text_file(path);
    if (!text.ok()) return text.status();
    Result<ModelConfig> config = parse_model_config(text.value(), path);
    if (!config.ok()) return config.status();
    std::unique_ptr<Engine> engine(new Engine());
    if (Status s = prepare(*engine->impl_, config.value(), options); !s.ok()) return s;
    std::vector<float> master;
    if (Status s = load_weights(engine->impl_->model, dir, &master); !s.ok()) return s;
    std::copy(master.begin(), master.end(), engine->impl_->master.begin());
    engine->weights_changed();
    return engine;
  });
}

EngineInfo Engine::info() const {
  const Model& m = impl_->model;
  return {m.kernels->isa,
          m.dtype == Dtype::f32 ? "float32" : "bfloat16",
          family_name(m.config.family),
          impl_->threads(),
          m.parameters,
          m.matmul_parameters,
          m.config.vocab,
          m.config.hidden,
          m.config.layers,
          m.config.context,
          impl_->optimizer.step};
}
const ModelConfig& Engine::config() const {
  return impl_->model.config;
}

Result<Rollout> Engine::generate(const GenerateRequest& request, const JobControl& control) {
  return guarded<Rollout>("the rollout", [&] { return glossa::generate(*impl_, request, control); });
}
Result<Logprobs> Engine::logprobs(const SequenceBatch& batch, const LogprobSettings& settings,
                                  const JobControl& control) {
  return guarded<Logprobs>("the log-probabilities", [&] { return glossa::logprobs(*impl_, batch, settings, control); });
}
Result<TrainMetrics> Engine::train_step(const TrainBatch& batch, const TrainSettings& settings,
                                        const JobControl& control) {
  return guarded<TrainMetrics>("the step", [&] { return glossa::train_step(*impl_, batch, settings, control); });
}
Result<TrainMetrics> Engine::gradients(const TrainBatch& batch, const TrainSettings& settings,
                                       std::vector<float>* out) {
  return guarded<TrainMetrics>("the step", [&] { return batch_gradients(*impl_, batch, settings, out); });
}
Result<std::vector<float>> Engine::logits(const int32_t* ids, int64_t n) {
  return guarded<std::vector<float>>("the logits", [&] { return sequence_logits(*impl_, ids, n); });
}

Status Engine::set_reference() {
  try {
    impl_->reference.freeze(impl_->model, impl_->policy);
  } catch (const std::bad_alloc&) {
    return out_of_memory("the reference");
  }
  return {};
}
bool Engine::has_reference() const {
  return !impl_->reference.empty();
}

std::vector<float>& Engine::parameters() {
  return impl_->master;
}
void Engine::weights_changed() {
  impl_->policy.repack(impl_->model, *impl_->pool);
}

Status Engine::save_weights(const std::string& dir, Dtype on_disk) const {
  return glossa::save_weights(*impl_, dir, on_disk);
}
Status Engine::save_state(const std::string& path) const {
  return glossa::save_state(*impl_, path);
}
Status Engine::load_state(const std::string& path) {
  return glossa::load_state(*impl_, path);
}

}  // namespace glossa
