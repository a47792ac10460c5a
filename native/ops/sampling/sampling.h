// One draw from a row of logits: logit bias, temperature, top-k, top-p, min-p, then Gumbel-max with Philox, so the draw
// depends on the logits, the settings and (seed, purpose, step, prompt, sample, position) alone.
//
// The filters follow Hugging Face's order. x = (logit + bias) / temperature.
//   top-k   keeps every x that is at least the k-th largest (ties with it included);
//   top-p   renormalises over those and keeps the most probable ones until their sum reaches top_p (ties with the last
//           included; never fewer than one);
//   min-p   keeps p >= min_p * max p.
// The draw is argmax of x - log(E) over what is kept, E = -log(1 - u) an exponential variate, lowest id on a tie: the
// same law as inverting the distribution function, with one random word a token and no sum over the vocabulary.
//
// The random word of token t is word t % 4 of Philox4x32-10 with key = seed and counter
//   c0 | c1 << 32 = position * 2^40 + sample * 2^22 + t / 4,   c2 = prompt,   c3 = purpose * 2^24 + step,
// which no two draws share while the fields stay in the ranges below. u = (word / 2 + 0.5) / 2^31 with an integer
// division, in float32.
#pragma once
#include <cstdint>

namespace glossa {

struct SamplingSettings {
  float temperature;  // 0: the largest logit (lowest id wins a tie)
  int32_t top_k;      // 0: off
  float top_p;        // 1: off
  float min_p;        // 0: off; keeps p >= min_p * max p
  uint64_t seed;
};
// Whether a row of `vocab` tokens may lose some to top-k, top-p or min-p.
inline bool filters(const SamplingSettings& s, int64_t vocab) {
  return (s.top_k > 0 && s.top_k < vocab) || s.top_p < 1 || s.min_p > 0;
}
inline SamplingSettings without_filters(const SamplingSettings& s) {
  return {s.temperature, 0, 1, 0, s.seed};
}

// purpose: 0 rollout, 1 evaluation, 2 user sampling (the high byte of the step word); the others are free for other
// uses of the same seed. Ranges: purpose < 2^8, step < 2^24, sample < 2^18, position < 2^24, vocabulary < 2^24.
struct DrawKey {
  uint32_t purpose, step, prompt, sample, position;
};

}  // namespace glossa
