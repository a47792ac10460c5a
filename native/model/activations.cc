#include "model/activations.h"

namespace glossa {
namespace {

LayerRows carve_layer(const Model& m, Carver& c, int64_t rows, bool training, const Rows& x) {
  const ModelConfig& g = m.config;
  const QkvShape& s = m.shape;
  auto floats = [&](int64_t width) { return c.rows(Dtype::f32, rows, width); };
  auto operands = [&](int64_t width) { return c.rows(m.dtype, rows, width); };
  const bool as_they_are = g.post_norm && m.dtype == Dtype::f32;  // the products read the residual stream itself
  LayerRows l{};
  l.x = x;
  l.normed1 = as_they_are ? x : operands(g.hidden);
  l.rstd1 = c.values(rows);
  l.qkv = floats(s.width());
  if (s.qk_norm != QkNorm::none) {
    if (training) l.qk_raw = floats(s.q_width() + s.kv_width());
    l.rstd_q = c.values(rows * s.rstd_q());
    l.rstd_k = c.values(rows * s.rstd_k());
  }
  l.attention = operands(s.q_width());
  if (training) l.stats = c.values(rows * s.heads * 2);
  if (g.post_norm) l.o = floats(g.hidden);
  l.x_mid = training ? floats(g.hidden) : x;
  l.normed2 = as_they_are ? l.x_mid : operands(g.hidden);
  l.rstd2 = c.values(rows);
  l.gate_up = floats(2 * g.ffn);
  l.d_gate_up = {l.gate_up.data, m.dtype, 2 * g.ffn, 2 * g.ffn * 4 / dtype_bytes(m.dtype)};
  l.product = operands(g.ffn);
  if (g.post_norm) l.down = training ? floats(g.hidden) : l.o;
  l.x_out = training ? floats(g.hidden) : x;
  if (training) {
    l.d_qkv = operands(s.width());
    l.d_o = operands(g.hidden);
    l.d_down = operands(g.hidden);
  }
  return l;
}

}  // namespace

Activations carve_activations(const Model& m, Carver& c, int64_t rows, bool training) {
  Activations a;
  const int64_t layers = m.config.layers, kept_from = training ? m.trained.first_layer : layers;
  Rows x = c.rows(Dtype::f32, rows, m.config.hidden);
  if (kept_from > 0) a.layers.assign(static_cast<size_t>(kept_from), carve_layer(m, c, rows, false, x));
  for (int64_t l = kept_from; l < layers; ++l) {
    a.layers.push_back(carve_layer(m, c, rows, true, x));
    x = a.layers.back().x_out;
  }
  return a;
}

}  // namespace glossa
