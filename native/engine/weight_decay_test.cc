// Weight decay by kind of parameter. With advantages of 0 there is no gradient: a step then moves a weight by decay
// alone.
#include <string>

#include "engine/test_models.h"

namespace glossa::test {
namespace {

bool has(const std::string& name, const char* part) {
  return name.find(part) != std::string::npos;
}

// The kind of a tensor by its Hugging Face name.
bool is_decayed(const std::string& name, const Decayed& kinds) {
  if (has(name, "embed_tokens")) return kinds.embeddings;
  if (has(name, ".bias")) return kinds.biases;
  return has(name, "norm") ? kinds.norms : kinds.matrices;
}

void check(Family family, const Decayed& kinds) {
  EngineOptions options;
  options.threads = 1;
  std::unique_ptr<Engine> engine = Engine::create(tiny_config(family), 5, options).take();
  spread(*engine);
  const std::vector<float> before = engine->parameters();
  TestBatch batch = test_batch(3, 2, engine->info().vocab);
  batch.advantages.assign(batch.advantages.size(), 0);
  TrainSettings s;
  s.loss = {find_loss("dapo"), 0.2f, 0.28f, 0};
  s.learning_rate = 0.5f;
  s.weight_decay = 0.125f;
  s.decayed = kinds;
  CHECK(engine->train_step(batch.view(), s, {}).ok());
  const std::vector<float> after = engine->parameters();
  for (const TensorSpec& t : tensor_specs(engine->config())) {
    const float factor = is_decayed(t.name, kinds) ? 1 - 0.5f * 0.125f : 1;
    int64_t n = 1;
    for (int64_t d : t.shape) n *= d;
    for (int64_t i = t.offset; i < t.offset + n; ++i) {
      const size_t at = static_cast<size_t>(i);
      if (after[at] == before[at] * factor) continue;
      fail(__FILE__, __LINE__, t.name + " moved by another factor than " + std::to_string(factor));
      break;
    }
  }
}

}  // namespace

TEST("weight decay: acts on the kinds of parameters that it is asked for and on no other") {
  for (Family family : {Family::qwen2, Family::llama}) {  // biases and a tied head; a head of its own
    check(family, {});
    check(family, {false, false, false, false});
    check(family, {true, false, false, false});
    check(family, {false, true, false, false});
    check(family, {false, false, true, false});
    check(family, {false, false, false, true});
  }
}

}  // namespace glossa::test
