// Which of a model's tensors train, and where the numbers lie that exist for those alone. Gradients and moments are one
// flat vector of the trained tensors end to end, in their order: where all train it is laid out like the masters. A
// tensor that does not train has no gradient and no moments, and its masters are never written.
#pragma once
#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "base/status.h"
#include "model/config.h"
#include "ops/operands.h"

namespace glossa {

struct Model;

// Places in a sequence's block of partial sums; -1: the model has none, or no part of it trains.
struct LayerPartials {
  int64_t qkv_bias, q_norm, k_norm;
  std::array<int64_t, kNormsOfLayer> norms;
};

// Rows of a weight matrix that train, and the place of their gradient in the trained vector.
struct TrainedRows {
  int64_t row0, rows, place;
};

struct Trained {
  std::vector<TensorSpec> tensors;                 // offset: in the trained vector
  std::vector<int64_t> masters;                    // of each: its offset in the vector of masters
  int64_t parameters = 0;                          // of the trained vector
  std::vector<std::vector<TrainedRows>> matrices;  // of each of the model's
  std::vector<bool> crossed;                       // of each: the gradient goes on through it, to what it was made from
  int64_t embedding = -1;                          // its place; -1: it does not train

  // The lowest layer that anything trains in or below, where the backward pass ends; the number of layers: in none.
  int64_t first_layer = 0;
  bool past_head = true;  // the backward pass goes on from the head to the final norm

  // Parameters that every row of activations shares (norm weights, biases): their gradients are summed per sequence.
  std::vector<PartialSum> sums;  // offset: in the trained vector
  std::vector<LayerPartials> partials;
  int64_t final_norm_partial = -1, partial_size = 0;

  // Multiply-adds that the backward pass makes for a row of the layers, and for a row of the head.
  int64_t backward_of_row = 0, backward_of_head_row = 0;
};

// Patterns are globs over the whole name, `*` for any characters and `?` for one. A tensor trains if it matches one
// without a leading `!` (where there is none: every tensor) and none with it. Codes: TRAINABLE_UNKNOWN: a pattern that
// matches nothing; TRAINABLE_NONE: no tensor is left.
Result<Trained> trained_part(const Model&, const std::vector<std::string>& patterns);
// The adapters' tensors, laid out like their masters.
Trained trained_adapters(const Model&);

}  // namespace glossa
