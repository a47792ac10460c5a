#include "model/backward.h"

#include <algorithm>

#include "model/low_rank.h"

namespace glossa {
namespace {

class LayerBackward {
 public:
  LayerBackward(Ops& ops, const Model& m, const Weights& w, const Activations& a, int64_t index, const Rows& dx,
                const BackwardRows& s, const SequenceRows* sequences, const SequenceGradient* gradients, int64_t count)
      : ops_(ops),
        m_(m),
        w_(w),
        v_(w.layer(index)),
        plan_(a.plan),
        b_(a.layer(index)),
        p_(m.trained.partials[static_cast<size_t>(index)]),
        index_(index),
        dx_(dx),
        s_(s),
        sequences_(sequences),
        gradients_(gradients),
        count_(count) {}

  // dx: gradient of x_out -> gradient of x_mid; then the gradient of the attention's output.
  void after_attention(const Span& span) const {
    in_blocks(ops_, span, [&](int64_t r, int64_t n) {
      // gate_up gives way to its gradient below.
      if (plan_.recompute_product) ops_.glu(b_.product.at(r), b_.gate_up.at(r), m_.config.block.activation, n);
      if (plan_.recompute_norms) layer_input(ops_, m_, v_, b_, kBeforeMlp, r, n);
      leave(kAfterMlp, b_.d_down, b_.down, r, n);
      linear(s_.wide, b_.d_down.at(r), kDown, false, r, n);
      ops_.glu_backward(b_.d_gate_up.at(r), s_.wide, b_.gate_up.at(r), m_.config.block.activation, n);
      enter(kBeforeMlp, b_.d_gate_up, b_.x_mid, kGateUp, r, n);
      leave(kAfterAttention, b_.d_o, b_.o, r, n);
      linear(s_.d_attention.at(r - span.row0), b_.d_o.at(r), kO, false, r, n);
    });
  }

  void attention(const Span& span, bool keys_only) const {
    const AttentionGradient d{span.row0,   s_.d_attention, s_.d_qkv32, b_.d_qkv,
                              p_.qkv_bias, p_.q_norm,      p_.k_norm,  keys_only};
    ops_.attention_backward(attention_layer(m_, w_, b_, index_), d, sequences_, gradients_, count_);
  }

  // dx: gradient of x_mid -> gradient of x.
  void before_attention(const Span& span) const {
    in_blocks(ops_, span, [&](int64_t r, int64_t n) {
      if (plan_.recompute_norms) layer_input(ops_, m_, v_, b_, kBeforeAttention, r, n);
      enter(kBeforeAttention, b_.d_qkv, b_.x, kQkv, r, n);
    });
  }

  // The weight gradients go over all rows, also over those whose last layer stopped at the keys.
  void clear(const Span& span) const {
    for (const Rows* x : {&b_.d_down, &b_.d_o, &b_.attention, &b_.normed2, &b_.product, &b_.gate_up})
      ops_.zero(x->at(span.row0), span.rows);
    for (const MatrixOfLayer which : {kO, kGateUp, kDown})
      if (const LowRankRows& r = b_.low_rank[which]; r.u)
        for (const Rows* x : {&r.u, &r.d_u}) ops_.zero(x->at(span.row0), span.rows);
  }

