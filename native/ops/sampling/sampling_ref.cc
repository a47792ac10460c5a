#include "ops/sampling/sampling_ref.h"

#include <algorithm>
#include <cmath>

#include "base/philox.h"

namespace glossa::ref {

std::vector<double> sampling_law(const std::vector<float>& logits, const std::vector<float>& bias,
                                 const SamplingSettings& settings) {
  std::vector<double> p;
  for (size_t i = 0; i < logits.size(); ++i) {
    double x = logits[i];
    if (!bias.empty()) x += bias[i];
    p.push_back(x / settings.temperature);
  }
  const double largest = *std::max_element(p.begin(), p.end());
  for (double& x : p) x = std::exp(x - largest);

  std::vector<double> sorted = p;
  std::sort(sorted.rbegin(), sorted.rend());
  const size_t k = settings.top_k > 0 ? std::min(sorted.size(), static_cast<size_t>(settings.top_k)) : sorted.size();
  double least = sorted[k - 1], total = 0, sum = 0;
  for (double w : sorted) total += w >= least ? w : 0;
  if (settings.top_p < 1)
    for (double w : sorted) {
      sum += w;
      if (sum >= static_cast<double>(settings.top_p) * total) {
        least = std::max(least, w);
        break;
      }
    }
  least = std::max(least, static_cast<double>(settings.min_p));
  double kept = 0;
  for (double& w : p) kept += w = w >= least ? w : 0;
  for (double& w : p) w /= kept;
  return p;
}

double sampling_uniform(const SamplingSettings& settings, const DrawKey& key, uint32_t token) {
  const uint64_t low =
      (static_cast<uint64_t>(key.position) << 40) + (static_cast<uint64_t>(key.sample) << 22) + token / 4;
  const Philox4 words = philox4x32(settings.seed, static_cast<uint32_t>(low), static_cast<uint32_t>(low >> 32),
                                   key.prompt, (key.purpose << 24) + key.step);
  const float u = (static_cast<float>(words.v[token % 4] / 2) + 0.5f) * 0x1p-31f;
  return std::min(u, 0x1.fffffep-1f);
}

Draw sampling_draw(const std::vector<float>& logits, const std::vector<float>& bias, const SamplingSettings& settings,
                   const DrawKey& key) {
  const std::vector<double> law = sampling_law(logits, bias, settings);
  double best = -INFINITY, second = -INFINITY;
  int32_t token = -1;
  for (size_t i = 0; i < law.size(); ++i) {
    if (law[i] == 0) continue;
    const double exponential = -std::log1p(-sampling_uniform(settings, key, static_cast<uint32_t>(i)));
    const double score = std::log(law[i]) - std::log(exponential);
    if (score > best) {
      second = best;
      best = score;
      token = static_cast<int32_t>(i);
    } else {
      second = std::max(second, score);
    }
  }
  return {token, best - second};
}

}  // namespace glossa::ref
