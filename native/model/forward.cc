#include "model/forward.h"

#include <algorithm>
#include <cstring>
#include <type_traits>

namespace glossa {
namespace {

// One layer's operators in their order.
class Layer {
 public:
  Layer(const Model& m, const Weights& w, const Activations& a, int64_t index, const Crew& crew)
      : m_(m), w_(w), v_(w.layer(index)), b_(a.layer(index)), crew_(crew), index_(index), d_(m.config.hidden) {}

  // Up to and including the q|k|v product.
  void project(const Span& span) const {
    in_order(
        span, [&](int64_t r, int64_t n) { before_qkv(r, n); }, Product{kQkv, b_.qkv, b_.normed1, v_.qkv_bias, false});
  }

  // From the attention's output to the next layer's input.
  void finish(const Span& span) const {
    const auto norm = [&](int64_t r, int64_t n) { before_gate_up(r, n); };
    const auto activate = [&](int64_t r, int64_t n) { before_down(r, n); };
    const Product gate_up{kGateUp, b_.gate_up, b_.normed2, nullptr, false};
    if (m_.config.post_norm) {
      in_order(span, Product{kO, b_.o, b_.attention, nullptr, false}, norm, gate_up, activate,
               Product{kDown, b_.down, b_.product, nullptr, false}, [&](int64_t r, int64_t n) { after_down(r, n); });
    } else {
      in_order(span, Product{kO, b_.x_mid, b_.attention, nullptr, true}, norm, gate_up, activate,
               Product{kDown, b_.x_out, b_.product, nullptr, true});
    }
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

 private:
  struct Product {
    Matrix which;
    float* c;       // [rows][n]
    const void* a;  // [rows][k]
    const float* bias;
    bool accumulate;
  };

  void before_qkv(int64_t r, int64_t n) const {
    if (m_.config.post_norm) {
      as_operand(b_.normed1, b_.x, r, n);
    } else {
      m_.kernels->rmsnorm->forward(at(b_.normed1, r * d_), m_.dtype, b_.rstd1 + r, b_.x + r * d_, v_.norm1,
                                   m_.config.rms_eps, n, d_);
      copy(b_.x_mid, b_.x, r, n);
    }
  }
  void before_gate_up(int64_t r, int64_t n) const {
    const float* x = b_.x + r * d_;
    float* mid = b_.x_mid + r * d_;
    if (m_.config.post_norm) {
      m_.kernels->rmsnorm->forward_add(mid, b_.rstd1 + r, x, b_.o + r * d_, v_.norm1, m_.config.rms_eps, n, d_);
      as_operand(b_.normed2, b_.x_mid, r, n);
    } else {
      m_.kernels->rmsnorm->forward(at(b_.normed2, r * d_), m_.dtype, b_.rstd2 + r, mid, v_.norm2, m_.config.rms_eps, n,
                                   d_);
    }
  }
  void before_down(int64_t r, int64_t n) const {
    m_.kernels->swiglu->forward(at(b_.product, r * m_.config.ffn), m_.dtype, b_.gate_up + r * 2 * m_.config.ffn, n,
                                m_.config.ffn);
    if (!m_.config.post_norm) copy(b_.x_out, b_.x_mid, r, n);
  }
  void after_down(int64_t r, int64_t n) const {
    m_.kernels->rmsnorm->forward_add(b_.x_out + r * d_, b_.rstd2 + r, b_.x_mid + r * d_, b_.down + r * d_, v_.norm2,
                                     m_.config.rms_eps, n, d_);
  }

  // Steps over the rows of a span: alone, block after block through all of them; together, step after step.
  template <class... Steps>
  void in_order(const Span& span, const Steps&... steps) const {
    if (crew_.together()) {
      (over(span, steps), ...);
    } else {
      in_blocks(span, [&](int64_t r, int64_t n) { (block(r, n, steps), ...); });
    }
  }
  template <class Step>
  void block(int64_t r, int64_t n, const Step& step) const {
    if constexpr (std::is_same_v<Step, Product>) {
      columns(step, r, n, 0, panels(step));
    } else {
      step(r, n);
    }
  }
  template <class Step>
  void over(const Span& span, const Step& step) const {
    if constexpr (std::is_same_v<Step, Product>) {
      crew_.by_columns(spec(step).n,
                       [&](int64_t panel0, int64_t panel1) { columns(step, span.row0, span.rows, panel0, panel1); });
    } else {
      crew_.by_rows(span.row0, span.rows, step);
    }
  }
  void columns(const Product& p, int64_t r, int64_t rows, int64_t panel0, int64_t panel1) const {
    const MatrixSpec& s = spec(p);
    m_.kernels->linear->multiply(p.c + r * s.n, s.n, at(const_cast<void*>(p.a), r * s.k), s.k, rows,
                                 w_.forward(index_ * kMatricesOfLayer + p.which), m_.dtype, s.n, s.k, panel0, panel1,
                                 p.bias, p.accumulate);
  }
  const MatrixSpec& spec(const Product& p) const {
    return m_.matrices[static_cast<size_t>(index_ * kMatricesOfLayer + p.which)];
  }
  int64_t panels(const Product& p) const { return (spec(p).n + kPanel - 1) / kPanel; }

  void* at(void* p, int64_t i) const { return element(p, m_.dtype, i); }
  void as_operand(void* operand, const float* x, int64_t r, int64_t n) const {
    if (operand != x) convert(at(operand, r * d_), m_.dtype, x + r * d_, n * d_);
  }
  void copy(float* to, const float* from, int64_t r, int64_t n) const {
    if (to != from) std::memcpy(to + r * d_, from + r * d_, static_cast<size_t>(n * d_) * 4);
  }

  const Model& m_;
  const Weights& w_;
  const LayerVectors& v_;
  const LayerRows& b_;
  const Crew& crew_;
  const int64_t index_, d_;
};

// Sequences cut so that threads which go together can share a long one: a row sees the keys before it, so once they are
// stored its attention needs no other row.
std::vector<SequenceRows> pieces_of(const SequenceRows* sequences, int64_t count) {
  constexpr int64_t kRowsOfPiece = 32;
  std::vector<SequenceRows> pieces;
  for (int64_t i = 0; i < count; ++i)
    for (int64_t r = 0; r < sequences[i].rows; r += kRowsOfPiece) {
      SequenceRows s = sequences[i];
      s.row0 += r;
      s.position0 += r;
      s.own0 += r;
      s.rows = std::min(kRowsOfPiece, s.rows - r);
      pieces.push_back(s);
    }
  return pieces;
}

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
  w.embed(m, x, ids, rows);
}

void forward_layers(const Model& m, const Weights& w, const Activations& a, const SequenceRows* sequences,
                    int64_t count, bool keys_only, const Crew& crew) {
  const std::vector<Span> spans = spans_of(sequences, count);
  const std::vector<SequenceRows> pieces =
      crew.together() ? pieces_of(sequences, count) : std::vector<SequenceRows>(sequences, sequences + count);
  const bool whole = static_cast<int64_t>(pieces.size()) == count;
  for (int64_t l = 0; l < m.config.layers; ++l) {
    const Layer layer(m, w, a, l, crew);
    const bool keys_alone = keys_only && l + 1 == m.config.layers;
    for (const Span& span : spans) layer.project(span);
    if (!whole)
      crew.run(static_cast<int64_t>(pieces.size()),
               [&](int64_t i, int) { layer.store_keys(pieces[static_cast<size_t>(i)]); });
    crew.run(static_cast<int64_t>(pieces.size()), [&](int64_t i, int worker) {
      const SequenceRows& s = pieces[static_cast<size_t>(i)];
      if (whole) layer.store_keys(s);
      if (!keys_alone) layer.attend(s, crew.scratch(worker));
    });
    if (keys_alone) continue;
    for (const Span& span : spans) layer.finish(span);
  }
}

void final_norm(const Model& m, const Weights& w, void* out, float* rstd, const float* x, int64_t rows) {
  m.kernels->rmsnorm->forward(out, m.dtype, rstd, x, w.final_norm(), m.config.rms_eps, rows, m.config.hidden);
}

void head_logits(const Model& m, const Weights& w, float* logits, int64_t ld, const void* normed, int64_t rows,
                 const Crew& crew) {
  crew.by_columns(m.config.vocab, [&](int64_t panel0, int64_t panel1) {
    m.kernels->linear->multiply(logits, ld, normed, m.config.hidden, rows, w.forward(m.head_matrix()), m.dtype,
                                m.config.vocab, m.config.hidden, panel0, panel1, nullptr, false);
  });
}

}  // namespace glossa
