// train-<kind>-<family>: whole optimizer steps from a tiny checkpoint, GRPO or supervised, or from one with adapters.
#include <algorithm>
#include <cmath>

#include "golden/case_files.h"
#include "golden/loss_settings.h"
#include "model/model.h"

namespace glossa::golden {
namespace {

struct Bounds {
  double loss, later_losses, norm, weights, tensor;
  bool every_step;  // or the first alone, before a rounding can turn a clipped ratio
};
// float32: the bounds of the cases' own README. In bfloat16 the steps are only shown to go the same way.
Bounds bounds_for(Dtype t) {
  if (t == Dtype::f32) return {1e-5, 5e-5, 1e-4, 2e-3, 2e-2, true};
  return {0.1, 0.1, 0.05, 0.5, 1.5, false};
}
constexpr double kNormFloor = 1e-3;  // below it a gradient norm is rounding

std::vector<int32_t> offsets_of(const std::vector<int32_t>& lengths) {
  std::vector<int32_t> offsets{0};
  for (int32_t n : lengths) offsets.push_back(offsets.back() + n);
  return offsets;
}

Result<TrainSettings> train_settings(const Json& json) {
  TrainSettings s;
  const std::string kind = text(json, "kind", "");
  if (kind != "grpo" && kind != "sft" && kind != "lora")
    return Status("GOLDEN_INVALID", "kind must be grpo, sft or lora, not " + kind);
  if (kind != "sft") {
    const Result<LossSettings> loss = loss_settings(json);
    if (!loss.ok()) return loss.status();
    s.loss = loss.value();
  }
  s.temperature = static_cast<float>(number(json, "temperature", 1));
  s.learning_rate = static_cast<float>(number(json, "learning_rate", 0));
  s.adam_beta1 = static_cast<float>(number(json, "adam_beta1", 0.9));
  s.adam_beta2 = static_cast<float>(number(json, "adam_beta2", 0.999));
  s.adam_epsilon = static_cast<float>(number(json, "adam_epsilon", 1e-8));
  s.weight_decay = static_cast<float>(number(json, "weight_decay", 0));
  s.max_grad_norm = static_cast<float>(number(json, "max_grad_norm", 0));
  return s;
}

// With the tensors of `t` that are called `prefix` and their own names.
Status compare_weights(Engine& engine, const std::vector<float>& before, CaseTensors& t, const std::string& prefix,
                       const Bounds& bounds, GoldenCase* out) {
  const std::vector<float> after = engine.parameters();
  double difference = 0, change = 0, worst = 0;
  for (const TensorSpec& spec : engine.tensors()) {
    const std::vector<float> want = t.floats(prefix + spec.name, element_count(spec));
    if (!t.status().ok()) return t.status();
    double d = 0, c = 0;
    for (size_t i = 0; i < want.size(); ++i) {
      const size_t at = static_cast<size_t>(spec.offset) + i;
      const double w = static_cast<double>(want[i]);
      d += std::pow(static_cast<double>(after[at]) - w, 2);
      c += std::pow(w - static_cast<double>(before[at]), 2);
    }
    difference += d;
    change += c;
    if (d > 0) worst = std::max(worst, std::sqrt(d / c));
  }
  out->measures.push_back({"weights", std::sqrt(difference / change), bounds.weights});
  out->measures.push_back({"weights_worst_tensor", worst, bounds.tensor});
  return {};
}

// The logits of the first row, of an engine or of one with the adapters merged.
Status compare_logits(const char* name, Engine& engine, const TrainBatch& batch, double bound, CaseTensors& t,
                      GoldenCase* out) {
  const Ragged &prompts = batch.sequences.prompts, &completions = batch.sequences.completions;
  std::vector<int32_t> row(prompts.ids, prompts.ids + prompts.length(0));
  row.insert(row.end(), completions.ids, completions.ids + completions.length(0));
  Result<std::vector<float>> got = engine.logits(row.data(), static_cast<int64_t>(row.size()));
  if (!got.ok()) return got.status();
  const std::vector<float> want = t.floats(name, static_cast<int64_t>(got.value().size()));
  if (!t.status().ok()) return t.status();
  out->measures.push_back({name, worst_difference(got.value(), want), bound});
  return {};
}

// Before the first step: the logits, and the log-probabilities of the reference, which is the base.
Status compare_adapted(Engine& engine, const TrainBatch& batch, float temperature, const std::vector<float>& ref,
                       CaseTensors& t, const EngineOptions& options, GoldenCase* out) {
  const bool wide = options.dtype == Dtype::f32;
  if (Status s = compare_logits("logits", engine, batch, wide ? 2e-5 : 1, t, out); !s.ok()) return s;
  if (Status s = engine.set_reference(); !s.ok()) return s;
  LogprobSettings reference;
  reference.temperature = temperature;
  reference.reference = true;
  Result<Logprobs> of_base = engine.logprobs(batch.sequences, reference, {});
  if (!of_base.ok()) return of_base.status();
  out->measures.push_back({"ref_logps", worst_difference(of_base.value().logps, ref), wide ? 2e-5 : 0.5});
  return {};
}

// After the last: the logits of the whole model with the adapters merged.
Status compare_merged(const std::string& model, Engine& engine, const TrainBatch& batch, CaseTensors& t,
                      const EngineOptions& options, GoldenCase* out) {
  Result<std::unique_ptr<Engine>> whole = Engine::load(model, options);
  if (!whole.ok()) return whole.status();
  Result<std::vector<float>> weights = engine.merged();
  if (!weights.ok()) return weights.status();
  whole.value()->set_parameters(weights.value());
  return compare_logits("logits_merged", *whole.value(), batch, options.dtype == Dtype::f32 ? 5e-5 : 1, t, out);
}

Status check(const std::string& dir, const Json& json, Engine& engine, CaseTensors& t, const EngineOptions& options,
             GoldenCase* out) {
  const Bounds bounds = bounds_for(options.dtype);
  Result<TrainSettings> settings = train_settings(json);
  if (!settings.ok()) return settings.status();
  const std::vector<int32_t> prompts = t.ints("prompt_ids"), completions = t.ints("completion_ids");
  const std::vector<int32_t> prompt_offsets = offsets_of(t.ints("prompt_lengths")),
                             completion_offsets = offsets_of(t.ints("completion_lengths"));
  const std::vector<float> advantages = t.floats("advantages"), old = t.floats("old_logps"),
                           ref = t.floats("ref_logps");
  if (!t.status().ok()) return t.status();
  if (prompts.size() != static_cast<size_t>(prompt_offsets.back()) || old.size() != completions.size() ||
      completions.size() != static_cast<size_t>(completion_offsets.back()) || ref.size() != old.size() ||
      advantages.size() + 1 != prompt_offsets.size() || prompt_offsets.size() != completion_offsets.size())
    return Status("GOLDEN_INVALID", "the tensors of case.safetensors do not fit together");
  const int64_t rows = static_cast<int64_t>(advantages.size());
  TrainBatch batch;
  batch.sequences = {{prompts.data(), prompt_offsets.data(), rows},
                     {completions.data(), completion_offsets.data(), rows}};
  batch.advantages = advantages.data();
  batch.old_logps = old.data();
  batch.ref_logps = ref.data();

  const bool adapted = text(json, "kind", "") == "lora";
  if (adapted)
    if (Status s = compare_adapted(engine, batch, settings.value().temperature, ref, t, options, out); !s.ok())
      return s;
  const Json *losses = json.find("losses"), *norms = json.find("grad_norms");
  if (!losses || !norms || losses->array.size() != norms->array.size())
    return Status("GOLDEN_INVALID", "case.json must give losses and grad_norms, one of each a step");
  const std::vector<float> before = engine.parameters();
  double first_loss = 0, later_loss = 0, largest_loss = 0, worst_norm = 0;
  for (size_t step = 0; step < losses->array.size(); ++step) {
    Result<TrainMetrics> m = engine.train_step(batch, settings.value(), {});
    if (!m.ok()) return m.status();
    if (step > 0 && !bounds.every_step) continue;
    const double loss = losses->array[step].number, norm = norms->array[step].number;
    const double error = std::fabs(m.value().loss - loss);
    if (step == 0) {
      first_loss = error / std::fabs(loss);
    } else {
      later_loss = std::max(later_loss, error);
    }
    largest_loss = std::max(largest_loss, std::fabs(loss));
    if (norm > kNormFloor) worst_norm = std::max(worst_norm, std::fabs(m.value().grad_norm - norm) / norm);
  }
  // Adam divides tiny gradients by themselves: one that is all rounding moves its weight by a whole learning rate, and
  // every later loss with it. A later loss may also pass close to zero; so the largest of the case is the measure.
  out->measures.push_back({"loss", first_loss, bounds.loss});
  if (bounds.every_step) out->measures.push_back({"later_losses", later_loss / largest_loss, bounds.later_losses});
  out->measures.push_back({"grad_norm", worst_norm, bounds.norm});
  if (!adapted) return compare_weights(engine, before, t, "weight.", bounds, out);
  const std::string model = dir + "/" + text(json, "model", "");
  if (Status s = compare_merged(model, engine, batch, t, options, out); !s.ok()) return s;
  Result<CaseTensors> after =
      CaseTensors::open(dir + "/" + text(json, "adapter_after", "") + "/adapter_model.safetensors");
  if (!after.ok()) return after.status();
  return compare_weights(engine, before, after.value(), "", bounds, out);
}

}  // namespace

GoldenCase run_train_case(const std::string& dir, const std::string& name, const EngineOptions& options) {
  GoldenCase out{name, "train", "", "", {}};
  Result<Json> json = read_json(dir + "/case.json");
  if (!json.ok()) return failed_case(name, "train", json.status());
  EngineOptions with = options;
  if (text(json.value(), "kind", "") == "lora") with.adapter = dir + "/" + text(json.value(), "adapter", "");
  Result<std::unique_ptr<Engine>> engine = Engine::load(dir + "/" + text(json.value(), "model", ""), with);
  if (!engine.ok()) return failed_case(name, "train", engine.status());
  Result<CaseTensors> tensors = CaseTensors::open(dir + "/case.safetensors");
  if (!tensors.ok()) return failed_case(name, "train", tensors.status());
  if (Status s = check(dir, json.value(), *engine.value(), tensors.value(), options, &out); !s.ok())
    return failed_case(name, "train", s);
  judge(&out);
  return out;
}

}  // namespace glossa::golden
