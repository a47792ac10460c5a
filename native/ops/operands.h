// The plain structs that say what an operator reads and writes. They hold places in a device's memory
// (device/address.h), shapes and settings; copying one copies no data.
#pragma once
#include "base/dtype.h"
#include "device/address.h"

namespace glossa {

// float32 numbers end to end.
struct Values {
  Address data;
  Values at(int64_t i) const { return {data + i * 4}; }
  explicit operator bool() const { return static_cast<bool>(data); }
};

// Rows of `width` elements of one type, `stride` elements apart.
struct Rows {
  Address data;
  Dtype type = Dtype::f32;
  int64_t width = 0, stride = 0;
  Rows at(int64_t row) const { return {data + row * stride * dtype_bytes(type), type, width, stride}; }
  Rows columns(int64_t first, int64_t count) const { return {data + first * dtype_bytes(type), type, count, stride}; }
  explicit operator bool() const { return static_cast<bool>(data); }
};

// A weight matrix W [n][k] in the forms that a device's products read: for C = A W^T, and, where it trains, for
// dA = dC W. What lies behind the two is the device's own affair.
struct Matrix {
  Dtype type = Dtype::f32;
  int64_t n = 0, k = 0;
  Address forward, transposed;
};

// The table that ids are looked up in: float32 masters, rows of the operands' type, or the packed head where it is tied
// and there are no masters. A row is rounded to `type` whichever form it is kept in.
struct EmbeddingTable {
  Dtype type = Dtype::f32;
  int64_t width = 0;
  Values masters;
  Rows rows;
  Matrix head;
  float multiplier = 1;  // of a row, after it was rounded
};

// A root-mean-square norm: y = scale * x / sqrt(mean(x^2) + eps) * (offset + weight).
struct RmsNorm {
  Values weight;
  float eps;
  float offset = 0;
  float scale = 1;
};

// A parameter that rows share: where its gradient lies in the trained vector, and its sums in a block of partial sums.
struct PartialSum {
  int64_t offset, place, size;
};

}  // namespace glossa
