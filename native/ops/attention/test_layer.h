// A prompt and the completions that read its keys, through one attention layer: on a device by its operators, and in
// float64 by the formulas.
#pragma once
#include <algorithm>
#include <cmath>
#include <memory>
#include <numeric>

#include "ops/attention/attention_ref.h"
#include "ops/qkv/qkv_ref.h"
#include "ops/test_device.h"

namespace glossa::test {

// The prompt, where it has rows, is the first sequence.
struct AttentionProblem {
  QkvShape shape;
  Dtype type;
  Dtype rows_type = Dtype::f32;  // of q|k|v; other than float32 on a GPU alone
  int64_t prompt;
  std::vector<int64_t> completions;  // rows of each
  const RopeConfig* rope = nullptr;
  int64_t window = 0;
  bool keys_only = false;  // of the prompt, in the backward pass
  float scale;
  std::vector<float> qkv, q_norm, k_norm, d_attention;

  AttentionProblem(const QkvShape& shape, Dtype type, int64_t prompt, std::vector<int64_t> completions, uint64_t seed)
      : shape(shape),
        type(type),
        prompt(prompt),
        completions(std::move(completions)),
        scale(1 / std::sqrt(static_cast<float>(shape.head_dim))),
        qkv(random_values(seed, rows() * shape.width(), 2)),
        q_norm(random_values(seed + 1, shape.qk_norm == QkNorm::whole ? shape.q_width() : shape.head_dim)),
        k_norm(random_values(seed + 2, shape.qk_norm == QkNorm::whole ? shape.kv_width() : shape.head_dim)),
        d_attention(random_values(seed + 3, rows() * shape.q_width())) {}
  int64_t rows() const { return std::accumulate(completions.begin(), completions.end(), prompt); }
  // Rows of bfloat16.
  void narrow() {
    rows_type = Dtype::bf16;
    for (float& x : qkv) x = rounded(x, rows_type);
  }
  int64_t longest() const { return prompt + *std::max_element(completions.begin(), completions.end()); }
  // Places in a sequence's block of partial sums.
  int64_t q_norm_place() const { return shape.width(); }
  int64_t k_norm_place() const { return q_norm_place() + static_cast<int64_t>(q_norm.size()); }
  int64_t block_size() const { return k_norm_place() + static_cast<int64_t>(k_norm.size()); }
  bool has_norm() const { return shape.qk_norm != QkNorm::none; }
};

// Columns [from, to) of rows.
template <class T>
std::vector<T> columns(const std::vector<T>& x, int64_t width, int64_t from, int64_t to) {
  std::vector<T> y;
  for (auto row = x.begin(); row != x.end(); row += width) y.insert(y.end(), row + from, row + to);
  return y;
}

class AttentionReference {
 public:
  std::vector<double> q, attention, d_qkv;    // all rows
  std::vector<std::vector<double>> partials;  // a sequence: q|k|v bias, q norm, k norm

  explicit AttentionReference(const AttentionProblem& p) : p_(p) {
    if (p.prompt > 0) sequences_.push_back(take(0, p.prompt, 0));
    for (int64_t n : p.completions) {
      const int64_t row0 = sequences_.empty() ? 0 : sequences_.back().row0 + sequences_.back().rows;
      sequences_.push_back(take(row0, n, p.prompt));
    }
    for (const Sequence& s : sequences_) {
      q.insert(q.end(), s.q.begin(), s.q.end());
      const std::vector<double> out = forward(s);
      attention.insert(attention.end(), out.begin(), out.end());
    }
    backward();
  }

