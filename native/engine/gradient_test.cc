// The engine against the float64 model: log-probabilities, losses, and every element of every gradient against central
// differences of the float64 loss, for every feature of a block and every kind of loss.
#include <cmath>

#include "device/memory.h"
#include "device/open.h"
#include "engine/test_models.h"
#include "model/reference.h"
#include "tool/test.h"

namespace glossa::test {
namespace {

std::unique_ptr<Engine> smallest_engine(Family family, const std::string& isa) {
  EngineOptions options;
  options.threads = 2;
  options.isa = isa;
  auto engine = Engine::create(smallest_config(family), 5, options).take();
  spread(*engine);
  return engine;
}

std::vector<double> widened(const std::vector<float>& x) {
  return {x.begin(), x.end()};
}

struct LossCase {
  const char* loss;
  bool on_prompt, masked;
  void (*set)(LossSettings*);
};
// Each loss once, and each setting that reaches the gradient by another way.
const LossCase kCases[] = {
    {"supervised", false, false, [](LossSettings*) {}},
    {"supervised", true, false, [](LossSettings*) {}},
    {"supervised", false, true, [](LossSettings*) {}},
    {"grpo", false, false, [](LossSettings* s) { s->beta = 0.1f; }},
    {"dr_grpo", false, true, [](LossSettings* s) { s->top_entropy_quantile = 0.6f; }},
    {"dapo", false, true, [](LossSettings* s) { s->beta = 0.04f; }},
    {"bnpo", false, false, [](LossSettings* s) { s->entropy_coef = 0.1f; }},
    {"luspo", false, false,
     [](LossSettings* s) {
       s->importance_sampling_level = ImportanceLevel::sequence;
       s->beta = 0.1f;
       s->use_bias_correction_kl = true;
     }},
    {"rloo", false, true, [](LossSettings* s) { s->beta = 0.1f; }},
    {"cispo", false, true, [](LossSettings* s) { s->beta = 0.1f, s->kl_estimator = KlEstimator::k2; }},
    {"sapo", false, false, [](LossSettings* s) { s->entropy_coef = 0.1f, s->top_entropy_quantile = 0.5f; }},
    {"vespo", false, true, [](LossSettings* s) { s->off_policy_mask_threshold = 0.01f; }},
};

TrainSettings settings_of(const LossCase& c) {
  TrainSettings s;
  s.loss.type = find_loss(c.loss);
  s.loss.epsilon_high = 0.28f;
  c.set(&s.loss);
  s.temperature = 0.9f;
  s.max_completion_length = 9;
  s.loss_on_prompt = c.on_prompt;
  return s;
}

// Three prompts of 1, 3 and 5 ids with two completions of 1 to 4 each, and log-probabilities near the model's: some
// ratios in the clip range and some out of it, none within the step of the differences of its ends.
TestBatch small_batch(const ModelConfig& c, const std::vector<double>& parameters, TestLaw* law) {
  TestBatch b;
  for (uint32_t i = 0; i < 6; ++i) {
    b.prompts.add(random_ids(i / 2, 1 + i / 2 * 2, c.vocab));
    b.completions.add(random_ids(50 + i, 1 + i * 3 % 4, c.vocab));
    b.advantages.push_back(2 * uniform(3, i) - 1);
  }
  b.advantages[3] = 0;  // its KL and its entropy have gradients all the same
  SequenceBatch sequences = b.view().sequences;
  if (law) {
    *law = TestLaw(sequences.completions, c.vocab);
    sequences.law = law->view(c.vocab);
  }
  const std::vector<double> logps = ref::batch_logps(c, parameters, sequences, 0.9);
  for (size_t i = 0; i < logps.size(); ++i) {
    const double noise = static_cast<double>(uniform(21, static_cast<uint32_t>(i))) - 0.5;
    b.old_logps.push_back(static_cast<float>(logps[i] + noise));
    b.ref_logps.push_back(static_cast<float>(logps[i] - 0.7 * noise));
  }
  return b;
}

}  // namespace

TEST("engine: log-probabilities and logits agree with the float64 model on every instruction set") {
  for (const std::string& isa : isas_under_test())
    for (Family family : kFamilies) {
      auto engine = tiny_engine(family, Dtype::f32, 2, isa);
      const TestBatch b = test_batch(6, 3, engine->info().vocab);
      const std::vector<double> parameters = widened(engine->parameters());
      const std::vector<double> want = ref::batch_logps(engine->config(), parameters, b.view().sequences, 1);
      Result<Logprobs> got = engine->logprobs(b.view().sequences, {}, {});
      CHECK(got.ok());
      if (!got.ok()) return;
      for (size_t i = 0; i < want.size(); ++i) CHECK_NEAR(got.value().logps[i], want[i], 2e-5);

      const std::vector<int32_t> ids = random_ids(77, 61, engine->info().vocab);
      const std::vector<double> reference = ref::model_logits(engine->config(), parameters, ids.data(), 61);
      Result<std::vector<float>> logits = engine->logits(ids.data(), 61);
      CHECK(logits.ok());
      for (size_t i = 0; i < reference.size(); ++i) CHECK_NEAR(logits.value()[i], reference[i], 2e-5);
    }
}

TEST("engine: every gradient agrees with central differences of the float64 loss") {
  Memory::poison = true;
  constexpr double kStep = 1e-5;
  const uint8_t mask[6] = {1, 0, 1, 1, 0, 0};
  // Of tokens: some rows lose their first, some their last, one all of them.
  std::vector<uint8_t> tokens;
  for (uint32_t i = 0; i < 64; ++i) tokens.push_back(uniform(31, i) < 0.6f);
  for (Family family : kFamilies) {
    const ModelConfig c = smallest_config(family);
    auto engine = smallest_engine(family, "");
    std::vector<double> parameters = widened(engine->parameters());
    // In one family the tokens come from a law of their own.
    TestLaw law;
    const bool of_law = family == Family::qwen3;
    const TestBatch data = small_batch(c, parameters, of_law ? &law : nullptr);
    for (const LossCase& kind : kCases) {
      // The first six in the first four families; of the others, each in one of these. One in every further family.
      const int number = static_cast<int>(&kind - kCases), which = static_cast<int>(family);
      if (which < 4 ? (reduced() || number >= 6) && number % 4 != which : number != 3) continue;
      TrainBatch batch = data.view();
      if (kind.masked) batch.loss_mask = mask;
      if (of_law) batch.sequences.law = law.view(c.vocab);
      if (kind.masked && std::string(kind.loss) == "supervised") batch.completion_mask = tokens.data();
      const TrainSettings s = settings_of(kind);
      std::vector<float> gradient;
      Result<TrainMetrics> metrics = engine->gradients(batch, s, &gradient);
      CHECK(metrics.ok());
      if (!metrics.ok()) return;
      const std::vector<ref::Row> at = ref::batch_rows(c, parameters, batch, s);
      const double loss = ref::batch_loss(c, parameters, batch, s, at);
      CHECK_NEAR(metrics.value().loss, loss, 2e-6 * (1 + std::fabs(loss)));
      double norm = 0;
      for (const TensorSpec& t : tensor_specs(c)) {
        int64_t n = 1;
        for (int64_t d : t.shape) n *= d;
        double difference = 0, size = 0;
        for (int64_t i = t.offset; i < t.offset + n; ++i) {
          double& w = parameters[static_cast<size_t>(i)];
          const double kept = w;
          w = kept + kStep;
          const double above = ref::batch_loss(c, parameters, batch, s, at);
          w = kept - kStep;
          const double below = ref::batch_loss(c, parameters, batch, s, at);
          w = kept;
          const double want = (above - below) / (2 * kStep),
                       got = static_cast<double>(gradient[static_cast<size_t>(i)]);
          difference += (want - got) * (want - got);
          size += want * want;
        }
        norm += size;
        if (std::sqrt(difference) > 2e-5 * std::sqrt(size) + 1e-7)
          fail(__FILE__, __LINE__, t.name + ": error " + show(std::sqrt(difference)) + " of " + show(std::sqrt(size)));
      }
      CHECK_NEAR(metrics.value().grad_norm, std::sqrt(norm), 2e-5 * std::sqrt(norm));
    }
  }
  Memory::poison = false;
}

TEST("engine: a bfloat16 step goes the way of the float32 step") {
  for (Family family : kFamilies) {
    auto wide = tiny_engine(family, Dtype::f32, 2), narrow = tiny_engine(family, Dtype::bf16, 2);
    const TestBatch b = test_batch(5, 3, wide->info().vocab);
    TrainSettings s;
    s.loss = {find_loss("dapo"), 0.2f, 0.2f, 0};
    std::vector<float> a, n;
    CHECK(wide->gradients(b.view(), s, &a).ok());
    CHECK(narrow->gradients(b.view(), s, &n).ok());
    double difference = 0, size = 0;
    for (size_t i = 0; i < a.size(); ++i) {
      difference += std::pow(static_cast<double>(a[i]) - static_cast<double>(n[i]), 2);
      size += std::pow(static_cast<double>(a[i]), 2);
    }
    CHECK(size > 0);
    CHECK(std::sqrt(difference / size) < 0.05);
  }
}

}  // namespace glossa::test
