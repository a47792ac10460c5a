// What the kernels of an instruction set compute: see qkv.h.
#pragma once
#include "device/address.h"
#include "ops/qkv/qkv.h"

namespace glossa {

// Keys and values of one layer in one page, in type t. Keys lie in tiles of 16 positions so that one load gives one
// dimension of 16 keys: k [kv_heads][positions/16][head_dim][16]; v [kv_heads][positions][head_dim].
struct KvPage {
  void* k;
  void* v;
  int64_t positions;
};

// Those of one sequence in one layer: position p lies in at(p / positions). Positions of a page are a multiple of 16.
// Unwritten positions may hold anything but are never allowed to reach a result.
struct KvPages {
  const Address* pages;
  int64_t positions;
  int64_t k, v;  // bytes from the start of a page
  KvPage at(int64_t i) const { return {(pages[i] + k).as<void>(), (pages[i] + v).as<void>(), positions}; }
};

struct QkvKernels {
  // qkv [rows][width] (bias already added) of consecutive positions position0.. of one sequence. In place: q becomes
  // the normed and rotated query (float32). Keys and values are written to `own` at own0.. . norm weights may be null.
  // rstd_q [rows][rstd_q()], rstd_k [rows][rstd_k()]; raw [rows][q_width+kv_width] receives q|k before the norm when
  // there is one and raw is not null (the backward pass needs it).
  // rope: null, and nothing is rotated.
  // The k part of a row is overwritten as well. A row costs the same in a call of its own (decoding).
  void (*forward)(float* qkv, const KvPages& own, Dtype t, int64_t own0, const float* rope, int64_t position0,
                  int64_t rows, const QkvShape& shape, const float* q_norm, const float* k_norm, float* rstd_q,
                  float* rstd_k, float* raw);
  // dqkv [rows][width]: in, gradients of rotated q|k and of v (dq filled by the caller in place; dk, dv gathered from
  // dk_block, dv_block [kv_heads][capacity][head_dim], float32, rows own0..). Out: gradients of the projection.
  // dq_norm, dk_norm (or null) accumulate in row order.
  void (*backward)(float* dqkv, const float* dk_block, const float* dv_block, int64_t capacity, int64_t own0,
                   const float* rope, int64_t position0, int64_t rows, const QkvShape& shape, const float* q_norm,
                   const float* k_norm, const float* rstd_q, const float* rstd_k, const float* raw, float* dq_norm,
                   float* dk_norm);
};

}  // namespace glossa
