// A model's shape: its settings, the operand type, and where each parameter lies in the flat vector.
#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "model/config.h"
#include "ops/operands.h"
#include "ops/qkv/qkv.h"

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

// Places in a sequence's block of partial sums.
struct LayerPartials {
  int64_t qkv_bias, q_norm, k_norm, norm1, norm2;  // -1 where absent
};

enum MatrixOfLayer : int { kQkv = 0, kO = 1, kGateUp = 2, kDown = 3, kMatricesOfLayer = 4 };

struct Model {
  ModelConfig config;
  QkvShape shape;
  Dtype dtype;
  float attention_scale;  // 1 / sqrt(head_dim)

  std::vector<TensorSpec> tensors;
  int64_t parameters, matmul_parameters;
  int64_t embedding, final_norm, head;  // head == embedding where tied
  std::vector<LayerOffsets> layers;
  std::vector<MatrixSpec> matrices;  // four a layer, then the head

  // Parameters that every row of activations shares (norm weights, biases): their gradients are summed per sequence.
  std::vector<PartialSum> row_parameters;
  std::vector<LayerPartials> partials;
  int64_t final_norm_partial, partial_size;

  Values rope;  // rope_table of the first rope_positions positions, in the memory of the device that computes
  int64_t rope_positions;

  int64_t head_matrix() const { return static_cast<int64_t>(matrices.size()) - 1; }
  // The tensor that holds element `offset` of the flat vector.
  const TensorSpec& tensor_at(int64_t offset) const;
};

// Of the operands that the products of a row read.
inline int64_t matrix_operand_bytes(const Model& m) {
  return m.matmul_parameters * dtype_bytes(m.dtype);
}

inline int64_t element_count(const TensorSpec& t) {
  int64_t n = 1;
  for (int64_t d : t.shape) n *= d;
  return n;
}

Model make_model(const ModelConfig&, Dtype);

}  // namespace glossa
