#include <algorithm>
#include <limits>

#include "device/cpu/cpu_ops.h"

namespace glossa {
namespace {

// Ids lie in memory that may change meanwhile: one that is not ascending, or beyond the row, is passed over.
void keep(float* row, int64_t v, const float* bias, const Support& s) {
  constexpr float kNever = -std::numeric_limits<float>::infinity();
  int64_t next = 0;
  for (int64_t i = 0; i < s.count; ++i) {
    const int64_t id = s.kept[i];
    if (id < next || id >= v) continue;
    std::fill(row + next, row + id, kNever);
    if (bias) row[id] += bias[id];
    next = id + 1;
  }
  std::fill(row + next, row + v, kNever);
}

}  // namespace

void CpuOps::restrict_to(const Rows& logits, const Biases& biases, const Support* supports, int64_t rows) {
  const int64_t v = logits.width;
  crew_.run(rows, [&](int64_t i, int) {
    const Support& s = supports[i];
    float* row = logits.at(i).data.as<float>();
    const float* bias = s.bias < 0 ? nullptr : biases.tables + s.bias * v;
    if (s.kept) return keep(row, v, bias, s);
    if (!bias) return;
    for (int64_t t = 0; t < v; ++t) row[t] += bias[t];
  });
}

}  // namespace glossa
