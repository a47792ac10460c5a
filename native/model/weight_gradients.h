// Gradients of the weight matrices and the embedding from what the passes left in the activations: every element is one
// chain over the token rows in order, continued from micro-batch to micro-batch. Threads split the outputs.
#pragma once
#include <vector>

#include "base/thread_pool.h"
#include "model/activations.h"

namespace glossa {

// Rows that reached the head: gradient of the logits and the normed rows they were made from.
struct HeadRows {
  const void* d_logits;  // [rows][stride elements] of the model's type
  int64_t stride;
  const void* normed;  // [rows][hidden] of the model's type
  int64_t rows;        // even
};

// The embedding's gradient while the head shares its weight: a row for each id that occurs in the batch. It is added to
// the head's once at the end of the step; added in turn, the order of additions would depend on the micro-batches.
struct SharedEmbedding {
  std::vector<int32_t> place;  // [vocab] row of each id that occurs; empty: the embedding has its own weight
  float* rows = nullptr;       // [ids that occur][hidden]
};

class WeightGradients {
 public:
  // `gradient` in the flat layout.
  WeightGradients(const Model&, int threads, float* gradient, const SharedEmbedding&);

  void add_layers(Activations const&, int64_t rows);
  void add_head(const HeadRows&);
  void add_embedding(const float* dx, const int32_t* ids, int64_t rows);
  static int64_t scratch_bytes(const Model&);
  // Runs what was added, the largest tasks first; scratch[worker] has scratch_bytes().
  void run(ThreadPool&, void* const* scratch);

 private:
  struct Task {
    const void *a, *b;
    float* c;
    int64_t lda, ldb, k, tokens, row0, row1;  // rows of c; of the embedding: columns
    const int32_t* ids;                       // of the embedding, else null
  };
  void add_matrix(int64_t matrix, float* c, const void* a, int64_t lda, const void* b, int64_t tokens);

  const Model& m_;
  const int threads_;
  float* gradient_;
  const SharedEmbedding& shared_;
  std::vector<int32_t> places_;  // of the rows given to add_embedding
  std::vector<Task> tasks_;
};

}  // namespace glossa
