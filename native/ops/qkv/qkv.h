// What happens to the fused q|k|v projection before attention: optional q/k norm, rotary position embedding
// (Su et al., arXiv 2104.09864, the half-split form of Hugging Face), and the way into the key/value blocks.
#pragma once
#include <cstdint>

#include "base/dtype.h"

namespace glossa {

enum class QkNorm : uint8_t { none, per_head, whole };  // Qwen3: per head; OLMo-2: over the whole q and the whole k

struct QkvShape {
  int64_t heads, kv_heads, head_dim;
  QkNorm qk_norm;
  float eps;  // of the q/k norm
  int64_t q_width() const { return heads * head_dim; }
  int64_t kv_width() const { return kv_heads * head_dim; }
  int64_t width() const { return q_width() + 2 * kv_width(); }
  int64_t rstd_q() const { return qk_norm == QkNorm::none ? 0 : qk_norm == QkNorm::whole ? 1 : heads; }
  int64_t rstd_k() const { return qk_norm == QkNorm::none ? 0 : qk_norm == QkNorm::whole ? 1 : kv_heads; }
};

enum class RopeType : uint8_t { plain, llama3 };
struct RopeConfig {
  RopeType type;
  double theta;
  double factor, low_freq_factor, high_freq_factor, original_context;  // llama3 only
};
// table [positions][head_dim]: cos of the head_dim/2 angles, then sin, computed in double.
void rope_table(float* table, const RopeConfig& config, int64_t head_dim, int64_t positions);

// Keys and values of one sequence in one layer, in type t. Keys lie in tiles of 16 positions so that one load gives one
// dimension of 16 keys: k [kv_heads][capacity/16][head_dim][16]; v [kv_heads][capacity][head_dim].
// capacity is a multiple of 16. Unwritten positions may hold anything but are never allowed to reach a result.
struct KvBlock {
  void* k;
  void* v;
  int64_t capacity;
};
inline int64_t kv_capacity(int64_t length) {
  return (length + 15) / 16 * 16;
}
inline int64_t kv_elements(const QkvShape& s, int64_t capacity) {
  return s.kv_width() * capacity;
}  // of k, and of v

struct QkvKernels {
  // qkv [rows][width] (bias already added) of consecutive positions position0.. of one sequence. In place: q becomes
  // the normed and rotated query (float32). Keys and values are written to block at own0.. . norm weights may be null.
  // rstd_q [rows][rstd_q()], rstd_k [rows][rstd_k()]; raw [rows][q_width+kv_width] receives q|k before the norm when
  // there is one and raw is not null (the backward pass needs it).
  // The k part of a row is overwritten as well. A row costs the same in a call of its own (decoding).
  void (*forward)(float* qkv, KvBlock block, Dtype t, int64_t own0, const float* rope, int64_t position0, int64_t rows,
                  const QkvShape& shape, const float* q_norm, const float* k_norm, float* rstd_q, float* rstd_k,
                  float* raw);
  // dqkv [rows][width]: in, gradients of rotated q|k and of v (dq filled by the caller in place; dk, dv gathered from
  // dk_block, dv_block [kv_heads][capacity][head_dim], float32, rows own0..). Out: gradients of the projection.
  // dq_norm, dk_norm accumulate in row order.
  void (*backward)(float* dqkv, const float* dk_block, const float* dv_block, int64_t capacity, int64_t own0,
                   const float* rope, int64_t position0, int64_t rows, const QkvShape& shape, const float* q_norm,
                   const float* k_norm, const float* rstd_q, const float* rstd_k, const float* raw, float* dq_norm,
                   float* dk_norm);
};

}  // namespace glossa
