// Forward, loss and backward of one micro-batch. Stages, each one call of the thread pool: prefixes forward; the other
// sequences forward, through the head and backward; prefixes backward; weight gradients. Where the logits of a
// micro-batch are too large to hold, or the threads go together, the head goes over chunks of rows between the two
// passes instead.
#pragma once
#include <atomic>

#include "engine/batch.h"
#include "model/backward.h"
#include "model/head_loss.h"
#include "model/weight_gradients.h"

namespace glossa {

// What the micro-batches of one step have in common.
struct StepLoss {
  LossSettings settings;
  float inv_temperature;
  const TrainBatch* batch;
  float bonus;                       // what a nat of a token's entropy takes off the loss
  std::vector<float> scales;         // per row of the layout
  std::vector<TokenResult> results;  // per loss token of the whole batch
  std::vector<TokenSlope> slopes;    // aligned with results where a first sweep gave both; else empty
  std::vector<float> differences;    // logp - old_logp, aligned with results; empty where no old_logps were given
};

struct StepTimes {
  double forward_seconds = 0, backward_seconds = 0;
  double flops = 0;
};

// What a micro-batch needs: of the arena in all, and the parts of it that are not activations; of each thread's
// scratch.
struct MicroBatchSize {
  int64_t arena, logits, caches, key_gradients, scratch;
};
MicroBatchSize micro_batch_size(const Model&, const MicroBatch&, int threads, bool together);

// The budget of a micro-batch: rows where `tokens` says how many, else bytes of its activations and key gradients.
RowBudget training_budget(const Model&, int64_t tokens);

struct MicroBatchMemory {
  Activations activations;
  float *dx, *rstd_final, *d_normed, *logits, *partials, *prefix_gradients;
  void* normed;
  uint8_t* caches;
  void* rows_scratch;  // of the backward pass, where the threads go together
};

class MicroBatchPass {
 public:
  // Gradients are added to `gradient` (flat layout) and, where the head is tied, to the embedding's own rows.
  MicroBatchPass(EngineState&, const Layout&, const MicroBatch&, StepLoss&, float* gradient, const SharedEmbedding&);
  // False: cancelled, and the gradients are worthless.
  bool run(const JobControl&, StepTimes*);

 private:
  void prepare_rows();
  void prepare_gradients();
  void clear_padding();
  void forward_prefixes(const SequenceTask&, const Crew&);
  void forward(const SequenceTask&, const Crew&);
  void head(int64_t row0, int64_t rows, float* logits, const Crew&);
  void backward(const SequenceTask&, void* rows_scratch, const Crew&);
  void backward_prefixes(const SequenceTask&, void* rows_scratch, const Crew&);
  bool run_alone(const JobControl&, StepTimes*, WeightGradients&, void* const* scratch);
  bool run_together(const JobControl&, StepTimes*, WeightGradients&, void* const* scratch);
  void head_in_chunks(WeightGradients&, void* const* scratch);
  void add_partials();
  void keep_results();
  const Sequence& own(int64_t i) const {
    return b_.sequences[static_cast<size_t>(placed_.own_index[static_cast<size_t>(i)])];
  }
  HeadLoss head_loss_of();

  EngineState& e_;
  const Model& m_;
  const Layout& layout_;
  const MicroBatch& b_;
  StepLoss& loss_;
  float* gradient_;
  const SharedEmbedding& embedding_;
  int64_t chunk_rows_;  // of the head; b_.head_rows where all fit
  MicroBatchMemory mem_;
  Placed placed_;
  std::vector<SequenceGradient> prefix_gradients_, own_gradients_;
  std::vector<KvGradient> readers_;
  std::vector<TokenTerms> terms_;
  std::vector<TokenResult> results_;
  std::vector<TokenSlope> slopes_;  // of head rows; empty where each token has its own
};

}  // namespace glossa
