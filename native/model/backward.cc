#include "model/backward.h"

#include <algorithm>

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
      if (m_.config.post_norm) {
        norm(s_.narrow, false, p_.norm2, dx_.at(r), b_.down, v_.norm2, b_.rstd2, r, n);
        ops_.convert(b_.d_down.at(r), s_.narrow, n);
        linear(s_.wide, b_.d_down.at(r), kDown, false, n);
        ops_.glu_backward(b_.d_gate_up.at(r), s_.wide, b_.gate_up.at(r), Activation::silu, n);
        linear(dx_.at(r), b_.d_gate_up.at(r), kGateUp, true, n);
        norm(s_.narrow, false, p_.norm1, dx_.at(r), b_.o, v_.norm1, b_.rstd1, r, n);
        ops_.convert(b_.d_o.at(r), s_.narrow, n);
      } else {
        ops_.convert(b_.d_down.at(r), dx_.at(r), n);
        linear(s_.wide, b_.d_down.at(r), kDown, false, n);
        ops_.glu_backward(b_.d_gate_up.at(r), s_.wide, b_.gate_up.at(r), Activation::silu, n);
        linear(s_.narrow, b_.d_gate_up.at(r), kGateUp, false, n);
        norm(dx_.at(r), true, p_.norm2, s_.narrow, b_.x_mid, v_.norm2, b_.rstd2, r, n);
        ops_.convert(b_.d_o.at(r), dx_.at(r), n);
      }
      linear(s_.d_attention.at(r - span.row0), b_.d_o.at(r), kO, false, n);
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
      if (m_.config.post_norm) {
        linear(dx_.at(r), b_.d_qkv.at(r), kQkv, true, n);
      } else {
        linear(s_.narrow, b_.d_qkv.at(r), kQkv, false, n);
        norm(dx_.at(r), true, p_.norm1, s_.narrow, b_.x, v_.norm1, b_.rstd1, r, n);
      }
    });
  }

  // The weight gradients go over all rows, also over those whose last layer stopped at the keys.
  void clear(const Span& span) const {
    for (const Rows* x : {&b_.d_down, &b_.d_o, &b_.attention, &b_.normed2, &b_.product, &b_.gate_up})
      ops_.zero(x->at(span.row0), span.rows);
  }

 private:
  void norm(const Rows& dx, bool accumulate, int64_t partial, const Rows& dy, const Rows& x, Values weight, Values rstd,
            int64_t row0, int64_t rows) const {
    ops_.rmsnorm_backward(dx, accumulate, partial, dy, x, {weight, m_.config.rms_eps}, rstd,
                          {sequences_, gradients_, count_, row0, rows});
  }
  void linear(const Rows& da, const Rows& dc, MatrixOfLayer which, bool accumulate, int64_t n) const {
    ops_.linear_backward(da, dc, w_.matrix(index_ * kMatricesOfLayer + which), accumulate, n);
  }

  Ops& ops_;
  const Model& m_;
  const Weights& w_;
  const LayerVectors& v_;
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

BackwardRows carve_backward(const Model& m, Carver& c, int64_t rows, int64_t block_rows) {
  const int64_t block = std::min(rows, block_rows);
  BackwardRows s;
  s.wide = c.rows(Dtype::f32, block, m.config.ffn);
  s.narrow = c.rows(Dtype::f32, block, m.config.hidden);
  s.d_attention = c.rows(Dtype::f32, rows, m.shape.q_width());
  if (m.dtype != Dtype::f32) s.d_qkv32 = c.rows(Dtype::f32, rows, m.shape.width());
  return s;
}

void backward_layers(Ops& ops, const Model& m, const Weights& w, const Activations& a, const SequenceRows* seqs,
                     const SequenceGradient* g, int64_t count, bool keys_only, const Rows& dx, const BackwardRows& s) {
  const std::vector<Span> spans = spans_of(seqs, count);
  for (int64_t l = m.config.layers - 1; l >= m.trained.first_layer; --l) {
    const bool keys_alone = keys_only && l + 1 == m.config.layers;
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
  ops.rmsnorm_backward(dx.at(row0), false, m.trained.final_norm_partial, d_normed, x,
                       {w.final_norm(), m.config.rms_eps}, rstd, {&s, &g, 1, row0, rows});
}

}  // namespace glossa
