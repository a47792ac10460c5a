// loss-<name>: the loss over given logits and its gradient with respect to them, under TRL's settings.
#include <algorithm>
#include <cmath>

#include "device/memory.h"
#include "device/open.h"
#include "golden/case_files.h"
#include "golden/loss_settings.h"
#include "loss/loss_sums.h"
#include "loss/sequence_loss.h"

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

Status check(const Json& json, CaseTensors& t, Device& device, GoldenCase* out) {
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

  const Result<LossSettings> given_settings = loss_settings(*config);
  if (!given_settings.ok()) return given_settings.status();
  const LossSettings& settings = given_settings.value();
  const float inv_temperature = 1 / static_cast<float>(number(json, "temperature", 1));
  const std::vector<float> scales = loss_scales(settings.type->normaliser, {lengths.begin(), lengths.end()}, nullptr,
                                                static_cast<int64_t>(number(json, "max_completion_length", 0)));
  const Json* given = json.find("old_logps_given");
  const bool on_policy = given && given->kind == Json::Kind::boolean && !given->boolean;

  // The way of the training step: all rows forward, or each token by itself; then the gradients.
  std::vector<TokenResult> results(tokens);
  std::vector<TokenSlope> slopes(tokens);
  std::vector<int32_t> targets(tokens, -1);
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
      targets[at] = ids[at];
    }
  }
  Memory memory(device);
  memory.reserve(static_cast<int64_t>(logits.size()) * 4);
  device.upload(memory.data(), logits.data(), static_cast<int64_t>(logits.size()) * 4);
  const Rows logit_rows{memory.data(), Dtype::f32, vocab, vocab};
  std::vector<int32_t> drawn = targets;
  std::replace(drawn.begin(), drawn.end(), -1, 0);
  std::vector<float> logps(tokens), entropies(tokens);
  device.all().logps(logit_rows, inv_temperature, drawn.data(), logps.data(), entropies.data(), rows * length);
  for (size_t at = 0; at < tokens; ++at) {
    results[at].logp = logps[at];
    results[at].entropy = entropies[at];
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
  for (const SequenceTerms& t : step) sums.add(t.results, t.n);
  // Zero past a row's length, as the reference is.
  device.all().token_losses(logit_rows, logit_rows,
                            {settings, inv_temperature, targets.data(), nullptr, on_policy, nullptr, slopes.data()},
                            rows * length);
  std::vector<float> got(logits.size());
  device.download(got.data(), memory.data(), static_cast<int64_t>(got.size()) * 4);
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
  Result<std::unique_ptr<Device>> device = open_device(options.device(), 0);
  if (!device.ok()) return failed_case(name, "loss", device.status());
  Result<CaseTensors> tensors = CaseTensors::open(dir + "/case.safetensors");
  if (!tensors.ok()) return failed_case(name, "loss", tensors.status());
  if (Status s = check(json.value(), tensors.value(), *device.value(), &out); !s.ok())
    return failed_case(name, "loss", s);
  judge(&out);
  return out;
}

}  // namespace glossa::golden
