#include "device/cpu/cpu_ops.h"

namespace glossa {

void CpuOps::sample(const Rows& logits, const DrawSettings& s, Draw* draws, int64_t rows) {
  const int64_t v = logits.width, words = kept_words(v);
  crew_.run(rows, [&](int64_t i, int worker) {
    float* row = logits.at(i).data.as<float>();
    float* scratch = reinterpret_cast<float*>(crew_.scratch(worker));
    Draw& d = draws[i];
    const float* bias = s.logit_bias && d.bias >= 0 ? s.logit_bias + d.bias * v : nullptr;
    SamplingSettings left = s.sampling;
    if (s.of_law) {
      for (int64_t t = 0; bias && t < v; ++t) row[t] += bias[t];
      bias = nullptr;
      if (filters(s.sampling, v)) {
        kernels_.sampling->filter(row, v, s.sampling, scratch, s.kept ? s.kept + i * words : nullptr);
        left = without_filters(s.sampling);
      }
    }
    d.token = kernels_.sampling->draw(row, v, bias, left, d.key, scratch);
    if (d.token < 0) return;
    float stats[2];
    kernels_.head->logp_row(row, v, s.inv_temperature, d.token, &d.logp, &d.entropy, stats);
  });
}

}  // namespace glossa
