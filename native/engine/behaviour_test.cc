// What a user may rely on: the reference stands still, masks and zero advantages do nothing, greedy means the largest
// logit, a stop id ends a completion and belongs to it.
#include <algorithm>
#include <cstdio>
#include <cstring>

#include "engine/test_models.h"
#include "tool/test.h"

namespace glossa::test {
namespace {

TrainSettings dapo(float beta) {
  TrainSettings s;
  s.loss = {find_loss("dapo"), 0.2f, 0.2f, beta};
  s.learning_rate = 1e-2f;
  return s;
}

// Bytes of memory that the process has.
long resident() {
  long pages = 0, size = 0;
  FILE* f = std::fopen("/proc/self/statm", "r");
  if (!f) return 0;
  if (std::fscanf(f, "%ld %ld", &size, &pages) != 2) pages = 0;
  std::fclose(f);
  return pages * 4096;
}

}  // namespace

TEST("engine: the reference is the policy of the moment it was frozen") {
  auto engine = tiny_engine(Family::qwen2, Dtype::bf16, 2);
  TestBatch b = test_batch(4, 3, engine->info().vocab);
  LogprobSettings reference;
  reference.reference = true;
  const std::vector<float> before = engine->logprobs(b.view().sequences, {}, {}).take().logps;
  CHECK(!engine->has_reference());
  CHECK(engine->set_reference().ok());
  b.old_logps = b.ref_logps = before;
  const Result<TrainMetrics> metrics = engine->train_step(b.view(), dapo(0.1f), {});
  CHECK(metrics.ok());
  CHECK_EQ(metrics.value().kl, 0.0);  // an unmoved reference: exactly
  CHECK_EQ(metrics.value().logp_max_abs_diff, 0.0);
  const std::vector<float> after = engine->logprobs(b.view().sequences, reference, {}).take().logps;
  CHECK(std::memcmp(before.data(), after.data(), before.size() * 4) == 0);
  const std::vector<float> moved = engine->logprobs(b.view().sequences, {}, {}).take().logps;
  CHECK(std::memcmp(before.data(), moved.data(), before.size() * 4) != 0);
}

TEST("engine: masked rows change nothing but the normaliser") {
  auto engine = tiny_engine(Family::qwen3, Dtype::f32, 2);
  const TestBatch all = test_batch(3, 2, engine->info().vocab);
  TestBatch kept;
  const uint8_t mask[6] = {1, 0, 1, 1, 0, 1};
  for (size_t i = 0; i < 6; ++i) {
    if (!mask[i]) continue;
    auto row = [&](const IdLists& r) {
      return std::vector<int32_t>(r.ids.begin() + r.offsets[i], r.ids.begin() + r.offsets[i + 1]);
    };
    kept.prompts.add(row(all.prompts));
    kept.completions.add(row(all.completions));
    kept.advantages.push_back(all.advantages[i]);
  }
  TrainBatch masked = all.view();
  masked.loss_mask = mask;
  std::vector<float> a, b;
  const TrainMetrics with = engine->gradients(masked, dapo(0), &a).take();
  const TrainMetrics without = engine->gradients(kept.view(), dapo(0), &b).take();
  CHECK(a == b);  // dapo counts the tokens that are left
  CHECK_EQ(with.loss, without.loss);
  CHECK_EQ(with.entropy, without.entropy);

  TrainSettings grpo = dapo(0);
  grpo.loss.type = find_loss("grpo");  // counts the rows, masked or not
  const double six = engine->gradients(masked, grpo, &a).take().grad_norm;
  const double four = engine->gradients(kept.view(), grpo, &b).take().grad_norm;
  CHECK_NEAR(six / four, 4.0 / 6.0, 1e-6);

  const uint8_t none[6] = {0, 0, 0, 0, 0, 0};
  masked.loss_mask = none;
  const TrainMetrics nothing = engine->gradients(masked, dapo(0), &a).take();
  CHECK_EQ(nothing.loss_tokens, int64_t{0});
  CHECK_EQ(nothing.grad_norm, 0.0);
}

TEST("engine: equal rewards give a gradient of exactly zero") {
  auto engine = tiny_engine(Family::olmo2, Dtype::f32, 2);
  TestBatch b = test_batch(3, 3, engine->info().vocab);
  std::fill(b.advantages.begin(), b.advantages.end(), 0.0f);
  std::vector<float> gradient;
  const TrainMetrics m = engine->gradients(b.view(), dapo(0), &gradient).take();
  CHECK_EQ(m.grad_norm, 0.0);
  CHECK_EQ(m.loss, 0.0);
  CHECK(m.entropy > 0);
  CHECK(std::all_of(gradient.begin(), gradient.end(), [](float g) { return g == 0; }));
}

// IdLists whose coefficients are all zero go forward only; adding their zeros would not have changed a bit.
TEST("engine: rows without advantage leave the others' gradient as it is") {
  auto engine = tiny_engine(Family::qwen3, Dtype::f32, 2);
  TestBatch some = test_batch(4, 2, engine->info().vocab), rest;
  for (size_t i = 0; i < 8; ++i) {
    if (i / 2 % 2 == 0) {
      some.advantages[i] = 0;
      continue;
    }
    auto row = [&](const IdLists& r) {
      return std::vector<int32_t>(r.ids.begin() + r.offsets[i], r.ids.begin() + r.offsets[i + 1]);
    };
    rest.prompts.add(row(some.prompts));
    rest.completions.add(row(some.completions));
    rest.advantages.push_back(some.advantages[i]);
  }
  some.old_logps = engine->logprobs(some.view().sequences, {}, {}).take().logps;
  TrainSettings s = dapo(0);
  s.loss.type = find_loss("dr_grpo");
  s.max_completion_length = 64;  // 1 / (rows * 64): a power of two apart, so the bits can be compared
  std::vector<float> a, b;
  const TrainMetrics with = engine->gradients(some.view(), s, &a).take();
  const TrainMetrics without = engine->gradients(rest.view(), s, &b).take();
  for (float& g : b) g *= 0.5f;
  CHECK(a == b);
  CHECK_EQ(with.loss, without.loss / 2);
  CHECK_EQ(with.loss_tokens, static_cast<int64_t>(some.completions.ids.size()));
  CHECK_EQ(with.logp_max_abs_diff, 0.0);
  double entropy = 0;
  for (float e : engine->logprobs(some.view().sequences, {}, {}).take().entropies) entropy += static_cast<double>(e);
  CHECK_NEAR(with.entropy, entropy / static_cast<double>(with.loss_tokens), 1e-12);
}

TEST("engine: greedy sampling takes the largest logit and a stop id ends the completion") {
  auto engine = tiny_engine(Family::llama, Dtype::f32, 2);
  IdLists prompts;
  prompts.add(random_ids(5, 9, 97));
  GenerateRequest r;
  r.prompts = prompts.view();
  r.max_new_tokens = 20;
  r.sampling = {0, 0, 1, 0, 1};
  const Rollout out = engine->generate(r, {}).take();
  CHECK_EQ(out.completion_ids.size(), size_t{20});
  CHECK_EQ(out.finish[0], static_cast<int8_t>(Finish::length));
  std::vector<int32_t> ids = prompts.ids;
  for (int32_t token : out.completion_ids) {
    const std::vector<float> logits = engine->logits(ids.data(), static_cast<int64_t>(ids.size())).take();
    auto last = logits.end() - 97;
    CHECK_EQ(static_cast<int32_t>(std::max_element(last, logits.end()) - last), token);
    ids.push_back(token);
  }
  const int32_t stop = out.completion_ids[6];
  r.stop_ids = {stop};
  const Rollout stopped = engine->generate(r, {}).take();
  const auto first = std::find(out.completion_ids.begin(), out.completion_ids.end(), stop);
  CHECK_EQ(stopped.completion_ids.size(), static_cast<size_t>(first - out.completion_ids.begin()) + 1);
  CHECK_EQ(stopped.completion_ids.back(), stop);
  CHECK_EQ(stopped.finish[0], static_cast<int8_t>(Finish::stop));
}

TEST("engine: a step by itself uses no more memory than the first") {
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
  SKIP("the sanitizer's own memory would be measured: freed blocks stay for a while");
#endif
  auto engine = tiny_engine(Family::llama, Dtype::f32, 2);
  const TestBatch b = test_batch(6, 4, 97);
  for (int i = 0; i < 5; ++i) CHECK(engine->train_step(b.view(), dapo(0), {}).ok());
  const long before = resident();
  for (int i = 0; i < 100; ++i) CHECK(engine->train_step(b.view(), dapo(0), {}).ok());
  CHECK(resident() - before < 4 << 20);
}

TEST("engine: resident_bytes is what its process takes for it, before a step, after it, and for a frozen one") {
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
  SKIP("the sanitizer's own memory would be measured too");
#endif
  ModelConfig config = tiny_config(Family::llama);
  config.hidden = 192;
  config.ffn = 1024;
  config.vocab = 24571;  // much, beside the large pages that are begun and not filled
  EngineOptions options;
  options.threads = 2;
  // what a process takes once, however many engines it has: code, stacks, tables
  CHECK(tiny_engine(Family::llama, Dtype::f32, 2)->train_step(test_batch(6, 4, 97).view(), dapo(0), {}).ok());
  const long start = resident();
  auto engine = Engine::create(config, 1, options).take();
  auto ratio = [&](const Engine& e, long since) {
    return static_cast<double>(e.info().resident_bytes) / static_cast<double>(resident() - since);
  };
  CHECK_NEAR(ratio(*engine, start), 1, 0.1);
  CHECK(engine->train_step(test_batch(8, 4, config.vocab).view(), dapo(0), {}).ok());
  CHECK_NEAR(ratio(*engine, start), 1, 0.1);
  CHECK(engine->set_reference().ok());
  CHECK_NEAR(ratio(*engine, start), 1, 0.1);
  options.frozen = true;
  const long before = resident();
  auto frozen = Engine::create(config, 1, options).take();
  CHECK_NEAR(ratio(*frozen, before), 1, 0.1);
}

TEST("engine: a prompt is encoded once, whatever the completions and the threads that share them") {
  const Family family = Family::llama;
  for (int prompts : {1, 3, 9})
    for (int samples : {1, 2, 8})
      for (int threads : {1, 2, 4})
        for (Sharing sharing : {Sharing::never, Sharing::always})
          for (int slots : {0, 1, 3}) {
            auto engine = tiny_engine(family, Dtype::f32, threads, "", sharing);
            IdLists rows;
            int64_t ids = 0;
            for (int i = 0; i < prompts; ++i) {
              rows.add(random_ids(60 + static_cast<uint32_t>(i), 1 + 5 * i, engine->info().vocab));
              ids += 5 * i;
            }
            GenerateRequest r;
            r.prompts = rows.view();
            r.num_generations = samples;
            r.max_new_tokens = 4;
            r.slots = slots;
            r.sampling = {1, 0, 1, 0, 7};
            const Result<Rollout> got = engine->generate(r, {});
            CHECK(got.ok());
            if (got.ok()) CHECK_EQ(got.value().prefill_tokens, ids);
          }
}

TEST("engine: a prompt stays encoded from call to call while the weights stand") {
  for (Sharing sharing : {Sharing::never, Sharing::always})
    for (int prompts : {1, 20}) {
      auto engine = tiny_engine(Family::qwen3, Dtype::f32, 2, "", sharing);
      IdLists rows;
      int64_t ids = 0;
      for (int i = 0; i < prompts; ++i) {
        rows.add(random_ids(80 + static_cast<uint32_t>(i), 1 + 5 * i, engine->info().vocab));
        ids += 5 * i;
      }
      rows.add(random_ids(80, 90, engine->info().vocab));
      rows.add(random_ids(80, 90, engine->info().vocab));  // the same once more
      ids += 89;
      GenerateRequest r;
      r.prompts = rows.view();
      r.num_generations = 3;
      r.max_new_tokens = 9;
      r.sampling = {1, 0, 1, 0, 7};
      const Rollout first = engine->generate(r, {}).take();
      CHECK_EQ(first.prefill_tokens, ids);
      ++r.step;
      const Rollout other = engine->generate(r, {}).take();
      CHECK_EQ(other.prefill_tokens, 0);
      --r.step;
      const Rollout again = engine->generate(r, {}).take();
      CHECK_EQ(again.prefill_tokens, 0);
      CHECK(again.completion_ids == first.completion_ids && again.logps == first.logps);
      CHECK(other.completion_ids != first.completion_ids);
      const TestBatch b = test_batch(2, 2, engine->info().vocab);
      CHECK(engine->train_step(b.view(), dapo(0), {}).ok());
      const Rollout moved = engine->generate(r, {}).take();
      CHECK_EQ(moved.prefill_tokens, ids);
      CHECK(moved.logps != first.logps);
      auto fresh = tiny_engine(Family::qwen3, Dtype::f32, 2, "", sharing);
      fresh->set_parameters(engine->parameters());
      CHECK(fresh->generate(r, {}).value().logps == moved.logps);
    }
}

TEST("engine: a prompt that need not be kept is encoded by every call") {
  for (Sharing sharing : {Sharing::never, Sharing::always}) {
    auto engine = tiny_engine(Family::qwen3, Dtype::f32, 2, "", sharing);
    IdLists rows;
    rows.add(random_ids(80, 90, engine->info().vocab));
    GenerateRequest r;
    r.prompts = rows.view();
    r.num_generations = 4;
    r.max_new_tokens = 3;
    r.sampling = {1, 0, 1, 0, 7};
    r.keep_prompts = false;
    for (int i = 0; i < 2; ++i) CHECK_EQ(engine->generate(r, {}).take().prefill_tokens, int64_t{89});
  }
}

TEST("engine: keys and values of sampling make room for training, but for a few") {
  const ModelConfig config = tiny_config(Family::llama);
  EngineOptions options;
  options.threads = 1;
  auto engine = Engine::create(config, 1, options).take();
  const int64_t page = config.layers * 2 * config.qkv_shape().kv_width() * 64 * 4, prompts = (24 << 20) / page;
  IdLists rows;
  for (int64_t i = 0; i < prompts; ++i) rows.add(random_ids(static_cast<uint32_t>(i), 65, config.vocab));
  GenerateRequest r;
  r.prompts = rows.view();
  r.max_new_tokens = 1;
  r.sampling = {1, 0, 1, 0, 7};
  CHECK(engine->generate(r, {}).ok());
  const int64_t sampled = engine->info().resident_bytes;
  const TestBatch b = test_batch(2, 2, config.vocab);
  CHECK(engine->logprobs(b.view().sequences, {}, {}).ok());
  CHECK(engine->info().resident_bytes <= sampled - (8 << 20));
  CHECK_EQ(engine->generate(r, {}).take().prefill_tokens, 64 * prompts);
}

TEST("engine: a limit of keys and values changes no result, and one that is too small is refused") {
  for (Family family : kFamilies)
    for (Dtype dtype : {Dtype::f32, Dtype::bf16})
      for (Sharing sharing : {Sharing::never, Sharing::always}) {
        ModelConfig config = tiny_config(family);
        IdLists rows;
        for (uint32_t i = 0; i < 12; ++i) rows.add(random_ids(i, 3 + 7 * i, config.vocab));
        GenerateRequest r;
        r.prompts = rows.view();
        r.num_generations = 2;
        r.max_new_tokens = 100;
        r.slots = 24;
        r.sampling = {1, 0, 1, 0, 7};
        EngineOptions options;
        options.dtype = dtype;
        options.threads = 2;
        options.sharing = sharing;
        const Rollout all = Engine::create(config, 1, options).take()->generate(r, {}).take();
        CHECK_EQ(all.recomputed_tokens, 0);
        const int64_t page = config.layers * 2 * config.qkv_shape().kv_width() * 64 * dtype_bytes(dtype) + 64;
        for (int64_t pages : {4, 9, 14}) {
          options.kv_cache_bytes = page * pages + 1;
          const Rollout some = Engine::create(config, 1, options).take()->generate(r, {}).take();
          CHECK(some.completion_ids == all.completion_ids);
          CHECK(some.logps == all.logps && some.entropies == all.entropies);
          if (pages > 4 && sharing == Sharing::always) CHECK(some.recomputed_tokens > 0);
        }
        options.kv_cache_bytes = page * 4 - 1;
        const Result<Rollout> none = Engine::create(config, 1, options).take()->generate(r, {});
        CHECK_EQ(none.status().code(), "KV_CACHE_TOO_SMALL");
      }
}

TEST("engine: memory follows the tokens that are there, not those that could be") {
  ModelConfig config = tiny_config(Family::llama);
  EngineOptions options;
  options.threads = 1;
  auto resident_after = [&](bool stops) {
    auto engine = Engine::create(config, 1, options).take();
    IdLists rows;
    rows.add({5});
    GenerateRequest r;
    r.prompts = rows.view();
    r.num_generations = r.slots = 256;
    r.max_new_tokens = 150;
    r.sampling = {1, 0, 1, 0, 7};
    for (int32_t id = 0; stops && id < config.vocab; ++id) r.stop_ids.push_back(id);
    CHECK(engine->generate(r, {}).ok());
    return engine->info().resident_bytes;
  };
  const int64_t page = config.layers * 2 * config.qkv_shape().kv_width() * 64 * 4, chunk = 4 << 20;
  const int64_t more = resident_after(false) - resident_after(true);
  CHECK(more > 256 * 2 * page - 2 * chunk && more < 256 * 2 * page + 2 * chunk);
}

}  // namespace glossa::test
