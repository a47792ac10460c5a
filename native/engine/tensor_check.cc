#include "engine/tensor_check.h"

#include <bit>
#include <cmath>

namespace glossa {
namespace {

std::string shape_text(const std::vector<int64_t>& shape) {
  std::string text = "[";
  for (size_t i = 0; i < shape.size(); ++i) text += (i ? ", " : "") + std::to_string(shape[i]);
  return text + "]";
}

}  // namespace

Status check_stored(const std::string& path, const std::string& name, const std::vector<int64_t>& shape,
                    const StoredTensor* stored) {
  auto mismatch = [&](const std::string& what) {
    return Status("CHECKPOINT_MISMATCH", (stored ? stored->file : path) + ": tensor " + name + " " + what);
  };
  if (!stored) return mismatch("is missing");
  if (stored->shape != shape)
    return mismatch("has shape " + shape_text(stored->shape) + "; the configuration asks for " + shape_text(shape));
  if (!is_weight_type(stored->dtype))
    return mismatch("is " + stored->dtype +
                    "; weights must be F64, F32, BF16 or F16 (quantised weights are not computed here)");
  return {};
}

Status check_finite(const StoredTensor& t, int64_t first, int64_t count, const float* values) {
  uint32_t bad = 0;
  for (int64_t i = 0; i < count; ++i) {
    const uint32_t bits = std::bit_cast<uint32_t>(values[i]) & 0x7f800000u;
    bad |= bits == 0x7f800000u ? 1u : 0u;
  }
  if (!bad) return {};
  int64_t at = 0;
  while (std::isfinite(values[at])) ++at;
  return Status("CHECKPOINT_NONFINITE", t.file + ": tensor " + t.name + ": element " + std::to_string(first + at) +
                                            " is " + (std::isnan(values[at]) ? "NaN" : "infinite") +
                                            "; weights must be finite, so this checkpoint is damaged");
}

}  // namespace glossa
