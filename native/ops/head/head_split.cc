#include <cstring>

#include "device/cpu/cpu_ops.h"

namespace glossa {

void CpuOps::logps(const Rows& logits, float inv_temperature, const int32_t* targets, float* logps, float* entropies,
                   int64_t rows) {
  crew_.run(rows, [&](int64_t i, int) {
    float stats[2];
    kernels_.head->logp_row(logits.at(i).data.as<float>(), logits.width, inv_temperature, targets[i], logps + i,
                            entropies + i, stats);
  });
}

void CpuOps::token_losses(const Rows& d_logits, const Rows& logits, const TokenLosses& loss, int64_t rows) {
  crew_.run(rows, [&](int64_t i, int) {
    float* row = logits.at(i).data.as<float>();
    void* gradient = d_logits.at(i).data.as<void>();
    if (loss.targets[i] < 0) {
      std::memset(gradient, 0, static_cast<size_t>(d_logits.width * dtype_bytes(d_logits.type)));
      return;
    }
    float logp, entropy, stats[2];
    kernels_.head->logp_row(row, logits.width, loss.inv_temperature, loss.targets[i], &logp, &entropy, stats);
    TokenSlope slope;
    if (loss.slopes) {
      slope = loss.slopes[i];
    } else {
      TokenTerms terms = loss.terms[i];
      if (loss.on_policy) terms.old_logp = logp;
      loss.results[i] = token_loss(loss.settings, terms, logp, entropy, &slope);
      loss.results[i].top = row[loss.targets[i]] * loss.inv_temperature >= stats[0] ? 1.0f : 0.0f;
    }
    kernels_.head->gradient_row(gradient, d_logits.type, row, logits.width, loss.inv_temperature, loss.targets[i],
                                slope, entropy, stats);
  });
}

}  // namespace glossa
