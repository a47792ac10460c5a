// Sampling: every worker of the thread pool owns some slots and decodes them all together, pass by pass, without
// waiting for the others. A prompt's keys and values are computed once and read by all of its completions on that
// worker.
#pragma once
#include "engine/decoder.h"
#include "engine/state.h"

namespace glossa {

// The log-probability and entropy of a token are those of softmax(logits / temperature) over the whole vocabulary, at
// temperature 1 where the temperature is 0: truncation (top-k, top-p, min-p) and logit bias shape the draw alone.
// One decoder for all slots where the threads go together, else one a worker; `slots` 0: chosen. mean_keys: what a
// completion reads of keys of its own, roughly.
struct GenerateSize {
  int64_t rows, slots, mean_keys, longest_prompt, longest_budget;
};
std::vector<DecoderSize> decoder_sizes(const Model&, const GenerateSize&, int threads, bool together);
int64_t generate_scratch_bytes(const Model&, const GenerateSize&);

Result<Rollout> generate(EngineState&, const GenerateRequest&, const JobControl&);

}  // namespace glossa
