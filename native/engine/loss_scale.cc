#include "engine/loss_scale.h"

#include <algorithm>

namespace glossa {

std::vector<float> loss_scales(LossType type, const std::vector<int64_t>& tokens, const uint8_t* mask,
                               int64_t max_completion_length) {
  int64_t kept = 0;
  for (size_t i = 0; i < tokens.size(); ++i)
    if (!mask || mask[i]) kept += tokens[i];
  const double rows = static_cast<double>(tokens.size());
  std::vector<float> scales;
  for (size_t i = 0; i < tokens.size(); ++i) {
    double divisor = 0;
    switch (type) {
      case LossType::supervised:
      case LossType::dapo:
        divisor = static_cast<double>(std::max<int64_t>(kept, 1));
        break;
      case LossType::grpo:
        divisor = rows * static_cast<double>(std::max<int64_t>(tokens[i], 1));
        break;
      case LossType::dr_grpo:
        divisor = rows * static_cast<double>(max_completion_length);
        break;
    }
    scales.push_back(mask && !mask[i] ? 0.0f : static_cast<float>(1 / divisor));
  }
  return scales;
}

}  // namespace glossa
