// Weights in the forms that the products read: packed for the forward pass, packed transposed for the gradients of the
// activations, and the vectors (norms, biases) as float32. The embedding is read in the model's type, like every other
// matrix, whichever form it is kept in: so a frozen model has the bits of the one that trains.
#pragma once
#include <vector>

#include "base/thread_pool.h"
#include "model/buffer.h"
#include "model/model.h"
#include "model/weight_source.h"

namespace glossa {

struct LayerVectors {
  const float *norm1, *norm2, *qkv_bias, *q_norm, *k_norm;  // null where absent
};

class Weights {
 public:
  // Weights that train: vectors and embedding are read from `master` itself (it must outlive this), matrices are packed
  // by repack(), which is to be called whenever `master` has changed.
  void attach(const Model&, const float* master);
  void repack(const Model&, ThreadPool&);
  // Packs the transposed matrices, where that has not been done; from then on repack() keeps them too.
  void need_transposed(const Model&, ThreadPool&);

  // Frozen weights, forward only: everything in the model's type but the vectors, packed straight from the source, a
  // piece a thread at a time. After a failure this is empty.
  Status fill(const Model&, const WeightSource&, ThreadPool&);
  // The same from what `policy` computes now.
  void freeze(const Model&, const Weights& policy);
  bool empty() const { return forward_.empty(); }
  int64_t bytes() const;  // of memory that is its own

  const void* forward(int64_t matrix) const { return forward_[static_cast<size_t>(matrix)]; }
  const void* transposed(int64_t matrix) const { return transposed_[static_cast<size_t>(matrix)]; }
  const LayerVectors& layer(int64_t l) const { return layers_[static_cast<size_t>(l)]; }
  const float* final_norm() const { return final_norm_; }
  // Rows of the embedding for ids, x [rows][hidden], rounded to the model's type.
  void embed(const Model&, float* x, const int32_t* ids, int64_t rows) const;

 private:
  void reserve_frozen(const Model&);

  const float* master_ = nullptr;  // null: frozen
  Buffer packs_, transposed_packs_;
  Buffer table_;                // of frozen weights that are not tied: the embedding in the model's type, row by row
  std::vector<float> vectors_;  // of frozen weights
  std::vector<void*> forward_, transposed_;
  std::vector<LayerVectors> layers_;
  const float* final_norm_ = nullptr;
};

}  // namespace glossa
