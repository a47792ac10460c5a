#include <cmath>
#include <numbers>

#include "ops/qkv/qkv.h"

namespace glossa {
namespace {

// Llama 3.1's change of the inverse frequencies, as transformers' _compute_llama3_parameters: wavelengths beyond
// original_context / low_freq_factor are stretched by `factor`, those below original_context / high_freq_factor are
// kept, and between the two the frequencies are mixed.
double llama3_frequency(const RopeConfig& config, double frequency) {
  double wavelength = 2 * std::numbers::pi / frequency;
  if (wavelength > config.original_context / config.low_freq_factor) return frequency / config.factor;
  if (wavelength < config.original_context / config.high_freq_factor) return frequency;
  double smooth = (config.original_context / wavelength - config.low_freq_factor) /
                  (config.high_freq_factor - config.low_freq_factor);
  return (1 - smooth) * frequency / config.factor + smooth * frequency;
}

}  // namespace

void rope_table(float* table, const RopeConfig& config, int64_t head_dim, int64_t positions) {
  const int64_t half = head_dim / 2;
  for (int64_t i = 0; i < half; ++i) {
    double frequency = std::pow(config.theta, -2.0 * static_cast<double>(i) / static_cast<double>(head_dim));
    if (config.type == RopeType::linear) frequency /= config.factor;
    if (config.type == RopeType::llama3) frequency = llama3_frequency(config, frequency);
    for (int64_t p = 0; p < positions; ++p) {
      double angle = static_cast<double>(p) * frequency;
      table[p * head_dim + i] = static_cast<float>(std::cos(angle));
      table[p * head_dim + half + i] = static_cast<float>(std::sin(angle));
    }
  }
}

}  // namespace glossa
