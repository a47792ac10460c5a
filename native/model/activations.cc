#include "model/activations.h"

namespace glossa {
namespace {

LayerRows carve_layer(const Model& m, Carver& c, int64_t rows, bool training, const Rows& x) {
  const ModelConfig& g = m.config;
  const QkvShape& s = m.shape;
  auto floats = [&](int64_t width) { return c.rows(Dtype::f32, rows, width); };
  auto operands = [&](int64_t width) { return c.rows(m.dtype, rows, width); };
  const char* const* norms = g.block.norms;
  const bool scaled = g.residual_multiplier != 1;
  // A product may read the residual stream itself.
  auto input = [&](NormOfLayer before, const Rows& stream) {
    return norms[before] || m.dtype != Dtype::f32 ? operands(g.hidden) : stream;
  };
  LayerRows l{};
  l.x = x;
  l.normed1 = input(kBeforeAttention, x);
  for (size_t i = 0; i < l.rstd.size(); ++i)
    if (norms[i]) l.rstd[i] = c.values(rows);
  l.qkv = floats(s.width());
  if (s.qk_norm != QkNorm::none) {
    if (training) l.qk_raw = floats(s.q_width() + s.kv_width());
    l.rstd_q = c.values(rows * s.rstd_q());
    l.rstd_k = c.values(rows * s.rstd_k());
  }
  l.attention = operands(s.q_width());
  if (training) l.stats = c.values(rows * s.heads * 2);
  if (norms[kAfterAttention] || scaled) l.o = floats(g.hidden);
  l.x_mid = training ? floats(g.hidden) : x;
  l.normed2 = input(kBeforeMlp, l.x_mid);
  l.gate_up = floats(2 * g.ffn);
  l.d_gate_up = {l.gate_up.data, m.dtype, 2 * g.ffn, 2 * g.ffn * 4 / dtype_bytes(m.dtype)};
  l.product = operands(g.ffn);
  // An after-norm's input is kept for its gradient; what is only scaled is not.
  const bool kept = training && (norms[kAfterAttention] || norms[kAfterMlp]);
  if (norms[kAfterMlp] || scaled) l.down = l.o && !kept ? l.o : floats(g.hidden);
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
