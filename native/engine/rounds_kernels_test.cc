// Decoding where the host looks every few tokens. On an emulated GPU alone: the host looks at every token of a CPU.
#include <algorithm>
#include <atomic>
#include <cstdlib>
#include <cstring>
#include <limits>

#include "device/cuda/emulation.h"
#include "engine/test_models.h"

namespace glossa::test {
namespace {

// pages: of keys and values; 0: no limit.
std::unique_ptr<Engine> emulated_engine(Dtype dtype, int64_t pages = 0) {
  EngineOptions options;
  options.dtype = dtype;
  options.device_name = "emulated-cuda";
  ModelConfig config = tiny_config(Family::llama);
  config.layers = 1;
  // A page of 64 positions, and the gap behind it.
  options.kv_cache_bytes = pages * (2 * config.kv_heads * 64 * config.head_dim * dtype_bytes(dtype) + 64);
  auto engine = Engine::create(config, 5, options).take();
  spread(*engine);
  return engine;
}

IdLists some_prompts(uint32_t count) {
  IdLists prompts;
  for (uint32_t i = 0; i < count; ++i) prompts.add(random_ids(i, 1 + i * 17 % 41, 97));
  return prompts;
}

bool same(const Rollout& a, const Rollout& b) {
  auto bits = [](const std::vector<float>& x, const std::vector<float>& y) {
    return x.size() == y.size() && std::memcmp(x.data(), y.data(), x.size() * sizeof(float)) == 0;
  };
  return a.completion_ids == b.completion_ids && a.completion_offsets == b.completion_offsets && a.finish == b.finish &&
         bits(a.logps, b.logps) && bits(a.entropies, b.entropies);
}

struct Graphs {
  explicit Graphs(bool wanted) { setenv("GLOSSA_CUDA_GRAPHS", wanted ? "1" : "0", 1); }
  ~Graphs() { unsetenv("GLOSSA_CUDA_GRAPHS"); }
};

// While it lives the emulated GPU does what it is asked when it is waited for.
struct Late {
  explicit Late(bool late) { emulation::gpu().late = late; }
  ~Late() { emulation::gpu().late = false; }
};

// 0: what the engine chooses.
struct Way {
  int32_t look_every, looks;
  bool late = false, graphs = true;
};

}  // namespace

TEST("rounds: completions are the same however many tokens the host waits for, and how many such looks are under way") {
  const IdLists prompts = some_prompts(5);
  std::vector<float> bias(97);
  for (size_t i = 0; i < bias.size(); ++i) bias[i] = i % 4 == 0 ? -std::numeric_limits<float>::infinity() : 0.1f;
  for (const SamplingSettings& sampling :
       {SamplingSettings{0.8f, 0, 1, 0, 42}, {1, 20, 0.9f, 0.01f, 42}, {0, 0, 1, 0, 42}}) {
    auto engine = emulated_engine(Dtype::bf16);
    Rollout first;
    for (const Way& way : {Way{1, 1}, {3, 1, true, false}, {8, 2}, {0, 0, true}, {2, 3, true}}) {
      const Graphs graphs(way.graphs);
      const Late late(way.late);
      GenerateRequest r;
      r.prompts = prompts.view();
      r.max_new_tokens = 20;
      r.stop_ids = {3, 11};
      r.logit_bias = bias.data();
      r.sampling = sampling;
      r.slots = 3;
      r.look_every = way.look_every;
      r.looks = way.looks;
      Rollout got = engine->generate(r, {}).take();
      if (way.look_every == 1)
        first = std::move(got);
      else
        CHECK(same(got, first));
    }
    CHECK(first.completion_ids.size() > 40);
  }
}

TEST(
    "rounds: completions that have ended are told while others are still sampled, each once, as they stand in the "
    "end") {
  const IdLists prompts = some_prompts(6);
  const std::vector<int32_t> budgets{2, 4, 9, 2, 60, 120};
  auto engine = emulated_engine(Dtype::bf16);
  const Late late(true);
  GenerateRequest r;
  r.prompts = prompts.view();
  r.num_generations = 2;
  r.max_new_tokens = 120;
  r.budgets = budgets.data();
  r.sampling = {1, 0, 1, 0, 42};
  std::vector<Completed> told;
  JobControl control;
  control.completed = [&](Completed&& some) { told.push_back(std::move(some)); };
  const Rollout all = engine->generate(r, control).take();
  CHECK(!told.empty());
  std::vector<int> times(all.finish.size());
  for (const Completed& some : told)
    for (size_t i = 0; i < some.rows.size(); ++i) {
      const size_t row = static_cast<size_t>(some.rows[i]);
      ++times[row];
      CHECK(some.finish[i] == all.finish[row]);
      CHECK(std::equal(some.ids.begin() + some.offsets[i], some.ids.begin() + some.offsets[i + 1],
                       all.completion_ids.begin() + all.completion_offsets[row],
                       all.completion_ids.begin() + all.completion_offsets[row + 1]));
    }
  CHECK(*std::max_element(times.begin(), times.end()) == 1);
  // Those of two tokens are over long before those of 120 are.
  CHECK(times[0] == 1 && times[1] == 1);
}

// A token whose embedding is no number: nothing can be drawn after it.
TEST("rounds: a row from which nothing can be drawn is named alike, however late the host sees it") {
  const IdLists prompts = some_prompts(5);
  std::vector<float> bias(97, -std::numeric_limits<float>::infinity());
  for (size_t i = 1; i < 9; ++i) bias[i] = 0;
  int64_t bad = 1;  // of those, one that no prompt has
  while (std::find(prompts.ids.begin(), prompts.ids.end(), bad) != prompts.ids.end()) ++bad;
  CHECK(bad < 9);
  auto engine = emulated_engine(Dtype::f32);
  std::vector<float> w = engine->parameters();
  for (int64_t i = 0; i < 48; ++i) w[static_cast<size_t>(bad * 48 + i)] = std::numeric_limits<float>::quiet_NaN();
  engine->set_parameters(w);
  std::string first;
  for (const Way& way : {Way{1, 1}, {3, 2, true}, {8, 3}}) {
    const Late late(way.late);
    GenerateRequest r;
    r.prompts = prompts.view();
    r.num_generations = 2;
    r.max_new_tokens = 40;
    r.logit_bias = bias.data();
    r.sampling = {1, 0, 1, 0, 7};
    r.look_every = way.look_every;
    r.looks = way.looks;
    const Result<Rollout> got = engine->generate(r, {});
    CHECK(!got.ok());
    CHECK_EQ(got.status().code(), std::string("NONFINITE"));
    if (first.empty()) first = got.status().message();
    CHECK_EQ(got.status().message(), first);
  }
  CHECK(first.find("after 0 tokens") == std::string::npos);
}

TEST("rounds: a cancellation is noticed when the host looks") {
  const IdLists prompts = some_prompts(5);
  auto engine = emulated_engine(Dtype::bf16);
  std::atomic<bool> cancelled{false};
  int64_t seen = 0;
  JobControl control;
  control.cancelled = &cancelled;
  control.progress = [&](int64_t, int64_t, int64_t tokens) {
    if (!cancelled.exchange(true)) seen = tokens;
  };
  GenerateRequest r;
  r.prompts = prompts.view();
  r.max_new_tokens = 150;
  r.sampling = {1, 0, 1, 0, 42};
  r.looks = 3;
  const Late late(true);
  const Rollout got = engine->generate(r, control).take();
  CHECK(seen > 0);
  CHECK_EQ(static_cast<int64_t>(got.completion_ids.size()), seen);
  CHECK_EQ(got.finish[0], static_cast<int8_t>(Finish::cancelled));
}

// Pages for all passes of a round are there before it, and completions give theirs back where they are short.
TEST("rounds: completions are the same where pages are few") {
  const IdLists prompts = some_prompts(2);
  Rollout first;
  for (int32_t looks : {0, 1, 3}) {
    const int64_t pages = looks == 0 ? 0 : 4;
    auto engine = emulated_engine(Dtype::bf16, pages);
    const Late late(looks > 1);
    GenerateRequest r;
    r.prompts = prompts.view();
    r.num_generations = 2;
    r.max_new_tokens = 70;
    r.sampling = {0.8f, 0, 1, 0, 42};
    r.slots = 3;
    r.looks = looks;
    Rollout got = engine->generate(r, {}).take();
    if (pages == 0)
      first = std::move(got);
    else
      CHECK(same(got, first) && got.recomputed_tokens > 0);
  }
}

TEST("rounds: a GPU that fails while looks are under way ends the call, whichever call of it fails") {
  const IdLists prompts = some_prompts(3);
  auto ask = [&](Engine& engine) {
    GenerateRequest r;
    r.prompts = prompts.view();
    r.max_new_tokens = 12;
    r.sampling = {1, 0, 1, 0, 42};
    r.slots = 2;
    r.look_every = 2;
    r.looks = 3;
    const Result<Rollout> got = engine.generate(r, {});
    return got.ok() ? Status() : got.status();
  };
  constexpr int64_t kMany = int64_t{1} << 40;
  for (bool late : {false, true}) {
    int64_t calls = kMany;
    for (int64_t at = kMany; at >= 0; at = at == kMany ? calls - 1 : at - std::max<int64_t>(calls / 6, 1)) {
      auto engine = emulated_engine(Dtype::bf16);
      const Late put_off(late);
      emulation::gpu().calls_left = at;
      const Status status = ask(*engine);
      if (at == kMany) calls = kMany - emulation::gpu().calls_left;
      CHECK_EQ(status.code(), std::string(at == kMany ? "" : "GPU_FAILED"));
      engine.reset();
      emulation::gpu().calls_left = INT64_MAX;
    }
    CHECK(calls > 100 && calls < kMany);
  }
}

}  // namespace glossa::test
