// The memory that a run will need, term by term, before any of it is taken: from the same functions that the engine
// sizes its buffers with, so that plan and truth cannot drift.
#pragma once
#include <string>
#include <vector>

#include "engine/state.h"

namespace glossa {

// Completions of one generation, each prompt and completion of the greatest length.
struct PlannedGeneration {
  int64_t prompts = 0, samples = 1, prompt_tokens = 1, new_tokens = 1, slots = 0;
  int64_t kept = 0;  // ids of a token that are recorded, at most (GenerateRequest::of_law); 0: none are
};
struct PlannedRun {
  std::vector<PlannedGeneration> generations;  // of training and of evaluation; the largest counts
  // An optimizer step; prompts 0: the engine only samples.
  PlannedGeneration step;
  int64_t micro_batch_tokens = 0;
  bool reference = false;
  // Of a GPU that is planned for and need not be here; 0: of the one that is.
  int64_t gpu_memory = 0;
};

struct MemoryTerm {
  std::string name;
  int64_t bytes;
  // 0: taken all the while; else in the memory that sampling, log-probabilities and micro-batches use one after the
  // other, of which only the greatest sum of what belongs together (named before the colon) counts.
  int group;
  bool of_host = false;  // of the host's memory, where the device has its own
};
struct MemoryPlan {
  std::vector<MemoryTerm> terms;
  int64_t total = 0;  // of the engine, on the device that computes; the process around it comes on top
  int64_t host = 0;   // of the engine on the host, where the device has its own memory
  int64_t micro_batch_rows = 0;
  // What the step is cut by: the rows that a micro-batch may take, which on a GPU follow the card's memory, or as
  // asked.
  int64_t micro_batch_tokens = 0;
  int64_t positions = 0;  // of rotary tables
  int64_t gradients = 0;  // bytes of that term
  int64_t kept_bits = 0;  // on a device of its own: of what is kept of draws that the host has not seen
  bool together = false;
  // Of a GPU's memory: in all, and what a start may take of it now, the driver's part left out.
  Room room;
};

Result<MemoryPlan> plan_memory(const ModelConfig&, const EngineOptions&, const PlannedRun&);
// The same of an engine's own device; most_pages: of keys and values.
Result<MemoryPlan> plan_memory(const Device&, const Model&, bool frozen, int64_t most_pages, const PlannedRun&);

// A GPU's memory is taken in two pieces, as prompts are only known once a model is open: that of the weights when the
// engine is made, and then what the plan of a run says beside them, when all of the plan has been held against what is
// there. Both before anything is computed; nothing on a device with the host's memory. OUT_OF_MEMORY where it is not
// there, naming the largest terms; nothing has changed then.
Status hold_weights(EngineState&);
Status reserve_run(EngineState&, const PlannedRun&);

}  // namespace glossa
