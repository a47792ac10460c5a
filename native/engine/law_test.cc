// The sampler's law in training: what it kept and what was added to its logits are the trainer's too, so that the ratio
// of the first update is exactly 1, and that of later ones is between distributions over one support.
#include <cstring>

#include "device/memory.h"
#include "device/open.h"
#include "engine/test_models.h"

namespace glossa::test {
namespace {

template <class Vector>
bool same_bits(const Vector& a, const Vector& b) {
  return a.size() == b.size() && (a.empty() || std::memcmp(a.data(), b.data(), a.size() * sizeof(a[0])) == 0);
}

const SamplingSettings kLaws[] = {
    {0.8f, 0, 1, 0, 42}, {0.8f, 7, 1, 0, 42}, {1.2f, 0, 0.7f, 0, 42}, {1, 0, 1, 0.2f, 42}, {0.9f, 30, 0.9f, 0.01f, 42}};

// Prompts, and biases of which each takes one or none.
struct Asked {
  IdLists prompts;
  std::vector<float> biases;
  std::vector<int32_t> bias_of;
  Asked(int n, int64_t vocab) {
    for (int i = 0; i < n; ++i) {
      prompts.add(random_ids(500 + static_cast<uint32_t>(i), 1 + (i * 13) % 41, vocab));
      bias_of.push_back(i % 3 - 1);
    }
    for (int64_t i = 0; i < 2 * vocab; ++i)
      biases.push_back(i % 4 == 1 && i % vocab != 3 ? -std::numeric_limits<float>::infinity()
                                                    : uniform(70, static_cast<uint32_t>(i)));
  }
  GenerateRequest request(const SamplingSettings& s, int samples) const {
    GenerateRequest r;
    r.prompts = prompts.view();
    r.num_generations = samples;
    r.max_new_tokens = 23;
    r.stop_ids = {3};
    r.sampling = s;
    r.step = 9;
    r.logit_bias = biases.data();
    r.biases = 2;
    r.bias_of = bias_of.data();
    r.of_law = true;
    return r;
  }
};

// The law of a rollout's rows.
struct RowLaw {
  std::vector<int32_t> bias_of;
  SamplerLaw law;
  RowLaw(const Asked& asked, const Rollout& r) {
    for (int32_t prompt : r.prompt_index) bias_of.push_back(asked.bias_of[static_cast<size_t>(prompt)]);
    law.biases = {asked.biases.data(), 2};
    law.bias_of = bias_of.data();
    if (r.kept_counts.empty()) return;
    law.kept_counts = r.kept_counts.data();
    law.kept_ids = r.kept_ids.data();
    law.kept = static_cast<int64_t>(r.kept_ids.size());
  }
};

bool same(const Rollout& a, const Rollout& b) {
  return a.completion_ids == b.completion_ids && a.kept_counts == b.kept_counts && a.kept_ids == b.kept_ids &&
         same_bits(a.logps, b.logps) && same_bits(a.entropies, b.entropies);
}

}  // namespace

TEST("law: the sampler's log-probabilities are the trainer's, with filters and biases, on every instruction set") {
  Memory::poison = true;
  for (const std::string& isa : isas_under_test())
    for (Dtype dtype : {Dtype::f32, Dtype::bf16})
      for (const SamplingSettings& law : kLaws) {
        const Family family = dtype == Dtype::f32 ? Family::qwen2 : Family::olmo2;
        auto engine = tiny_engine(family, dtype, 2, isa, dtype == Dtype::f32 ? Sharing::always : Sharing::never);
        const Asked asked(reduced() ? 4 : 9, engine->info().vocab);
        Result<Rollout> rollout = engine->generate(asked.request(law, 4), {});
        CHECK(rollout.ok());
        if (!rollout.ok()) return;
        const Rollout& r = rollout.value();
        const bool filtered = filters(law, engine->info().vocab);
        CHECK_EQ(r.kept_counts.size(), filtered ? r.completion_ids.size() : 0u);
        const RowLaw of_rows(asked, r);
        TestBatch b = batch_of(r);
        TrainBatch batch = b.view();
        batch.sequences.law = of_rows.law;
        LogprobSettings s;
        s.temperature = law.temperature;
        for (int64_t tokens : {int64_t{1}, int64_t{60}, int64_t{1} << 40}) {
          s.micro_batch_tokens = tokens;
          Result<Logprobs> got = engine->logprobs(batch.sequences, s, {});
          CHECK(got.ok() && same_bits(got.value().logps, r.logps) && same_bits(got.value().entropies, r.entropies));
        }
        TrainSettings t;
        t.loss = {find_loss("dapo"), 0.2f, 0.2f, 0};
        t.temperature = law.temperature;
        t.learning_rate = 1e-4f;
        Result<TrainMetrics> first = engine->train_step(batch, t, {});
        CHECK(first.ok());
        if (!first.ok()) return;
        CHECK_EQ(first.value().logp_max_abs_diff, 0.0);
        CHECK_EQ(first.value().clip_region_mean, 0.0);
        CHECK(first.value().grad_norm > 0);
        // The second update: other weights, the same support.
        Result<TrainMetrics> second = engine->train_step(batch, t, {});
        CHECK(second.ok() && second.value().logp_max_abs_diff > 0 && second.value().logp_max_abs_diff < 5);
        // Without the support the two are not the same distribution.
        if (filtered) CHECK(engine->gradients(b.view(), t, &b.ref_logps).value().logp_max_abs_diff > 0.01);
      }
  Memory::poison = false;
}

TEST("law: a rollout with its kept ids does not depend on threads, slots, admission or looks") {
  Memory::poison = true;
  const bool emulated = is_emulated(chosen_device({}));
  const int count = emulated ? 4 : 12;
  const Asked asked(count, tiny_config(Family::llama).vocab);
  std::vector<int32_t> backwards;
  for (int32_t i = count - 1; i >= 0; --i) backwards.push_back(i);
  Result<Rollout> first = Status("INVALID_ARGUMENT", "none yet");
  for (int threads : {1, 2, 5})
    for (int look_every : {0, 1, 3}) {
      if (emulated && threads > 1) continue;
      auto engine =
          tiny_engine(Family::llama, Dtype::f32, threads, "", threads == 2 ? Sharing::always : Sharing::never);
      GenerateRequest r = asked.request(kLaws[4], 3);
      r.slots = look_every == 1 ? 2 : 0;
      r.look_every = look_every;
      if (look_every == 3) r.admission = backwards.data();
      Result<Rollout> got = engine->generate(r, {});
      CHECK(got.ok() && !got.value().kept_ids.empty());
      if (!got.ok()) return;
      if (!first.ok()) first = got;
      CHECK(same(got.value(), first.value()));
    }
  Memory::poison = false;
}

TEST("law: completions are those that evaluation draws with the same settings; only what is said of them differs") {
  auto engine = tiny_engine(Family::qwen3, Dtype::f32, 2);
  const Asked asked(5, engine->info().vocab);
  for (const SamplingSettings& law : kLaws) {
    GenerateRequest r = asked.request(law, 3);
    const Rollout of_law = engine->generate(r, {}).take();
    r.of_law = false;
    const Rollout free = engine->generate(r, {}).take();
    CHECK(free.completion_ids == of_law.completion_ids && free.kept_counts.empty());
    CHECK(!same_bits(free.logps, of_law.logps));
  }
}

TEST("law: a generation that would record more ids than it may is refused, and the engine goes on") {
  for (int threads : {1, 3}) {
    auto engine = tiny_engine(Family::qwen2, Dtype::f32, threads);
    const Asked asked(4, engine->info().vocab);
    const SamplingSettings law{1.0f, 0, 0.9f, 0, 5};
    GenerateRequest request = asked.request(law, 4);
    const Result<Rollout> whole = engine->generate(request, {});
    CHECK(whole.ok());
    if (!whole.ok()) return;
    const int64_t kept = static_cast<int64_t>(whole.value().kept_ids.size());
    request.most_kept = kept - 1;
    const Result<Rollout> refused = engine->generate(request, {});
    CHECK(!refused.ok());
    if (refused.ok()) return;
    CHECK_EQ(std::string(refused.status().code()), std::string("KEPT_IDS_TOO_MANY"));
    CHECK(refused.status().message().find("pass " + std::to_string(kept - 1) + " (after ") != std::string::npos);
    CHECK(refused.status().message().find("set top_k") != std::string::npos);
    request.most_kept = kept;
    const Result<Rollout> again = engine->generate(request, {});
    CHECK(again.ok() && same(again.value(), whole.value()));
  }
}

TEST("law: what does not fit the batch is refused") {
  auto engine = tiny_engine(Family::llama, Dtype::f32, 1);
  const int64_t vocab = engine->info().vocab;
  const TestBatch b = test_batch(2, 2, vocab);
  const SequenceBatch sequences = b.view().sequences;
  auto refused = [&](const char* part, auto change) {
    TestLaw law(sequences.completions, vocab);
    SequenceBatch batch = sequences;
    change(law);
    batch.law = law.view(vocab);
    const Result<Logprobs> got = engine->logprobs(batch, {}, {});
    CHECK(!got.ok());
    if (got.ok()) return;
    CHECK_EQ(std::string(got.status().code()), std::string("INVALID_ARGUMENT"));
    if (got.status().message().find(part) == std::string::npos) fail(__FILE__, __LINE__, got.status().message());
  };
  refused("do not ascend", [](TestLaw& l) { l.kept_ids[0] = 96; });
  refused("do not ascend", [](TestLaw& l) { l.kept_ids[0] = -1; });
  refused("names logit bias 2", [](TestLaw& l) { l.bias_of[1] = 2; });
  refused("a finite number or -inf", [](TestLaw& l) { l.biases[4] = std::nanf(""); });
  refused("add up to", [](TestLaw& l) { ++l.kept_counts[0]; });
  refused("has no kept ids", [](TestLaw& l) { l.kept_counts[0] = 0; });
  refused("do not hold the token", [&](TestLaw& l) {
    int32_t& count = l.kept_counts[0];
    l.kept_ids.erase(l.kept_ids.begin(), l.kept_ids.begin() + count);
    l.kept_ids.insert(l.kept_ids.begin(), (sequences.completions.ids[0] + 1) % 97);
    count = 1;
  });
  GenerateRequest r;
  r.prompts = b.prompts.view();
  r.max_new_tokens = 3;
  r.sampling = {0, 0, 0.9f, 0, 1};
  r.of_law = true;
  CHECK(!engine->generate(r, {}).ok());
}

}  // namespace glossa::test
