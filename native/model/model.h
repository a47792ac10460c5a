// A model ready to compute: its settings, the kernels, the operand type, and where each parameter lies in the flat
// vector.
#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "model/config.h"
#include "ops/kernels.h"

namespace glossa {

// Offsets into the flat parameter vector; -1 where the model has no such parameter.
struct LayerOffsets {
  int64_t qkv, qkv_bias, q_norm, k_norm, o;
  int64_t norm1;  // pre-norm: before attention; post-norm: after attention
  int64_t norm2;  // pre-norm: before the MLP; post-norm: after the MLP
  int64_t gate_up, down;
};

// One weight matrix of a product C = A * W^T.
struct MatrixSpec {
  int64_t offset;  // in the flat vector
  int64_t n, k;    // rows (outputs), columns (inputs)
};

// A parameter that every row of activations shares: norm weights and biases. Their gradients are summed per sequence.
struct RowParameter {
  int64_t offset;   // in the flat vector
  int64_t partial;  // in a sequence's block of partial sums
  int64_t size;
};
struct LayerPartials {
  int64_t qkv_bias, q_norm, k_norm, norm1, norm2;  // -1 where absent
};

enum Matrix : int { kQkv = 0, kO = 1, kGateUp = 2, kDown = 3, kMatricesOfLayer = 4 };

struct Model {
  ModelConfig config;
  QkvShape shape;
  Dtype dtype;
  const Kernels* kernels;
  float attention_scale;  // 1 / sqrt(head_dim)

  std::vector<TensorSpec> tensors;
  int64_t parameters, matmul_parameters;
  int64_t embedding, final_norm, head;  // head == embedding where tied
  std::vector<LayerOffsets> layers;
  std::vector<MatrixSpec> matrices;  // four a layer, then the head

  std::vector<RowParameter> row_parameters;
  std::vector<LayerPartials> partials;
  int64_t final_norm_partial, partial_size;

  std::vector<float> rope;  // rope_table for the first rope_positions() positions
  int64_t rope_positions() const { return static_cast<int64_t>(rope.size()) / config.head_dim; }
  void need_positions(int64_t n);  // grows the table; n <= context

  int64_t head_matrix() const { return static_cast<int64_t>(matrices.size()) - 1; }
  // The tensor that holds element `offset` of the flat vector.
  const TensorSpec& tensor_at(int64_t offset) const;
};

inline int64_t element_count(const TensorSpec& t) {
  int64_t n = 1;
  for (int64_t d : t.shape) n *= d;
  return n;
}

Model make_model(const ModelConfig&, Dtype, const Kernels*);

}  // namespace glossa
