// Gradients of the activations, layer by layer from the last, over the rows that forward_layers went over. What the
// weight gradients need (d_qkv, d_o, d_down, and gate_up's gradient in its own place) stays in the activations.
#pragma once
#include "model/forward.h"

namespace glossa {

// Gradients of the keys and values of one sequence in every layer: [layers][k, v][kv_heads][capacity][head_dim].
struct KvGradient {
  float* data = nullptr;
  int64_t capacity = 0;
};
inline int64_t kv_gradient_floats(const Model& m, int64_t capacity) {
  return m.config.layers * 2 * kv_elements(m.shape, capacity);
}

struct SequenceGradient {
  float* partial;             // [partial_size] sums of the row parameters' gradients, zeroed by the caller
  KvGradient prefix;          // receives the gradient of its prefix's keys and values; null data: no prefix
  const KvGradient* readers;  // of a prefix: the gradients that its completions left, added in this order
  int64_t reader_count;
};

// Scratch of a thread over sequences that see at most `keys` keys, and scratch for the rows of the widest span: one for
// each thread that goes alone, one for all that go together.
int64_t backward_scratch_bytes(const Model&, int64_t keys);
int64_t backward_rows_bytes(const Model&, int64_t span_rows, bool together);

// dx [rows of the buffers][hidden]: in, the gradient of x_last; out, of x_first. keys_only as in the forward pass: in
// the last layer only keys and values reach anything, and d_o, d_down and gate_up's gradient are set to zero.
void backward_layers(const Model&, const Weights&, const Activations&, const SequenceRows* sequences,
                     const SequenceGradient* gradients, int64_t count, bool keys_only, float* dx, void* rows_scratch,
                     const Crew&);

// Gradient of the final norm: dx [rows][hidden] overwritten from the gradient of the normed rows.
void final_norm_backward(const Model&, const Weights&, float* dx, float* partial, const float* d_normed, const float* x,
                         const float* rstd, int64_t rows);

}  // namespace glossa
