// What a training step minimises. A loss is one row of the table in table.cc: its name, the formula of one token, the
// ratio that the formula takes, where its slope goes, and what the tokens are divided by. Formulas and names are those
// of TRL's GRPOTrainer; docs/losses.md has them in one place.
#pragma once
#include <cstdint>
#include <limits>
#include <string>
#include <vector>

namespace glossa {

struct LossSettings;

// One token before the normaliser and the KL.
struct PolicyLoss {
  double loss, slope;  // slope: d loss / d log-ratio, or d loss / d logp: see Loss::through_ratio
  bool clipped_low = false, clipped_high = false;
  double weight = 1;  // what the policy gradient of the sequence is multiplied by (vespo's phi)
};
// log_ratio: of the token or of its sequence, as Loss::ratio says. logp: of the token.
using PolicyFormula = PolicyLoss (*)(const LossSettings&, double log_ratio, double advantage, double logp);

// What a token's loss is multiplied by, with N the loss tokens of the optimizer step, B its rows, n those of one row.
enum class Normaliser : uint8_t {
  tokens,         // 1 / N
  sequence_mean,  // 1 / (B n)
  longest,        // 1 / (B max_completion_length)
  sequences       // 1 / B
};

// The ratio between the policy and the sampler that a formula takes.
enum class RatioOf : uint8_t {
  none,
  level,   // of the token or the sequence, as importance_sampling_level says
  product  // of all tokens of the sequence
};

struct Loss {
  const char* name;
  PolicyFormula policy;
  RatioOf ratio;
  bool through_ratio;  // the gradient flows through the ratio; else through logp alone, and the ratio is a constant
  Normaliser normaliser;
  std::vector<const char*> reads;  // the settings, by TRL's names, that mean something to this loss and not to every
  const char* metric = "";         // what TRL calls its share of clipped ratios or its weight
  const char* needs = nullptr;     // one of its settings that has no default here

  // The gradient of one token's loss reaches every token of its sequence in full.
  bool through_product() const { return ratio == RatioOf::product && through_ratio; }
};

// Every loss, the supervised one first.
const std::vector<Loss>& losses();
// Null where there is none of this name.
const Loss* find_loss(const std::string& name);

enum class ImportanceLevel : uint8_t { token, sequence };
inline constexpr const char* kImportanceLevels[] = {"token", "sequence"};
enum class KlEstimator : uint8_t { k1, k2, k3 };
inline constexpr const char* kKlEstimators[] = {"k1", "k2", "k3"};

constexpr float kNoBound = std::numeric_limits<float>::infinity();

// Names and defaults: TRL's GRPOConfig, and kl_estimator of its PPOConfig.
struct LossSettings {
  const Loss* type = find_loss("supervised");
  float epsilon = 0.2f, epsilon_high = 0.2f;  // clip range of the ratio: [1 - epsilon, 1 + epsilon_high]
  float beta = 0;                             // weight of the KL to the reference; 0: none
  ImportanceLevel importance_sampling_level = ImportanceLevel::token;
  float delta = kNoBound;  // upper bound of the ratio where the advantage is negative
  KlEstimator kl_estimator = KlEstimator::k3;
  bool use_bias_correction_kl = false;  // the KL is multiplied by the ratio, and the gradient flows through both
  float entropy_coef = 0;               // weight of the mean entropy, which is taken off the loss
  float top_entropy_quantile = 1;  // share of the step's tokens, those of most entropy, that the policy learns from
  float off_policy_mask_threshold = kNoBound;  // nats a token
  float sapo_temperature_pos = 1, sapo_temperature_neg = 1.05f;
  float vespo_k_pos = 2, vespo_lambda_pos = 3, vespo_k_neg = 3, vespo_lambda_neg = 2;

  bool supervised() const { return type->ratio == RatioOf::none; }
};

// The settings that are numbers, with the values they may have.
struct LossNumber {
  const char* name;
  float LossSettings::*setting;
  float least, most;
};
const std::vector<LossNumber>& loss_numbers();

// Whether the step needs every token's log-probability and entropy before its first gradient: where one token's loss
// depends on others. on_policy: the sampler's log-probabilities are the present ones, so every ratio is 1.
bool needs_sweep(const LossSettings&, bool on_policy);

// What a nat of a token's entropy takes off the loss, where `tokens` of the step are kept: the bonus is entropy_coef
// times their mean entropy, whatever the loss is divided by.
float entropy_bonus(const LossSettings&, int64_t tokens);

// The scale of each token of row i, computed before anything else, so that no way of cutting the step into
// micro-batches changes the loss. tokens[i]: loss tokens of row i; mask[i] == 0 drops the row from N, though not from B
// (null: none).
std::vector<float> loss_scales(Normaliser, const std::vector<int64_t>& tokens, const uint8_t* mask,
                               int64_t max_completion_length);

}  // namespace glossa
