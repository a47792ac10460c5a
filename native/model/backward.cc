#include "model/backward.h"

#include <algorithm>
#include <cstring>

namespace glossa {
namespace {

struct Scratch {
  float* wide;         // [block][ffn]
  float* narrow;       // [block][hidden]
  float* d_attention;  // [span][q_width]
  float* d_qkv;        // [span][width], bfloat16 only: float32 before conversion
  float *dk, *dv;      // [kv_heads][capacity][head_dim]
  void* attention;
};

Scratch carve(const Model& m, Carver& c, int64_t span_rows, int64_t keys) {
  const int64_t block = std::min(span_rows, kRowsOfBlock), kv = kv_elements(m.shape, kv_capacity(keys));
  Scratch s{};
  s.wide = c.floats(block * m.config.ffn);
  s.narrow = c.floats(block * m.config.hidden);
  s.d_attention = c.floats(span_rows * m.shape.q_width());
  if (m.dtype != Dtype::f32) s.d_qkv = c.floats(span_rows * m.shape.width());
  s.dk = c.floats(kv);
  s.dv = c.floats(kv);
  s.attention = c.bytes(attention_scratch_bytes(m.shape, keys));
  return s;
}

void add(float* to, const float* from, int64_t n) {
  for (int64_t i = 0; i < n; ++i) to[i] += from[i];
}

class LayerBackward {
 public:
  LayerBackward(const Model& m, const Weights& w, const Activations& a, int64_t index, float* dx, const Scratch& s)
      : m_(m),
        w_(w),
        v_(w.layer(index)),
        b_(a.layer(index)),
        p_(m.partials[static_cast<size_t>(index)]),
        index_(index),
        d_(m.config.hidden),
        dx_(dx),
        s_(s) {}

  // Rows of sequence-wise sums: rows [r, r + n) cut at the sequences' ends.
  template <class Body>
  static void by_sequence(const SequenceRows* seqs, const Span& span, int64_t r, int64_t n, const Body& body) {
    for (int64_t i = span.first; i < span.first + span.count; ++i) {
      int64_t from = std::max(r, seqs[i].row0), to = std::min(r + n, seqs[i].row0 + seqs[i].rows);
      if (from < to) body(i, from, to - from);
    }
  }

  // dx: gradient of x_out -> gradient of x_mid.
  void mlp(const SequenceRows* seqs, const SequenceGradient* g, const Span& span, int64_t r, int64_t n) const {
    const int64_t f = m_.config.ffn;
    void* d_down = at(b_.d_down, r * d_);
    if (m_.config.post_norm)
      norm_backward(seqs, g, span, r, n, false, {s_.narrow, r}, {dx_, 0}, b_.down, v_.norm2, b_.rstd2, p_.norm2);
    convert(d_down, m_.dtype, m_.config.post_norm ? s_.narrow : dx_ + r * d_, n * d_);
    gradient_product(kDown, s_.wide, d_down, d_, n, false);
    const int64_t stride = d_gate_up_stride(m_);
    for (int64_t i = 0; i < n; ++i) {
      float* row = b_.gate_up + (r + i) * 2 * f;
      m_.kernels->swiglu->backward(row, m_.dtype, s_.wide + i * f, row, 1, f);
    }
    const void* d_gate_up = b_.gate_up + r * 2 * f;
    if (m_.config.post_norm) {
      gradient_product(kGateUp, dx_ + r * d_, d_gate_up, stride, n, true);
    } else {
      gradient_product(kGateUp, s_.narrow, d_gate_up, stride, n, false);
      norm_backward(seqs, g, span, r, n, true, {dx_, 0}, {s_.narrow, r}, b_.x_mid, v_.norm2, b_.rstd2, p_.norm2);
    }
  }

  // Gradient of the attention's output.
  void output(const SequenceRows* seqs, const SequenceGradient* g, const Span& span, int64_t r, int64_t n) const {
    void* d_o = at(b_.d_o, r * d_);
    if (m_.config.post_norm)
      norm_backward(seqs, g, span, r, n, false, {s_.narrow, r}, {dx_, 0}, b_.o, v_.norm1, b_.rstd1, p_.norm1);
    convert(d_o, m_.dtype, m_.config.post_norm ? s_.narrow : dx_ + r * d_, n * d_);
    gradient_product(kO, s_.d_attention + (r - span.row0) * m_.shape.q_width(), d_o, d_, n, false);
  }

