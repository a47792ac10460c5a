// What a stored tensor must be before it becomes weights or optimizer state.
#pragma once
#include <string>
#include <vector>

#include "base/status.h"
#include "io/safetensors.h"

namespace glossa {

// CHECKPOINT_MISMATCH, naming file and tensor: `stored` is null (then `path` is the file to name), of another shape, or
// not of a type that weights have.
Status check_stored(const std::string& path, const std::string& name, const std::vector<int64_t>& shape,
                    const StoredTensor* stored);

// CHECKPOINT_NONFINITE, naming file, tensor and element: one of elements [first, first + count), widened in `values`,
// is NaN or infinite.
Status check_finite(const StoredTensor&, int64_t first, int64_t count, const float* values);

}  // namespace glossa