 private:
  struct Sequence {
    int64_t row0, rows, prefix;
    std::vector<double> q, k, v;  // of its own rows
    std::vector<double> dq, dk, dv;
  };
  Sequence take(int64_t row0, int64_t rows, int64_t prefix) const {
    const QkvShape& s = p_.shape;
    Sequence x{row0, rows, prefix, {}, {}, {}, {}, {}, {}};
    x.q.resize(static_cast<size_t>(rows * s.q_width()));
    x.k.resize(static_cast<size_t>(rows * s.kv_width()));
    x.v = x.k;
    ref::qkv_forward(x.q.data(), x.k.data(), x.v.data(), to_double(p_.qkv).data() + row0 * s.width(), prefix, rows, s,
                     p_.rope, to_double(p_.q_norm).data(), to_double(p_.k_norm).data());
    auto round = [](std::vector<double>& kept, Dtype t) {
      for (double& value : kept) value = static_cast<double>(rounded(static_cast<float>(value), t));
    };
    round(x.k, p_.type);
    round(x.v, p_.type);
    if (p_.rows_type != Dtype::f32) round(x.q, p_.rows_type);
    return x;
  }
  std::vector<double> with_prompt(const Sequence& s, std::vector<double> Sequence::*which) const {
    std::vector<double> keys;
    if (s.prefix > 0) keys = sequences_[0].*which;
    keys.insert(keys.end(), (s.*which).begin(), (s.*which).end());
    return keys;
  }
  std::vector<double> forward(const Sequence& s) const {
    std::vector<double> out(s.q.size());
    ref::attention_forward(out.data(), s.q.data(), with_prompt(s, &Sequence::k).data(),
                           with_prompt(s, &Sequence::v).data(), s.rows, s.prefix, p_.shape,
                           static_cast<double>(p_.scale), p_.window);
    return out;
  }
  void backward() {
    const QkvShape& shape = p_.shape;
    for (Sequence& s : sequences_) {
      const std::vector<double> k = with_prompt(s, &Sequence::k), v = with_prompt(s, &Sequence::v);
      std::vector<double> dk(k.size()), dv(v.size());
      s.dq.resize(s.q.size());
      ref::attention_backward(s.dq.data(), dk.data(), dv.data(),
                              to_double(p_.d_attention).data() + s.row0 * shape.q_width(), s.q.data(), k.data(),
                              v.data(), s.rows, s.prefix, shape, static_cast<double>(p_.scale), p_.window);
      if (p_.keys_only && p_.prompt > 0 && &s == &sequences_.front())
        for (std::vector<double>* x : {&s.dq, &dk, &dv}) std::fill(x->begin(), x->end(), 0);
      const auto own = static_cast<std::ptrdiff_t>(s.prefix * shape.kv_width());
      s.dk.assign(dk.begin() + own, dk.end());
      s.dv.assign(dv.begin() + own, dv.end());
      for (size_t i = 0; i < static_cast<size_t>(own); ++i) {
        sequences_[0].dk[i] += dk[i];
        sequences_[0].dv[i] += dv[i];
      }
    }
    const int64_t width = shape.width();
    for (const Sequence& s : sequences_) {
      std::vector<double> d(static_cast<size_t>(s.rows * width)), sums(static_cast<size_t>(p_.block_size()));
      ref::qkv_backward(d.data(), sums.data() + p_.q_norm_place(), sums.data() + p_.k_norm_place(), s.dq.data(),
                        s.dk.data(), s.dv.data(), to_double(p_.qkv).data() + s.row0 * width, s.prefix, s.rows, shape,
                        p_.rope, to_double(p_.q_norm).data(), to_double(p_.k_norm).data());
      for (size_t i = 0; i < d.size(); ++i) sums[i % static_cast<size_t>(width)] += d[i];
      d_qkv.insert(d_qkv.end(), d.begin(), d.end());
      partials.push_back(sums);
    }
  }

  const AttentionProblem& p_;
  std::vector<Sequence> sequences_;
};

// The second of two layers, so that its keys do not lie at the start of a page.
class DeviceLayer {
 public:
  static constexpr int64_t kLayers = 2, kLayer = 1;

  DeviceLayer(TestDevice& d, const AttentionProblem& p, int64_t prompt_page = 32, int64_t own_page = 32)
      : d_(d),
        p_(p),
        qkv(d, p.rows_type, {p.rows(), p.shape.width()}),
        raw(d, p.rows_type, {p.rows(), p.shape.q_width() + p.shape.kv_width()}),
        rstd_q(d, Dtype::f32, {p.rows(), p.shape.rstd_q()}),
        rstd_k(d, Dtype::f32, {p.rows(), p.shape.rstd_k()}),
        attention(d, p.type, {p.rows(), p.shape.q_width()}),
        stats(d, Dtype::f32, {p.rows(), p.shape.heads * 2}),
        q_norm_(d, p.q_norm),
        k_norm_(d, p.k_norm),
        rope_(d, table(p)) {
    qkv.set(p.qkv);
    int64_t row0 = 0;
    if (p.prompt > 0) add(&row0, p.prompt, 0, prompt_page);
    for (int64_t n : p.completions) add(&row0, n, p.prompt, own_page);
    Workload need;
    need.shape = p.shape;
    need.keys = p.longest();
    need.backward = true;
    d.reserve(need);
  }

