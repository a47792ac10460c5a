// Refusals of what callers may get wrong, before anything is computed.
#pragma once
#include "engine/state.h"

namespace glossa {

// Offsets ascend, every row has at least `least` ids, every id is in the vocabulary. `what` names the rows in messages.
Status check_rows(const Model&, const Ragged&, const char* what, int64_t least);
Status check_batch(const Model&, const SequenceBatch&, int64_t least_completion);
Status check_generate(const Model&, const GenerateRequest&);
Status check_train(const Model&, const TrainBatch&, const TrainSettings&);
Status check_temperature(float temperature, bool zero_allowed);

inline int32_t budget_of(const GenerateRequest& r, int64_t prompt) {
  return r.budgets ? r.budgets[prompt] : r.max_new_tokens;
}

}  // namespace glossa
