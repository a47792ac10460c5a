// Adapters: their products and gradients against the float64 model of the merged weights, the rules of the engine with
// them (sampler = trainer, no bit depends on threads or micro-batches, resume), the frozen base, and what is refused.
#include <algorithm>
#include <cmath>
#include <cstring>

#include "device/memory.h"
#include "engine/memory_plan.h"
#include "engine/test_folder.h"
#include "engine/test_models.h"
#include "io/safetensors.h"
#include "model/reference.h"
#include "tool/test.h"

namespace glossa::test {
namespace {

using Targets = std::vector<std::string>;
const Targets kAll = {"all-linear"};

LoraSettings lora_of(int64_t rank, const Targets& targets, double alpha = 3, bool rslora = false) {
  LoraSettings s;
  s.rank = rank;
  s.alpha = alpha;
  s.rslora = rslora;
  s.targets = targets;
  s.seed = 17;
  return s;
}
EngineOptions options_of(Dtype dtype, const LoraSettings& lora, int threads = 2) {
  EngineOptions o;
  o.dtype = dtype;
  o.threads = threads;
  o.lora = lora;
  return o;
}

// A folder with a base whose weights are far from a fresh model's.
struct Base {
  explicit Base(const ModelConfig& c) : folder("lora-base") {
    auto engine = Engine::create(c, 5, options_of(Dtype::f32, {})).take();
    spread(*engine);
    weights = engine->parameters();
    CHECK(engine->save_weights(folder.path(), Dtype::f32).ok());
  }
  std::unique_ptr<Engine> load(const EngineOptions& o) const {
    Result<std::unique_ptr<Engine>> engine = Engine::load(folder.path(), o);
    if (!engine.ok()) fail(__FILE__, __LINE__, engine.status().message());
    return engine.ok() ? engine.take() : nullptr;
  }
  Folder folder;
  std::vector<float> weights;
};

// A and B far from fresh ones.
void spread_adapters(Engine& e, float size = 0.4f) {
  std::vector<float> w = e.parameters();
  for (size_t i = 0; i < w.size(); ++i) w[i] = size * (2 * uniform(77, static_cast<uint32_t>(i)) - 1);
  e.set_parameters(w);
}

int64_t size_of(const TensorSpec& t) {
  return t.shape[0] * t.shape[1];
}

// W + scale * B A by the tensors' names, in float64: apart from the code that computes it.
std::vector<double> merged(const ModelConfig& c, const std::vector<float>& base, const std::vector<TensorSpec>& tensors,
                           const std::vector<double>& adapters, double scale) {
  std::vector<double> out(base.begin(), base.end());
  for (const TensorSpec& t : tensor_specs(c)) {
    const std::string stem = "base_model.model." + t.name.substr(0, t.name.rfind('.'));
    const TensorSpec *a = nullptr, *b = nullptr;
    for (const TensorSpec& s : tensors) {
      if (s.name == stem + ".lora_A.weight") a = &s;
      if (s.name == stem + ".lora_B.weight") b = &s;
    }
    if (!a || !b || t.shape.size() != 2) continue;  // a bias is no part of it
    const int64_t rank = a->shape[0];
    for (int64_t i = 0; i < t.shape[0]; ++i)
      for (int64_t j = 0; j < t.shape[1]; ++j)
        for (int64_t r = 0; r < rank; ++r)
          out[static_cast<size_t>(t.offset + i * t.shape[1] + j)] +=
              scale * adapters[static_cast<size_t>(b->offset + i * rank + r)] *
              adapters[static_cast<size_t>(a->offset + r * t.shape[1] + j)];
  }
  return out;
}

TestBatch small_batch(int64_t vocab) {
  TestBatch b;
  for (uint32_t i = 0; i < 4; ++i) {
    b.prompts.add(random_ids(i / 2, 1 + i / 2 * 3, vocab));
    b.completions.add(random_ids(50 + i, 1 + i * 3 % 4, vocab));
    b.advantages.push_back(2 * uniform(3, i) - 1);
  }
  return b;
}

TrainSettings dapo(float beta = 0) {
  TrainSettings s;
  s.loss = {find_loss("dapo"), 0.2f, 0.28f, beta};
  s.learning_rate = 1e-2f;
  return s;
}

bool same_bits(const std::vector<float>& a, const std::vector<float>& b) {
  return a.size() == b.size() && std::memcmp(a.data(), b.data(), a.size() * 4) == 0;
}

void check_gradients(Family family, const LoraSettings& lora, const TrainSettings& settings) {
  const ModelConfig c = smallest_config(family);
  const Base base(c);
  auto engine = base.load(options_of(Dtype::f32, lora));
  if (!engine) return;
  spread_adapters(*engine);
  const std::vector<float> adapters32 = engine->parameters();
  std::vector<double> adapters(adapters32.begin(), adapters32.end());
  const std::vector<TensorSpec>& tensors = engine->tensors();
  const double r = static_cast<double>(lora.rank), scale = lora.alpha / (lora.rslora ? std::sqrt(r) : r);
  auto weights = [&] { return merged(c, base.weights, tensors, adapters, scale); };

  TestBatch data = small_batch(c.vocab);
  const std::vector<double> logps = ref::batch_logps(c, weights(), data.view().sequences, 1);
  const Logprobs got = engine->logprobs(data.view().sequences, {}, {}).take();
  for (size_t i = 0; i < logps.size(); ++i) CHECK_NEAR(got.logps[i], logps[i], 3e-5);
  for (size_t i = 0; i < logps.size(); ++i) {
    const float noise = uniform(21, static_cast<uint32_t>(i)) - 0.5f;
    data.old_logps.push_back(static_cast<float>(logps[i]) + noise);
    data.ref_logps.push_back(static_cast<float>(logps[i]) - 0.7f * noise);
  }
  std::vector<float> gradient;
  Result<TrainMetrics> metrics = engine->gradients(data.view(), settings, &gradient);
  CHECK(metrics.ok());
  if (!metrics.ok()) return;
  const std::vector<ref::Row> at = ref::batch_rows(c, weights(), data.view(), settings);
  auto loss = [&] { return ref::batch_loss(c, weights(), data.view(), settings, at); };
  CHECK_NEAR(metrics.value().loss, loss(), 1e-5);
  constexpr double kStep = 1e-5;
  double squares = 0;
  for (const TensorSpec& t : tensors) {
    double difference = 0, size = 0;
    for (int64_t i = t.offset; i < t.offset + size_of(t); ++i) {
      double& w = adapters[static_cast<size_t>(i)];
      const double kept = w;
      w = kept + kStep;
      const double above = loss();
      w = kept - kStep;
      const double below = loss();
      w = kept;
      const double want = (above - below) / (2 * kStep), have = static_cast<double>(gradient[static_cast<size_t>(i)]);
      difference += (want - have) * (want - have);
      size += want * want;
    }
    squares += size;
    if (size == 0) fail(__FILE__, __LINE__, t.name + " has no gradient in this test");
    if (std::sqrt(difference) > 5e-5 * std::sqrt(size) + 2e-7)
      fail(__FILE__, __LINE__, t.name + ": error " + show(std::sqrt(difference)) + " of " + show(std::sqrt(size)));
  }
  CHECK_NEAR(metrics.value().grad_norm, std::sqrt(squares), 5e-5 * std::sqrt(squares));
}

}  // namespace

TEST("lora: every gradient agrees with central differences of the float64 loss of the merged model") {
  Memory::poison = true;
  TrainSettings supervised;
  supervised.loss.type = find_loss("supervised");
  supervised.loss_on_prompt = true;
  for (Family family : kFamilies) {
    if (reduced() && family != Family::llama && family != Family::gemma3) continue;
    check_gradients(family, lora_of(2, kAll), dapo(0.1f));
  }
  // Parts of fused matrices, a rank above the widths, one layer alone, and the other scaling.
  check_gradients(Family::qwen2, lora_of(3, {"q_proj", "v_proj"}), supervised);
  check_gradients(Family::llama, lora_of(1, {"k_proj", "up_proj", "o_proj"}, 5), dapo());
  check_gradients(Family::olmo2, lora_of(14, {"gate_proj"}, 7, true), supervised);
  check_gradients(Family::qwen3, lora_of(4, {"layers.1.mlp.down_proj", "layers.1.self_attn.k_proj"}), dapo());
  Memory::poison = false;
}

TEST("lora: fresh adapters change nothing, and the reference is the base without a copy") {
  for (Family family : kFamilies)
    for (Dtype dtype : {Dtype::f32, Dtype::bf16}) {
      const Base base(tiny_config(family));
      auto engine = base.load(options_of(dtype, lora_of(4, kAll))), plain = base.load(options_of(dtype, {}));
      if (!engine || !plain) return;
      TestBatch b = test_batch(4, 3, engine->info().vocab);
      const Logprobs of_base = plain->logprobs(b.view().sequences, {}, {}).take();
      CHECK(engine->logprobs(b.view().sequences, {}, {}).take().logps == of_base.logps);

      const int64_t before = engine->info().resident_bytes;
      CHECK(engine->set_reference().ok() && engine->has_reference());
      CHECK_EQ(engine->info().resident_bytes, before);
      LogprobSettings reference;
      reference.reference = true;
      b.old_logps = of_base.logps;
      b.ref_logps = engine->logprobs(b.view().sequences, reference, {}).take().logps;
      CHECK(b.ref_logps == of_base.logps);
      const TrainMetrics first = engine->train_step(b.view(), dapo(0.1f), {}).take();
      CHECK_EQ(first.kl, 0.0);
      CHECK_EQ(first.logp_max_abs_diff, 0.0);
      for (int i = 0; i < 2; ++i) CHECK(engine->train_step(b.view(), dapo(0.1f), {}).ok());
      CHECK(engine->logprobs(b.view().sequences, reference, {}).take().logps == of_base.logps);
      CHECK(engine->logprobs(b.view().sequences, {}, {}).take().logps != of_base.logps);
    }
}

TEST("lora: the sampler's log-probabilities are the trainer's on every instruction set") {
  Memory::poison = true;
  for (const std::string& isa : isas_under_test())
    for (Family family : kFamilies)
      for (Dtype dtype : {Dtype::f32, Dtype::bf16}) {
        if (reduced() && family != Family::qwen2 && family != Family::granite) continue;
        const Base base(tiny_config(family));
        EngineOptions o = options_of(dtype, lora_of(5, family == Family::qwen3 ? Targets{"q_proj", "up_proj"} : kAll));
        o.isa = isa;
        auto engine = base.load(o);
        if (!engine) return;
        spread_adapters(*engine, 0.2f);
        IdLists prompts;
        for (uint32_t i = 0; i < 6; ++i) prompts.add(random_ids(300 + i, 1 + i * 7, engine->info().vocab));
        GenerateRequest r;
        r.prompts = prompts.view();
        r.num_generations = 3;
        r.max_new_tokens = reduced() ? 6 : 30;
        r.stop_ids = {3, 11};
        r.sampling = {0.8f, 0, 1, 0, 42};
        const Rollout rollout = engine->generate(r, {}).take();
        r.slots = 2;
        CHECK(same_bits(engine->generate(r, {}).take().logps, rollout.logps));
        const TestBatch b = batch_of(rollout);
        LogprobSettings s;
        s.temperature = 0.8f;
        for (int64_t tokens : {int64_t{1}, int64_t{1} << 40}) {
          s.micro_batch_tokens = tokens;
          CHECK(same_bits(engine->logprobs(b.view().sequences, s, {}).take().logps, rollout.logps));
        }
        TrainSettings t = dapo();
        t.temperature = 0.8f;
        CHECK_EQ(engine->train_step(b.view(), t, {}).take().logp_max_abs_diff, 0.0);
      }
  Memory::poison = false;
}

TEST("lora: a step is the same bits for every micro-batch size, number of threads and plan of activations") {
  Memory::poison = true;
  ActivationPlan lean;
  lean.gradients_by_layer = lean.recompute_norms = lean.recompute_product = true;
  for (Family family : {Family::llama, Family::qwen2, Family::olmo2, Family::gemma3})
    for (Dtype dtype : {Dtype::f32, Dtype::bf16})
      for (const LoraSettings& lora : {lora_of(3, kAll), lora_of(8, {"v_proj", "layers.1.mlp.down_proj"})}) {
        if (reduced() && (family != Family::qwen2 || lora.rank == 8)) continue;
        const Base base(tiny_config(family));
        const TestBatch b = test_batch(6, 3, tiny_config(family).vocab);
        std::vector<float> gradient, weights;
        for (int way = 0; way < 7; ++way) {
          EngineOptions o = options_of(dtype, lora, way < 3 ? way + 1 : 2);
          o.sharing = way % 2 ? Sharing::always : Sharing::never;
          if (way >= 5) o.recompute = Recompute::full;
          if ((way == 3 || way == 4) && !is_emulated(chosen_device({}))) o.activations = lean;
          auto engine = base.load(o);
          if (!engine) return;
          spread_adapters(*engine, 0.2f);
          TrainSettings s = dapo();
          s.micro_batch_tokens = way % 3 == 0 ? 1 : way % 3 == 1 ? 90 : 0;
          std::vector<float> g;
          CHECK(engine->gradients(b.view(), s, &g).ok());
          for (int step = 0; step < 2; ++step) CHECK(engine->train_step(b.view(), s, {}).ok());
          if (gradient.empty()) gradient = g, weights = engine->parameters();
          CHECK(same_bits(g, gradient));
          CHECK(same_bits(engine->parameters(), weights));
        }
      }
  Memory::poison = false;
}

TEST("lora: a bfloat16 step goes the way of the float32 step") {
  for (Family family : kFamilies) {
    const Base base(tiny_config(family));
    auto wide = base.load(options_of(Dtype::f32, lora_of(4, kAll))),
         narrow = base.load(options_of(Dtype::bf16, lora_of(4, kAll)));
    if (!wide || !narrow) return;
    for (Engine* e : {wide.get(), narrow.get()}) spread_adapters(*e, 0.1f);
    const TestBatch b = test_batch(5, 3, wide->info().vocab);
    std::vector<float> a, n;
    CHECK(wide->gradients(b.view(), dapo(), &a).ok() && narrow->gradients(b.view(), dapo(), &n).ok());
    double difference = 0, size = 0;
    for (size_t i = 0; i < a.size(); ++i) {
      difference += std::pow(static_cast<double>(a[i]) - static_cast<double>(n[i]), 2);
      size += std::pow(static_cast<double>(a[i]), 2);
    }
    CHECK(std::sqrt(difference / size) < 0.1);
  }
}

TEST("lora: a saved, loaded and continued run has the bits of the unbroken one, and its checkpoint is the adapter") {
  for (Family family : {Family::llama, Family::qwen2, Family::olmo2}) {
    const Base base(tiny_config(family));
    const std::string weights = bytes_of(base.folder / "model.safetensors");
    const LoraSettings lora = lora_of(4, {"q_proj", "down_proj"});
    auto unbroken = base.load(options_of(Dtype::bf16, lora));
    if (!unbroken) return;
    const TestBatch b = test_batch(4, 3, unbroken->info().vocab);
    for (int i = 0; i < 2; ++i) CHECK(unbroken->train_step(b.view(), dapo(), {}).ok());
    const Folder checkpoint("lora-checkpoint");
    const WrittenFiles written = unbroken->save_checkpoint(checkpoint.path()).take();
    CHECK_EQ(written.size(), size_t{3});
    for (int i = 0; i < 2; ++i) CHECK(unbroken->train_step(b.view(), dapo(), {}).ok());
    int files = 0;
    for (const auto& f : std::filesystem::directory_iterator(checkpoint.path())) files += f.exists();
    CHECK_EQ(files, 3);
    const auto bytes = [&](const char* name) { return static_cast<double>(bytes_of(checkpoint / name).size()); };
    const auto trained = static_cast<double>(unbroken->info().trainable_parameters);
    CHECK_NEAR(bytes("adapter_model.safetensors"), 4 * trained, 3000);
    CHECK_NEAR(bytes("state.safetensors"), 8 * trained, 6000);

    EngineOptions o = options_of(Dtype::bf16, lora, 1);
    o.adapter = checkpoint.path();
    auto loaded = base.load(o);
    if (!loaded) return;
    CHECK_EQ(loaded->load_state(checkpoint / "state.safetensors").message(), std::string());
    CHECK_EQ(loaded->info().optimizer_step, 2);
    for (int i = 0; i < 2; ++i) CHECK(loaded->train_step(b.view(), dapo(), {}).ok());
    CHECK(same_bits(unbroken->parameters(), loaded->parameters()));
    CHECK(bytes_of(base.folder / "model.safetensors") == weights);

    // The adapter says by itself what it is; a frozen engine computes the same.
    o.lora = {};
    o.frozen = true;
    auto frozen = base.load(o), again = base.load(options_of(Dtype::bf16, lora));
    if (!frozen || !again) return;
    CHECK_EQ(again->load_state(checkpoint / "state.safetensors").message(), std::string());
    CHECK(frozen->logprobs(b.view().sequences, {}, {}).take().logps ==
          again->logprobs(b.view().sequences, {}, {}).take().logps);
    CHECK_EQ(frozen->train_step(b.view(), dapo(), {}).status().code(), std::string("ENGINE_FROZEN"));
  }
}

TEST("lora: the merged model is the model with adapters, but for rounding, and is what is saved") {
  for (Family family : kFamilies) {
    const ModelConfig c = tiny_config(family);
    const Base base(c);
    const LoraSettings lora = lora_of(6, kAll, 9, family == Family::qwen2);
    auto engine = base.load(options_of(Dtype::f32, lora));
    if (!engine) return;
    spread_adapters(*engine, 0.1f);
    const std::vector<float> adapters = engine->parameters(), all = engine->merged().take();
    const double scale = lora.alpha / (lora.rslora ? std::sqrt(6.0) : 6.0);
    const std::vector<double> want =
        merged(c, base.weights, engine->tensors(), {adapters.begin(), adapters.end()}, scale);
    double worst = 0, change = 0;
    for (size_t i = 0; i < all.size(); ++i) {
      worst = std::max(worst, std::fabs(static_cast<double>(all[i]) - want[i]));
      change = std::max(change, std::fabs(static_cast<double>(base.weights[i]) - want[i]));
    }
    CHECK(worst < 2e-7 && change > 0.01);

    const Folder folder("lora-merged");
    CHECK(engine->save_weights(folder.path(), Dtype::f32).ok());
    EngineOptions plain;
    auto whole = Engine::load(folder.path(), plain).take();
    CHECK(same_bits(whole->parameters(), all));
    const std::vector<int32_t> ids = random_ids(3, 40, c.vocab);
    const std::vector<float> a = engine->logits(ids.data(), 40).take(), b = whole->logits(ids.data(), 40).take();
    for (size_t i = 0; i < a.size(); ++i) CHECK_NEAR(a[i], b[i], 1e-4);
  }
}

TEST("lora: fresh A is uniform in +-1/sqrt(k), the same whatever else is adapted; B is 0") {
  const Base base(tiny_config(Family::llama));
  auto all = base.load(options_of(Dtype::f32, lora_of(8, kAll))),
       some = base.load(options_of(Dtype::f32, lora_of(8, {"up_proj"})));
  if (!all || !some) return;
  const std::vector<float> a = all->parameters(), s = some->parameters();
  std::vector<double> scaled;
  for (const TensorSpec& t : all->tensors())
    for (int64_t i = t.offset; i < t.offset + size_of(t); ++i) {
      const double x = static_cast<double>(a[static_cast<size_t>(i)]);
      if (t.name.ends_with("lora_B.weight"))
        CHECK_EQ(x, 0.0);
      else
        scaled.push_back(x * std::sqrt(static_cast<double>(t.shape[1])));
    }
  std::sort(scaled.begin(), scaled.end());
  const auto n = static_cast<double>(scaled.size());
  CHECK(n > 5000 && scaled.front() > -1 && scaled.back() < 1);
  double distance = 0;  // Kolmogorov and Smirnov's, from the uniform law
  for (size_t i = 0; i < scaled.size(); ++i)
    distance = std::max(distance, std::fabs((scaled[i] + 1) / 2 - (static_cast<double>(i) + 0.5) / n));
  CHECK(distance < 1.63 / std::sqrt(n));
  for (const TensorSpec& t : some->tensors())
    for (const TensorSpec& u : all->tensors())
      if (t.name == u.name)
        CHECK(std::memcmp(s.data() + t.offset, a.data() + u.offset, static_cast<size_t>(size_of(t)) * 4) == 0);
}

TEST("lora: memory is planned and taken for the adapters, and not for masters, gradients and moments of the base") {
  const ModelConfig config = tiny_config(Family::llama);
  const PlannedRun run{{}, {4, 3, 20, 38, 0}, 0, true};
  auto bytes = [&](const EngineOptions& o, const std::string& term) {
    const MemoryPlan plan = plan_memory(config, o, run).take();
    if (term == "total") return plan.total;
    for (const MemoryTerm& t : plan.terms)
      if (t.name == term) return t.bytes;
    return int64_t{0};
  };
  for (Dtype dtype : {Dtype::f32, Dtype::bf16}) {
    const EngineOptions with = options_of(dtype, lora_of(4, kAll)), without = options_of(dtype, {});
    const Base base(config);
    auto engine = base.load(with);
    if (!engine) return;
    const int64_t n = engine->info().trainable_parameters;
    CHECK_EQ(n, static_cast<int64_t>(engine->parameters().size()));
    CHECK_EQ(bytes(with, "optimizer moments"), 8 * n);
    CHECK_EQ(bytes(with, "gradients"), 4 * n);
    CHECK_EQ(bytes(with, "adapters, float32"), 4 * n);
    CHECK_EQ(bytes(with, "weights, float32") + bytes(with, "reference"), int64_t{0});
    CHECK(bytes(without, "reference") > 0 && bytes(with, "total") < bytes(without, "total"));
    CHECK(engine->set_reference().ok());
    CHECK(engine->train_step(test_batch(4, 3, 97).view(), dapo(), {}).ok());
    CHECK(engine->info().resident_bytes <= bytes(with, "total"));
  }
}

TEST("lora: what cannot be adapted, or does not fit, is refused by name and nothing changes") {
  const Base base(tiny_config(Family::qwen2));
  auto refusal = [&](const EngineOptions& o) {
    Result<std::unique_ptr<Engine>> engine = Engine::load(base.folder.path(), o);
    return engine.ok() ? Status() : engine.status();
  };
  auto has = [](const std::string& text, const char* part) { return text.find(part) != std::string::npos; };
  Status s = refusal(options_of(Dtype::f32, lora_of(4, {"q_proj", "w_proj"})));
  CHECK_EQ(s.code(), std::string("LORA_TARGET_UNKNOWN"));
  CHECK(has(s.message(), "\"w_proj\"") &&
        has(s.message(), "q_proj, k_proj, v_proj, o_proj, gate_proj, up_proj, down_proj"));
  for (const Targets& none :
       {Targets{}, {""}, {"lm_head"}, {"embed_tokens"}, {"proj"}, {"layers.2.mlp.up_proj"}, {"q_norm"}})
    CHECK_EQ(refusal(options_of(Dtype::f32, lora_of(4, none))).code(), std::string("LORA_TARGET_UNKNOWN"));
  CHECK_EQ(refusal(options_of(Dtype::f32, lora_of(kMostRank + 1, kAll))).code(), std::string("INVALID_ARGUMENT"));
  for (const double alpha : {0.0, -1.0, std::nan("")})
    CHECK_EQ(refusal(options_of(Dtype::f32, lora_of(4, kAll, alpha))).code(), std::string("INVALID_ARGUMENT"));
  EngineOptions both = options_of(Dtype::f32, lora_of(4, kAll));
  both.trainable = {"*norm*"};
  CHECK_EQ(refusal(both).code(), std::string("INVALID_ARGUMENT"));
  CHECK_EQ(plan_memory(tiny_config(Family::qwen2), options_of(Dtype::f32, lora_of(4, {"x"})), {}).status().code(),
           std::string("LORA_TARGET_UNKNOWN"));

  auto engine = base.load(options_of(Dtype::f32, lora_of(4, {"q_proj", "v_proj"})));
  const Folder folder("lora-refused");
  CHECK(engine->save_checkpoint(folder.path()).ok());
  auto with = [&](const LoraSettings& lora) {
    EngineOptions o = options_of(Dtype::f32, lora);
    o.adapter = folder.path();
    return refusal(o);
  };
  CHECK_EQ(with(lora_of(4, {"q_proj", "v_proj"})).code(), std::string());
  for (const LoraSettings& other : {lora_of(5, {"q_proj", "v_proj"}), lora_of(4, {"q_proj"}), lora_of(4, kAll),
                                    lora_of(4, {"q_proj", "v_proj"}, 4), lora_of(4, {"q_proj", "v_proj"}, 3, true)}) {
    const Status mismatch = with(other);
    CHECK_EQ(mismatch.code(), std::string("CHECKPOINT_MISMATCH"));
    CHECK(has(mismatch.message(), "adapter_"));
  }
  const std::string config = bytes_of(folder / "adapter_config.json");
  auto changed = [&](const std::string& from, const std::string& to) {
    std::string text = config;
    CHECK(text.find(from) != std::string::npos);
    put_bytes(folder / "adapter_config.json", text.replace(text.find(from), from.size(), to));
    const Status status = with({});
    put_bytes(folder / "adapter_config.json", config);
    return status.code();
  };
  CHECK_EQ(changed("\"use_dora\": false", "\"use_dora\": true"), std::string("ADAPTER_UNSUPPORTED"));
  CHECK_EQ(changed("\"bias\": \"none\"", "\"bias\": \"all\""), std::string("ADAPTER_UNSUPPORTED"));
  CHECK_EQ(changed("\"LORA\"", "\"IA3\""), std::string("ADAPTER_UNSUPPORTED"));
  CHECK_EQ(changed("\"modules_to_save\": null", "\"modules_to_save\": [\"lm_head\"]"),
           std::string("ADAPTER_UNSUPPORTED"));
  CHECK_EQ(changed("\"r\": 4", "\"r\": 0"), std::string("CONFIG_INVALID"));
  CHECK_EQ(changed("\"r\": 4", "\"r\": 8"), std::string("CHECKPOINT_MISMATCH"));
  CHECK_EQ(with({}).code(), std::string());

  // A state of full training, and one of other adapters.
  const Folder full("lora-full");
  auto whole = base.load(options_of(Dtype::f32, {}));
  CHECK(whole->save_checkpoint(full.path()).ok());
  const std::vector<float> before = engine->parameters();
  CHECK_EQ(engine->load_state(full / "state.safetensors").code(), std::string("CHECKPOINT_MISMATCH"));
  CHECK_EQ(whole->load_state(folder / "state.safetensors").code(), std::string("CHECKPOINT_MISMATCH"));
  auto other = base.load(options_of(Dtype::f32, lora_of(4, kAll)));
  CHECK_EQ(other->load_state(folder / "state.safetensors").code(), std::string("CHECKPOINT_MISMATCH"));
  CHECK(same_bits(engine->parameters(), before));
  CHECK_EQ(whole->merged().status().code(), std::string("INVALID_ARGUMENT"));
  std::filesystem::remove(folder / "adapter_model.safetensors");
  CHECK_EQ(with({}).code(), std::string("CHECKPOINT_MISSING"));
}

}  // namespace glossa::test
