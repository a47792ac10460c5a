// Sum of squares in float64 for the global gradient norm; a NaN or infinity shows in the sum.
#pragma once
#include <cstdint>

namespace glossa {

constexpr int64_t kNormChunk = 65536;  // a tensor is summed in chunks of this size, the chunks in order

}  // namespace glossa
