// Sampling: every lane owns some slots and decodes them all together, pass by pass, without waiting for the others. A
// prompt's keys and values are computed once and read by all of its completions: by the lane that has the prompt, or,
// where the prompts are too few for that, by all lanes together before they begin.
//
// The log-probability and entropy of a token are those of softmax(logits / temperature) over the whole vocabulary, at
// temperature 1 where the temperature is 0: truncation (top-k, top-p, min-p) and logit bias shape the draw alone. Where
// the request asks for those of the law (of_law), they are of softmax((logits + bias) / temperature) over what the
// filters keep.
#pragma once
#include "engine/decode_loop.h"
#include "engine/state.h"

namespace glossa {

// `groups`: prompts that begin differently; `slots` 0: chosen; mean_keys: what a completion reads of keys of its own,
// roughly.
struct GenerateSize {
  int64_t groups, rows, slots, mean_keys, longest_prompt, longest_budget;
};

// How a generation is shared out among the lanes.
struct GeneratePlan {
  std::vector<int64_t> slots;  // a lane
  bool prompts_first;          // encoded by all lanes together
  int64_t pages_of_lane;       // at most, of keys and values
  int64_t pages;               // of everything, at most
};
// KV_CACHE_TOO_SMALL where `most_pages` do not hold one completion and its prompt.
Result<GeneratePlan> plan_generation(const Device&, const Model&, const GenerateSize&, int64_t most_pages);

struct GenerateMemory {
  Activations prompts;  // where they come first
  int64_t prompt_rows;
  std::vector<DecodeMemory> lanes;
  int64_t bytes;
};
GenerateMemory carve_generate(const Device&, const Model&, Carver, const GenerateSize&, const GeneratePlan&);
Workload generate_workload(const Model&, const GenerateSize&);

Result<Rollout> generate(EngineState&, const GenerateRequest&, const JobControl&);

}  // namespace glossa
