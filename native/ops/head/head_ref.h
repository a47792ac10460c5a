// The head as a specification: plain float64.
#pragma once
#include <cstdint>
#include <vector>

namespace glossa::ref {

struct HeadRow {
  double logp, entropy;
};
// log p(target) and entropy (nats) of softmax(logits * inv_temperature).
HeadRow head_row(const std::vector<double>& logits, double inv_temperature, int32_t target);

// d logp(target) / d logits, for each logit.
std::vector<double> logp_gradient(const std::vector<double>& logits, double inv_temperature, int32_t target);
// d entropy / d logits.
std::vector<double> entropy_gradient(const std::vector<double>& logits, double inv_temperature);

}  // namespace glossa::ref
