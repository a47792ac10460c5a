// Estimates of KL(policy, reference) from one token that the policy drew (Schulman, "Approximating KL divergence",
// 2020), with l its log-probability and r that of the reference.
#pragma once
#include <cmath>

#include "loss/loss.h"

namespace glossa {

struct KlEstimate {
  double value, slope;  // slope: d value / d l
};

inline KlEstimate kl_estimate(KlEstimator estimator, double logp, double ref_logp) {
  const double d = ref_logp - logp;
  switch (estimator) {
    case KlEstimator::k1:  // l - r; as a loss by itself its gradient says nothing of r, with the ratio it is the KL's
      return {-d, 1};
    case KlEstimator::k2:  // (l - r)^2 / 2
      return {d * d / 2, -d};
    case KlEstimator::k3: {  // exp(r - l) - (r - l) - 1
      const double grown = std::expm1(d);
      return {grown - d, -grown};
    }
  }
  __builtin_unreachable();
}

}  // namespace glossa
