// From logits to log-probability, entropy, loss and the gradient with respect to the logits, one row at a time, in one
// sweep. The sampler and the trainer call the same row function, so their log-probabilities are the same bits.
#pragma once
#include <cstdint>

#include "base/dtype.h"

namespace glossa {

// TRL's loss_type values. Those that are not computed yet are refused by name where settings are read.
enum class LossType : uint8_t { supervised, grpo, dr_grpo, dapo };

struct LossSettings {
  LossType type;
  float epsilon, epsilon_high;  // clip range of the ratio: [1 - epsilon, 1 + epsilon_high]
  float beta;                   // weight of the k3 KL estimate to the reference; 0: none
};

// One token's terms. `scale` is the normaliser of the whole optimizer step for this token:
// 1/N (dapo, supervised), 1/(B * n_i) (grpo), 1/(B * max_completion_length) (dr_grpo); 0 for a masked token.
struct TokenTerms {
  float advantage, old_logp, ref_logp, scale;
};
struct TokenResult {
  float logp, entropy;        // natural log, at the sampling temperature, full vocabulary
  float loss, kl;             // loss already scaled, kl the k3 estimate (0 where beta is 0)
  float clip_low, clip_high;  // 1 where the ratio was outside the bound and the clip was active, else 0
};

struct HeadKernels {
  // logits [v] -> log-probability of target and entropy of softmax(logits * inv_temperature). logits are left alone.
  // stats: {max, sum of exp} of the tempered logits, kept for gradient_row.
  void (*logp_row)(const float* logits, int64_t v, float inv_temperature, int32_t target, float* logp, float* entropy,
                   float stats[2]);
  // dlogits [v] of type t = coefficient * inv_temperature * (onehot(target) - softmax); coefficient = d loss / d logp.
  // dlogits may start where logits start (in place). Padding columns [v, ld) are the caller's to zero.
  void (*gradient_row)(void* dlogits, Dtype t, const float* logits, int64_t v, float inv_temperature, int32_t target,
                       float coefficient, const float stats[2]);
};

// The per-token loss and d loss / d logp (formulas: TRL's GRPOTrainer; see docs). One definition for every device.
TokenResult token_loss(const LossSettings& settings, const TokenTerms& terms, float logp, float entropy,
                       float* coefficient);

}  // namespace glossa
