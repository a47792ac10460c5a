#include "engine/optimizer.h"

#include <algorithm>
#include <cmath>

namespace glossa {
namespace {

struct Chunk {
  int64_t offset, size;
  size_t tensor;
};
std::vector<Chunk> chunks(const Model& m) {
  std::vector<Chunk> out;
  for (size_t t = 0; t < m.tensors.size(); ++t) {
    const int64_t n = element_count(m.tensors[t]);
    for (int64_t at = 0; at < n; at += kNormChunk)
      out.push_back({m.tensors[t].offset + at, std::min(kNormChunk, n - at), t});
  }
  return out;
}

}  // namespace

Result<double> gradient_norm(EngineState& e, const float* gradient) {
  const Model& m = e.model;
  const std::vector<Chunk> parts = chunks(m);
  std::vector<double> sums(parts.size());
  e.pool->run(static_cast<int64_t>(parts.size()), [&](int64_t i, int) {
    const Chunk& c = parts[static_cast<size_t>(i)];
    sums[static_cast<size_t>(i)] = m.kernels->gradnorm->sum_squares(gradient + c.offset, c.size);
  });
  double total = 0;
  for (size_t i = 0; i < parts.size(); ++i) {
    if (!std::isfinite(sums[i]))
      return Status("NONFINITE", "the gradient of " + m.tensors[parts[i].tensor].name +
                                     " is not finite; the weights are those before the step");
    total += sums[i];
  }
  return std::sqrt(total);
}

float clip_factor(double norm, float max_norm) {
  if (!(max_norm > 0)) return 1;
  return static_cast<float>(std::min(1.0, static_cast<double>(max_norm) / (norm + 1e-6)));
}

void adamw_step(EngineState& e, const float* gradient, const TrainSettings& s, float clip) {
  const Model& m = e.model;
  Optimizer& o = e.optimizer;
  // All memory is taken before a weight changes: after that nothing can fail.
  const std::vector<Chunk> parts = chunks(m);
  o.need_moments(e.master.size());
  const double step = static_cast<double>(o.step + 1);
  AdamWStep a{};
  a.learning_rate = s.learning_rate;
  a.beta1 = s.adam_beta1;
  a.beta2 = s.adam_beta2;
  a.epsilon = s.adam_epsilon;
  a.bias_correction1 = static_cast<float>(1 - std::pow(static_cast<double>(s.adam_beta1), step));
  a.bias_correction2 = static_cast<float>(1 - std::pow(static_cast<double>(s.adam_beta2), step));
  a.clip = clip;
  e.pool->run(static_cast<int64_t>(parts.size()), [&](int64_t i, int) {
    const Chunk& c = parts[static_cast<size_t>(i)];
    AdamWStep mine = a;
    mine.weight_decay = m.tensors[c.tensor].shape.size() == 2 ? s.weight_decay : 0;
    m.kernels->adamw->update(e.master.data() + c.offset, o.m.data() + c.offset, o.v.data() + c.offset,
                             gradient + c.offset, c.size, mine);
  });
  ++o.step;
  e.policy.repack(m, *e.pool);
}

}  // namespace glossa
