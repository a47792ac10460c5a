#include "model/forward.h"

#include "model/low_rank.h"

namespace glossa {
namespace {

// One layer's operators in their order.
class Layer {
 public:
  Layer(Ops& ops, const Model& m, const Weights& w, const Activations& a, int64_t index)
      : ops_(ops), m_(m), w_(w), v_(w.layer(index)), b_(a.layer(index)), index_(index) {}

  // Up to and including the q|k|v product.
  void project(const Span& span) const {
    in_blocks(ops_, span, [&](int64_t r, int64_t n) {
      layer_input(ops_, m_, v_, b_, kBeforeAttention, r, n);
      linear(b_.qkv.at(r), b_.normed1.at(r), kQkv, v_.qkv_bias, false, r, n);
    });
  }

  // From the attention's output to the next layer's input, or, where that is there already, as far as the backward pass
  // reads.
  void finish(const Span& span, bool again) const {
    in_blocks(ops_, span, [&](int64_t r, int64_t n) {
      leave(kAfterAttention, b_.x_mid, b_.x, b_.o, b_.attention, kO, r, n);
      layer_input(ops_, m_, v_, b_, kBeforeMlp, r, n);
      linear(b_.gate_up.at(r), b_.normed2.at(r), kGateUp, {}, false, r, n);
      ops_.glu(b_.product.at(r), b_.gate_up.at(r), m_.config.block.activation, n);
      if (again && !m_.config.block.norms[kAfterMlp]) {
        const int64_t down = index_ * kMatricesOfLayer + kDown;
        return make_low_rank(ops_, m_, w_, down, b_.low_rank[kDown], b_.product.at(r), r, n);
      }
      leave(kAfterMlp, b_.x_out, b_.x_mid, b_.down, b_.product, kDown, r, n);
    });
  }

 private:
  // The residual stream and what the last product, of a, gives: normed, scaled or as it is. `made` holds the product
  // where it is not added as it is.
  void leave(NormOfLayer which, const Rows& out, const Rows& residual, const Rows& made, const Rows& a,
             MatrixOfLayer matrix, int64_t r, int64_t n) const {
    if (!made) {
      ops_.convert(out.at(r), residual.at(r), n);
      linear(out.at(r), a.at(r), matrix, {}, true, r, n);
      return;
    }
    linear(made.at(r), a.at(r), matrix, {}, false, r, n);
    if (m_.config.block.norms[which])
      ops_.rmsnorm_add(out.at(r), b_.rstd[which].at(r), residual.at(r), made.at(r), layer_norm(m_, v_, which), n);
    else
      ops_.add_scaled(out.at(r), residual.at(r), made.at(r), m_.config.residual_multiplier, n);
  }
  void linear(const Rows& c, const Rows& a, MatrixOfLayer which, Values bias, bool accumulate, int64_t r,
              int64_t n) const {
    const int64_t matrix = index_ * kMatricesOfLayer + which;
    ops_.linear(c, a, w_.matrix(matrix), bias, accumulate, n);
    add_low_rank(ops_, m_, w_, matrix, b_.low_rank[which], c, a, r, n);
  }

  Ops& ops_;
  const Model& m_;
  const Weights& w_;
  const LayerVectors& v_;
  const LayerRows& b_;
  const int64_t index_;
};

}  // namespace

std::vector<Span> spans_of(const SequenceRows* s, int64_t count) {
  std::vector<Span> spans;
  for (int64_t i = 0; i < count; ++i) {
    if (!spans.empty() && spans.back().row0 + spans.back().rows == s[i].row0) {
      spans.back().rows += s[i].rows;
      ++spans.back().count;
    } else {
      spans.push_back({s[i].row0, s[i].rows, i, 1});
    }
  }
  return spans;
}

RmsNorm layer_norm(const Model& m, const LayerVectors& v, NormOfLayer which) {
  const bool after = which == kAfterAttention || which == kAfterMlp;
  return {v.norms[which], m.config.rms_eps, m.config.block.norm_offset, after ? m.config.residual_multiplier : 1};
}
RmsNorm last_norm(const Model& m, const Weights& w) {
  return {w.final_norm(), m.config.rms_eps, m.config.block.norm_offset, m.config.logit_multiplier};
}

void layer_input(Ops& ops, const Model& m, const LayerVectors& v, const LayerRows& b, NormOfLayer before, int64_t row0,
                 int64_t rows) {
  const bool attention = before == kBeforeAttention;
  const Rows to = (attention ? b.normed1 : b.normed2).at(row0), x = (attention ? b.x : b.x_mid).at(row0);
  if (m.config.block.norms[before])
    ops.rmsnorm(to, b.rstd[before].at(row0), x, layer_norm(m, v, before), rows);
  else
    ops.convert(to, x, rows);
}

AttentionLayer attention_layer(const Model& m, const Weights& w, const LayerRows& b, int64_t layer) {
  const LayerVectors& v = w.layer(layer);
  return {m.shape,
          m.dtype,
          layer,
          m.attention_scale,
          m.config.attention_of(layer).window,
          m.rope_of(layer),
          v.q_norm,
          v.k_norm,
          b.qkv,
          b.qk_raw,
          b.rstd_q,
          b.rstd_k,
          b.attention,
          b.stats};
}

void forward_layers(Ops& ops, const Model& m, const Weights& w, const Activations& a, const SequenceRows* sequences,
                    int64_t count, bool keys_only) {
  const std::vector<Span> spans = spans_of(sequences, count);
  for (int64_t l = 0; l < m.config.layers; ++l) {
    const Layer layer(ops, m, w, a, l);
    const AttentionLayer attention = attention_layer(m, w, a.layer(l), l);
    for (const Span& span : spans) layer.project(span);
    ops.qkv(attention, sequences, count);
    if (keys_only && l + 1 == m.config.layers) return;
    ops.attention(attention, sequences, count);
    for (const Span& span : spans) layer.finish(span, false);
  }
}

void forward_again(Ops& ops, const Model& m, const Weights& w, const Activations& a, int64_t index,
                   const SequenceRows* sequences, int64_t count) {
  const std::vector<Span> spans = spans_of(sequences, count);
  const Layer layer(ops, m, w, a, index);
  const AttentionLayer attention = attention_layer(m, w, a.layer(index), index);
  for (const Span& span : spans) layer.project(span);
  ops.qkv(attention, sequences, count);
  ops.attention(attention, sequences, count);
  for (const Span& span : spans) layer.finish(span, true);
}

void final_norm(Ops& ops, const Model& m, const Weights& w, const Rows& out, Values rstd, const Rows& x, int64_t rows) {
  ops.rmsnorm(out, rstd, x, last_norm(m, w), rows);
}

}  // namespace glossa
