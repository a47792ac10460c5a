// The way from the fused q|k|v projection to attention in float64: the specification of every kernel.
#pragma once
#include <cstdint>

#include "ops/qkv/qkv.h"

namespace glossa::ref {

// Angle by which pair i (of head_dim / 2) is turned at a position.
double rope_angle(const RopeConfig& config, int64_t head_dim, int64_t i, int64_t position);

// qkv [rows][width] of positions position0.. -> q [rows][heads][head_dim], k, v [rows][kv_heads][head_dim].
// q_norm, k_norm: [head_dim] per head, [q_width] and [kv_width] for the whole vector, unused without a norm. rope:
// null, and nothing is rotated.
void qkv_forward(double* q, double* k, double* v, const double* qkv, int64_t position0, int64_t rows,
                 const QkvShape& shape, const RopeConfig* rope, const double* q_norm, const double* k_norm);
// dqkv is overwritten; dq_norm and dk_norm are added to.
void qkv_backward(double* dqkv, double* dq_norm, double* dk_norm, const double* dq, const double* dk, const double* dv,
                  const double* qkv, int64_t position0, int64_t rows, const QkvShape& shape, const RopeConfig* rope,
                  const double* q_norm, const double* k_norm);

}  // namespace glossa::ref
