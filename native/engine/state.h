// What an engine holds; the parts of the engine (generate, logprobs, train, checkpoint) are functions over it.
#pragma once
#include <chrono>
#include <memory>
#include <vector>

#include "base/thread_pool.h"
#include "engine/engine.h"
#include "model/crew.h"
#include "model/weights.h"

namespace glossa {

struct Optimizer {
  Floats m, v;  // AdamW's moments, flat layout; empty until the first step
  int64_t step = 0;

  // Zeros where there are none yet: both, or after a std::bad_alloc neither.
  void need_moments(size_t parameters) {
    if (!m.empty()) return;
    Floats first(parameters), second(parameters);
    m.swap(first);
    v.swap(second);
  }
};

struct EngineState {
  Model model;
  std::vector<std::string> warnings;
  bool frozen = false;  // then there are no masters, and nothing trains
  Floats master;        // flat float32, tensor_specs layout
  Weights policy, reference;
  Optimizer optimizer;
  std::unique_ptr<ThreadPool> pool;
  bool together = false;  // whether the threads share each product: see model/crew.h

  // Memory that is reused from call to call. The arena holds what one call needs: activations, keys and values, logits.
  Buffer arena, gradient;
  std::vector<Buffer> scratch;  // one a worker

  int64_t resident_bytes() const {
    const size_t floats = master.size() + optimizer.m.size() + optimizer.v.size();
    int64_t bytes = static_cast<int64_t>(floats) * 4 + policy.bytes() + reference.bytes();
    bytes += arena.capacity() + gradient.capacity();
    for (const Buffer& b : scratch) bytes += b.capacity();
    return bytes;
  }

  int threads() const { return pool->threads(); }
  // Grows every worker's scratch to `bytes`.
  void need_scratch(int64_t bytes) {
    scratch.resize(static_cast<size_t>(threads()));
    for (Buffer& b : scratch) b.reserve(bytes);
  }
  // All threads; of use where `together`.
  Crew crew() const { return Crew(*pool, scratch); }
  uint8_t* scratch_of(int worker) const { return scratch[static_cast<size_t>(worker)].data(); }
};

inline bool goes_together(const Model& m, int threads, Sharing sharing) {
  return sharing == Sharing::automatic ? threads > 1 && weights_come_from_memory(m) : sharing == Sharing::always;
}

inline double seconds_now() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

inline bool is_cancelled(const JobControl& control) {
  return control.cancelled && control.cancelled->load(std::memory_order_relaxed);
}

}  // namespace glossa
