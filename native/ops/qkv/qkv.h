// What happens to the fused q|k|v projection before attention: optional q/k norm, rotary position embedding
// (Su et al., arXiv 2104.09864, the half-split form of Hugging Face), and the way into the key/value blocks.
#pragma once
#include <cstdint>

#include "base/dtype.h"

namespace glossa {

// Qwen3, EXAONE 4, Gemma 3: per head; OLMo-2 and 3: over the whole q and the whole k.
enum class QkNorm : uint8_t { none, per_head, whole };

struct QkvShape {
  int64_t heads, kv_heads, head_dim;
  QkNorm qk_norm;
  float eps;              // of the q/k norm
  float norm_offset = 0;  // added to its weights
  int64_t q_width() const { return heads * head_dim; }
  int64_t kv_width() const { return kv_heads * head_dim; }
  int64_t width() const { return q_width() + 2 * kv_width(); }
  int64_t rstd_q() const { return qk_norm == QkNorm::none ? 0 : qk_norm == QkNorm::whole ? 1 : heads; }
  int64_t rstd_k() const { return qk_norm == QkNorm::none ? 0 : qk_norm == QkNorm::whole ? 1 : kv_heads; }
};

enum class RopeType : uint8_t { plain, linear, llama3 };
struct RopeConfig {
  RopeType type;
  double theta;
  double factor;                                               // linear, llama3
  double low_freq_factor, high_freq_factor, original_context;  // llama3 only
};
// table [positions][head_dim]: cos of the head_dim/2 angles, then sin, computed in double.
void rope_table(float* table, const RopeConfig& config, int64_t head_dim, int64_t positions);

inline int64_t kv_capacity(int64_t length) {
  return (length + 15) / 16 * 16;
}
inline int64_t kv_elements(const QkvShape& s, int64_t capacity) {
  return s.kv_width() * capacity;
}  // of k, and of v

}  // namespace glossa
