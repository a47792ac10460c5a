// A frozen engine, loaded from a file, has the bits of the one that trains, and refuses what it cannot do.
#include "engine/test_folder.h"
#include "engine/test_models.h"
#include "tool/test.h"

namespace glossa::test {
namespace {

std::unique_ptr<Engine> loaded(const std::string& dir, Dtype dtype, int threads, bool frozen) {
  EngineOptions options;
  options.dtype = dtype;
  options.threads = threads;
  options.frozen = frozen;
  Result<std::unique_ptr<Engine>> engine = Engine::load(dir, options);
  if (!engine.ok()) fail(__FILE__, __LINE__, engine.status().message());
  return engine.ok() ? engine.take() : nullptr;
}

GenerateRequest greedy(const IdLists& prompts) {
  GenerateRequest r;
  r.prompts = prompts.view();
  r.max_new_tokens = 24;
  r.sampling = {0, 0, 1, 0, 3};
  return r;
}

}  // namespace

TEST("frozen: log-probabilities and greedy tokens are those of the engine that trains, to the bit") {
  for (Family family : kFamilies)
    for (Dtype on_disk : {Dtype::f32, Dtype::bf16, Dtype::f16})
      for (Dtype dtype : {Dtype::f32, Dtype::bf16}) {
        Folder folder("frozen");
        CHECK(tiny_engine(family, Dtype::f32, 1)->save_weights(folder.path(), on_disk).ok());
        const auto trains = loaded(folder.path(), dtype, 2, false), frozen = loaded(folder.path(), dtype, 3, true);
        if (!trains || !frozen) return;
        CHECK(frozen->info().frozen && !trains->info().frozen);
        CHECK_EQ(frozen->parameters().size(), size_t{0});

        const TestBatch b = test_batch(3, 2, trains->info().vocab);
        Result<Logprobs> a = trains->logprobs(b.view().sequences, {}, {}),
                         c = frozen->logprobs(b.view().sequences, {}, {});
        CHECK(a.ok() && c.ok());
        if (!a.ok() || !c.ok()) return;
        CHECK(a.value().logps == c.value().logps && a.value().entropies == c.value().entropies);

        IdLists prompts;
        for (uint32_t i = 0; i < 4; ++i) prompts.add(random_ids(i, 2 + 7 * i, trains->info().vocab));
        Result<Rollout> x = trains->generate(greedy(prompts), {}), y = frozen->generate(greedy(prompts), {});
        CHECK(x.ok() && y.ok());
        if (!x.ok() || !y.ok()) return;
        CHECK(x.value().completion_ids == y.value().completion_ids && x.value().logps == y.value().logps);
      }
}

TEST("frozen: fresh weights are those of the same seed") {
  for (Family family : {Family::qwen2, Family::olmo2}) {
    EngineOptions options;
    options.threads = 2;
    auto trains = Engine::create(tiny_config(family), 5, options).take();
    options.frozen = true;
    auto frozen = Engine::create(tiny_config(family), 5, options).take();
    const std::vector<int32_t> ids = random_ids(1, 20, trains->info().vocab);
    CHECK(trains->logits(ids.data(), 20).take() == frozen->logits(ids.data(), 20).take());
  }
}

TEST("frozen: the reference computes what the policy did in both number types") {
  for (Family family : kFamilies)
    for (Dtype dtype : {Dtype::f32, Dtype::bf16}) {
      auto engine = tiny_engine(family, dtype, 2);
      const TestBatch b = test_batch(3, 2, engine->info().vocab);
      const Logprobs before = engine->logprobs(b.view().sequences, {}, {}).take();
      CHECK(engine->set_reference().ok());
      std::vector<float> half = engine->parameters();
      for (float& w : half) w *= 0.5f;
      engine->set_parameters(half);
      LogprobSettings reference;
      reference.reference = true;
      CHECK(engine->logprobs(b.view().sequences, reference, {}).take().logps == before.logps);
      CHECK(engine->logprobs(b.view().sequences, {}, {}).take().logps != before.logps);
    }
}

TEST("frozen: what would train, save or freeze is refused") {
  EngineOptions options;
  options.frozen = true;
  auto engine = Engine::create(tiny_config(Family::llama), 5, options).take();
  TestBatch b = test_batch(2, 2, 97);
  TrainSettings settings;
  std::vector<float> gradient;
  Folder folder("frozen-refuses");
  for (const Status& s :
       {engine->train_step(b.view(), settings, {}).status(), engine->gradients(b.view(), settings, &gradient).status(),
        engine->set_reference(), engine->save_weights(folder.path(), Dtype::f32).status(),
        engine->save_checkpoint(folder.path()).status(), engine->load_state(folder / "state")})
    CHECK_EQ(s.code(), std::string("ENGINE_FROZEN"));
  CHECK(std::filesystem::is_empty(folder.path()));
}

}  // namespace glossa::test
