#include "ops/qkv/qkv_ref.h"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <vector>

#include "ops/rmsnorm/rmsnorm_ref.h"

namespace glossa::ref {
namespace {

struct Part {  // the q or the k of a row
  int64_t offset, heads;
  const double* norm;
};

// Groups of numbers that share one norm.
int64_t groups(const QkvShape& shape, const Part& part) {
  return shape.qk_norm == QkNorm::whole ? 1 : part.heads;
}

}  // namespace

double rope_angle(const RopeConfig& config, int64_t head_dim, int64_t i, int64_t position) {
  double frequency = 1 / std::pow(config.theta, static_cast<double>(2 * i) / static_cast<double>(head_dim));
  if (config.type == RopeType::linear) frequency /= config.factor;
  if (config.type == RopeType::llama3) {
    // 1 (kept) above the high band, 0 (divided by factor) below the low band, linear in turns per context between
    double turns = config.original_context * frequency / (2 * std::numbers::pi);
    double kept = (turns - config.low_freq_factor) / (config.high_freq_factor - config.low_freq_factor);
    kept = std::clamp(kept, 0.0, 1.0);
    frequency = kept * frequency + (1 - kept) * frequency / config.factor;
  }
  return static_cast<double>(position) * frequency;
}

void qkv_forward(double* q, double* k, double* v, const double* qkv, int64_t position0, int64_t rows,
                 const QkvShape& shape, const RopeConfig* rope, const double* q_norm, const double* k_norm) {
  const int64_t width = shape.head_dim, half = width / 2;
  for (int64_t r = 0; r < rows; ++r) {
    const double* row = qkv + r * shape.width();
    for (const Part& part : {Part{0, shape.heads, q_norm}, Part{shape.q_width(), shape.kv_heads, k_norm}}) {
      std::vector<double> x(row + part.offset, row + part.offset + part.heads * width), normed = x, rstd(x.size());
      if (shape.qk_norm != QkNorm::none) {
        const int64_t n = groups(shape, part);
        rmsnorm_forward(normed.data(), rstd.data(), x.data(), part.norm, static_cast<double>(shape.eps), n,
                        part.heads * width / n, static_cast<double>(shape.norm_offset));
      }
      for (int64_t h = 0; h < part.heads; ++h) {
        const double* from = normed.data() + h * width;
        double* to = part.offset == 0 ? q + (r * shape.heads + h) * width : k + (r * shape.kv_heads + h) * width;
        for (int64_t i = 0; i < half; ++i) {
          double angle = rope ? rope_angle(*rope, width, i, position0 + r) : 0;
          to[i] = from[i] * std::cos(angle) - from[half + i] * std::sin(angle);
          to[half + i] = from[half + i] * std::cos(angle) + from[i] * std::sin(angle);
        }
      }
    }
    const double* values = row + shape.q_width() + shape.kv_width();
    std::copy(values, values + shape.kv_width(), v + r * shape.kv_width());
  }
}

void qkv_backward(double* dqkv, double* dq_norm, double* dk_norm, const double* dq, const double* dk, const double* dv,
                  const double* qkv, int64_t position0, int64_t rows, const QkvShape& shape, const RopeConfig* rope,
                  const double* q_norm, const double* k_norm) {
  const int64_t width = shape.head_dim, half = width / 2;
  for (int64_t r = 0; r < rows; ++r) {
    const double* row = qkv + r * shape.width();
    double* drow = dqkv + r * shape.width();
    for (const Part& part : {Part{0, shape.heads, q_norm}, Part{shape.q_width(), shape.kv_heads, k_norm}}) {
      std::vector<double> dnormed(static_cast<size_t>(part.heads * width));
      for (int64_t h = 0; h < part.heads; ++h) {
        const double* from =
            part.offset == 0 ? dq + (r * shape.heads + h) * width : dk + (r * shape.kv_heads + h) * width;
        double* to = dnormed.data() + h * width;
        for (int64_t i = 0; i < half; ++i) {  // the transpose of the rotation
          double angle = rope ? rope_angle(*rope, width, i, position0 + r) : 0;
          to[i] = from[i] * std::cos(angle) + from[half + i] * std::sin(angle);
          to[half + i] = from[half + i] * std::cos(angle) - from[i] * std::sin(angle);
        }
      }
      if (shape.qk_norm == QkNorm::none) {
        std::copy(dnormed.begin(), dnormed.end(), drow + part.offset);
      } else {
        const int64_t n = groups(shape, part);
        rmsnorm_backward(drow + part.offset, part.offset == 0 ? dq_norm : dk_norm, dnormed.data(), row + part.offset,
                         part.norm, static_cast<double>(shape.eps), n, part.heads * width / n,
                         static_cast<double>(shape.norm_offset));
      }
    }
    std::copy(dv + r * shape.kv_width(), dv + (r + 1) * shape.kv_width(), drow + shape.q_width() + shape.kv_width());
  }
}

}  // namespace glossa::ref
