// Forward, loss and backward of one micro-batch. Stages, each shared out among the lanes: prefixes forward; the other
// sequences forward, through the head and backward; prefixes backward; weight gradients. Where the logits of a
// micro-batch are too large to hold the head goes over chunks of rows between the two passes instead.
#pragma once
#include "engine/batch.h"
#include "engine/law.h"
#include "model/backward.h"
#include "model/head_loss.h"
#include "model/weight_gradients.h"

namespace glossa {

// What the micro-batches of one step have in common.
struct StepLoss {
  LossSettings settings;
  float inv_temperature;
  const TrainBatch* batch;
  const Supports* supports;
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

// What a micro-batch needs: of the arena in all, and the parts of it that are not activations.
struct MicroBatchSize {
  int64_t arena, logits, caches, key_gradients;
  Workload workload;
};
MicroBatchSize micro_batch_size(const Device&, const Model&, const MicroBatch&);

// The budget of a micro-batch: rows where `tokens` says how many, else bytes of its activations and key gradients.
RowBudget training_budget(const Device&, const Model&, int64_t tokens);

struct MicroBatchMemory {
  Activations activations;
  Rows dx, normed, d_normed, logits;
  Values rstd_final, partials, prefix_gradients;
  Address caches;
  std::vector<BackwardRows> backward;  // a lane
};

class MicroBatchPass {
 public:
  // Gradients are added to `gradient` (trained layout) and, where the head is tied, to the embedding's own rows.
  MicroBatchPass(EngineState&, const Layout&, const MicroBatch&, StepLoss&, Values gradient, const SharedEmbedding&);
  // False: cancelled, and the gradients are worthless.
  bool run(const JobControl&, StepTimes*);

 private:
  void prepare_rows();
  void prepare_gradients();
  void clear_padding();
  void forward_rows(const SequenceRows*, int64_t count, bool keys_only, Ops&);
  void forward_prefixes(const SequenceTask&, Ops&);
  void forward(const SequenceTask&, Ops&);
  void head(int64_t row0, int64_t rows, const Rows& logits, Ops&);
  void backward(const SequenceTask&, LayerRange, const BackwardRows&, Ops&);
  void backward_prefixes(const SequenceTask&, LayerRange, const BackwardRows&, Ops&);
  bool run_passes(const JobControl&, StepTimes*, WeightGradients&);
  void head_in_chunks(WeightGradients&);
  void keep_results();
  const Sequence& own(int64_t i) const {
    return b_.sequences[static_cast<size_t>(placed_.own_index[static_cast<size_t>(i)])];
  }

  EngineState& e_;
  const Model& m_;
  const Layout& layout_;
  const MicroBatch& b_;
  StepLoss& loss_;
  const Values gradient_;
  const SharedEmbedding& embedding_;
  int64_t chunk_rows_;  // of the head; b_.head_rows where all fit
  MicroBatchMemory mem_;
  Placed placed_;
  std::vector<SequenceGradient> prefix_gradients_, own_gradients_;
  std::vector<KvGradient> readers_;
  std::vector<Support> supports_;  // of head rows; empty: every token
  std::vector<TokenTerms> terms_;
  std::vector<TokenResult> results_;
  std::vector<TokenSlope> slopes_;  // of head rows; empty where each token has its own
};

}  // namespace glossa
