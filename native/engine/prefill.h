// The keys and values of prompts, which every completion of a prompt reads: computed once for all of them.
#pragma once
#include <vector>

#include "engine/state.h"
#include "model/forward.h"

namespace glossa {

// The first `length` ids of a prompt, and where their keys and values go.
struct Prefix {
  const int32_t* ids;
  int64_t length;
  KvCache cache;
};

// Rows of the activations that prefixes of up to `ids` ids together are worth, where operators take block_rows at a
// time.
int64_t prefill_rows(int64_t ids, int64_t block_rows);
// One after another in as many rows as the activations have. False where it was cancelled before all were done.
bool prefill(Ops&, const Model&, const Weights&, const Activations&, int64_t activation_rows,
             const std::vector<Prefix>&, const JobControl&);

}  // namespace glossa
