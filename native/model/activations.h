// What the layers read and write over a space of rows. One set of buffers for each layer where the backward pass needs
// them (training), one set for all layers where it does not (sampling, log-probabilities).
#pragma once
#include <vector>

#include "model/buffer.h"
#include "model/model.h"

namespace glossa {

// Keys and values of one sequence in every layer: [layers][k, v], each kv_elements(shape, capacity) of the model's
// type.
struct KvCache {
  uint8_t* data = nullptr;
  int64_t capacity = 0;  // positions, a multiple of 16
};
inline int64_t kv_cache_bytes(const Model& m, int64_t capacity) {
  return m.config.layers * 2 * kv_elements(m.shape, capacity) * dtype_bytes(m.dtype);
}
inline KvBlock kv_block(const Model& m, const KvCache& cache, int64_t layer) {
  int64_t bytes = kv_elements(m.shape, cache.capacity) * dtype_bytes(m.dtype);
  uint8_t* k = cache.data + 2 * layer * bytes;
  return {k, k + bytes, cache.capacity};
}

// Rows of one sequence among the rows of the buffers.
struct SequenceRows {
  int64_t row0, rows;
  int64_t position0;  // rotary position of the first row
  int64_t own0;       // index of the first row's key in `own`
  KvCache own;
  KvCache prefix;  // shared with other sequences; prefix_length 0: none
  int64_t prefix_length;
};

// Row r of an array of width w starts at element r * w. "type" is the model's operand type.
struct LayerRows {
  float* x;       // [rows][hidden]      the residual stream as the layer finds it
  void* normed1;  // [rows][hidden]      type; input of the q|k|v product
  float* rstd1;   // [rows]
  float* qkv;     // [rows][width]       queries normed and rotated
  float* qk_raw;  // [rows][q + kv]      q|k before their norm (training, where there is one)
  float *rstd_q, *rstd_k;
  void* attention;             // [rows][q_width]     type; heads side by side
  float* stats;                // [rows][heads][2]    training
  float* o;                    // [rows][hidden]      post-norm: output of the o product
  float* x_mid;                // [rows][hidden]      the residual stream after attention
  void* normed2;               // [rows][hidden]      type
  float* rstd2;                // [rows]
  float* gate_up;              // [rows][2 ffn]       replaced by its gradient (type, a row where the row was)
  void* product;               // [rows][ffn]         type; silu(gate) * up
  float* down;                 // [rows][hidden]      post-norm: output of the down product
  float* x_out;                // [rows][hidden]      the next layer's x
  void *d_qkv, *d_o, *d_down;  // training: gradients of the products' outputs, type
};

struct Activations {
  std::vector<LayerRows> layers;  // one for each layer, or one for all
  bool training = false;
  const LayerRows& layer(int64_t l) const { return layers[training ? static_cast<size_t>(l) : 0]; }
  float* x_first() const { return layers.front().x; }
  float* x_last() const { return layers.back().x_out; }
};

Activations carve_activations(const Model&, Carver&, int64_t rows, bool training);

// Elements between the rows of gate_up's gradient in the model's type.
inline int64_t d_gate_up_stride(const Model& m) {
  return 2 * m.config.ffn * (m.dtype == Dtype::f32 ? 1 : 2);
}

// n float32 to type t; dst may not overlap src.
void convert(void* dst, Dtype t, const float* src, int64_t n);

}  // namespace glossa
