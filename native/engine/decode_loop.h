// A lane's rounds: what its scheduler says, a token for every completion in flight or several. As many rounds are under
// way at a time as the scheduler has looks, so that the device need not wait while the host looks.
#pragma once
#include "engine/scheduler.h"
#include "engine/state.h"

namespace glossa {

// What one lane computes in, carved once for the whole call.
struct DecodeMemory {
  int64_t slots;
  Activations activations;
  int64_t activation_rows;
  Rows normed;  // [slots] hidden, of the model's type
  Values rstd;  // [slots]
  Rows logits;  // [slots]
};
// `prompt_ids`: of prompts that the lane may have to encode at a time.
DecodeMemory carve_decode(const Device&, const Model&, Carver&, int64_t slots, int64_t prompt_ids);

class DecodeLoop {
 public:
  DecodeLoop(Generation&, Scheduler&, const Model&, const Weights&, const DecodeMemory&, Ops&, const JobControl&,
             bool reports);
  void run();
  double prefill_seconds = 0, decode_seconds = 0;

 private:
  bool goes_on() const { return !is_cancelled(control_) && !job_.fails(); }
  // False where it was cancelled, or there is nothing to begin.
  bool begin(DecodeRound*);
  void pass(DecodeBatch&, int64_t rows);
  void report();

  Generation& job_;
  Scheduler& scheduler_;
  const Model& m_;
  const Weights& w_;
  const DecodeMemory& mem_;
  Ops& ops_;
  const JobControl& control_;
  const bool reports_;
  double last_report_ = 0;
  std::vector<DecodeRound> rounds_;
  const std::unique_ptr<Decoder> decoder_;
};

}  // namespace glossa
