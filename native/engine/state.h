// What an engine holds; the parts of the engine (generate, logprobs, train, checkpoint) are functions over it.
#pragma once
#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "engine/engine.h"
#include "engine/kv_store.h"
#include "model/weights.h"

namespace glossa {

struct Optimizer {
  Memory m, v;  // AdamW's moments, trained layout (model/trained.h), float32; empty until the first step
  int64_t step = 0;
};

struct EngineState {
  std::string device_name;  // "cpu", "cuda:1"
  std::unique_ptr<Device> device;
  Model model;
  std::vector<std::string> warnings;
  bool frozen = false;  // then there are no masters but of adapters, and nothing trains
  // Of adapters: their settings, what adapter_config.json calls the base, and the base's weights once more.
  LoraSettings lora;
  std::string base_name;
  std::function<Result<std::unique_ptr<WeightSource>>()> open_base;
  Memory master;  // flat float32, laid out as Model::master_tensors
  Weights policy, reference;
  Optimizer optimizer;

  // Memory that is reused from call to call. The arena holds what one call needs: activations, logits, and in training
  // keys and values; those of completions and prompts have pages.
  Memory arena, gradient, rope;
  std::unique_ptr<KvStore> kv;

  // What sampling and training take one after the other is not held twice, but for what is not worth the giving back.
  static constexpr int64_t kSpareArena = int64_t{256} << 20, kSparePages = int64_t{16} << 20;
  static constexpr int64_t kKeptPrompts = int64_t{64} << 20;
  void reserve_for_sampling(int64_t arena_bytes);
  void make_room_for_training();

  // Bytes of the weights in all their forms, moments, gradients, and of what calls share and keep.
  int64_t resident_bytes() const;

  // Grows the rotary tables to `n` positions, n <= context.
  void need_positions(int64_t n);
  // Moments of zero where there are none yet: both, or after a std::bad_alloc neither.
  void need_moments();
};

// Of the rotary tables of so many positions.
inline int64_t rope_bytes(const Model& m, int64_t positions) {
  const ModelConfig& c = m.config;
  return (c.has_rope(LayerRope::global) + c.has_rope(LayerRope::local)) * positions * c.head_dim * 4;
}

// That the options allow.
inline int64_t kv_pages(const EngineOptions& options, int64_t page_bytes) {
  return options.kv_cache_bytes > 0 ? options.kv_cache_bytes / KvPool::stride(page_bytes) : INT64_MAX;
}

inline double seconds_now() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

inline bool is_cancelled(const JobControl& control) {
  return control.cancelled && control.cancelled->load(std::memory_order_relaxed);
}

}  // namespace glossa
