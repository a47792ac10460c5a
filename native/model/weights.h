// Weights in the forms that the products of a device read, and the vectors (norms, biases) as float32. The embedding is
// read in the model's type, like every other matrix, whichever form it is kept in: so a frozen model has the bits of
// the one that trains.
#pragma once
#include <array>
#include <vector>

#include "device/memory.h"
#include "model/model.h"
#include "model/weight_source.h"

namespace glossa {

struct LayerVectors {
  Values qkv_bias, q_norm, k_norm;  // nothing where absent
  std::array<Values, kNormsOfLayer> norms;
};

// Of one of the model's matrices (model/adapters.h): A, and a B for each part. Without any b: it has no adapter.
struct AdapterMatrices {
  Matrix a;
  std::vector<Matrix> b;
};

class Weights {
 public:
  // Weights that train: vectors and embedding are read from `master` itself (it must outlive this), matrices are
  // prepared by repack(), which is to be called whenever `master` has changed; where no more than what trains has, by
  // repack_trained().
  void attach(Device&, const Model&, Values master);
  void repack() { prepare(prepared_); }
  void repack_trained() { prepare(trained_); }
  // Adapters that train, beside weights that fill() has made: they are prepared from `master` (it must outlive this) by
  // repack().
  void attach_adapters(Device&, const Model&, Values master);
  // The frozen weights of others that have adapters, without these. Nothing is copied: those must outlive this.
  void share_base(const Weights&);
  // Prepares the transposed forms that the backward pass reads, where that has not been done; from then on they are
  // kept too.
  void need_transposed(const Model&);

  // Frozen weights, forward only: everything in the model's type but the vectors, prepared straight from the source, a
  // piece at a time. After a failure this is empty.
  Status fill(Device&, const Model&, const WeightSource&);
  // The same from what `policy` computes now.
  void freeze(Device&, const Model&, const Weights& policy);
  // Another number after every change: what was computed by other weights is worth nothing.
  int64_t version() const { return version_; }
  bool empty() const { return matrices_.empty(); }
  // Of memory that is its own.
  int64_t bytes() const {
    return packs_.bytes() + adapter_packs_.bytes() + transposed_.bytes() + table_memory_.bytes() + vectors_.bytes();
  }

  const Matrix& matrix(int64_t i) const { return matrices_[static_cast<size_t>(i)]; }
  const AdapterMatrices& adapter(int64_t i) const {
    static const AdapterMatrices none;
    return adapters_.empty() ? none : adapters_[static_cast<size_t>(i)];
  }
  const LayerVectors& layer(int64_t l) const { return layers_[static_cast<size_t>(l)]; }
  Values final_norm() const { return final_norm_; }
  const EmbeddingTable& table() const { return table_; }

  // What fill() and freeze() make.
  static int64_t frozen_bytes(const Device&, const Model&);

 private:
  void reserve_frozen(Device&, const Model&);
  void transpose_frozen(const Model&);
  void prepare(const std::vector<Prepared>& matrices) {
    ++version_;
    device_->prepare(matrices);
  }

  int64_t version_ = 0;
  Device* device_ = nullptr;
  Values master_;                             // nothing: frozen; of adapters alone, where there are some
  std::vector<Prepared> prepared_, trained_;  // all, and those that something trains of
  Memory packs_, adapter_packs_, transposed_;
  Memory table_memory_;  // of frozen weights that are not tied: the embedding in the model's type, row by row
  Memory vectors_;       // of frozen weights
  std::vector<Matrix> matrices_;
  std::vector<AdapterMatrices> adapters_;
  std::vector<LayerVectors> layers_;
  Values final_norm_;
  EmbeddingTable table_;
};

// Bytes of all matrices, of the adapters', and of the transposed form of those that the backward pass reads.
int64_t matrices_bytes(const Device&, const Model&);
int64_t adapters_bytes(const Device&, const Model&);
int64_t transposed_bytes(const Device&, const Model&);

}  // namespace glossa
