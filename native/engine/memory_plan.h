// The memory that a run will need, term by term, before any of it is taken: from the same functions that the engine
// sizes its buffers with, so that plan and truth cannot drift.
#pragma once
#include <string>
#include <vector>

#include "engine/engine.h"

namespace glossa {

// Completions of one generation, each prompt and completion of the greatest length.
struct PlannedGeneration {
  int64_t prompts = 0, samples = 1, prompt_tokens = 1, new_tokens = 1, slots = 0;
};
struct PlannedRun {
  std::vector<PlannedGeneration> generations;  // of training and of evaluation; the largest counts
  // An optimizer step; prompts 0: the engine only samples.
  PlannedGeneration step;
  int64_t micro_batch_tokens = 0;
  bool reference = false;
};

struct MemoryTerm {
  std::string name;
  int64_t bytes;
  // 0: taken all the while; else in the memory that sampling, log-probabilities and micro-batches use one after the
  // other, of which only the greatest sum of what belongs together (named before the colon) counts.
  int group;
};
struct MemoryPlan {
  std::vector<MemoryTerm> terms;
  int64_t total;  // of the engine; the process around it comes on top
  int64_t micro_batch_rows;
  bool together;
};

Result<MemoryPlan> plan_memory(const ModelConfig&, const EngineOptions&, const PlannedRun&);

}  // namespace glossa
