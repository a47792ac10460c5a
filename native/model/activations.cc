#include "model/activations.h"

#include <cstring>

namespace glossa {
namespace {

LayerRows carve_layer(const Model& m, Carver& c, int64_t rows, bool training, float* x) {
  const ModelConfig& g = m.config;
  const QkvShape& s = m.shape;
  const bool as_they_are = g.post_norm && m.dtype == Dtype::f32;  // the products read the residual stream itself
  LayerRows l{};
  l.x = x;
  l.normed1 = as_they_are ? x : c.elements(m.dtype, rows * g.hidden);
  l.rstd1 = c.floats(rows);
  l.qkv = c.floats(rows * s.width());
  if (s.qk_norm != QkNorm::none) {
    if (training) l.qk_raw = c.floats(rows * (s.q_width() + s.kv_width()));
    l.rstd_q = c.floats(rows * s.rstd_q());
    l.rstd_k = c.floats(rows * s.rstd_k());
  }
  l.attention = c.elements(m.dtype, rows * s.q_width());
  if (training) l.stats = c.floats(rows * s.heads * 2);
  if (g.post_norm) l.o = c.floats(rows * g.hidden);
  l.x_mid = training ? c.floats(rows * g.hidden) : x;
  l.normed2 = as_they_are ? l.x_mid : c.elements(m.dtype, rows * g.hidden);
  l.rstd2 = c.floats(rows);
  l.gate_up = c.floats(rows * 2 * g.ffn);
  l.product = c.elements(m.dtype, rows * g.ffn);
  if (g.post_norm) l.down = training ? c.floats(rows * g.hidden) : l.o;
  l.x_out = training ? c.floats(rows * g.hidden) : x;
  if (training) {
    l.d_qkv = c.elements(m.dtype, rows * s.width());
    l.d_o = c.elements(m.dtype, rows * g.hidden);
    l.d_down = c.elements(m.dtype, rows * g.hidden);
  }
  return l;
}

}  // namespace

Activations carve_activations(const Model& m, Carver& c, int64_t rows, bool training) {
  Activations a;
  a.training = training;
  float* x = c.floats(rows * m.config.hidden);
  for (int64_t l = 0; l < (training ? m.config.layers : 1); ++l) {
    a.layers.push_back(carve_layer(m, c, rows, training, x));
    x = a.layers.back().x_out;
  }
  return a;
}

void convert(void* dst, Dtype t, const float* src, int64_t n) {
  if (t == Dtype::f32) {
    std::memcpy(dst, src, static_cast<size_t>(n) * 4);
    return;
  }
  uint16_t* out = static_cast<uint16_t*>(dst);
  for (int64_t i = 0; i < n; ++i) out[i] = to_bf16(src[i]);
}

}  // namespace glossa
