// Operators that only move rows or add them up.
#include <cstring>

#include "device/cpu/cpu_ops.h"

namespace glossa {

void CpuOps::convert(const Rows& to, const Rows& from, int64_t rows) {
  if (to.data == from.data) return;
  const int64_t d = from.width;
  crew_.by_rows(rows, [&](int64_t r0, int64_t count) {
    const int64_t n = count * d;
    const float* in = from.at(r0).data.as<float>();
    if (to.type == Dtype::f32) {
      std::memcpy(to.at(r0).data.as<float>(), in, static_cast<size_t>(n) * 4);
    } else {
      to_bf16(to.at(r0).data.as<uint16_t>(), in, n);
    }
  });
}

void CpuOps::scale(const Rows& to, const Rows& from, float scale, int64_t rows) {
  const int64_t d = from.width;
  crew_.by_rows(rows, [&](int64_t r0, int64_t count) {
    for (int64_t r = r0; r < r0 + count; ++r) {
      const float* in = from.at(r).data.as<float>();
      if (to.type == Dtype::f32) {
        float* out = to.at(r).data.as<float>();
        for (int64_t i = 0; i < d; ++i) out[i] = in[i] * scale;
      } else {
        uint16_t* out = to.at(r).data.as<uint16_t>();
        for (int64_t i = 0; i < d; ++i) out[i] = to_bf16(in[i] * scale);
      }
    }
  });
}

void CpuOps::add_scaled(const Rows& out, const Rows& residual, const Rows& x, float scale, int64_t rows) {
  crew_.by_rows(rows, [&](int64_t r0, int64_t count) {
    const int64_t n = count * x.width;
    const float *a = residual.at(r0).data.as<float>(), *b = x.at(r0).data.as<float>();
    float* to = out.at(r0).data.as<float>();
    for (int64_t i = 0; i < n; ++i) to[i] = a[i] + b[i] * scale;
  });
}

void CpuOps::zero(const Rows& x, int64_t rows) {
  const size_t bytes = static_cast<size_t>(x.stride * dtype_bytes(x.type));
  crew_.by_rows(
      rows, [&](int64_t r0, int64_t n) { std::memset(x.at(r0).data.as<void>(), 0, static_cast<size_t>(n) * bytes); });
}

void CpuOps::add_partials(Values gradient, Values partials, int64_t blocks, int64_t block_size,
                          const std::vector<PartialSum>& sums) {
  float* to = gradient.data.as<float>();
  for (int64_t i = 0; i < blocks; ++i) {
    const float* block = partials.at(i * block_size).data.as<float>();
    for (const PartialSum& s : sums)
      for (int64_t j = 0; j < s.size; ++j) to[s.offset + j] += block[s.place + j];
  }
}

void CpuOps::add_rows(Values table, const std::vector<int32_t>& places, const Rows& rows) {
  for (size_t i = 0; i < places.size(); ++i) {
    float* to = table.at(places[i] * rows.width).data.as<float>();
    const float* from = rows.at(static_cast<int64_t>(i)).data.as<float>();
    for (int64_t j = 0; j < rows.width; ++j) to[j] += from[j];
  }
}

}  // namespace glossa
