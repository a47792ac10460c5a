#include "engine/optimizer.h"

#include <algorithm>
#include <cmath>

namespace glossa {
namespace {

bool is_decayed(const Trained& trained, const TensorSpec& t, const Decayed& kinds) {
  if (t.shape.size() == 2) return t.offset == trained.embedding ? kinds.embeddings : kinds.matrices;
  return t.name.ends_with(".bias") ? kinds.biases : kinds.norms;
}

std::vector<Stretch> stretches(const Trained& trained, float weight_decay, const Decayed& kinds) {
  std::vector<Stretch> out;
  for (size_t i = 0; i < trained.tensors.size(); ++i) {
    const TensorSpec& t = trained.tensors[i];
    const int64_t n = element_count(t);
    const float decay = is_decayed(trained, t, kinds) ? weight_decay : 0;
    for (int64_t at = 0; at < n; at += kNormChunk)
      out.push_back({t.offset + at, std::min(kNormChunk, n - at), decay, trained.masters[i] + at});
  }
  return out;
}

}  // namespace

Result<double> gradient_norm(EngineState& e, Values gradient) {
  const Trained& trained = e.model.trained;
  const std::vector<Stretch> parts = stretches(trained, 0, {});
  std::vector<double> sums(parts.size());
  e.device->all().sum_squares(gradient, parts, sums.data());
  double total = 0;
  for (size_t i = 0; i < parts.size(); ++i) {
    if (!std::isfinite(sums[i]))
      return Status("NONFINITE", "the gradient of " + tensor_at(trained.tensors, parts[i].offset).name +
                                     " is not finite; the weights are those before the step");
    total += sums[i];
  }
  return std::sqrt(total);
}

float clip_factor(double norm, float max_norm) {
  if (!(max_norm > 0)) return 1;
  return static_cast<float>(std::min(1.0, static_cast<double>(max_norm) / (norm + 1e-6)));
}

void adamw_step(EngineState& e, Values gradient, const TrainSettings& s, float clip) {
  Optimizer& o = e.optimizer;
  // All memory is taken before a weight changes: after that nothing can fail.
  const std::vector<Stretch> parts = stretches(e.model.trained, s.weight_decay, s.decayed);
  Ops& ops = e.device->all();
  e.need_moments();
  const double step = static_cast<double>(o.step + 1);
  AdamWStep a{};
  a.learning_rate = s.learning_rate;
  a.beta1 = s.adam_beta1;
  a.beta2 = s.adam_beta2;
  a.epsilon = s.adam_epsilon;
  a.bias_correction1 = static_cast<float>(1 - std::pow(static_cast<double>(s.adam_beta1), step));
  a.bias_correction2 = static_cast<float>(1 - std::pow(static_cast<double>(s.adam_beta2), step));
  a.clip = clip;
  ops.adamw({e.master.data()}, {o.m.data()}, {o.v.data()}, gradient, parts, a);
  ++o.step;
  e.policy.repack_trained();
}

}  // namespace glossa