  AttentionLayer operands() const {
    AttentionLayer a{};
    a.shape = p_.shape;
    a.type = p_.type;
    a.layer = kLayer;
    a.scale = p_.scale;
    a.window = p_.window;
    if (p_.rope) a.rope = rope_.values();
    if (p_.has_norm()) {
      a.q_norm = q_norm_.values();
      a.k_norm = k_norm_.values();
      a.qk_raw = raw.rows();
      a.rstd_q = rstd_q.values();
      a.rstd_k = rstd_k.values();
    }
    a.qkv = qkv.rows();
    a.attention = attention.rows();
    a.stats = stats.values();
    return a;
  }
  void forward() {
    const AttentionLayer a = operands();
    const auto count = static_cast<int64_t>(sequences.size());
    d_.run([&](Ops& ops) {
      ops.qkv(a, sequences.data(), count);
      ops.attention(a, sequences.data(), count);
      ops.attention(a, sequences.data(), 0);
    });
  }
  // The same, n rows of a sequence at a time, each on whichever lane is free.
  void forward_by(int64_t n) {
    const AttentionLayer a = operands();
    std::vector<SequenceRows> pieces;
    for (const SequenceRows& s : sequences)
      for (int64_t r = 0; r < s.rows; r += n) {
        pieces.push_back(s);
        pieces.back().row0 += r;
        pieces.back().position0 += r;
        pieces.back().own0 += r;
        pieces.back().rows = std::min(n, s.rows - r);
      }
    const auto count = static_cast<int64_t>(pieces.size());
    d_.run_each(count, [&](int64_t i, Ops& ops) { ops.qkv(a, &pieces[static_cast<size_t>(count - 1 - i)], 1); });
    d_.run_each(count, [&](int64_t i, Ops& ops) { ops.attention(a, &pieces[static_cast<size_t>(i)], 1); });
  }
  // The same as a sampler goes: the prompt's rows together, then one row of every completion at a time.
  void forward_by_steps() {
    const AttentionLayer a = operands();
    std::vector<SequenceRows> rest = sequences;
    auto run = [&](const std::vector<SequenceRows>& rows) {
      const auto count = static_cast<int64_t>(rows.size());
      d_.run([&](Ops& ops) {
        ops.qkv(a, rows.data(), count);
        ops.attention(a, rows.data(), count);
      });
    };
    if (p_.prompt > 0) {
      run({rest.front()});
      rest.erase(rest.begin());
    }
    for (int64_t r = 0; r < p_.longest() - p_.prompt; ++r) {
      std::vector<SequenceRows> step;
      for (SequenceRows s : rest) {
        if (s.rows <= r) continue;
        s.row0 += r, s.position0 += r, s.own0 += r;
        s.rows = 1;
        step.push_back(s);
      }
      run(step);
    }
  }
  std::vector<float> q() const { return columns(qkv.get(), p_.shape.width(), 0, p_.shape.q_width()); }
  Bits pages() const {
    Bits bits;
    for (const std::unique_ptr<Array>& page : memory_) bits.push_back(page->bytes());
    return bits;
  }
  // Numbers of this layer; there must be none of the others.
  int64_t written_to_pages() const {
    int64_t n = 0;
    for (const std::unique_ptr<Array>& page : memory_) {
      const std::vector<float> x = page->get();
      for (size_t i = 0; i < x.size(); ++i) {
        if (std::isnan(x[i])) continue;
        CHECK_EQ(static_cast<int64_t>(i / (x.size() / kLayers)), kLayer);
        ++n;
      }
    }
    return n;
  }
  Bits forward_bits() const {
    Bits bits = {bits_of(q()), rstd_q.bytes(), rstd_k.bytes(), attention.bytes(), stats.bytes()};
    if (p_.has_norm()) bits.push_back(raw.bytes());
    return bits;
  }

