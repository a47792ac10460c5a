// Weights in the forms that the products read: packed for the forward pass, packed transposed for the gradients of the
// activations, and the vectors (norms, biases, embedding) as float32.
#pragma once
#include <vector>

#include "base/thread_pool.h"
#include "model/buffer.h"
#include "model/model.h"

namespace glossa {

struct LayerVectors {
  const float *norm1, *norm2, *qkv_bias, *q_norm, *k_norm;  // null where absent
};

class Weights {
 public:
  // The policy: vectors are read from `master` itself (it must outlive this), matrices are packed by repack().
  void attach(const Model&, const float* master);
  void repack(const Model&, ThreadPool&);
  // A frozen copy of what `policy` computes now; forward only.
  void freeze(const Model&, const Weights& policy);
  bool empty() const { return matrices_.empty(); }

  const void* forward(int64_t matrix) const { return matrices_[static_cast<size_t>(matrix)].forward; }
  const void* transposed(int64_t matrix) const { return matrices_[static_cast<size_t>(matrix)].transposed; }
  const LayerVectors& layer(int64_t l) const { return layers_[static_cast<size_t>(l)]; }
  const float* embedding() const { return embedding_; }
  const float* final_norm() const { return final_norm_; }

 private:
  struct Packed {
    void *forward, *transposed;
  };

  const float* master_ = nullptr;
  Buffer packs_;
  std::vector<float> vectors_;  // of a frozen copy
  std::vector<Packed> matrices_;
  std::vector<LayerVectors> layers_;
  const float *embedding_ = nullptr, *final_norm_ = nullptr;
};

}  // namespace glossa
