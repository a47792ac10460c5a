#include "model/forward.h"

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
      if (m_.config.post_norm) {
        ops_.convert(b_.normed1.at(r), b_.x.at(r), n);
      } else {
        norm(b_.normed1.at(r), b_.rstd1.at(r), b_.x.at(r), v_.norm1, n);
        ops_.convert(b_.x_mid.at(r), b_.x.at(r), n);
      }
      linear(b_.qkv.at(r), b_.normed1.at(r), kQkv, v_.qkv_bias, false, n);
    });
  }

  // From the attention's output to the next layer's input.
  void finish(const Span& span) const {
    in_blocks(ops_, span, [&](int64_t r, int64_t n) { m_.config.post_norm ? post_norm(r, n) : pre_norm(r, n); });
  }

 private:
  void pre_norm(int64_t r, int64_t n) const {
    linear(b_.x_mid.at(r), b_.attention.at(r), kO, {}, true, n);
    norm(b_.normed2.at(r), b_.rstd2.at(r), b_.x_mid.at(r), v_.norm2, n);
    linear(b_.gate_up.at(r), b_.normed2.at(r), kGateUp, {}, false, n);
    ops_.glu(b_.product.at(r), b_.gate_up.at(r), Activation::silu, n);
    ops_.convert(b_.x_out.at(r), b_.x_mid.at(r), n);
    linear(b_.x_out.at(r), b_.product.at(r), kDown, {}, true, n);
  }
  void post_norm(int64_t r, int64_t n) const {
    linear(b_.o.at(r), b_.attention.at(r), kO, {}, false, n);
    add_norm(b_.x_mid.at(r), b_.rstd1.at(r), b_.x.at(r), b_.o.at(r), v_.norm1, n);
    ops_.convert(b_.normed2.at(r), b_.x_mid.at(r), n);
    linear(b_.gate_up.at(r), b_.normed2.at(r), kGateUp, {}, false, n);
    ops_.glu(b_.product.at(r), b_.gate_up.at(r), Activation::silu, n);
    linear(b_.down.at(r), b_.product.at(r), kDown, {}, false, n);
    add_norm(b_.x_out.at(r), b_.rstd2.at(r), b_.x_mid.at(r), b_.down.at(r), v_.norm2, n);
  }

  void norm(const Rows& y, Values rstd, const Rows& x, Values weight, int64_t n) const {
    ops_.rmsnorm(y, rstd, x, {weight, m_.config.rms_eps}, n);
  }
  void add_norm(const Rows& out, Values rstd, const Rows& residual, const Rows& x, Values weight, int64_t n) const {
    ops_.rmsnorm_add(out, rstd, residual, x, {weight, m_.config.rms_eps}, n);
  }
  void linear(const Rows& c, const Rows& a, MatrixOfLayer which, Values bias, bool accumulate, int64_t n) const {
    ops_.linear(c, a, w_.matrix(index_ * kMatricesOfLayer + which), bias, accumulate, n);
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

AttentionLayer attention_layer(const Model& m, const Weights& w, const LayerRows& b, int64_t layer) {
  const LayerVectors& v = w.layer(layer);
  return {m.shape, m.dtype,  layer,    m.attention_scale, m.rope,      v.q_norm, v.k_norm,
          b.qkv,   b.qk_raw, b.rstd_q, b.rstd_k,          b.attention, b.stats};
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
    for (const Span& span : spans) layer.finish(span);
  }
}

void final_norm(Ops& ops, const Model& m, const Weights& w, const Rows& out, Values rstd, const Rows& x, int64_t rows) {
  ops.rmsnorm(out, rstd, x, {w.final_norm(), m.config.rms_eps}, rows);
}

}  // namespace glossa
