// Keys and values that are computed before a token is drawn: of prompts, which all their completions read, and of
// completions that lost theirs.
#pragma once
#include <vector>

#include "engine/state.h"
#include "model/forward.h"

namespace glossa {

// Rows of one sequence from its first on, and where their keys and values go. `prefix` as in SequenceRows.
struct Prefill {
  const int32_t* ids;
  int64_t length, position0;
  KvCache own;
  KvCache prefix;
  int64_t prefix_length;
};

// One after another in as many rows as the activations have; one may read those before it. False where it was cancelled
// before all were done.
bool prefill(Ops&, const Model&, const Weights&, const Activations&, int64_t activation_rows,
             const std::vector<Prefill>&, const JobControl&);

}  // namespace glossa
