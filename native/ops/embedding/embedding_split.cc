#include <cstring>

#include "device/cpu/cpu_ops.h"
#include "ops/linear/linear_kernels.h"

namespace glossa {
namespace {

// Row `id` of a table without masters.
void frozen_row(const EmbeddingTable& table, int32_t id, float* out) {
  const int64_t d = table.width;
  if (!table.rows) return unpack_row(table.head.type, table.head.forward.as<const void>(), d, id, 0, d, out);
  if (table.type == Dtype::f32) {
    std::memcpy(out, table.rows.at(id).data.as<float>(), static_cast<size_t>(d) * 4);
  } else {
    const uint16_t* from = table.rows.at(id).data.as<uint16_t>();
    for (int64_t i = 0; i < d; ++i) out[i] = from_bf16(from[i]);
  }
}

}  // namespace

void CpuOps::embed(const Rows& x, const EmbeddingTable& table, const int32_t* ids, int64_t rows) {
  const int64_t d = table.width;
  crew_.by_rows(rows, [&](int64_t r0, int64_t n) {
    float* out = x.at(r0).data.as<float>();
    const int32_t* id = ids + r0;
    if (table.masters) {
      kernels_.embedding->forward(out, table.masters.data.as<float>(), id, n, d);
      if (table.type == Dtype::bf16)
        for (int64_t i = 0; i < n * d; ++i) out[i] = from_bf16(to_bf16(out[i]));
    } else {
      for (int64_t r = 0; r < n; ++r) frozen_row(table, id[r], out + r * d);
    }
    if (table.multiplier != 1)
      for (int64_t i = 0; i < n * d; ++i) out[i] *= table.multiplier;
  });
}

}  // namespace glossa
