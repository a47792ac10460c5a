// What of a forward pass is kept for the backward pass, and in which types: a device's own choice, between memory and
// work. Rows that products read (norm outputs, attention, activation(gate) * up) and the gradients of their outputs
// have the model's type in every plan; the gradient of the residual stream is float32.
#pragma once
#include "base/dtype.h"

namespace glossa {

struct ActivationPlan {
  Dtype stream = Dtype::f32;   // the residual stream as each layer finds it, and after its attention
  Dtype qkv = Dtype::f32;      // queries, keys and values; with a norm of theirs also q|k before it
  Dtype gate_up = Dtype::f32;  // replaced by its gradient
  Dtype branch = Dtype::f32;   // outputs of the o and down products, where a norm follows that reads them again
  // Weight gradients are made as soon as the backward pass has gone through a layer: the gradients of its products'
  // outputs live no longer than that. Else at the end, for all layers at once.
  bool gradients_by_layer = false;
  // Made again in the backward pass, with the same bits, and kept for one layer; only with gradients_by_layer.
  bool recompute_norms = false;    // what the first products of attention and MLP read
  bool recompute_product = false;  // activation(gate) * up
  bool recompute_layer = false;    // everything but the residual stream as the layer finds it, these two among it
  bool recomputes() const { return recompute_norms || recompute_product || recompute_layer; }
};

// How much is made again, where that is not left to the device. Changes no result.
enum class Recompute : uint8_t {
  device,
  none,
  cheap,  // norms and activation(gate) * up: no product
  full    // the whole layer
};

// The types of `own`, and what is asked for of the rest.
constexpr ActivationPlan with_recompute(ActivationPlan own, Recompute asked) {
  if (asked == Recompute::device) return own;
  own.recompute_layer = asked == Recompute::full;
  own.recompute_norms = own.recompute_product = asked == Recompute::cheap;
  own.gradients_by_layer = own.gradients_by_layer || own.recomputes();
  return own;
}

// The least that is kept, for a device whose kernels read `type`, and whose memory is dearer than its arithmetic:
// x, x_mid, qkv, attention and gate_up.
constexpr ActivationPlan smallest_plan(Dtype type) {
  return {type, type, type, type, true, true, true};
}

}  // namespace glossa
