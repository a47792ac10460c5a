#include <algorithm>

#include "device/cuda/trial.h"

namespace glossa {
namespace {

constexpr int kThreads = 256;

__device__ inline uint64_t mix(uint64_t x) {  // splitmix64
  x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9u;
  x = (x ^ x >> 27) * 0x94d049bb133111ebu;
  return x ^ x >> 31;
}

__global__ void fill_random(Bf16* x, int64_t n, uint64_t seed) {
  for (int64_t i = static_cast<int64_t>(blockIdx.x) * kThreads + threadIdx.x; i < n;
       i += static_cast<int64_t>(gridDim.x) * kThreads) {
    const uint64_t r = mix(seed + 0x9e3779b97f4a7c15u * static_cast<uint64_t>(i + 1));
    const uint32_t sign = static_cast<uint32_t>(r) & 0x8000u, exponent = 119 + static_cast<uint32_t>(r >> 16) % 8;
    x[i].bits = static_cast<uint16_t>(sign | exponent << 7 | (static_cast<uint32_t>(r >> 32) & 0x7fu));
  }
}

// A sum over all words of them mixed with their places: it has no order.
__global__ void hash_words(const uint16_t* x, int64_t n, unsigned long long* sum) {
  unsigned long long mine = 0;
  for (int64_t i = static_cast<int64_t>(blockIdx.x) * kThreads + threadIdx.x; i < n;
       i += static_cast<int64_t>(gridDim.x) * kThreads)
    mine += mix(static_cast<uint64_t>(i) << 16 | x[i]);
  atomicAdd(sum, mine);
}

unsigned some_blocks(int64_t n) {
  return static_cast<unsigned>(std::clamp<int64_t>((n + kThreads - 1) / kThreads, 1, 1024));
}

}  // namespace

TrialMemory::~TrialMemory() {
  for (void* m : held_) stream_.release(m);
}

void* TrialMemory::take(int64_t bytes) {
  held_.push_back(nullptr);
  return held_.back() = stream_.allocate(bytes);
}

Bf16* TrialMemory::random(int64_t numbers, uint64_t seed) {
  auto* const x = static_cast<Bf16*>(take(2 * numbers));
  launch(stream_, "random numbers of a trial", fill_random, some_blocks(numbers), kThreads, 0, x, numbers, seed << 40);
  return x;
}

uint64_t TrialMemory::hash(const void* x, int64_t bytes) {
  if (!sum_) sum_ = static_cast<unsigned long long*>(take(8));
  stream_.fill(sum_, 0, 8);
  launch(stream_, "the hash of a trial", hash_words, some_blocks(bytes / 2), kThreads, 0,
         static_cast<const uint16_t*>(x), bytes / 2, sum_);
  unsigned long long sum = 0;
  stream_.download(&sum, sum_, 8);
  stream_.wait();
  return sum;
}

}  // namespace glossa
