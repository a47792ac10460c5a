#include "model/forward.h"

#include <algorithm>
#include <cstring>

namespace glossa {
namespace {

class Layer {
 public:
  Layer(const Model& m, const Weights& w, const Activations& a, int64_t index)
      : m_(m), w_(w), v_(w.layer(index)), b_(a.layer(index)), index_(index), d_(m.config.hidden) {}

  // Up to and including the q|k|v product.
  void project(int64_t r, int64_t n) const {
    if (m_.config.post_norm)
      as_operand(b_.normed1, b_.x, r, n);
    else
      m_.kernels->rmsnorm->forward(at(b_.normed1, r * d_), m_.dtype, b_.rstd1 + r, b_.x + r * d_, v_.norm1,
                                   m_.config.rms_eps, n, d_);
    product(kQkv, b_.qkv + r * m_.shape.width(), at(b_.normed1, r * d_), n, v_.qkv_bias, false);
  }

  void store_keys(const SequenceRows& s) const {
    const QkvShape& q = m_.shape;
    m_.kernels->qkv->forward(b_.qkv + s.row0 * q.width(), kv_block(m_, s.own, index_), m_.dtype, s.own0, m_.rope.data(),
                             s.position0, s.rows, q, v_.q_norm, v_.k_norm, element(b_.rstd_q, s.row0 * q.rstd_q()),
                             element(b_.rstd_k, s.row0 * q.rstd_k()),
                             element(b_.qk_raw, s.row0 * (q.q_width() + q.kv_width())));
  }

  void attend(const SequenceRows& s, void* scratch) const {
    const QkvShape& q = m_.shape;
    KvBlock prefix = s.prefix_length > 0 ? kv_block(m_, s.prefix, index_) : KvBlock{};
    m_.kernels->attention->forward(at(b_.attention, s.row0 * q.q_width()), q.q_width(),
                                   element(b_.stats, s.row0 * q.heads * 2), b_.qkv + s.row0 * q.width(), q.width(),
                                   s.rows, s.own0, prefix, s.prefix_length, kv_block(m_, s.own, index_), q,
                                   m_.attention_scale, m_.dtype, scratch);
  }

  // From the attention's output to the next layer's input.
  void finish(int64_t r, int64_t n) const {
    const float* x = b_.x + r * d_;
    float *mid = b_.x_mid + r * d_, *out = b_.x_out + r * d_;
    const void* attention = at(b_.attention, r * m_.shape.q_width());
    if (m_.config.post_norm) {
      product(kO, b_.o + r * d_, attention, n, nullptr, false);
      m_.kernels->rmsnorm->forward_add(mid, b_.rstd1 + r, x, b_.o + r * d_, v_.norm1, m_.config.rms_eps, n, d_);
      as_operand(b_.normed2, b_.x_mid, r, n);
    } else {
      copy(mid, x, n);
      product(kO, mid, attention, n, nullptr, true);
      m_.kernels->rmsnorm->forward(at(b_.normed2, r * d_), m_.dtype, b_.rstd2 + r, mid, v_.norm2, m_.config.rms_eps, n,
                                   d_);
    }
    float* gate_up = b_.gate_up + r * 2 * m_.config.ffn;
    void* activated = at(b_.product, r * m_.config.ffn);
    product(kGateUp, gate_up, at(b_.normed2, r * d_), n, nullptr, false);
    m_.kernels->swiglu->forward(activated, m_.dtype, gate_up, n, m_.config.ffn);
    if (m_.config.post_norm) {
      product(kDown, b_.down + r * d_, activated, n, nullptr, false);
      m_.kernels->rmsnorm->forward_add(out, b_.rstd2 + r, mid, b_.down + r * d_, v_.norm2, m_.config.rms_eps, n, d_);
    } else {
      copy(out, mid, n);
      product(kDown, out, activated, n, nullptr, true);
    }
  }

 private:
  void* at(void* p, int64_t i) const { return element(p, m_.dtype, i); }
  void product(Matrix which, float* c, const void* a, int64_t rows, const float* bias, bool accumulate) const {
    multiply_forward(m_, w_, index_ * kMatricesOfLayer + which, c, a, rows, bias, accumulate);
  }
  void as_operand(void* operand, const float* x, int64_t r, int64_t n) const {
    if (operand != x) convert(at(operand, r * d_), m_.dtype, x + r * d_, n * d_);
  }
  void copy(float* to, const float* from, int64_t n) const {
    if (to != from) std::memcpy(to, from, static_cast<size_t>(n * d_) * 4);
  }

  const Model& m_;
  const Weights& w_;
  const LayerVectors& v_;
  const LayerRows& b_;
  const int64_t index_, d_;
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

int64_t forward_scratch_bytes(const Model& m, int64_t keys) {
  return attention_scratch_bytes(m.shape, keys);
}

void embed(const Model& m, const Weights& w, float* x, const int32_t* ids, int64_t rows) {
  m.kernels->embedding->forward(x, w.embedding(), ids, rows, m.config.hidden);
}

void forward_layers(const Model& m, const Weights& w, const Activations& a, const SequenceRows* sequences,
                    int64_t count, bool keys_only, void* scratch) {
  const std::vector<Span> spans = spans_of(sequences, count);
  for (int64_t l = 0; l < m.config.layers; ++l) {
    Layer layer(m, w, a, l);
    const bool keys_alone = keys_only && l + 1 == m.config.layers;
    for (const Span& span : spans) {
      in_blocks(span, [&](int64_t r, int64_t n) { layer.project(r, n); });
      for (int64_t i = span.first; i < span.first + span.count; ++i) {
        layer.store_keys(sequences[i]);
        if (!keys_alone) layer.attend(sequences[i], scratch);
      }
      if (!keys_alone) in_blocks(span, [&](int64_t r, int64_t n) { layer.finish(r, n); });
    }
  }
}

void final_norm(const Model& m, const Weights& w, void* out, float* rstd, const float* x, int64_t rows) {
  m.kernels->rmsnorm->forward(out, m.dtype, rstd, x, w.final_norm(), m.config.rms_eps, rows, m.config.hidden);
}

void head_logits(const Model& m, const Weights& w, float* logits, int64_t ld, const void* normed, int64_t rows) {
  m.kernels->linear->multiply(logits, ld, normed, m.config.hidden, rows, w.forward(m.head_matrix()), m.dtype,
                              m.config.vocab, m.config.hidden, 0, (m.config.vocab + kPanel - 1) / kPanel, nullptr,
                              false);
}

void multiply_forward(const Model& m, const Weights& w, int64_t matrix, float* c, const void* a, int64_t rows,
                      const float* bias, bool accumulate) {
  const MatrixSpec& s = m.matrices[static_cast<size_t>(matrix)];
  m.kernels->linear->multiply(c, s.n, a, s.k, rows, w.forward(matrix), m.dtype, s.n, s.k, 0,
                              (s.n + kPanel - 1) / kPanel, bias, accumulate);
}

}  // namespace glossa
