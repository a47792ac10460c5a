// Gradients of the weight matrices and the embedding from what the passes left in the activations: every element is one
// chain over the token rows in order, continued from micro-batch to micro-batch. Threads split the outputs.
#pragma once
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

class WeightGradients {
 public:
  // `gradient` in the flat layout. head_gradient [vocab][hidden]: where the head's gradient goes while the embedding
  // shares its weight; null where the head has its own place.
  WeightGradients(const Model&, int threads, float* gradient, float* head_gradient);

  void add_layers(Activations const&, int64_t rows);
  void add_head(const HeadRows&);
  void add_embedding(const float* dx, const int32_t* ids, int64_t rows);
  int64_t scratch_bytes() const;
  // Runs what was added, the largest tasks first; scratch(worker) gives scratch_bytes().
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
  float *gradient_, *head_gradient_;
  std::vector<Task> tasks_;
};

}  // namespace glossa
