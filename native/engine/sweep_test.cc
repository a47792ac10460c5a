// Losses in which tokens depend on each other, through the whole engine: the first sweep may not be seen in a result.
#include <string>

#include "device/memory.h"
#include "engine/test_models.h"
#include "tool/test.h"

namespace glossa::test {
namespace {

TrainSettings sequences() {
  TrainSettings s;
  s.loss.type = find_loss("grpo");
  s.loss.importance_sampling_level = ImportanceLevel::sequence;
  s.loss.epsilon = s.loss.epsilon_high = 0.02f;
  s.loss.beta = 0.05f;
  s.loss.use_bias_correction_kl = true;
  s.loss.entropy_coef = 0.01f;
  s.loss.top_entropy_quantile = 0.4f;
  s.loss.off_policy_mask_threshold = 0.02f;
  s.learning_rate = 1e-3f;
  return s;
}

// old_logps and ref_logps near the model's.
TestBatch moved_batch(Engine& engine) {
  TestBatch b = test_batch(6, 3, engine.info().vocab);
  for (float l : engine.logprobs(b.view().sequences, {}, {}).take().logps) {
    const float noise = uniform(8, static_cast<uint32_t>(b.old_logps.size())) - 0.5f;
    b.old_logps.push_back(l + 0.6f * noise);
    b.ref_logps.push_back(l - 0.4f * noise);
  }
  return b;
}

}  // namespace

TEST("sweep: a step is the same bits for every micro-batch size and number of threads") {
  Memory::poison = true;
  std::vector<float> first;
  std::vector<float> weights;
  for (int threads : {1, 2, 3})
    for (int64_t tokens : {int64_t{1}, int64_t{90}, int64_t{0}}) {
      auto engine = tiny_engine(Family::qwen2, Dtype::f32, threads, "",
                                (threads + (tokens == 1)) % 2 == 0 ? Sharing::always : Sharing::never);
      const TestBatch b = moved_batch(*engine);
      TrainSettings s = sequences();
      s.micro_batch_tokens = tokens;
      std::vector<float> gradient;
      const TrainMetrics m = engine->gradients(b.view(), s, &gradient).take();
      CHECK(m.grad_norm > 0 && m.clip_region_mean > 0 && m.clip_region_mean < 1);
      CHECK(engine->train_step(b.view(), s, {}).ok());
      if (first.empty()) {
        first = gradient;
        weights = engine->parameters();
      }
      CHECK(gradient == first);
      CHECK(engine->parameters() == weights);
    }
  Memory::poison = false;
}

TEST("sweep: on the sampler's own log-probabilities every ratio is 1, given or not, and the tokens are counted once") {
  auto engine = tiny_engine(Family::llama, Dtype::f32, 2);
  TestBatch b = test_batch(4, 4, engine->info().vocab);
  b.advantages[3] = 0;
  TrainSettings s;
  s.loss.type = find_loss("grpo");
  s.loss.importance_sampling_level = ImportanceLevel::sequence;
  std::vector<float> absent, given;
  const TrainMetrics without = engine->gradients(b.view(), s, &absent).take();
  b.old_logps = engine->logprobs(b.view().sequences, {}, {}).take().logps;
  const TrainMetrics with = engine->gradients(b.view(), s, &given).take();
  CHECK_EQ(with.logp_max_abs_diff, 0.0);
  CHECK_EQ(with.clip_region_mean, 0.0);
  CHECK_EQ(with.loss, without.loss);
  CHECK_EQ(with.tokens, without.tokens);
  CHECK_EQ(with.micro_batches, without.micro_batches);
  CHECK(with.flops > without.flops);
  CHECK_NEAR(with.grad_norm / without.grad_norm, 1, 1e-6);
  CHECK_NEAR(with.entropy, without.entropy, 1e-12);
}

TEST("sweep: rows of advantage 0 and masked rows have no say but in the normaliser and the quantile") {
  auto engine = tiny_engine(Family::qwen2, Dtype::f32, 2);
  TestBatch b = moved_batch(*engine);
  TrainSettings s = sequences();
  s.loss.beta = s.loss.entropy_coef = 0;
  std::vector<float> gradient;
  const uint8_t none[18] = {};
  TrainBatch masked = b.view();
  masked.loss_mask = none;
  const TrainMetrics nothing = engine->gradients(masked, s, &gradient).take();
  CHECK(nothing.loss_tokens == 0 && nothing.grad_norm == 0 && nothing.loss == 0);
  std::fill(b.advantages.begin(), b.advantages.end(), 0.0f);
  const TrainMetrics equal = engine->gradients(b.view(), s, &gradient).take();
  CHECK(equal.grad_norm == 0 && equal.entropy > 0);
  s.loss.entropy_coef = 0.1f;
  CHECK(engine->gradients(b.view(), s, &gradient).take().grad_norm > 0);
}

TEST("sweep: an entropy bonus raises the entropy, and a negative one lowers it") {
  for (float coefficient : {1.0f, -1.0f}) {
    auto engine = tiny_engine(Family::qwen2, Dtype::f32, 2);
    TestBatch b = moved_batch(*engine);
    std::fill(b.advantages.begin(), b.advantages.end(), 0.0f);
    TrainSettings s;
    s.loss.type = find_loss("dapo");
    s.loss.entropy_coef = coefficient;
    s.learning_rate = 1e-3f;
    const double before = engine->train_step(b.view(), s, {}).take().entropy;
    const double after = engine->train_step(b.view(), s, {}).take().entropy;
    CHECK((after > before) == (coefficient > 0));
  }
}

TEST("sweep: a cancelled one leaves the weights as they are") {
  auto engine = tiny_engine(Family::qwen2, Dtype::f32, 2);
  const TestBatch b = moved_batch(*engine);
  const std::vector<float> before = engine->parameters();
  const std::atomic<bool> yes{true};
  JobControl control;
  control.cancelled = &yes;
  CHECK_EQ(engine->train_step(b.view(), sequences(), control).status().code(), std::string("CANCELLED"));
  CHECK(engine->parameters() == before);
}

}  // namespace glossa::test
