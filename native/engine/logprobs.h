// Log-probabilities and entropies of given completions, by the operators and in the order of the sampler.
#pragma once
#include "engine/state.h"

namespace glossa {

Result<Logprobs> logprobs(EngineState&, const SequenceBatch&, const LogprobSettings&, const JobControl&);
Result<std::vector<float>> sequence_logits(EngineState&, const int32_t* ids, int64_t n);

}  // namespace glossa
