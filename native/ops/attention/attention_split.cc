// Attention and what precedes it, by sequences: a long one is cut where threads go together, for once its keys are
// stored, the attention of a row needs no other row.
#include <cstring>

#include "device/cpu/cpu_ops.h"
#include "device/memory.h"
#include "ops/attention/attention_scratch.h"

namespace glossa {
namespace {

constexpr int64_t kRowsOfPiece = 32;

std::vector<SequenceRows> pieces_of(const SequenceRows* sequences, int64_t count) {
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

// body(sequence, worker) for every sequence or piece of one.
template <class Body>
void by_pieces(const Crew& crew, const SequenceRows* sequences, int64_t count, const Body& body) {
  std::vector<SequenceRows> pieces;
  bool cut = false;
  for (int64_t i = 0; i < count && crew.together(); ++i) cut = cut || sequences[i].rows > kRowsOfPiece;
  if (cut) {
    pieces = pieces_of(sequences, count);
    sequences = pieces.data();
    count = static_cast<int64_t>(pieces.size());
  }
  crew.run(count, [&](int64_t i, int worker) { body(sequences[i], worker); });
}

KvPages pages_of(const AttentionLayer& a, const KvCache& cache) {
  const int64_t bytes = kv_elements(a.shape, cache.positions) * dtype_bytes(a.type);
  return {cache.pages, cache.positions, 2 * a.layer * bytes, (2 * a.layer + 1) * bytes};
}

struct BackwardScratch {
  Values dk, dv;  // [kv_heads][capacity][head_dim]
  Address attention;
};
BackwardScratch carve(Carver& c, const QkvShape& shape, int64_t keys) {
  const int64_t kv = kv_elements(shape, kv_capacity(keys));
  BackwardScratch s;
  s.dk = c.values(kv);
  s.dv = c.values(kv);
  s.attention = c.bytes(attention_scratch_bytes(shape, keys));
  return s;
}

void add(float* to, const float* from, int64_t n) {
  for (int64_t i = 0; i < n; ++i) to[i] += from[i];
}

// What a completion left of the gradients of its prefix's keys and values.
void add_reader(const AttentionLayer& a, const KvGradient& reader, const SequenceRows& s, float* dk, float* dv) {
  const int64_t kv = kv_elements(a.shape, reader.capacity), hd = a.shape.head_dim;
  const float* from_k = reader.data.at(2 * a.layer * kv).data.as<float>();
  for (int64_t h = 0; h < a.shape.kv_heads; ++h) {
    const int64_t to = h * kv_capacity(s.rows) * hd, from = h * reader.capacity * hd;
    add(dk + to, from_k + from, s.rows * hd);
    add(dv + to, from_k + kv + from, s.rows * hd);
  }
}

}  // namespace

int64_t attention_backward_scratch_bytes(const QkvShape& shape, int64_t keys) {
  Carver c;
  carve(c, shape, keys);
  return c.used();
}

void CpuOps::qkv(const AttentionLayer& a, const SequenceRows* sequences, int64_t count) {
  const QkvShape& q = a.shape;
  by_pieces(crew_, sequences, count, [&](const SequenceRows& s, int) {
    kernels_.qkv->forward(a.qkv.at(s.row0).data.as<float>(), pages_of(a, s.own), a.type, s.own0,
                          a.rope.data.as<float>(), s.position0, s.rows, q, a.q_norm.data.as<float>(),
                          a.k_norm.data.as<float>(), a.rstd_q.at(s.row0 * q.rstd_q()).data.as<float>(),
                          a.rstd_k.at(s.row0 * q.rstd_k()).data.as<float>(), a.qk_raw.at(s.row0).data.as<float>());
  });
}

void CpuOps::attention(const AttentionLayer& a, const SequenceRows* sequences, int64_t count) {
  const QkvShape& q = a.shape;
  by_pieces(crew_, sequences, count, [&](const SequenceRows& s, int worker) {
    kernels_.attention->forward(a.attention.at(s.row0).data.as<void>(), a.attention.stride,
                                a.stats.at(s.row0 * q.heads * 2).data.as<float>(), a.qkv.at(s.row0).data.as<float>(),
                                a.qkv.stride, s.rows, s.own0, pages_of(a, s.prefix), s.prefix_length,
                                pages_of(a, s.own), q, a.scale, a.window, a.type, crew_.scratch(worker));
  });
}

void CpuOps::attention_backward(const AttentionLayer& a, const AttentionGradient& d, const SequenceRows* sequences,
                                const SequenceGradient* gradients, int64_t count) {
  const QkvShape& q = a.shape;
  const int64_t width = q.width();
  int64_t keys = 0;
  for (int64_t i = 0; i < count; ++i) keys = std::max(keys, sequences[i].prefix_length + sequences[i].rows);
  crew_.run(count, [&](int64_t i, int worker) {
    const SequenceRows& s = sequences[i];
    const SequenceGradient& g = gradients[i];
    Carver carver{Address(crew_.scratch(worker))};
    const BackwardScratch scratch = carve(carver, q, keys);
    float *dk = scratch.dk.data.as<float>(), *dv = scratch.dv.data.as<float>();
    const bool rounded = static_cast<bool>(d.d_qkv32);
    const Rows d_rows = rounded ? d.d_qkv32.at(s.row0 - d.row0) : d.d_qkv.at(s.row0);
    float* d_qkv = d_rows.data.as<float>();
    if (d.keys_only) {
      const size_t kv = static_cast<size_t>(kv_elements(q, kv_capacity(s.rows))) * 4;
      std::memset(d_qkv, 0, static_cast<size_t>(s.rows * width) * 4);
      std::memset(dk, 0, kv);
      std::memset(dv, 0, kv);
    } else {
      const int64_t kv = kv_elements(q, g.prefix.capacity);
      const Values dk_prefix = g.prefix.data.at(2 * a.layer * kv), dv_prefix = dk_prefix.at(kv);
      kernels_.attention->backward(d_qkv, width, dk, dv, dk_prefix.data.as<float>(), dv_prefix.data.as<float>(),
                                   d.d_attention.at(s.row0 - d.row0).data.as<float>(),
                                   a.attention.at(s.row0).data.as<void>(), a.attention.stride,
                                   a.stats.at(s.row0 * q.heads * 2).data.as<float>(), a.qkv.at(s.row0).data.as<float>(),
                                   width, s.rows, pages_of(a, s.prefix), s.prefix_length, pages_of(a, s.own), q,
                                   a.scale, a.window, a.type, scratch.attention.as<void>());
    }
    for (int64_t r = 0; r < g.reader_count; ++r) add_reader(a, g.readers[r], s, dk, dv);
    auto sums = [&](int64_t place) { return place < 0 ? nullptr : g.partial.at(place).data.as<float>(); };
    kernels_.qkv->backward(d_qkv, dk, dv, kv_capacity(s.rows), 0, a.rope.data.as<float>(), s.position0, s.rows, q,
                           a.q_norm.data.as<float>(), a.k_norm.data.as<float>(),
                           a.rstd_q.at(s.row0 * q.rstd_q()).data.as<float>(),
                           a.rstd_k.at(s.row0 * q.rstd_k()).data.as<float>(), a.qk_raw.at(s.row0).data.as<float>(),
                           sums(d.q_norm), sums(d.k_norm));
    if (d.qkv_bias >= 0)
      for (int64_t r = 0; r < s.rows; ++r) add(sums(d.qkv_bias), d_qkv + r * width, width);
    if (rounded) to_bf16(d.d_qkv.at(s.row0).data.as<uint16_t>(), d_qkv, s.rows * width);
  });
}

}  // namespace glossa
