// The head over rows that carry loss: logits, log-probability, entropy, loss and its gradient in one sweep, a block of
// rows at a time, so that no tensor of all rows by the vocabulary is ever held unless it is small.
#pragma once
#include "loss/sequence_loss.h"
#include "model/forward.h"

namespace glossa {

constexpr int64_t kHeadRows = 52;  // rows of logits made and used at a time

struct HeadLoss {
  LossSettings settings;
  float inv_temperature;
  const int32_t* targets;   // [head rows]; -1: padding
  const TokenTerms* terms;  // [head rows]
  bool on_policy;           // the old log-probability is the present one
  TokenResult* results;     // [head rows]
  // [head rows] The slopes that a first sweep gave (needs_sweep); results are not written then. Null: each token's own.
  const TokenSlope* slopes;
};

// Head rows [row0, row0 + rows): normed and d_normed (float32, overwritten) start at head row 0, logits at `row0`.
// logits [rows][logits_stride] become their gradient: of the model's type, rows logits_gradient_stride elements apart.
void head_loss(const Model&, const Weights&, const HeadLoss&, const void* normed, float* d_normed, float* logits,
               int64_t row0, int64_t rows, const Crew&);
inline int64_t logits_gradient_stride(const Model& m) {
  return logits_stride(m) * (m.dtype == Dtype::f32 ? 1 : 2);
}

// Log-probability and entropy alone; logits [rows][logits_stride] is scratch. Arrays start at the first of the rows.
void head_logps(const Model&, const Weights&, float inv_temperature, const int32_t* targets, const void* normed,
                float* logits, int64_t rows, float* logps, float* entropies, const Crew&);

}  // namespace glossa