 private:
  // From dx, the gradient of what was added to, to that of the last product's output.
  void leave(NormOfLayer which, const Rows& d_made, const Rows& made, int64_t r, int64_t n) const {
    if (m_.config.block.norms[which]) {
      norm(which, s_.narrow, false, dx_.at(r), made, r, n);
      ops_.convert(d_made.at(r), s_.narrow, n);
    } else if (made) {
      ops_.scale(d_made.at(r), dx_.at(r), m_.config.residual_multiplier, n);
    } else {
      ops_.convert(d_made.at(r), dx_.at(r), n);
    }
  }
  // Adds to dx what came to x through the first product.
  void enter(NormOfLayer which, const Rows& d_product, const Rows& x, MatrixOfLayer matrix, int64_t r,
             int64_t n) const {
    if (m_.config.block.norms[which]) {
      linear(s_.narrow, d_product.at(r), matrix, false, r, n);
      norm(which, dx_.at(r), true, s_.narrow, x, r, n);
    } else {
      linear(dx_.at(r), d_product.at(r), matrix, true, r, n);
    }
  }
  void norm(NormOfLayer which, const Rows& dx, bool accumulate, const Rows& dy, const Rows& x, int64_t row0,
            int64_t rows) const {
    ops_.rmsnorm_backward(dx, accumulate, p_.norms[which], dy, x, layer_norm(m_, v_, which), b_.rstd[which],
                          {sequences_, gradients_, count_, row0, rows});
  }
  void linear(const Rows& da, const Rows& dc, MatrixOfLayer which, bool accumulate, int64_t r, int64_t n) const {
    const int64_t matrix = index_ * kMatricesOfLayer + which;
    ops_.linear_backward(da, dc, w_.matrix(matrix), accumulate, n);
    add_low_rank_backward(ops_, m_, w_, matrix, b_.low_rank[which], da, dc, r, n);
  }

  Ops& ops_;
  const Model& m_;
  const Weights& w_;
  const LayerVectors& v_;
  const ActivationPlan& plan_;
  const LayerRows& b_;
  const LayerPartials& p_;
  const int64_t index_;
  const Rows& dx_;
  const BackwardRows& s_;
  const SequenceRows* sequences_;
  const SequenceGradient* gradients_;
  const int64_t count_;
};

}  // namespace

std::vector<LayerRange> backward_ranges(const Model& m, const ActivationPlan& plan) {
  const int64_t first = m.trained.first_layer, layers = m.config.layers;
  std::vector<LayerRange> ranges;
  for (int64_t l = layers; plan.gradients_by_layer && l > first; --l) ranges.push_back({l - 1, l});
  if (ranges.empty()) ranges.push_back({first, layers});
  return ranges;
}

BackwardRows carve_backward(const Model& m, Carver& c, int64_t rows, int64_t block_rows) {
  const int64_t block = std::min(rows, block_rows);
  BackwardRows s;
  s.wide = c.rows(Dtype::f32, block, m.config.ffn);
  s.narrow = c.rows(Dtype::f32, block, m.config.hidden);
  s.d_attention = c.rows(Dtype::f32, rows, m.shape.q_width());
  if (m.dtype != Dtype::f32) s.d_qkv32 = c.rows(Dtype::f32, rows, m.shape.width());
  return s;
}

void backward_layers(Ops& ops, const Model& m, const Weights& w, const Activations& a, LayerRange layers,
                     const SequenceRows* seqs, const SequenceGradient* g, int64_t count, bool keys_only, const Rows& dx,
                     const BackwardRows& s) {
  const std::vector<Span> spans = spans_of(seqs, count);
  for (int64_t l = layers.end - 1; l >= layers.first; --l) {
    const bool keys_alone = keys_only && l + 1 == m.config.layers;
    // The last layer is as the forward pass left it.
    if (a.plan.recompute_layer && l + 1 < m.config.layers) forward_again(ops, m, w, a, l, seqs, count);
    for (const Span& span : spans) {
      const LayerBackward layer(ops, m, w, a, l, dx, s, seqs + span.first, g + span.first, span.count);
      keys_alone ? layer.clear(span) : layer.after_attention(span);
      layer.attention(span, keys_alone);
      layer.before_attention(span);
    }
  }
}

void final_norm_backward(Ops& ops, const Model& m, const Weights& w, const Rows& dx, const SequenceRows& s,
                         const SequenceGradient& g, const Rows& d_normed, const Rows& x, Values rstd, int64_t row0,
                         int64_t rows) {
  ops.rmsnorm_backward(dx.at(row0), false, m.trained.final_norm_partial, d_normed, x, last_norm(m, w), rstd,
                       {&s, &g, 1, row0, rows});
}

}  // namespace glossa
