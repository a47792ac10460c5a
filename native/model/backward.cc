#include "model/backward.h"

#include <algorithm>
#include <cstring>

namespace glossa {
namespace {

// Of a block of rows (alone) or a span (together), and of a whole span.
struct RowsScratch {
  float* wide;         // [block][ffn]
  float* narrow;       // [block][hidden]
  float* d_attention;  // [span][q_width]
  float* d_qkv;        // [span][width], bfloat16 only: float32 before conversion
};
RowsScratch carve_rows(const Model& m, Carver& c, int64_t span_rows, bool together) {
  const int64_t block = together ? span_rows : std::min(span_rows, kRowsOfBlock);
  RowsScratch s{};
  s.wide = c.floats(block * m.config.ffn);
  s.narrow = c.floats(block * m.config.hidden);
  s.d_attention = c.floats(span_rows * m.shape.q_width());
  if (m.dtype != Dtype::f32) s.d_qkv = c.floats(span_rows * m.shape.width());
  return s;
}

struct SequenceScratch {
  float *dk, *dv;  // [kv_heads][capacity][head_dim]
  void* attention;
};
SequenceScratch carve_sequence(const Model& m, Carver& c, int64_t keys) {
  const int64_t kv = kv_elements(m.shape, kv_capacity(keys));
  SequenceScratch s{};
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
  LayerBackward(const Model& m, const Weights& w, const Activations& a, int64_t index, float* dx, const RowsScratch& s,
                const SequenceRows* sequences, const SequenceGradient* gradients, const Crew& crew)
      : m_(m),
        w_(w),
        v_(w.layer(index)),
        b_(a.layer(index)),
        p_(m.partials[static_cast<size_t>(index)]),
        index_(index),
        d_(m.config.hidden),
        dx_(dx),
        s_(s),
        sequences_(sequences),
        gradients_(gradients),
        crew_(crew) {}

  // dx: gradient of x_out -> gradient of x_mid; then the gradient of the attention's output.
  void after_attention(const Span& span) const {
    const int64_t f = m_.config.ffn;
    const Product down{kDown, local(s_.wide), b_.d_down, d_, false};
    const Product o{kO, {s_.d_attention, From::span}, b_.d_o, d_, false};
    auto activation = [&](int64_t r, int64_t n, int64_t origin) {
      for (int64_t i = 0; i < n; ++i) {
        float* gate_up = b_.gate_up + (r + i) * 2 * f;
        m_.kernels->swiglu->backward(gate_up, m_.dtype, s_.wide + (r + i - origin) * f, gate_up, 1, f);
      }
    };
    if (m_.config.post_norm) {
      auto convert_narrow = [&](void* to) {
        return [this, to](int64_t r, int64_t n, int64_t origin) {
          convert(at(to, r * d_), m_.dtype, s_.narrow + (r - origin) * d_, n * d_);
        };
      };
      in_order(span, norm(false, local(s_.narrow), buffer(dx_), b_.down, v_.norm2, b_.rstd2, p_.norm2),
               convert_narrow(b_.d_down), down, activation,
               Product{kGateUp, buffer(dx_), b_.gate_up, d_gate_up_stride(m_), true},
               norm(false, local(s_.narrow), buffer(dx_), b_.o, v_.norm1, b_.rstd1, p_.norm1), convert_narrow(b_.d_o),
               o);
    } else {
      auto convert_dx = [&](void* to) {
        return [this, to](int64_t r, int64_t n, int64_t) { convert(at(to, r * d_), m_.dtype, dx_ + r * d_, n * d_); };
      };
      in_order(span, convert_dx(b_.d_down), down, activation,
               Product{kGateUp, local(s_.narrow), b_.gate_up, d_gate_up_stride(m_), false},
               norm(true, buffer(dx_), local(s_.narrow), b_.x_mid, v_.norm2, b_.rstd2, p_.norm2), convert_dx(b_.d_o),
               o);
    }
  }

  void attention(int64_t sequence, int64_t span_row0, bool keys_alone, const SequenceScratch& scratch) const {
    const SequenceRows& s = sequences_[sequence];
    const SequenceGradient& g = gradients_[sequence];
    const QkvShape& q = m_.shape;
    const int64_t width = q.width(), kv = kv_elements(q, s.own.capacity);
    float* d_qkv = m_.dtype == Dtype::f32 ? static_cast<float*>(b_.d_qkv) + s.row0 * width
                                          : s_.d_qkv + (s.row0 - span_row0) * width;
    if (keys_alone) {
      std::memset(d_qkv, 0, static_cast<size_t>(s.rows * width) * 4);
      std::memset(scratch.dk, 0, static_cast<size_t>(kv) * 4);
      std::memset(scratch.dv, 0, static_cast<size_t>(kv) * 4);
    } else {
      KvBlock prefix = s.prefix_length > 0 ? kv_block(m_, s.prefix, index_) : KvBlock{};
      float* dk_prefix = g.prefix.data ? g.prefix.data + 2 * index_ * kv_elements(q, g.prefix.capacity) : nullptr;
      float* dv_prefix = g.prefix.data ? dk_prefix + kv_elements(q, g.prefix.capacity) : nullptr;
      m_.kernels->attention->backward(
          d_qkv, width, scratch.dk, scratch.dv, dk_prefix, dv_prefix,
          s_.d_attention + (s.row0 - span_row0) * q.q_width(), at(b_.attention, s.row0 * q.q_width()), q.q_width(),
          b_.stats + s.row0 * q.heads * 2, b_.qkv + s.row0 * width, width, s.rows, prefix, s.prefix_length,
          kv_block(m_, s.own, index_), q, m_.attention_scale, m_.dtype, scratch.attention);
    }
    for (int64_t i = 0; i < g.reader_count; ++i) add_reader(g.readers[i], s, scratch);
    m_.kernels->qkv->backward(
        d_qkv, scratch.dk, scratch.dv, s.own.capacity, 0, m_.rope.data(), s.position0, s.rows, q, v_.q_norm, v_.k_norm,
        element(b_.rstd_q, s.row0 * q.rstd_q()), element(b_.rstd_k, s.row0 * q.rstd_k()),
        element(b_.qk_raw, s.row0 * (q.q_width() + q.kv_width())), partial(g, p_.q_norm), partial(g, p_.k_norm));
    if (p_.qkv_bias >= 0)
      for (int64_t r = 0; r < s.rows; ++r) add(partial(g, p_.qkv_bias), d_qkv + r * width, width);
    if (m_.dtype != Dtype::f32) convert(at(b_.d_qkv, s.row0 * width), m_.dtype, d_qkv, s.rows * width);
  }

  // dx: gradient of x_mid -> gradient of x.
  void before_attention(const Span& span) const {
    const int64_t width = m_.shape.width();
    if (m_.config.post_norm) {
      in_order(span, Product{kQkv, buffer(dx_), b_.d_qkv, width, true});
    } else {
      in_order(span, Product{kQkv, local(s_.narrow), b_.d_qkv, width, false},
               norm(true, buffer(dx_), local(s_.narrow), b_.x, v_.norm1, b_.rstd1, p_.norm1));
    }
  }

  // The weight gradients go over all rows, also over those whose last layer stopped at the keys.
  void clear(const Span& span) const {
    const int64_t f = m_.config.ffn, r = span.row0, n = span.rows;
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
  // Where row 0 of an array is: row 0 of all buffers, or the first row of the block or span that is in work.
  enum class From : uint8_t { buffers, block, span };
  struct Rows {
    float* data;
    From from;
  };
  static Rows buffer(float* data) { return {data, From::buffers}; }
  static Rows local(float* data) { return {data, From::block}; }
  struct Place {  // a block of rows, or a span
    Span span;
    int64_t row0, rows;
    int64_t of(const Rows& x, int64_t row) const {
      return x.from == From::buffers ? row : row - (x.from == From::block ? row0 : span.row0);
    }
  };

  // c [rows][k] (+)= a [rows][n] * W; a begins at row 0 of the buffers.
  struct Product {
    Matrix which;
    Rows c;
    const void* a;
    int64_t lda;
    bool accumulate;
  };
  // The gradient of a norm, whose weights' gradient is summed sequence by sequence.
  struct Norm {
    bool accumulate;
    Rows to, dy;
    const float *x, *weight, *rstd;
    int64_t offset;
  };
  static Norm norm(bool accumulate, Rows to, Rows dy, const float* x, const float* weight, const float* rstd,
                   int64_t offset) {
    return {accumulate, to, dy, x, weight, rstd, offset};
  }

  // Steps over the rows of a span: alone, block after block through all of them; together, step after step.
  template <class... Steps>
  void in_order(const Span& span, const Steps&... steps) const {
    if (crew_.together()) {
      (run({span, span.row0, span.rows}, steps), ...);
    } else {
      in_blocks(span, [&](int64_t r, int64_t n) { (run({span, r, n}, steps), ...); });
    }
  }
  template <class Step>
  void run(const Place& place, const Step& step) const {
    crew_.by_rows(place.row0, place.rows, [&](int64_t r, int64_t n) { step(r, n, place.row0); });
  }
  void run(const Place& place, const Product& p) const {
    const int64_t i = index_ * kMatricesOfLayer + p.which;
    const MatrixSpec& s = m_.matrices[static_cast<size_t>(i)];
    crew_.by_columns(s.k, [&](int64_t panel0, int64_t panel1) {
      m_.kernels->linear->multiply(p.c.data + place.of(p.c, place.row0) * s.k, s.k,
                                   at(const_cast<void*>(p.a), place.row0 * p.lda), p.lda, place.rows, w_.transposed(i),
                                   m_.dtype, s.k, s.n, panel0, panel1, nullptr, p.accumulate);
    });
  }
  void run(const Place& place, const Norm& x) const {
    crew_.run(place.span.count, [&](int64_t task, int) {
      const int64_t i = place.span.first + task;
      const SequenceRows& s = sequences_[i];
      const int64_t from = std::max(place.row0, s.row0), to = std::min(place.row0 + place.rows, s.row0 + s.rows);
      if (from >= to) return;
      m_.kernels->rmsnorm->backward(x.to.data + place.of(x.to, from) * d_, x.accumulate,
                                    gradients_[i].partial + x.offset, x.dy.data + place.of(x.dy, from) * d_,
                                    x.x + from * d_, x.weight, x.rstd + from, to - from, d_);
    });
  }

  void* at(void* p, int64_t i) const { return element(p, m_.dtype, i); }
  float* partial(const SequenceGradient& g, int64_t offset) const { return offset < 0 ? nullptr : g.partial + offset; }
  void zero(void* p, int64_t from, int64_t n) const {
    std::memset(at(p, from), 0, static_cast<size_t>(n * dtype_bytes(m_.dtype)));
  }
  void add_reader(const KvGradient& reader, const SequenceRows& s, const SequenceScratch& scratch) const {
    const int64_t kv = kv_elements(m_.shape, reader.capacity), hd = m_.shape.head_dim;
    const float* dk = reader.data + 2 * index_ * kv;
    for (int64_t h = 0; h < m_.shape.kv_heads; ++h) {
      const int64_t to = h * s.own.capacity * hd, from = h * reader.capacity * hd;
      add(scratch.dk + to, dk + from, s.rows * hd);
      add(scratch.dv + to, dk + kv + from, s.rows * hd);
    }
  }

  const Model& m_;
  const Weights& w_;
  const LayerVectors& v_;
  const LayerRows& b_;
  const LayerPartials& p_;
  const int64_t index_, d_;
  float* dx_;
  const RowsScratch& s_;
  const SequenceRows* sequences_;
  const SequenceGradient* gradients_;
  const Crew& crew_;
};

}  // namespace

int64_t backward_scratch_bytes(const Model& m, int64_t keys) {
  Carver c;
  carve_sequence(m, c, keys);
  return c.used();
}
int64_t backward_rows_bytes(const Model& m, int64_t span_rows, bool together) {
  Carver c;
  carve_rows(m, c, span_rows, together);
  return c.used();
}

void backward_layers(const Model& m, const Weights& w, const Activations& a, const SequenceRows* seqs,
                     const SequenceGradient* g, int64_t count, bool keys_only, float* dx, void* rows_scratch,
                     const Crew& crew) {
  const std::vector<Span> spans = spans_of(seqs, count);
  int64_t widest = 0, keys = 0;
  for (const Span& span : spans) widest = std::max(widest, span.rows);
  for (int64_t i = 0; i < count; ++i) keys = std::max(keys, seqs[i].prefix_length + seqs[i].rows);
  Carver rows(static_cast<uint8_t*>(rows_scratch));
  const RowsScratch s = carve_rows(m, rows, widest, crew.together());
  for (int64_t l = m.config.layers - 1; l >= 0; --l) {
    const LayerBackward layer(m, w, a, l, dx, s, seqs, g, crew);
    const bool keys_alone = keys_only && l + 1 == m.config.layers;
    for (const Span& span : spans) {
      keys_alone ? layer.clear(span) : layer.after_attention(span);
      crew.run(span.count, [&](int64_t i, int worker) {
        Carver sequence(static_cast<uint8_t*>(crew.scratch(worker)));
        layer.attention(span.first + i, span.row0, keys_alone, carve_sequence(m, sequence, keys));
      });
      layer.before_attention(span);
    }
  }
}

void final_norm_backward(const Model& m, const Weights& w, float* dx, float* partial, const float* d_normed,
                         const float* x, const float* rstd, int64_t rows) {
  m.kernels->rmsnorm->backward(dx, false, partial + m.final_norm_partial, d_normed, x, w.final_norm(), rstd, rows,
                               m.config.hidden);
}

}  // namespace glossa
