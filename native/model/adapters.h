// Low-rank adapters (LoRA: Hu et al. 2021, arXiv 2106.09685): beside a frozen weight W [n][k] stand two small matrices
// that train, A [rank][k] and B [n][rank], and the product is x W^T + scale * (x A^T) B^T. All tensors of the adapters
// are one flat vector, which is then all that has masters, gradients and moments. The A of what is fused lie end to
// end: one product makes what the parts of a fused matrix read.
#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "base/status.h"
#include "model/config.h"

namespace glossa {

struct Model;

struct LoraSettings {
  int64_t rank = 0;  // 0: no adapters
  double alpha = 0;
  bool rslora = false;  // alpha / sqrt(rank) instead of alpha / rank (Kalajdzievski 2023, arXiv 2312.03732)
  // Names of linear layers, from a dot on ("q_proj", "layers.0.mlp.up_proj", the whole name), or "all-linear": every
  // one but the head.
  std::vector<std::string> targets;
  uint64_t seed = 0;  // of fresh adapters

  bool any() const { return rank > 0; }
  float scale() const;
};
constexpr int64_t kMostRank = 1024;

// One tensor's rows of a fused matrix, and its adapter.
struct AdaptedRows {
  int64_t row0, rows;  // of the matrix
  int64_t column;      // its first of x A^T
  int64_t b;           // offset of B [rows][rank]
};
struct AdaptedMatrix {
  int64_t width = 0;  // of x A^T: the ranks of all parts; 0: no part has an adapter
  int64_t a = 0;      // offset of A [width][k]
  std::vector<AdaptedRows> parts;
};

struct Adapters {
  int64_t rank = 0;  // 0: none
  float scale = 0;
  std::vector<TensorSpec> tensors;      // PEFT's names
  int64_t parameters = 0;               // of their flat vector
  std::vector<AdaptedMatrix> matrices;  // of each of the model's
  int64_t widest = 0;                   // width of a matrix

  explicit operator bool() const { return rank > 0; }
};

// INVALID_ARGUMENT: rank or alpha out of range; LORA_TARGET_UNKNOWN: a target that names no linear layer, with those
// that there are.
Result<Adapters> place_adapters(const Model&, const LoraSettings&);

// The linear layer that a tensor of an adapter belongs to, as the model calls it; empty where it is none.
std::string adapted_layer(const std::string& tensor);

}  // namespace glossa
