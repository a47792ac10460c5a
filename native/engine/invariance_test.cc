// One forward, one truth: what the sampler reports is what the trainer computes, bit for bit, whatever the threads, the
// slots, the order of admission and the micro-batches; and a step is the same step however it is cut.
#include <algorithm>
#include <cstring>

#include "device/memory.h"
#include "device/open.h"
#include "engine/test_models.h"
#include "tool/test.h"

namespace glossa::test {
namespace {

template <class Vector>
bool same_bits(const Vector& a, const Vector& b) {
  return a.size() == b.size() && (a.empty() || std::memcmp(a.data(), b.data(), a.size() * sizeof(a[0])) == 0);
}

// Buffers full of NaN before every use: a value that was never written would show in the bits.
struct Poisoned {
  Poisoned() { Memory::poison = true; }
  ~Poisoned() { Memory::poison = false; }
};

struct Prompts {
  IdLists rows;
  std::vector<int32_t> budgets;
};
Prompts prompts(int n, int64_t vocab) {
  Prompts p;
  for (int i = 0; i < n; ++i) {
    p.rows.add(random_ids(500 + static_cast<uint32_t>(i), 1 + (i * 13) % 41, vocab));
    p.budgets.push_back(1 + (i * 17) % 53);
  }
  return p;
}

GenerateRequest request_for(const Prompts& p, int samples) {
  GenerateRequest r;
  r.prompts = p.rows.view();
  r.num_generations = samples;
  r.max_new_tokens = 53;
  r.budgets = p.budgets.data();
  r.stop_ids = {3, 11};
  r.sampling = {0.8f, 0, 1, 0, 42};
  r.step = 9;
  return r;
}

struct Way {
  int threads, slots, look_every;
  bool reversed;
  Sharing sharing;
};
const Way kWays[] = {{1, 1, 0, false, Sharing::never},    {1, 256, 1, true, Sharing::never},
                     {2, 0, 3, false, Sharing::never},    {3, 7, 0, true, Sharing::never},
                     {8, 40, 0, false, Sharing::never},   {2, 5, 8, true, Sharing::never},
                     {1, 256, 0, false, Sharing::always}, {2, 7, 0, true, Sharing::always},
                     {3, 0, 0, false, Sharing::always},   {8, 256, 0, true, Sharing::always}};
const Sharing kSharings[] = {Sharing::never, Sharing::always};

}  // namespace

TEST("engine: a completion does not depend on threads, slots, admission or looks") {
  Poisoned poisoned;
  const bool emulated = is_emulated(chosen_device({}));
  for (Family family : kFamilies)
    for (Dtype dtype : {Dtype::f32, Dtype::bf16}) {
      const int32_t count = emulated ? 4 : 20;
      const Prompts p = prompts(count, tiny_config(family).vocab);
      std::vector<int32_t> backwards;
      for (int32_t i = count - 1; i >= 0; --i) backwards.push_back(i);
      Rollout first;
      for (const Way& way : kWays) {
        // One lane: threads and sharing are nothing to it.
        if (emulated && (way.sharing == Sharing::always || way.threads > 2)) continue;
        auto engine = tiny_engine(family, dtype, way.threads, "", way.sharing);
        GenerateRequest r = request_for(p, 4);
        r.slots = way.slots;
        r.look_every = way.look_every;
        if (way.reversed) r.admission = backwards.data();
        Result<Rollout> got = engine->generate(r, {});
        CHECK(got.ok());
        if (!got.ok()) return;
        if (first.completion_ids.empty()) {
          first = got.take();
          CHECK(first.completion_ids.size() > (emulated ? 50u : 200u));
          continue;
        }
        CHECK(got.value().completion_ids == first.completion_ids);
        CHECK(got.value().completion_offsets == first.completion_offsets);
        CHECK(got.value().finish == first.finish);
        CHECK(same_bits(got.value().logps, first.logps));
        CHECK(same_bits(got.value().entropies, first.entropies));
      }
    }
}

TEST("engine: the sampler's log-probabilities are the trainer's on every instruction set") {
  Poisoned poisoned;
  for (const std::string& isa : isas_under_test())
    for (Family family : kFamilies)
      for (Dtype dtype : {Dtype::f32, Dtype::bf16}) {
        const Sharing sharing = family == Family::llama || family == Family::olmo2 ? Sharing::always : Sharing::never;
        auto engine = tiny_engine(family, dtype, 2, isa, sharing);
        const int count = reduced() ? 4 : 25;
        const Prompts p = prompts(count, engine->info().vocab);
        Result<Rollout> rollout = engine->generate(request_for(p, 8), {});
        CHECK(rollout.ok());
        if (!rollout.ok()) return;
        TestBatch b = batch_of(rollout.value());
        CHECK_EQ(rollout.value().sample.size(), static_cast<size_t>(count) * 8);
        LogprobSettings s;
        s.temperature = 0.8f;
        for (int64_t tokens : {int64_t{1}, int64_t{150}, int64_t{1} << 40}) {
          s.micro_batch_tokens = tokens;
          Result<Logprobs> got = engine->logprobs(b.view().sequences, s, {});
          CHECK(got.ok());
          if (!got.ok()) return;
          CHECK(same_bits(got.value().logps, rollout.value().logps));
          CHECK(same_bits(got.value().entropies, rollout.value().entropies));
        }
        TrainSettings t;
        t.loss = {find_loss("dapo"), 0.2f, 0.2f, 0};
        t.temperature = 0.8f;
        t.learning_rate = 1e-3f;
        Result<TrainMetrics> metrics = engine->train_step(b.view(), t, {});
        CHECK(metrics.ok());
        if (!metrics.ok()) return;
        CHECK_EQ(metrics.value().logp_max_abs_diff, 0.0);
        CHECK_EQ(metrics.value().clip_region_mean, 0.0);
        CHECK_EQ(metrics.value().loss_tokens, static_cast<int64_t>(b.completions.ids.size()));
      }
}

TEST("engine: log-probabilities do not depend on the number of threads") {
  Poisoned poisoned;
  for (Family family : kFamilies)
    for (Dtype dtype : {Dtype::f32, Dtype::bf16}) {
      const TestBatch b = test_batch(9, 5, tiny_config(family).vocab);
      Logprobs first;
      for (int threads : {1, 2, 3, 8})
        for (Sharing sharing : kSharings) {
          auto engine = tiny_engine(family, dtype, threads, "", sharing);
          Result<Logprobs> got = engine->logprobs(b.view().sequences, {}, {});
          CHECK(got.ok());
          if (!got.ok()) return;
          if (first.logps.empty()) first = got.value();
          CHECK(same_bits(got.value().logps, first.logps));
          CHECK(same_bits(got.value().entropies, first.entropies));
        }
    }
}

// Of the threads and micro-batches below, half go together: 1 and 3 with the middle micro-batch, 2 and 8 with the
// others.
TEST("engine: a step is the same bits for every micro-batch size and number of threads") {
  Poisoned poisoned;
  for (Family family : kFamilies)
    for (Dtype dtype : {Dtype::f32, Dtype::bf16})
      for (const char* type : {"supervised", "grpo", "dr_grpo", "dapo"}) {
        if (reduced() && type != std::string("supervised") && type != std::string("dapo")) continue;
        TestBatch b = test_batch(6, 3, tiny_config(family).vocab);
        std::vector<float> gradient;
        std::vector<float> weights;
        for (int threads : {1, 2, 3, 8})
          for (int64_t tokens : {int64_t{1}, int64_t{90}, int64_t{0}}) {
            if (threads == 3 && tokens == 90) continue;
            if (reduced() && (threads == 2 || threads == 8)) continue;
            const Sharing sharing = (threads + (tokens == 1)) % 2 == 0 ? Sharing::always : Sharing::never;
            auto engine = tiny_engine(family, dtype, threads, "", sharing);
            if (b.ref_logps.empty()) {
              Result<Logprobs> l = engine->logprobs(b.view().sequences, {}, {});
              CHECK(l.ok());
              if (!l.ok()) return;
              for (size_t i = 0; i < l.value().logps.size(); ++i) {
                const float noise = uniform(8, static_cast<uint32_t>(i)) - 0.5f;
                b.old_logps.push_back(l.value().logps[i] + 0.6f * noise);
                b.ref_logps.push_back(l.value().logps[i] - 0.4f * noise);
              }
            }
            TrainSettings s;
            s.loss = {find_loss(type), 0.2f, 0.28f, 0.05f};
            s.max_completion_length = 40;
            s.learning_rate = 1e-3f;
            s.weight_decay = 0.1f;
            s.micro_batch_tokens = tokens;
            std::vector<float> g;
            Result<TrainMetrics> metrics = engine->gradients(b.view(), s, &g);
            CHECK(metrics.ok());
            if (!metrics.ok()) return;
            CHECK(metrics.value().grad_norm > 0);
            for (int step = 0; step < 2; ++step) CHECK(engine->train_step(b.view(), s, {}).ok());
            if (gradient.empty()) {
              gradient = g;
              weights = engine->parameters();
            }
            CHECK(same_bits(g, gradient));
            CHECK(same_bits(engine->parameters(), weights));
          }
      }
}

// The logits of all rows do not fit: the head goes over chunks of rows between the passes.
TEST("engine: a large vocabulary's step is the same bits in chunks and in small micro-batches") {
  Poisoned poisoned;
  for (Dtype dtype : {Dtype::f32, Dtype::bf16}) {
    ModelConfig c = tiny_config(Family::qwen2);
    c.hidden = 16;
    c.ffn = 16;
    c.vocab = 40003;
    EngineOptions options;
    options.dtype = dtype;
    options.threads = 1;
    auto engine = Engine::create(c, 3, options).take();
    const TestBatch b = test_batch(10, 4, c.vocab);
    TrainSettings s;
    s.loss = {find_loss("grpo"), 0.2f, 0.2f, 0};
    std::vector<float> whole, cut;
    s.micro_batch_tokens = int64_t{1} << 40;
    Result<TrainMetrics> a = engine->gradients(b.view(), s, &whole);
    s.micro_batch_tokens = 1;
    CHECK(a.ok() && engine->gradients(b.view(), s, &cut).ok());
    CHECK(a.value().loss_tokens > (64 << 20) / (4 * c.vocab));  // more than one chunk
    CHECK(a.value().grad_norm > 0);
    CHECK(same_bits(whole, cut));
  }
}

}  // namespace glossa::test
