#include <algorithm>

#include "loss/loss.h"

namespace glossa {

float entropy_bonus(const LossSettings& s, int64_t tokens) {
  return static_cast<float>(static_cast<double>(s.entropy_coef) / static_cast<double>(std::max<int64_t>(tokens, 1)));
}

std::vector<float> loss_scales(Normaliser normaliser, const std::vector<int64_t>& tokens, const uint8_t* mask,
                               int64_t max_completion_length) {
  int64_t kept = 0;
  for (size_t i = 0; i < tokens.size(); ++i)
    if (!mask || mask[i]) kept += tokens[i];
  const double rows = static_cast<double>(tokens.size());
  std::vector<float> scales;
  for (size_t i = 0; i < tokens.size(); ++i) {
    double divisor = rows;
    switch (normaliser) {
      case Normaliser::tokens:
        divisor = static_cast<double>(std::max<int64_t>(kept, 1));
        break;
      case Normaliser::sequence_mean:
        divisor *= static_cast<double>(std::max<int64_t>(tokens[i], 1));
        break;
      case Normaliser::longest:
        divisor *= static_cast<double>(max_completion_length);
        break;
      case Normaliser::sequences:
        break;
    }
    scales.push_back(mask && !mask[i] ? 0.0f : static_cast<float>(1 / divisor));
  }
  return scales;
}

}  // namespace glossa
