// What the layers read and write over a space of rows. One set of arrays for each layer that the backward pass goes
// through (training), one set for all other layers (sampling, log-probabilities, layers below what trains).
#pragma once
#include <array>
#include <vector>

#include "device/memory.h"
#include "model/model.h"

namespace glossa {

inline int64_t kv_cache_bytes(const Model& m, int64_t capacity) {
  return m.config.layers * 2 * kv_elements(m.shape, capacity) * dtype_bytes(m.dtype);
}
inline int64_t kv_gradient_floats(const Model& m, int64_t capacity) {
  return m.config.layers * 2 * kv_elements(m.shape, capacity);
}

// Of an adapted matrix, whose input is x and whose output's gradient is dy.
struct LowRankRows {
  Rows u;     // width, type     scale * x A^T; or nothing, where no part has an adapter
  Rows d_u;   // width, type     training: scale * dy B
  Rows wide;  // width, float32, either before it is scaled and rounded; all matrices share it
};
// "type" is the model's operand type, the types of the others the plan says.
struct LayerRows {
  Rows x;        // hidden              the residual stream as the layer finds it
  Rows normed1;  // hidden, type        input of the q|k|v product
  std::array<Values, kNormsOfLayer> rstd;
  Rows qkv;     // q + 2 kv             queries normed and rotated
  Rows qk_raw;  // q + kv               q|k before their norm (training, where there is one)
  Values rstd_q, rstd_k;
  Rows attention;           // q, type           heads side by side
  Values stats;             // [heads][2]        training
  Rows o;                   // hidden            output of the o product, where it is not added as it is
  Rows x_mid;               // hidden            the residual stream after attention
  Rows normed2;             // hidden, type
  Rows gate_up;             // 2 ffn      replaced by its gradient
  Rows d_gate_up;           // 2 ffn, type, a row where the row was
  Rows product;             // ffn, type  activation(gate) * up
  Rows down;                // hidden     output of the down product, where it is not added as it is
  Rows x_out;               // hidden     the next layer's x
  Rows d_qkv, d_o, d_down;  // training: gradients of the products' outputs, type
  std::array<LowRankRows, kMatricesOfLayer> low_rank;
};

struct Activations {
  ActivationPlan plan;
  std::vector<LayerRows> layers;
  const LayerRows& layer(int64_t l) const { return layers[static_cast<size_t>(l)]; }
  const Rows& x_first() const { return layers.front().x; }
  const Rows& x_last() const { return layers.back().x_out; }
};

Activations carve_activations(const ActivationPlan&, const Model&, Carver&, int64_t rows, bool training);

}  // namespace glossa
