// loss-<name>: the loss over given logits and its gradient with respect to them, under TRL's settings.
#include <algorithm>
#include <array>
#include <cmath>

#include "golden/case_files.h"
#include "golden/loss_settings.h"
#include "loss/loss_sums.h"
#include "loss/sequence_loss.h"
#include "ops/kernels.h"

namespace glossa::golden {
namespace {

void compare_metrics(const Json& metrics, const LossMetrics& m, GoldenCase* out) {
  const std::pair<const char*, double> computed[] = {{"entropy", m.entropy},
                                                     {"kl", m.kl},
                                                     {"policy_loss", m.policy_loss},
                                                     {"clip_ratio/low_mean", m.clip_low_mean},
                                                     {"clip_ratio/high_mean", m.clip_high_mean},
                                                     {"clip_ratio/low_min", m.clip_low_min},
                                                     {"clip_ratio/high_max", m.clip_high_max},
                                                     {"clip_ratio/region_mean", m.clip_region_mean},
                                                     {"cispo_clip_ratio", m.clip_high_mean},
                                                     {"vespo/phi_seq_mean", m.weight_mean}};
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
  const std::vector<float> scales = loss_scales(settings.type->normaliser, {lengths.begin(), lengths.end()}, nullptr,
                                                static_cast<int64_t>(number(json, "max_completion_length", 0)));
  const Json* given = json.find("old_logps_given");
  const bool on_policy = given && given->kind == Json::Kind::boolean && !given->boolean;

  // The way of the training step: all rows forward, or each token by itself; then the gradients.
  std::vector<TokenResult> results(tokens);
  std::vector<TokenSlope> slopes(tokens);
  std::vector<std::array<float, 2>> stats(tokens);
  std::vector<SequenceTerms> step;
  int64_t all = 0;
  for (int64_t r = 0; r < rows; ++r) {
    const size_t from = static_cast<size_t>(r * length), row = static_cast<size_t>(r);
    if (lengths[row] < 0 || lengths[row] > length) return Status("GOLDEN_INVALID", "a length is out of range");
    all += lengths[row];
    if (lengths[row] == 0) continue;
    step.push_back({lengths[row], &results[from], &slopes[from], on_policy ? nullptr : &old[from], &ref[from],
                    advantages[row], scales[row]});
    for (size_t at = from; at < from + static_cast<size_t>(lengths[row]); ++at) {
      if (ids[at] < 0 || ids[at] >= vocab) return Status("GOLDEN_INVALID", "a completion id is out of range");
      head.logp_row(&logits[at * static_cast<size_t>(vocab)], vocab, inv_temperature, ids[at], &results[at].logp,
                    &results[at].entropy, stats[at].data());
    }
  }
  const float bonus = entropy_bonus(settings, all);
  if (needs_sweep(settings, on_policy)) {
    sequence_losses(settings, step);
  } else {
    for (const SequenceTerms& t : step)
      for (int64_t i = 0; i < t.n; ++i) {
        const float logp = t.results[i].logp;
        const TokenTerms terms{t.advantage, on_policy ? logp : t.old_logps[i], t.ref_logps[i], t.scale, bonus};
        t.results[i] = token_loss(settings, terms, logp, t.results[i].entropy, &t.slopes[i]);
      }
  }
  LossSums sums(settings);
  std::vector<float> got(logits.size());  // zero past a row's length, as the reference is
  for (const SequenceTerms& t : step) {
    sums.add(t.results, t.n);
    for (int64_t i = 0; i < t.n; ++i) {
      const size_t at = static_cast<size_t>(t.results + i - results.data()), logit = at * static_cast<size_t>(vocab);
      head.gradient_row(&got[logit], Dtype::f32, &logits[logit], vocab, inv_temperature, ids[at], slopes[at],
                        results[at].entropy, stats[at].data());
    }
  }
  LossMetrics metrics;
  sums.report(&metrics);
  // An entropy bonus may take off nearly all of the policy's loss, and what is left is rounding, TRL's own included:
  // the larger of the two is the measure.
  const double want = static_cast<double>(loss[0]), size = std::max(std::fabs(want), std::fabs(metrics.policy_loss));
  out->measures.push_back({"loss", std::fabs(metrics.loss - want) / size, 1e-5});
  out->measures.push_back({"grad", relative_difference(got.data(), gradient.data(), got.size()), 1e-5});
  if (const Json* given_metrics = json.find("metrics")) compare_metrics(*given_metrics, metrics, out);
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
