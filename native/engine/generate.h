// Sampling: every lane owns some slots and decodes them all together, pass by pass, without waiting for the others. A
// prompt's keys and values are computed once and read by all of its completions: by the lane that has the prompt, or,
// where the prompts are too few for that, by all lanes together before they begin.
#pragma once
#include "engine/decoder.h"
#include "engine/state.h"

namespace glossa {

// The log-probability and entropy of a token are those of softmax(logits / temperature) over the whole vocabulary, at
// temperature 1 where the temperature is 0: truncation (top-k, top-p, min-p) and logit bias shape the draw alone.
// One decoder a lane; `slots` 0: chosen. mean_keys: what a
// completion reads of keys of its own, roughly.
struct GenerateSize {
  int64_t prompts, samples, slots, mean_keys, longest_prompt, longest_budget;
};
struct GenerateMemory {
  std::vector<Address> prefixes;  // pages of prefix_capacity per prompt, where they come first; else none
  int64_t prefix_capacity;
  Activations prefill;
  int64_t prefill_rows;
  std::vector<DecoderSize> sizes;
  std::vector<DecoderMemory> decoders;
  int64_t bytes;
};
GenerateMemory carve_generate(const Device&, const Model&, Carver&, const GenerateSize&);
Workload generate_workload(const Model&, const GenerateSize&);

Result<Rollout> generate(EngineState&, const GenerateRequest&, const JobControl&);

}  // namespace glossa