  struct Gradients {
    std::vector<float> d_qkv;
    std::vector<std::vector<float>> partials;  // a sequence
    Bits bits() const {
      Bits all = {bits_of(d_qkv)};
      for (const std::vector<float>& sums : partials) all.push_back(bits_of(sums));
      return all;
    }
  };
  // After forward(): completions first, then their prompt, which reads what they left. vectors: whether bias and norms
  // train.
  Gradients backward(bool vectors = true) {
    const auto count = static_cast<int64_t>(sequences.size());
    const int64_t capacity = kv_capacity(p_.prompt), size = kLayers * 2 * kv_elements(p_.shape, capacity);
    const bool narrow = p_.type != Dtype::f32;
    Input d_attention(d_, Dtype::f32, {p_.rows(), p_.shape.q_width()}, p_.d_attention);
    Array d_qkv(d_, p_.type, {p_.rows(), p_.shape.width()}), partials(d_, Dtype::f32, {count, p_.block_size()}),
        left(d_, Dtype::f32, {count, size});
    partials.set(std::vector<float>(static_cast<size_t>(count * p_.block_size())));
    std::vector<SequenceGradient> gradients(static_cast<size_t>(count));
    std::vector<KvGradient> readers;
    const auto first = static_cast<int64_t>(p_.prompt > 0);
    for (int64_t i = 0; i < count; ++i) {
      SequenceGradient& g = gradients[static_cast<size_t>(i)];
      if (vectors) g.partial = {partials.rows().at(i).data};
      if (i < first || first == 0) continue;
      g.prefix = {{left.rows().at(i).data}, capacity};
      readers.push_back(g.prefix);
    }
    if (first > 0) {
      gradients[0].readers = readers.data();
      gradients[0].reader_count = static_cast<int64_t>(readers.size());
    }
    const AttentionLayer a = operands();
    auto run = [&](int64_t from, int64_t n, bool keys_only) {
      AttentionGradient g{};
      g.row0 = sequences[static_cast<size_t>(from)].row0;
      const SequenceRows& last = sequences[static_cast<size_t>(from + n - 1)];
      const Array d_qkv32(d_, Dtype::f32, {last.row0 + last.rows - g.row0, p_.shape.width()});
      g.d_attention = d_attention.rows().at(g.row0);
      if (narrow) g.d_qkv32 = d_qkv32.rows();
      g.d_qkv = d_qkv.rows();
      g.qkv_bias = vectors ? 0 : -1;
      g.q_norm = vectors && p_.has_norm() ? p_.q_norm_place() : -1;
      g.k_norm = vectors && p_.has_norm() ? p_.k_norm_place() : -1;
      g.keys_only = keys_only;
      d_.run([&](Ops& ops) { ops.attention_backward(a, g, sequences.data() + from, gradients.data() + from, n); });
    };
    run(first, count - first, false);
    if (first > 0) run(0, 1, p_.keys_only);
    Gradients out{d_qkv.get(), {}};
    const std::vector<float> sums = partials.get();
    for (auto at = sums.begin(); at != sums.end(); at += p_.block_size())
      out.partials.emplace_back(at, at + p_.block_size());
    return out;
  }

 private:
  TestDevice& d_;
  const AttentionProblem& p_;

 public:
  Array qkv, raw, rstd_q, rstd_k, attention, stats;
  std::vector<SequenceRows> sequences;

 private:
  static std::vector<float> table(const AttentionProblem& p) {
    std::vector<float> x(static_cast<size_t>(p.rope ? p.longest() * p.shape.head_dim : 0));
    if (p.rope) rope_table(x.data(), *p.rope, p.shape.head_dim, p.longest());
    return x;
  }
  void add(int64_t* row0, int64_t rows, int64_t prefix, int64_t positions) {
    lists_.push_back(std::make_unique<std::vector<Address>>());
    for (int64_t at = 0; at < rows; at += positions) {
      memory_.push_back(
          std::make_unique<Array>(d_, p_.type, Extent{1, kLayers * 2 * kv_elements(p_.shape, positions)}));
      lists_.back()->push_back(memory_.back()->rows().data);
    }
    SequenceRows s{};
    s.row0 = *row0;
    s.rows = rows;
    s.position0 = prefix;
    s.own = {lists_.back()->data(), positions};
    if (prefix > 0) s.prefix = sequences.front().own;
    s.prefix_length = prefix;
    sequences.push_back(s);
    *row0 += rows;
  }

  Input q_norm_, k_norm_, rope_;
  std::vector<std::unique_ptr<Array>> memory_;                // a page
  std::vector<std::unique_ptr<std::vector<Address>>> lists_;  // pages of a sequence
};

}  // namespace glossa::test
