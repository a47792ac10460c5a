// Log-probabilities and entropies of given completions, by the operators and in the order of the sampler.
#pragma once
#include "engine/law.h"
#include "engine/state.h"
#include "model/layout.h"

namespace glossa {

// Forward alone over a layout of shared prompts: log-probability and entropy of every loss token, in the layout's order
// of results. micro_batch_tokens 0: chosen. done() is called after each micro-batch with the units gone over so far.
// False: cancelled.
bool forward_logprobs(EngineState&, const Weights&, const Layout&, const Supports&, float temperature,
                      int64_t micro_batch_tokens, const JobControl&,
                      const std::function<void(int64_t units, int64_t rows)>& done, float* logps, float* entropies);

// Memory for a micro-batch: every lane has place for a task of its own.
struct LogprobSize {
  int64_t target, rows;  // of a task: about, and at most
  int64_t caches, task;  // bytes in the arena: of keys and values, then of each lane's task
  int64_t arena;
  Workload workload;
};
LogprobSize logprob_size(const Device&, const Model&, const MicroBatch&);
RowBudget logprob_budget(const Device&, const Model&, int64_t tokens);

Result<Logprobs> logprobs(EngineState&, const SequenceBatch&, const LogprobSettings&, const JobControl&);
Result<std::vector<float>> sequence_logits(EngineState&, const int32_t* ids, int64_t n);

}  // namespace glossa
