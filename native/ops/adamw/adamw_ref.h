// AdamW as a specification: plain float64, one parameter.
#pragma once

namespace glossa::ref {

struct AdamWState {
  double w, m, v;
};
// Step `t` (from 1) of Algorithm 2 of arXiv 1711.05101 with schedule multiplier 1, as PyTorch lays it out.
AdamWState adamw(AdamWState state, double gradient, int t, double learning_rate, double beta1, double beta2,
                 double epsilon, double weight_decay);

}  // namespace glossa::ref
