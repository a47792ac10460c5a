// The support of a row: which tokens may come, and what is added to their logits. Of a draw it is the sampler's law but
// for the temperature; the loss of a token is taken over the same support, so its log-probability is that of the law it
// was drawn from.
//
// Before the temperature, in place: x = logit + bias where a token is kept, -inf elsewhere. The softmax of what is left
// is the law renormalised over what is kept; where x is -inf the probability is exactly 0, and so is the gradient.
#pragma once
#include <cstdint>

namespace glossa {

// Biases that rows choose from, [count][vocab]; -inf forbids a token. Host.
struct Biases {
  const float* tables = nullptr;
  int32_t count = 0;
};

// Of one row. Host.
struct Support {
  int32_t bias = -1;              // of the biases; -1: none
  const int32_t* kept = nullptr;  // ascending ids; null: every token
  int64_t count = 0;              // of them
};

// Sets of tokens as bits: token t is bit t % 32 of word t / 32.
constexpr int64_t kept_words(int64_t vocab) {
  return (vocab + 31) / 32;
}

}  // namespace glossa
