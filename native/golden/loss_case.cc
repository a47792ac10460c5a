// loss-<name>: the loss over given logits and its gradient with respect to them, under TRL's settings.
#include <algorithm>
#include <cmath>

#include "engine/loss_scale.h"
#include "golden/case_files.h"
#include "ops/kernels.h"

namespace glossa::golden {
namespace {

// What the case asks for that is not computed yet; empty where everything is.
std::string not_computed(const Json& config) {
  const std::string type = text(config, "loss_type", "");
  if (type != "grpo" && type != "dr_grpo" && type != "dapo") return "loss_type " + type + " is not computed yet";
  if (const std::string level = text(config, "importance_sampling_level", "token"); level != "token")
    return "importance_sampling_level " + level + " is not computed yet";
  for (const char* key : {"delta", "off_policy_mask_threshold"})
    if (const Json* v = config.find(key); v && !v->is_null()) return std::string(key) + " is not computed yet";
  if (number(config, "top_entropy_quantile", 1) != 1) return "top_entropy_quantile is not computed yet";
  if (const Json* v = config.find("use_bias_correction_kl"); v && v->boolean)
    return "use_bias_correction_kl is not computed yet";
  return "";
}

LossSettings loss_settings(const Json& config) {
  const std::string type = text(config, "loss_type", "");
  LossSettings s{};
  s.type = type == "grpo" ? LossType::grpo : type == "dr_grpo" ? LossType::dr_grpo : LossType::dapo;
  s.epsilon = static_cast<float>(number(config, "epsilon", 0.2));
  s.epsilon_high = static_cast<float>(number(config, "epsilon_high", static_cast<double>(s.epsilon)));
  s.beta = static_cast<float>(number(config, "beta", 0));
  return s;
}

// Sums over the tokens as the training step makes them.
struct Sums {
  double loss = 0, entropy = 0, kl = 0, low = 0, high = 0, low_min = 1, high_max = 0, tokens = 0;
};

void compare_metrics(const Json& metrics, const Sums& s, GoldenCase* out) {
  const std::pair<const char*, double> computed[] = {{"entropy", s.entropy / s.tokens},
                                                     {"kl", s.kl / s.tokens},
                                                     {"clip_ratio/low_mean", s.low / s.tokens},
                                                     {"clip_ratio/high_mean", s.high / s.tokens},
                                                     {"clip_ratio/low_min", s.low_min},
                                                     {"clip_ratio/high_max", s.high_max},
                                                     {"clip_ratio/region_mean", (s.low + s.high) / s.tokens}};
  for (const auto& [name, value] : computed)
    if (const Json* want = metrics.find(name); want && want->kind == Json::Kind::number)
      out->measures.push_back({name, std::fabs(value - want->number), 1e-5});
}

Status check(const Json& json, CaseTensors& t, const HeadKernels& head, GoldenCase* out) {
  const Json* config = json.find("config");
  const std::vector<float> logits = t.floats("logits"), old = t.floats("old_logps"), ref = t.floats("ref_logps"),
                           advantages = t.floats("advantages"), loss = t.floats("loss"),
                           gradient = t.floats("grad_logits");
  const std::vector<int32_t> ids = t.ints("completion_ids"), lengths = t.ints("lengths");
  if (!t.status().ok()) return t.status();
  const std::vector<int64_t> shape = t.shape("logits");
  if (shape.size() != 3) return Status("GOLDEN_INVALID", "logits must be [rows, tokens, vocabulary]");
  const int64_t rows = shape[0], length = shape[1], vocab = shape[2];
  const size_t tokens = static_cast<size_t>(rows * length);
  if (ids.size() != tokens || old.size() != tokens || ref.size() != tokens || gradient.size() != logits.size() ||
      lengths.size() != static_cast<size_t>(rows) || advantages.size() != lengths.size() || loss.size() != 1)
    return Status("GOLDEN_INVALID", "the tensors of case.safetensors do not fit together");

  const LossSettings settings = loss_settings(*config);
  const float inv_temperature = 1 / static_cast<float>(number(json, "temperature", 1));
  const std::vector<float> scales = loss_scales(settings.type, {lengths.begin(), lengths.end()}, nullptr,
                                                static_cast<int64_t>(number(json, "max_completion_length", 0)));
  const Json* given = json.find("old_logps_given");
  const bool on_policy = given && given->kind == Json::Kind::boolean && !given->boolean;
  std::vector<float> got(logits.size());  // zero past a row's length, as the reference is
  Sums sums;
  for (int64_t r = 0; r < rows; ++r) {
    double low = 0, high = 0;
    const int32_t n = lengths[static_cast<size_t>(r)];
    for (int64_t i = 0; i < n; ++i) {
      const size_t at = static_cast<size_t>(r * length + i);
      if (ids[at] < 0 || ids[at] >= vocab) return Status("GOLDEN_INVALID", "a completion id is out of range");
      const float* row = logits.data() + static_cast<int64_t>(at) * vocab;
      float logp, entropy, stats[2], coefficient;
      head.logp_row(row, vocab, inv_temperature, ids[at], &logp, &entropy, stats);
      const TokenTerms terms{advantages[static_cast<size_t>(r)], on_policy ? logp : old[at], ref[at],
                             scales[static_cast<size_t>(r)]};
      const TokenResult result = token_loss(settings, terms, logp, entropy, &coefficient);
      head.gradient_row(got.data() + static_cast<int64_t>(at) * vocab, Dtype::f32, row, vocab, inv_temperature, ids[at],
                        coefficient, stats);
      sums.loss += static_cast<double>(result.loss);
      sums.entropy += static_cast<double>(result.entropy);
      sums.kl += static_cast<double>(result.kl);
      low += static_cast<double>(result.clip_low);
      high += static_cast<double>(result.clip_high);
    }
    sums.low += low;
    sums.high += high;
    sums.tokens += n;
    sums.low_min = std::min(sums.low_min, low / n);
    sums.high_max = std::max(sums.high_max, high / n);
  }
  const double want = static_cast<double>(loss[0]);
  out->measures.push_back({"loss", std::fabs(sums.loss - want) / std::fabs(want), 1e-5});
  out->measures.push_back({"grad", relative_difference(got.data(), gradient.data(), got.size()), 1e-5});
  if (const Json* metrics = json.find("metrics")) compare_metrics(*metrics, sums, out);
  return {};
}

}  // namespace

GoldenCase run_loss_case(const std::string& dir, const std::string& name, const EngineOptions& options) {
  GoldenCase out{name, "loss", "", "", {}};
  Result<Json> json = read_json(dir + "/case.json");
  if (!json.ok()) return failed_case(name, "loss", json.status());
  const Json* config = json.value().find("config");
  if (!config)
    return failed_case(name, "loss", Status("GOLDEN_INVALID", dir + "/case.json: key \"config\" is missing"));
  if (std::string reason = not_computed(*config); !reason.empty()) {
    out.state = "skip";
    out.detail = reason;
    return out;
  }
  Result<const Kernels*> kernels = options.isa.empty() ? default_kernels() : kernels_for(options.isa);
  if (!kernels.ok()) return failed_case(name, "loss", kernels.status());
  Result<CaseTensors> tensors = CaseTensors::open(dir + "/case.safetensors");
  if (!tensors.ok()) return failed_case(name, "loss", tensors.status());
  if (Status s = check(json.value(), tensors.value(), *kernels.value()->head, &out); !s.ok())
    return failed_case(name, "loss", s);
  judge(&out);
  return out;
}

}  // namespace glossa::golden
