// A model's shape: its settings, the operand type, and where each parameter lies in the flat vector.
#pragma once
#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "model/adapters.h"
#include "model/config.h"
#include "model/trained.h"
#include "ops/operands.h"
#include "ops/qkv/qkv.h"

namespace glossa {

// Offsets into the flat parameter vector; -1 where the model has no such parameter.
struct LayerOffsets {
  int64_t qkv, qkv_bias, q_norm, k_norm, o;
  int64_t gate_up, down;
  std::array<int64_t, kNormsOfLayer> norms;
};

// One weight matrix of a product C = A * W^T.
struct MatrixSpec {
  int64_t offset;  // in the flat vector
  int64_t n, k;    // rows (outputs), columns (inputs)
};

// A parameter that every row of activations shares: a norm's weights, a bias.
struct VectorSpec {
  int64_t offset;  // in the flat vector
  int64_t place;   // among all vectors end to end
  int64_t size;
};

enum MatrixOfLayer : int { kQkv = 0, kO = 1, kGateUp = 2, kDown = 3, kMatricesOfLayer = 4 };

struct Model {
  ModelConfig config;
  QkvShape shape;
  Dtype dtype;
  float attention_scale;  // of a score

  std::vector<TensorSpec> tensors;
  int64_t parameters, matmul_parameters;  // the second with the adapters'
  int64_t embedding, final_norm, head;    // head == embedding where tied
  std::vector<LayerOffsets> layers;
  std::vector<MatrixSpec> matrices;  // four a layer, then the head

  std::vector<VectorSpec> vectors;
  int64_t vectors_size;

  Adapters adapters;  // where there are some, nothing else trains
  Trained trained;

  // rope_table of the first rope_positions positions, in the memory of the device that computes; nothing where no layer
  // has the rope.
  Values global_rope, local_rope;
  int64_t rope_positions;
  Values rope_of(int64_t layer) const;

  // What has float32 masters in an engine that trains: all tensors, or the adapters alone.
  const std::vector<TensorSpec>& master_tensors() const { return adapters ? adapters.tensors : tensors; }
  int64_t master_parameters() const { return adapters ? adapters.parameters : parameters; }
  // Both together.
  int64_t all_parameters() const { return parameters + adapters.parameters; }

  int64_t head_matrix() const { return static_cast<int64_t>(matrices.size()) - 1; }
};

// The tensor that holds element `offset` of the flat vector that `tensors` fill.
const TensorSpec& tensor_at(const std::vector<TensorSpec>& tensors, int64_t offset);

// Of the operands that the products of a row read.
inline int64_t matrix_operand_bytes(const Model& m) {
  return m.matmul_parameters * dtype_bytes(m.dtype);
}

inline int64_t element_count(const TensorSpec& t) {
  int64_t n = 1;
  for (int64_t d : t.shape) n *= d;
  return n;
}

// trainable: patterns of the names of those that train (trained_part, whose codes it gives); with adapters, whose codes
// are those of place_adapters, only these do.
Result<Model> make_model(const ModelConfig&, Dtype, const std::vector<std::string>& trainable,
                         const LoraSettings& = {});

}  // namespace glossa
