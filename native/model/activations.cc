#include "model/activations.h"

#include <algorithm>

namespace glossa {
namespace {

// Whether the first product reads rows of its own, not the residual stream itself.
bool has_input(const ActivationPlan& plan, const Model& m, NormOfLayer before) {
  return m.config.block.norms[before] || m.dtype != plan.stream;
}

// What lives no longer than a layer's own pass, so that all layers can have it in one place.
LayerRows carve_passing(const ActivationPlan& plan, const Model& m, Carver& c, int64_t rows) {
  const ModelConfig& g = m.config;
  auto operands = [&](int64_t width) { return c.rows(m.dtype, rows, width); };
  LayerRows l{};
  if (!plan.gradients_by_layer) return l;
  l.d_qkv = operands(m.shape.width());
  l.d_o = operands(g.hidden);
  l.d_down = operands(g.hidden);
  if (plan.recompute_norms && has_input(plan, m, kBeforeAttention)) l.normed1 = operands(g.hidden);
  if (plan.recompute_norms && has_input(plan, m, kBeforeMlp)) l.normed2 = operands(g.hidden);
  if (plan.recompute_product) l.product = operands(g.ffn);
  return l;
}

// A layer of which only x is kept: everything else is in one place for all of them.
LayerRows with_stream(LayerRows shared, const Rows& x, const Rows& x_out, bool reads_stream) {
  shared.x = x;
  shared.x_out = x_out;
  if (reads_stream) shared.normed1 = x;
  return shared;
}

// The widest of layers [first, end), for one of their matrices.
int64_t widest_of(const Model& m, int64_t first, int64_t end, int matrix) {
  int64_t widest = 0;
  for (int64_t l = first; m.adapters && l < end; ++l)
    widest = std::max(widest, m.adapters.matrices[static_cast<size_t>(l * kMatricesOfLayer + matrix)].width);
  return widest;
}

// Of layers whose rows lie in one place.
void carve_low_rank(const Model& m, Carver& c, int64_t rows, bool training, const Rows& wide, int64_t first,
                    LayerRows* layers, int64_t count) {
  for (int i = 0; i < kMatricesOfLayer; ++i) {
    const int64_t widest = widest_of(m, first, first + count, i);
    if (widest == 0) continue;
    const Rows u = c.rows(m.dtype, rows, widest), d_u = training ? c.rows(m.dtype, rows, widest) : Rows{};
    for (int64_t l = 0; l < count; ++l)
      if (const int64_t width = widest_of(m, first + l, first + l + 1, i))
        layers[l].low_rank[static_cast<size_t>(i)] = {u.columns(0, width), d_u ? d_u.columns(0, width) : Rows{},
                                                      wide.columns(0, width)};
  }
}

LayerRows carve_layer(const ActivationPlan& plan, const Model& m, Carver& c, int64_t rows, bool training, const Rows& x,
                      const LayerRows& passing) {
  const ModelConfig& g = m.config;
  const QkvShape& s = m.shape;
  auto of = [&](Dtype type, int64_t width) { return c.rows(type, rows, width); };
  auto operands = [&](const Rows& shared, int64_t width) { return shared.width > 0 ? shared : of(m.dtype, width); };
  const char* const* norms = g.block.norms;
  const bool scaled = g.residual_multiplier != 1;
  auto input = [&](NormOfLayer before, const Rows& stream, const Rows& shared) {
    return has_input(plan, m, before) ? operands(shared, g.hidden) : stream;
  };
  LayerRows l{};
  l.x = x;
  l.normed1 = input(kBeforeAttention, x, passing.normed1);
  for (size_t i = 0; i < l.rstd.size(); ++i)
    if (norms[i]) l.rstd[i] = c.values(rows);
  l.qkv = of(plan.qkv, s.width());
  if (s.qk_norm != QkNorm::none) {
    if (training) l.qk_raw = of(plan.qkv, s.q_width() + s.kv_width());
    l.rstd_q = c.values(rows * s.rstd_q());
    l.rstd_k = c.values(rows * s.rstd_k());
  }
  l.attention = of(m.dtype, s.q_width());
  if (training) l.stats = c.values(rows * s.heads * 2);
  if (norms[kAfterAttention] || scaled) l.o = of(plan.branch, g.hidden);
  l.x_mid = training ? of(plan.stream, g.hidden) : x;
  l.normed2 = input(kBeforeMlp, l.x_mid, passing.normed2);
  l.gate_up = of(plan.gate_up, 2 * g.ffn);
  const int64_t stride = 2 * g.ffn * dtype_bytes(plan.gate_up) / dtype_bytes(m.dtype);
  l.d_gate_up = {l.gate_up.data, m.dtype, 2 * g.ffn, stride};
  l.product = operands(passing.product, g.ffn);
  // An after-norm's input is kept for its gradient; what is only scaled is not.
  const bool kept = training && (norms[kAfterAttention] || norms[kAfterMlp]);
  if (norms[kAfterMlp] || scaled) l.down = l.o && !kept ? l.o : of(plan.branch, g.hidden);
  l.x_out = training ? of(plan.stream, g.hidden) : x;
  if (training) {
    l.d_qkv = operands(passing.d_qkv, s.width());
    l.d_o = operands(passing.d_o, g.hidden);
    l.d_down = operands(passing.d_down, g.hidden);
  }
  return l;
}

}  // namespace

Activations carve_activations(const ActivationPlan& plan, const Model& m, Carver& c, int64_t rows, bool training) {
  Activations a;
  a.plan = plan;
  const int64_t layers = m.config.layers, kept_from = training ? m.trained.first_layer : layers;
  Rows x = c.rows(plan.stream, rows, m.config.hidden);
  const Rows wide = m.adapters ? c.rows(Dtype::f32, rows, m.adapters.widest) : Rows{};
  if (kept_from > 0) {
    a.layers.assign(static_cast<size_t>(kept_from), carve_layer(plan, m, c, rows, false, x, {}));
    carve_low_rank(m, c, rows, false, wide, 0, a.layers.data(), kept_from);
  }
  const LayerRows passing = kept_from < layers ? carve_passing(plan, m, c, rows) : LayerRows{};
  for (int64_t l = kept_from; l < layers; ++l) {
    if (plan.recompute_layer && l > kept_from)
      a.layers.push_back(with_stream(a.layers.back(), x, c.rows(plan.stream, rows, m.config.hidden),
                                     !has_input(plan, m, kBeforeAttention)));
    else
      a.layers.push_back(carve_layer(plan, m, c, rows, true, x, passing));
    x = a.layers.back().x_out;
  }
  const int64_t together = plan.recompute_layer ? layers - kept_from : 1;
  for (int64_t l = kept_from; l < layers; l += together)
    carve_low_rank(m, c, rows, true, wide, l, &a.layers[static_cast<size_t>(l)], together);
  return a;
}

}  // namespace glossa
