// Memory of a trial: two ways of computing the same are given random numbers, and what they leave is compared.
#pragma once
#include <vector>

#include "device/cuda/stream.h"

namespace glossa {

class TrialMemory {
 public:
  explicit TrialMemory(Stream& stream) : stream_(stream) {}
  ~TrialMemory();
  TrialMemory(const TrialMemory&) = delete;
  TrialMemory& operator=(const TrialMemory&) = delete;

  // Zero, until the end of the trial. Throws NoRoom.
  void* take(int64_t bytes);
  template <class T>
  T* take_all(const std::vector<T>& x) {
    auto* const to = static_cast<T*>(take(static_cast<int64_t>(x.size() * sizeof(T))));
    stream_.upload(to, x.data(), static_cast<int64_t>(x.size() * sizeof(T)));
    return to;
  }
  // Of sizes between 2^-8 and 1 and both signs, so that the order of a sum shows. Two of them are a float32 like them.
  Bf16* random(int64_t numbers, uint64_t seed);
  // Of all bytes, an even number, and their places.
  uint64_t hash(const void*, int64_t bytes);

 private:
  Stream& stream_;
  std::vector<void*> held_;
  unsigned long long* sum_ = nullptr;
};

}  // namespace glossa
