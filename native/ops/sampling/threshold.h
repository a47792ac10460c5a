// The threshold of top-k and top-p on a GPU: the largest x of a row for which the mass of all that are at least as
// large reaches what is wanted. Masses are whole numbers, so the sum does not depend on the order, and no row is
// sorted: the masses of a histogram's bins say in which bin the threshold lies, and the next histogram is of that bin
// alone.
#pragma once
#include "device/cuda/cuda.h"

namespace glossa {

using Mass = unsigned long long;
constexpr int kBins = 1024;
struct Histogram {
  // Masses in two halves: shared memory adds 32 bits by itself, and carries arrive in any order.
  uint32_t low[kBins], high[kBins];
  Mass before, total;  // of the bins above the chosen one; of all
  int chosen;

  __device__ void add(int bin, Mass m) {
    const auto lower = static_cast<uint32_t>(m);
    const uint32_t carry = atomicAdd(&low[bin], lower) > 0xffffffffu - lower,
                   upper = static_cast<uint32_t>(m >> 32) + carry;
    if (upper != 0) atomicAdd(&high[bin], upper);
  }
  __device__ Mass mass(int bin) const { return static_cast<Mass>(high[bin]) << 32 | low[bin]; }
};

// Floats in the order of whole numbers.
__device__ inline int32_t ordered(float x) {
  const auto bits = static_cast<int32_t>(__float_as_uint(x));
  return bits ^ (bits >> 31 & 0x7fffffff);
}
__device__ inline float unordered(int32_t key) {
  return __uint_as_float(static_cast<uint32_t>(key ^ (key >> 31 & 0x7fffffff)));
}

// The first bin at which the masses, added from bin 0 on, reach wanted(total). A warp adds them, its lanes a stretch
// each.
template <class Wanted>
__device__ void choose_bin(Histogram& h, const Wanted& wanted) {
  constexpr int kEach = kBins / kWarp;
  __syncthreads();
  if (threadIdx.x < kWarp) {
    const int lane = static_cast<int>(threadIdx.x);
    Mass mine = 0;
    for (int i = 0; i < kEach; ++i) mine += h.mass(lane * kEach + i);
    Mass through = mine;
    for (int offset = 1; offset < kWarp; offset *= 2) {
      const Mass below = __shfl_up_sync(0xffffffffu, through, static_cast<unsigned>(offset));
      if (lane >= offset) through += below;
    }
    const Mass total = __shfl_sync(0xffffffffu, through, kWarp - 1), goal = wanted(total);
    if (through >= goal && through - mine < goal) {
      Mass sum = through - mine;
      int bin = lane * kEach;
      while (sum + h.mass(bin) < goal) sum += h.mass(bin++);
      h.chosen = bin;
      h.before = sum;
      h.total = total;
    }
  }
  __syncthreads();
}

// each(visit): visit(x) with every number of the row that this thread has. top: the largest of the row. mass(x): of a
// number; -inf has none. wanted(total): at least 1, at most the total.
template <class Each, class MassOf, class Wanted>
__device__ float threshold(Histogram& h, float top, const Each& each, const MassOf& mass, const Wanted& wanted) {
  auto clear = [&] {
    __syncthreads();
    for (int i = static_cast<int>(threadIdx.x); i < kBins; i += static_cast<int>(blockDim.x)) h.low[i] = h.high[i] = 0;
    __syncthreads();
  };
  auto add = [&](int bin, float x) {
    if (const Mass m = mass(x)) h.add(bin, m);
  };
  // First by distance from the top, in steps of 1/32 nat: there the bulk of a row is spread over many bins, and few
  // threads meet in one.
  constexpr float kPerUnit = 32;
  auto step = [&](float x) { return static_cast<int>(fminf((top - x) * kPerUnit, kBins - 1)); };
  clear();
  each([&](float x) { add(step(x), x); });
  choose_bin(h, wanted);
  const int chosen = h.chosen;
  const Mass goal = wanted(h.total);
  // Then by the order of floats: [low, high] holds all of the chosen bin, whatever the rounding of the distance.
  int32_t low = ordered(chosen == kBins - 1 ? -FLT_MAX : top - static_cast<float>(chosen + 2) / kPerUnit),
          high = ordered(chosen == 0 ? top : top - static_cast<float>(chosen - 1) / kPerUnit);
  // How far a number is below another one: two may be further apart than a signed one can say.
  auto below = [](int32_t from, int32_t key) { return static_cast<uint32_t>(from) - static_cast<uint32_t>(key); };
  Mass above = h.before;
  for (;;) {
    int shift = 0;
    while (below(high, low) >> shift >= kBins) ++shift;
    clear();
    each([&](float x) {
      const int32_t key = ordered(x);
      if (key >= low && key <= high && step(x) == chosen) add(static_cast<int>(below(high, key) >> shift), x);
    });
    choose_bin(h, [&](Mass) { return goal - above; });
    above += h.before;
    high = static_cast<int32_t>(below(high, static_cast<int32_t>(static_cast<uint32_t>(h.chosen) << shift)));
    if (shift == 0) return unordered(high);
    low = max(low, high - (int32_t{1} << shift) + 1);
  }
}

}  // namespace glossa
