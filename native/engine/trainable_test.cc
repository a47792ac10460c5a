// Training a part of the tensors: the rest keeps its bytes and costs nothing, and what trains goes the way that it goes
// when all do.
#include <algorithm>
#include <cstring>
#include <functional>

#include "device/memory.h"
#include "engine/memory_plan.h"
#include "engine/test_folder.h"
#include "engine/test_models.h"
#include "tool/test.h"

namespace glossa::test {
namespace {

using Patterns = std::vector<std::string>;

EngineOptions options_of(Dtype dtype, const Patterns& trainable, int threads = 1) {
  EngineOptions options;
  options.dtype = dtype;
  options.threads = threads;
  options.trainable = trainable;
  return options;
}

std::unique_ptr<Engine> engine_of(Family family, const EngineOptions& options) {
  auto engine = Engine::create(tiny_config(family), 5, options).take();
  spread(*engine);
  return engine;
}

struct Choice {
  Patterns patterns;
  std::function<bool(const std::string& name)> trains;
};
bool has(const std::string& name, const char* part) {
  return name.find(part) != std::string::npos;
}
// Whole layers, parts of fused matrices, vectors alone, and each end of the model alone.
const std::vector<Choice>& choices() {
  static const std::vector<Choice> all = {
      {{"model.layers.1.*"}, [](const std::string& n) { return has(n, "layers.1."); }},
      {{"*.self_attn.*", "!*.layers.0.*"},
       [](const std::string& n) { return has(n, "self_attn") && !has(n, "layers.0."); }},
      {{"*q_proj.*", "*.v_proj.weight", "*up_proj.weight"},
       [](const std::string& n) { return has(n, "q_proj") || has(n, "v_proj.weight") || has(n, "up_proj"); }},
      {{"*norm.weight"}, [](const std::string& n) { return has(n, "norm"); }},
      {{"model.embed_tokens.*"}, [](const std::string& n) { return has(n, "embed_tokens"); }},
      {{"!model.embed_tokens.weight"}, [](const std::string& n) { return !has(n, "embed_tokens"); }},
      {{"model.norm.weight"}, [](const std::string& n) { return n == "model.norm.weight"; }},
      {{"model.layers.?.mlp.down_proj.*"}, [](const std::string& n) { return has(n, "down_proj"); }},
  };
  return all;
}
const Choice kHeadAlone{{"lm_head.*"}, [](const std::string& n) { return n == "lm_head.weight"; }};

TrainSettings step_settings() {
  TrainSettings s;
  s.loss = {find_loss("dapo"), 0.2f, 0.28f, 0};
  s.learning_rate = 1e-2f;
  s.weight_decay = 0.1f;
  s.max_grad_norm = 0;  // a norm over fewer tensors would clip otherwise
  return s;
}

struct Slice {
  std::string name;
  size_t offset, size;
};
std::vector<Slice> slices(const Engine& e) {
  std::vector<Slice> all;
  for (const TensorSpec& t : tensor_specs(e.config())) {
    size_t n = 1;
    for (int64_t d : t.shape) n *= static_cast<size_t>(d);
    all.push_back({t.name, static_cast<size_t>(t.offset), n});
  }
  return all;
}
bool same(const std::vector<float>& a, const std::vector<float>& b, const Slice& s) {
  return std::memcmp(a.data() + s.offset, b.data() + s.offset, s.size * 4) == 0;
}

void compare(Family family, Dtype dtype, const Choice& c) {
  auto whole = engine_of(family, options_of(dtype, {})), part = engine_of(family, options_of(dtype, c.patterns));
  const std::vector<float> before = part->parameters();
  const TestBatch b = test_batch(5, 3, whole->info().vocab);
  std::vector<float> all, some;
  Result<TrainMetrics> of_all = whole->gradients(b.view(), step_settings(), &all),
                       of_some = part->gradients(b.view(), step_settings(), &some);
  CHECK(of_all.ok() && of_some.ok());
  if (!of_all.ok() || !of_some.ok()) return;
  CHECK_EQ(of_all.value().loss, of_some.value().loss);
  CHECK(of_some.value().flops <= of_all.value().flops);  // the embedding is no product
  const std::vector<Slice> tensors = slices(*whole);
  double squares = 0;
  int64_t trained = 0;
  for (const Slice& t : tensors) {
    if (c.trains(t.name)) {
      if (!same(all, some, t)) fail(__FILE__, __LINE__, c.patterns[0] + ": the gradient of " + t.name + " differs");
      trained += static_cast<int64_t>(t.size);
      for (size_t i = t.offset; i < t.offset + t.size; ++i)
        squares += static_cast<double>(all[i]) * static_cast<double>(all[i]);
    } else {
      CHECK(std::all_of(some.begin() + static_cast<int64_t>(t.offset),
                        some.begin() + static_cast<int64_t>(t.offset + t.size), [](float g) { return g == 0; }));
    }
  }
  CHECK(squares > 0);
  CHECK_NEAR(of_some.value().grad_norm, std::sqrt(squares), 1e-9 * std::sqrt(squares));
  CHECK_EQ(part->info().trainable_parameters, trained);

  for (Engine* e : {whole.get(), part.get()}) CHECK(e->train_step(b.view(), step_settings(), {}).ok());
  const std::vector<float> after_all = whole->parameters(), after = part->parameters();
  for (const Slice& t : tensors) {
    if (same(before, after_all, t)) fail(__FILE__, __LINE__, t.name + " has no gradient in this test");
    if (!same(c.trains(t.name) ? after_all : before, after, t))
      fail(__FILE__, __LINE__, c.patterns[0] + ": " + t.name + " is not what it should be after a step");
  }
  // What computes is what the masters say: an engine made from them agrees.
  auto made = engine_of(family, options_of(dtype, {}));
  made->set_parameters(after);
  CHECK(made->logprobs(b.view().sequences, {}, {}).take().logps ==
        part->logprobs(b.view().sequences, {}, {}).take().logps);
  CHECK(part->train_step(b.view(), step_settings(), {}).ok());
}

}  // namespace

TEST("trainable: gradients and a step are those of training everything, to the bit, and the rest keeps its bytes") {
  Memory::poison = true;
  for (Family family : kFamilies)
    for (Dtype dtype : {Dtype::f32, Dtype::bf16}) {
      // The further blocks change nothing of what trains: each in one type.
      if ((reduced() || family > Family::olmo2) && (dtype == Dtype::f32) == tiny_config(family).tied) continue;
      for (const Choice& c : choices()) compare(family, dtype, c);
      if (!tiny_config(family).tied) compare(family, dtype, kHeadAlone);
    }
  Memory::poison = false;
}

TEST("trainable: a saved, loaded and continued run has the bits of the unbroken one") {
  const Patterns patterns = {"*.mlp.*", "*k_proj*"};
  for (Family family : kFamilies) {
    const Folder folder("trainable");
    auto unbroken = engine_of(family, options_of(Dtype::f32, patterns));
    const TestBatch b = test_batch(4, 3, unbroken->info().vocab);
    for (int i = 0; i < 2; ++i) CHECK(unbroken->train_step(b.view(), step_settings(), {}).ok());
    CHECK(unbroken->save_checkpoint(folder.path()).ok());
    for (int i = 0; i < 2; ++i) CHECK(unbroken->train_step(b.view(), step_settings(), {}).ok());
    const size_t held = bytes_of(folder / "state.safetensors").size();
    CHECK_NEAR(static_cast<double>(held) / static_cast<double>(unbroken->info().trainable_parameters), 8, 1);

    auto loaded = Engine::load(folder.path(), options_of(Dtype::f32, patterns, 1)).take();
    CHECK_EQ(loaded->load_state(folder / "state.safetensors").message(), std::string());
    for (int i = 0; i < 2; ++i) CHECK(loaded->train_step(b.view(), step_settings(), {}).ok());
    CHECK(unbroken->parameters() == loaded->parameters());

    // Other tensors: more, fewer, others, all.
    for (const Patterns& other : {Patterns{"*.mlp.*"}, {"*.mlp.*", "*k_proj*", "model.norm.*"}, {"*norm*"}, {}}) {
      auto mixed = Engine::load(folder.path(), options_of(Dtype::f32, other, 1)).take();
      const std::vector<float> before = mixed->parameters();
      const Status s = mixed->load_state(folder / "state.safetensors");
      CHECK_EQ(s.code(), std::string("CHECKPOINT_MISMATCH"));
      CHECK(has(s.message(), "state.safetensors") && has(s.message(), "model."));
      CHECK(mixed->parameters() == before && mixed->info().optimizer_step == 0);
    }
  }
}

TEST("trainable: memory is planned and taken for what trains") {
  const ModelConfig config = tiny_config(Family::llama);
  const PlannedRun run{{}, {4, 3, 20, 38, 0}, 0, false};
  auto bytes = [&](const Patterns& patterns, const std::string& term) {
    const MemoryPlan plan = plan_memory(config, options_of(Dtype::f32, patterns), run).take();
    if (term == "total") return plan.total;
    for (const MemoryTerm& t : plan.terms)
      if (t.name == term) return t.bytes;
    return int64_t{0};
  };
  const Patterns top = {"model.layers.1.*"};
  auto engine = engine_of(Family::llama, options_of(Dtype::f32, top));
  CHECK_EQ(bytes(top, "optimizer moments"), 8 * engine->info().trainable_parameters);
  CHECK_EQ(bytes(top, "gradients"), 4 * engine->info().trainable_parameters);
  CHECK(bytes(top, "micro-batch: activations") < bytes({}, "micro-batch: activations"));
  CHECK(bytes(top, "weights, transposed") < bytes({}, "weights, transposed") * 3 / 4);
  CHECK_EQ(bytes({"lm_head.*"}, "weights, transposed"), int64_t{0});

  for (const Patterns& patterns : {top, Patterns{}, Patterns{"lm_head.*"}}) {
    auto trained = engine_of(Family::llama, options_of(Dtype::f32, patterns));
    CHECK(trained->train_step(test_batch(4, 3, 97).view(), step_settings(), {}).ok());
    CHECK(trained->info().resident_bytes <= bytes(patterns, "total"));
  }
}

TEST("trainable: a pattern that names nothing, or that leaves nothing, is refused with the names there are") {
  auto refusal = [](Family family, const Patterns& patterns) {
    return Engine::create(tiny_config(family), 5, options_of(Dtype::f32, patterns)).status();
  };
  Status s = refusal(Family::llama, {"*.mlp.*", "model.layer.*"});
  CHECK_EQ(s.code(), std::string("TRAINABLE_UNKNOWN"));
  CHECK(has(s.message(), "\"model.layer.*\"") && has(s.message(), "model.layers.*.mlp.up_proj.weight"));
  for (const Patterns& none : {Patterns{""},
                               {"!"},
                               {"model.layers.2.*"},
                               {"model.norm"},
                               {"!q_proj"},
                               // Names are compared to their end, whatever stands there.
                               {std::string("model.norm.weight\0", 18)},
                               {std::string("*\0x", 3)}})
    CHECK_EQ(refusal(Family::llama, none).code(), std::string("TRAINABLE_UNKNOWN"));
  CHECK_EQ(refusal(Family::qwen2, {"lm_head.weight"}).code(), std::string("TRAINABLE_UNKNOWN"));
  s = refusal(Family::llama, {"*.mlp.*", "!*.weight"});
  CHECK_EQ(s.code(), std::string("TRAINABLE_NONE"));

  EngineOptions frozen = options_of(Dtype::f32, {"nothing"});
  frozen.frozen = true;
  CHECK_EQ(Engine::create(tiny_config(Family::llama), 5, frozen).status().code(), std::string("TRAINABLE_UNKNOWN"));
  frozen.trainable = {"*norm*"};
  CHECK_EQ(Engine::create(tiny_config(Family::llama), 5, frozen).take()->info().trainable_parameters, int64_t{0});
}

}  // namespace glossa::test