  void attention(const SequenceRows& s, const SequenceGradient& g, int64_t span_row0, bool keys_alone) const {
    const QkvShape& q = m_.shape;
    const int64_t width = q.width(), kv = kv_elements(q, s.own.capacity);
    float* d_qkv = m_.dtype == Dtype::f32 ? static_cast<float*>(b_.d_qkv) + s.row0 * width
                                          : s_.d_qkv + (s.row0 - span_row0) * width;
    if (keys_alone) {
      std::memset(d_qkv, 0, static_cast<size_t>(s.rows * width) * 4);
      std::memset(s_.dk, 0, static_cast<size_t>(kv) * 4);
      std::memset(s_.dv, 0, static_cast<size_t>(kv) * 4);
    } else {
      KvBlock prefix = s.prefix_length > 0 ? kv_block(m_, s.prefix, index_) : KvBlock{};
      float* dk_prefix = g.prefix.data ? g.prefix.data + 2 * index_ * kv_elements(q, g.prefix.capacity) : nullptr;
      float* dv_prefix = g.prefix.data ? dk_prefix + kv_elements(q, g.prefix.capacity) : nullptr;
      m_.kernels->attention->backward(
          d_qkv, width, s_.dk, s_.dv, dk_prefix, dv_prefix, s_.d_attention + (s.row0 - span_row0) * q.q_width(),
          at(b_.attention, s.row0 * q.q_width()), q.q_width(), b_.stats + s.row0 * q.heads * 2, b_.qkv + s.row0 * width,
          width, s.rows, prefix, s.prefix_length, kv_block(m_, s.own, index_), q, m_.attention_scale, m_.dtype,
          s_.attention);
    }
    for (int64_t i = 0; i < g.reader_count; ++i) add_reader(g.readers[i], s);
    m_.kernels->qkv->backward(
        d_qkv, s_.dk, s_.dv, s.own.capacity, 0, m_.rope.data(), s.position0, s.rows, q, v_.q_norm, v_.k_norm,
        element(b_.rstd_q, s.row0 * q.rstd_q()), element(b_.rstd_k, s.row0 * q.rstd_k()),
        element(b_.qk_raw, s.row0 * (q.q_width() + q.kv_width())), partial(g, p_.q_norm), partial(g, p_.k_norm));
    if (p_.qkv_bias >= 0)
      for (int64_t r = 0; r < s.rows; ++r) add(partial(g, p_.qkv_bias), d_qkv + r * width, width);
    if (m_.dtype != Dtype::f32) convert(at(b_.d_qkv, s.row0 * width), m_.dtype, d_qkv, s.rows * width);
  }

  // dx: gradient of x_mid -> gradient of x.
  void input(const SequenceRows* seqs, const SequenceGradient* g, const Span& span, int64_t r, int64_t n) const {
    const void* d_qkv = at(b_.d_qkv, r * m_.shape.width());
    if (m_.config.post_norm) {
      gradient_product(kQkv, dx_ + r * d_, d_qkv, m_.shape.width(), n, true);
    } else {
      gradient_product(kQkv, s_.narrow, d_qkv, m_.shape.width(), n, false);
      norm_backward(seqs, g, span, r, n, true, {dx_, 0}, {s_.narrow, r}, b_.x, v_.norm1, b_.rstd1, p_.norm1);
    }
  }

  // The weight gradients go over all rows, also over those whose last layer stopped at the keys.
  void clear(int64_t r, int64_t n) const {
    const int64_t f = m_.config.ffn;
    zero(b_.d_down, r * d_, n * d_);
    zero(b_.d_o, r * d_, n * d_);
    zero(b_.attention, r * m_.shape.q_width(), n * m_.shape.q_width());
    if (b_.normed2 != b_.x_mid)
      zero(b_.normed2, r * d_, n * d_);
    else
      std::memset(b_.x_mid + r * d_, 0, static_cast<size_t>(n * d_) * 4);
    zero(b_.product, r * f, n * f);
    std::memset(b_.gate_up + r * 2 * f, 0, static_cast<size_t>(n * 2 * f) * 4);
  }

