#include <algorithm>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <vector>

#include "io/json.h"
#include "io/safetensors.h"
#include "ops/head/head_ref.h"
#include "ops/kernels.h"
#include "tool/test.h"

namespace glossa {
namespace {

const LossType kTypes[] = {LossType::supervised, LossType::grpo, LossType::dr_grpo, LossType::dapo};

// Log-ratios on both sides of every bound, and at 0.
const double kLogRatios[] = {-2, -0.4, -0.2232, -0.2231, -0.1, 0, 0.1, 0.1823, 0.1824, 0.2468, 0.2469, 0.6, 2};

}  // namespace

TEST("token loss: value, slope and clip flags match float64 and central differences") {
  for (LossType type : kTypes)
    for (float beta : {0.0f, 0.04f})
      for (float advantage : {1.3f, -0.8f, 0.0f})
        for (double q : kLogRatios) {
          LossSettings settings{type, 0.2f, 0.28f, beta};
          const float logp = -1.25f;
          TokenTerms terms{advantage, static_cast<float>(-1.25 - q), -1.6f, 0.125f};
          float coefficient = std::nanf("");
          TokenResult got = token_loss(settings, terms, logp, 0.75f, &coefficient);
          ref::TokenLoss want = ref::token_loss(settings, terms, logp);
          CHECK_NEAR(got.loss, want.loss, 1e-7 + 1e-6 * std::fabs(want.loss));
          CHECK_NEAR(got.kl, want.kl, 1e-7);
          CHECK_EQ(got.clip_low, static_cast<float>(want.clip_low));
          CHECK_EQ(got.clip_high, static_cast<float>(want.clip_high));
          CHECK(got.logp == logp && got.entropy == 0.75f);
          const double h = 1e-6, l = logp;
          double slope =
              (ref::token_loss(settings, terms, l + h).loss - ref::token_loss(settings, terms, l - h).loss) / (2 * h);
          CHECK_NEAR(coefficient, slope, 1e-7 + 1e-5 * std::fabs(slope));
        }
}

TEST("token loss: on policy the ratio is 1, nothing is clipped and the gradient is REINFORCE") {
  for (LossType type : {LossType::grpo, LossType::dr_grpo, LossType::dapo})
    for (float advantage : {2.0f, -0.5f}) {
      float coefficient;
      TokenResult r = token_loss({type, 0.2f, 0.2f, 0.1f}, {advantage, -3, -3, 0.25f}, -3, 1, &coefficient);
      CHECK_EQ(r.loss, -0.25f * advantage);
      CHECK_EQ(coefficient, -0.25f * advantage);
      CHECK(r.kl == 0 && r.clip_low == 0 && r.clip_high == 0);
    }
}

TEST("token loss: a masked token and a zero advantage give a gradient of exactly 0") {
  float coefficient;
  token_loss({LossType::dapo, 0.2f, 0.2f, 0.1f}, {1, -3, -2, 0}, -3.1f, 1, &coefficient);
  CHECK_EQ(coefficient, 0.0f);
  token_loss({LossType::dapo, 0.2f, 0.2f, 0}, {0, -3, -2, 1}, -3.1f, 1, &coefficient);
  CHECK_EQ(coefficient, 0.0f);
}

TEST("token loss: loss, gradient and metrics of TRL's own GRPOTrainer") {
  const std::string cases = test::shared_path("golden/cases");
  if (!std::filesystem::is_directory(cases)) SKIP(cases + " is not there");
  for (const char* name : {"grpo", "grpo-kl", "dr_grpo", "dapo", "on-policy"}) {
    const std::string dir = cases + "/loss-" + name;
    std::ifstream in(dir + "/case.json");
    auto json = Json::parse(std::string(std::istreambuf_iterator<char>(in), {}), dir + "/case.json");
    auto file = SafetensorsFile::open(dir + "/case.safetensors");
    CHECK(json.ok() && file.ok());
    if (!json.ok() || !file.ok()) continue;
    const Json& top = json.value();
    const Json& config = *top.find("config");
    auto floats = [&](const char* tensor) {
      const StoredTensor* t = file.value()->find(tensor);
      std::vector<float> x(static_cast<size_t>(t->elements()));
      CHECK(to_float(*t, x.data()).ok());
      return x;
    };
    auto ints = [&](const char* tensor) {
      const StoredTensor* t = file.value()->find(tensor);
      std::vector<int32_t> x(static_cast<size_t>(t->elements()));
      std::copy_n(reinterpret_cast<const uint8_t*>(t->data), t->bytes, reinterpret_cast<uint8_t*>(x.data()));
      return x;
    };
    std::vector<float> logits = floats("logits"), advantages = floats("advantages"), old_logps = floats("old_logps"),
                       ref_logps = floats("ref_logps"), want_gradient = floats("grad_logits");
    std::vector<int32_t> ids = ints("completion_ids"), lengths = ints("lengths");
    const std::vector<int64_t>& shape = file.value()->find("logits")->shape;
    const size_t rows = static_cast<size_t>(shape[0]), steps = static_cast<size_t>(shape[1]),
                 vocab = static_cast<size_t>(shape[2]);

    const std::string& type = config.find("loss_type")->string;
    const Json& high = *config.find("epsilon_high");
    LossSettings settings{};
    settings.type = type == "grpo" ? LossType::grpo : type == "dr_grpo" ? LossType::dr_grpo : LossType::dapo;
    settings.epsilon = static_cast<float>(config.find("epsilon")->number);
    settings.epsilon_high = high.is_null() ? settings.epsilon : static_cast<float>(high.number);
    settings.beta = static_cast<float>(config.find("beta")->number);
    const float inv_temperature = 1 / static_cast<float>(top.find("temperature")->number);
    const bool old_given = top.find("old_logps_given")->boolean;
    double tokens = 0;
    for (int32_t n : lengths) tokens += n;

    for (const std::string& isa : supported_isas()) {
      const HeadKernels& head = *kernels_for(isa).value()->head;
      double loss = 0, entropy = 0, kl = 0, low = 0, both = 0, error = 0, norm = 0;
      std::vector<float> gradient(vocab);
      for (size_t b = 0; b < rows; ++b) {
        const double n = lengths[b], batch = static_cast<double>(rows);
        const double divisor = settings.type == LossType::grpo      ? batch * n
                               : settings.type == LossType::dr_grpo ? batch * top.find("max_completion_length")->number
                                                                    : tokens;
        for (size_t t = 0; t < static_cast<size_t>(lengths[b]); ++t) {
          const size_t at = b * steps + t;
          const float* row = logits.data() + at * vocab;
          float logp, h, stats[2], coefficient;
          head.logp_row(row, shape[2], inv_temperature, ids[at], &logp, &h, stats);
          TokenTerms terms{advantages[b], old_given ? old_logps[at] : logp, ref_logps[at],
                           static_cast<float>(1 / divisor)};
          TokenResult r = token_loss(settings, terms, logp, h, &coefficient);
          loss += r.loss;
          entropy += r.entropy / tokens;
          kl += r.kl / tokens;
          low += r.clip_low / tokens;
          both += (r.clip_low + r.clip_high) / tokens;
          head.gradient_row(gradient.data(), Dtype::f32, row, shape[2], inv_temperature, ids[at], coefficient, stats);
          for (size_t i = 0; i < vocab; ++i) {
            const double want = want_gradient[at * vocab + i], d = gradient[i] - want;
            error += d * d;
            norm += want * want;
          }
        }
      }
      const double want_loss = floats("loss")[0];
      CHECK_NEAR(loss, want_loss, 1e-5 * std::fabs(want_loss));
      CHECK(norm > 0);
      CHECK_NEAR(std::sqrt(error / norm), 0, 1e-5);
      const Json& metrics = *top.find("metrics");
      CHECK_NEAR(entropy, metrics.find("entropy")->number, 1e-5);
      CHECK_NEAR(low, metrics.find("clip_ratio/low_mean")->number, 1e-6);
      CHECK_NEAR(both, metrics.find("clip_ratio/region_mean")->number, 1e-6);
      if (settings.beta != 0) CHECK_NEAR(kl, metrics.find("kl")->number, 1e-6);
    }
  }
}

}  // namespace glossa
