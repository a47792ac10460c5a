/** Estimates of KL(policy, reference) from one token that the policy drew (Schulman, "Approximating KL divergence", 2020). */
export type KlEstimator = 'k1' | 'k2' | 'k3';

/** @param logp Natural log of the token's probability under the policy that drew it; `refLogp`: under the reference. */
export function klEstimate(estimator: KlEstimator, logp: number, refLogp: number): number {
  const grown = refLogp - logp;
  switch (estimator) {
    case 'k1':
      return -grown;
    case 'k2':
      return grown ** 2 / 2;
    case 'k3':
      return Math.expm1(grown) - grown;
  }
}
