// Which weight gradients a pass over rows leaves to be made, from what it left in the activations: every element is one
// chain over the token rows in order, continued from micro-batch to micro-batch. What does not train is left out.
#pragma once
#include <vector>

#include "model/backward.h"

namespace glossa {

// The embedding's gradient while the head shares its weight: a row for each id that occurs in the batch. It is added to
// the head's once at the end of the step; added in turn, the order of additions would depend on the micro-batches.
struct SharedEmbedding {
  std::vector<int32_t> place;  // [vocab] row of each id that occurs; empty: the embedding has its own weight
  Values rows;                 // [ids that occur][hidden]
};

class WeightGradients {
 public:
  // `gradient` in the trained layout.
  WeightGradients(const Model& m, Values gradient, const SharedEmbedding& shared)
      : m_(m), gradient_(gradient), shared_(shared) {}

  void add_layers(const Activations&, LayerRange, int64_t rows);
  // Rows that reached the head: gradient of the logits and the normed rows they were made from; rows is even.
  void add_head(const Rows& d_logits, const Rows& normed, int64_t rows);
  void add_embedding(const Rows& dx, const int32_t* ids, int64_t rows);
  // Makes what was added.
  void run(Ops&);

 private:
  void add_matrix(int64_t matrix, const Rows& d_c, const Rows& a, int64_t rows);
  void add_adapter(int64_t matrix, const LowRankRows&, const Rows& d_c, const Rows& a, int64_t rows);

  const Model& m_;
  const Values gradient_;
  const SharedEmbedding& shared_;
  std::vector<int32_t> places_;  // of the rows given to add_embedding
  std::vector<MatrixGradient> matrices_;
  std::vector<EmbeddingGradient> embeddings_;
};

}  // namespace glossa
