// Supports on a GPU: a block a row. What is kept becomes bits in shared memory, a stretch of the row at a time, and a
// second sweep of the threads adds the bias or forbids the token.
#include <cmath>

#include "device/cuda/cuda_ops.h"

namespace glossa {
namespace {

constexpr unsigned kThreads = 256;
constexpr int kStretch = 1 << 16;  // columns whose bits lie in shared memory
constexpr int64_t kIdsAtOnce = 1 << 17;

struct GpuSupport {
  int32_t bias;   // of the table of biases; -1: none
  int32_t count;  // -1: every token
  int64_t first;  // of its ids
};

__global__ __launch_bounds__(kThreads) void restrict_rows(float* logits, int64_t stride, int v,
                                                          const GpuSupport* supports, const float* biases,
                                                          const int32_t* kept) {
  __shared__ uint32_t bits[kStretch / 32];
  const GpuSupport s = supports[blockIdx.x];
  if (s.bias < 0 && s.count < 0) return;
  float* row = logits + blockIdx.x * stride;
  const float* bias = s.bias < 0 ? nullptr : biases + static_cast<int64_t>(s.bias) * v;
  const int threads = static_cast<int>(blockDim.x), thread = static_cast<int>(threadIdx.x);
  for (int first = 0; first < v; first += kStretch) {
    const int columns = min(v - first, kStretch);
    if (s.count >= 0) {
      __syncthreads();
      for (int i = thread; i < kStretch / 32; i += threads) bits[i] = 0;
      __syncthreads();
      for (int i = thread; i < s.count; i += threads) {
        const int at = kept[s.first + i] - first;
        if (at >= 0 && at < columns) atomicOr(&bits[at / 32], 1u << at % 32);
      }
      __syncthreads();
    }
    for (int i = thread; i < columns; i += threads) {
      if (s.count >= 0 && (bits[i / 32] >> i % 32 & 1) == 0) {
        row[first + i] = -INFINITY;
      } else if (bias) {
        row[first + i] += bias[first + i];
      }
    }
  }
}

}  // namespace

void CudaOps::restrict_to(const Rows& logits, const Biases& biases, const Support* supports, int64_t rows) {
  const int64_t v = logits.width;
  const float* tables = biases.count > 0 ? logit_bias_.put(biases.tables, v * biases.count) : nullptr;
  for (int64_t row = 0; row < rows;) {
    // Ids go up in pieces, or what carries them would have to hold all at once.
    std::vector<GpuSupport> of_rows;
    std::vector<int32_t> kept;
    const int64_t first = row;
    for (; row < rows && (row == first || static_cast<int64_t>(kept.size()) + supports[row].count <= kIdsAtOnce);
         ++row) {
      const Support& s = supports[row];
      of_rows.push_back({s.bias, s.kept ? static_cast<int32_t>(s.count) : -1, static_cast<int64_t>(kept.size())});
      if (s.kept) kept.insert(kept.end(), s.kept, s.kept + s.count);
    }
    const GpuSupport* on_device = staging_.put(of_rows);
    const int32_t* ids = staging_.put(kept);
    launch(stream_, "restrict_rows", restrict_rows, static_cast<unsigned>(row - first), kThreads, 0,
           logits.at(first).data.as<float>(), logits.stride, v, on_device, tables, ids);
  }
}

}  // namespace glossa
