// A new loss is a row here, a formula in policy.h and a golden case.
#include "loss/loss.h"
#include "loss/policy.h"

namespace glossa {

const std::vector<Loss>& losses() {
  using N = Normaliser;
  const std::vector<const char*> clip = {"importance_sampling_level", "epsilon", "epsilon_high", "delta"},
                                 bounds = {"epsilon", "epsilon_high", "delta"},
                                 cap = {"importance_sampling_level", "epsilon_high"},
                                 soft = {"importance_sampling_level", "sapo_temperature_pos", "sapo_temperature_neg"},
                                 gamma = {"vespo_k_pos", "vespo_lambda_pos", "vespo_k_neg", "vespo_lambda_neg"};
  // never destroyed: a job may run while its process ends
  static const std::vector<Loss>& rows = *new std::vector<Loss>{
      {"supervised", cross_entropy, RatioOf::none, false, N::tokens, {}, ""},
      {"grpo", clipped_surrogate, RatioOf::level, true, N::sequence_mean, clip, "clip_ratio"},
      {"bnpo", clipped_surrogate, RatioOf::level, true, N::tokens, clip, "clip_ratio"},
      {"dr_grpo", clipped_surrogate, RatioOf::level, true, N::longest, clip, "clip_ratio"},
      {"dapo", clipped_surrogate, RatioOf::level, true, N::tokens, clip, "clip_ratio"},
      {"luspo", clipped_surrogate, RatioOf::level, true, N::sequences, clip, "clip_ratio"},
      {"rloo", clipped_surrogate, RatioOf::product, true, N::sequence_mean, bounds, "clip_ratio"},
      {"cispo", capped_weight, RatioOf::level, false, N::tokens, cap, "cispo_clip_ratio", "epsilon_high"},
      {"sapo", soft_gate, RatioOf::level, true, N::sequence_mean, soft, ""},
      {"vespo", gamma_weight, RatioOf::product, false, N::tokens, gamma, "vespo/phi_seq_mean"},
  };
  return rows;
}

const std::vector<LossNumber>& loss_numbers() {
  using S = LossSettings;
  constexpr float kLeast = 1e-6f, kMost = 1e30f, kSteepest = 100;
  // never destroyed: a job may run while its process ends
  static const std::vector<LossNumber>& numbers = *new std::vector<LossNumber>{
      {"epsilon", &S::epsilon, 0, 1},
      {"epsilon_high", &S::epsilon_high, 0, kMost},
      {"delta", &S::delta, kLeast, kNoBound},
      {"beta", &S::beta, 0, kMost},
      {"entropy_coef", &S::entropy_coef, -kMost, kMost},
      {"top_entropy_quantile", &S::top_entropy_quantile, 0, 1},
      {"off_policy_mask_threshold", &S::off_policy_mask_threshold, 0, kNoBound},
      {"sapo_temperature_pos", &S::sapo_temperature_pos, kLeast, kMost},
      {"sapo_temperature_neg", &S::sapo_temperature_neg, kLeast, kMost},
      {"vespo_k_pos", &S::vespo_k_pos, 0, kSteepest},
      {"vespo_lambda_pos", &S::vespo_lambda_pos, 0, kSteepest},
      {"vespo_k_neg", &S::vespo_k_neg, 0, kSteepest},
      {"vespo_lambda_neg", &S::vespo_lambda_neg, 0, kSteepest},
  };
  return numbers;
}

const Loss* find_loss(const std::string& name) {
  for (const Loss& loss : losses())
    if (name == loss.name) return &loss;
  return nullptr;
}

}  // namespace glossa
