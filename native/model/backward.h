// Gradients of the activations, layer by layer from the last to the lowest that the training reaches (model/trained.h),
// over the rows that forward_layers went over. What the
// weight gradients need (d_qkv, d_o, d_down, d_gate_up) stays in the activations.
#pragma once
#include "model/forward.h"

namespace glossa {

// Layers [first, end).
struct LayerRange {
  int64_t first, end;
};
// Stretches of layers, the last first, down to the lowest that anything trains in: what the backward pass goes through
// before weight gradients are made.
std::vector<LayerRange> backward_ranges(const Model&, const ActivationPlan&);

// Between the operators of a layer: rows of a block, and of a whole span.
struct BackwardRows {
  Rows wide;         // [block] ffn
  Rows narrow;       // [block] hidden
  Rows d_attention;  // [span] q
  Rows d_qkv32;      // [span] q + 2 kv: where the operands are not float32
};
// For spans of at most `rows` rows, gone over `block_rows` at a time.
BackwardRows carve_backward(const Model&, Carver&, int64_t rows, int64_t block_rows);

// dx [rows of the buffers][hidden]: in, the gradient of the last of `layers`' x_out; out, of the first's x. keys_only
// as in the forward pass: in the last layer only keys and values reach anything, and d_o, d_down and d_gate_up are set
// to zero.
void backward_layers(Ops&, const Model&, const Weights&, const Activations&, LayerRange, const SequenceRows* sequences,
                     const SequenceGradient* gradients, int64_t count, bool keys_only, const Rows& dx,
                     const BackwardRows&);

// Gradient of the final norm at rows [row0, row0 + rows) of one sequence: dx, x and rstd are those of the buffers,
// d_normed begins at the first of the rows.
void final_norm_backward(Ops&, const Model&, const Weights&, const Rows& dx, const SequenceRows&,
                         const SequenceGradient&, const Rows& d_normed, const Rows& x, Values rstd, int64_t row0,
                         int64_t rows);

}  // namespace glossa