 private:
  void* at(void* p, int64_t i) const { return element(p, m_.dtype, i); }
  float* partial(const SequenceGradient& g, int64_t offset) const { return offset < 0 ? nullptr : g.partial + offset; }
  void zero(void* p, int64_t from, int64_t n) const {
    std::memset(at(p, from), 0, static_cast<size_t>(n * dtype_bytes(m_.dtype)));
  }
  // c [rows][k] (+)= a [rows][n] * W
  void gradient_product(Matrix which, float* c, const void* a, int64_t lda, int64_t rows, bool accumulate) const {
    const int64_t i = index_ * kMatricesOfLayer + which;
    const MatrixSpec& s = m_.matrices[static_cast<size_t>(i)];
    m_.kernels->linear->multiply(c, s.k, a, lda, rows, w_.transposed(i), m_.dtype, s.k, s.n, 0,
                                 (s.k + kPanel - 1) / kPanel, nullptr, accumulate);
  }
  // [rows][hidden] whose first row is row0 of the row space: 0 for a buffer over all rows, r for a block's scratch.
  struct Rows {
    float* data;
    int64_t row0;
  };
  void norm_backward(const SequenceRows* seqs, const SequenceGradient* g, const Span& span, int64_t r, int64_t n,
                     bool accumulate, Rows to, Rows dy, const float* x, const float* weight, const float* rstd,
                     int64_t offset) const {
    by_sequence(seqs, span, r, n, [&](int64_t i, int64_t from, int64_t rows) {
      m_.kernels->rmsnorm->backward(to.data + (from - to.row0) * d_, accumulate, g[i].partial + offset,
                                    dy.data + (from - dy.row0) * d_, x + from * d_, weight, rstd + from, rows, d_);
    });
  }
  void add_reader(const KvGradient& reader, const SequenceRows& s) const {
    const int64_t kv = kv_elements(m_.shape, reader.capacity), hd = m_.shape.head_dim;
    const float* dk = reader.data + 2 * index_ * kv;
    for (int64_t h = 0; h < m_.shape.kv_heads; ++h) {
      const int64_t to = h * s.own.capacity * hd, from = h * reader.capacity * hd;
      add(s_.dk + to, dk + from, s.rows * hd);
      add(s_.dv + to, dk + kv + from, s.rows * hd);
    }
  }

  const Model& m_;
  const Weights& w_;
  const LayerVectors& v_;
  const LayerRows& b_;
  const LayerPartials& p_;
  const int64_t index_, d_;
  float* dx_;
  const Scratch& s_;
};

}  // namespace

int64_t backward_scratch_bytes(const Model& m, int64_t span_rows, int64_t keys) {
  Carver c;
  carve(m, c, span_rows, keys);
  return c.used();
}

void backward_layers(const Model& m, const Weights& w, const Activations& a, const SequenceRows* seqs,
                     const SequenceGradient* g, int64_t count, bool keys_only, float* dx, void* scratch) {
  const std::vector<Span> spans = spans_of(seqs, count);
  int64_t widest = 0, keys = 0;
  for (const Span& span : spans) widest = std::max(widest, span.rows);
  for (int64_t i = 0; i < count; ++i) keys = std::max(keys, seqs[i].prefix_length + seqs[i].rows);
  Carver carver(static_cast<uint8_t*>(scratch));
  const Scratch s = carve(m, carver, widest, keys);
  for (int64_t l = m.config.layers - 1; l >= 0; --l) {
    LayerBackward layer(m, w, a, l, dx, s);
    const bool keys_alone = keys_only && l + 1 == m.config.layers;
    for (const Span& span : spans) {
      in_blocks(span, [&](int64_t r, int64_t n) {
        if (keys_alone) {
          layer.clear(r, n);
          return;
        }
        layer.mlp(seqs, g, span, r, n);
        layer.output(seqs, g, span, r, n);
      });
      for (int64_t i = span.first; i < span.first + span.count; ++i)
        layer.attention(seqs[i], g[i], span.row0, keys_alone);
      in_blocks(span, [&](int64_t r, int64_t n) { layer.input(seqs, g, span, r, n); });
    }
  }
}

void final_norm_backward(const Model& m, const Weights& w, float* dx, float* partial, const float* d_normed,
                         const float* x, const float* rstd, int64_t rows) {
  m.kernels->rmsnorm->backward(dx, false, partial + m.final_norm_partial, d_normed, x, w.final_norm(), rstd, rows,
                               m.config.hidden);
}

}  // namespace glossa
