// The sampler's law of the tokens of a batch, beside the temperature: from what the sampler recorded (Rollout::kept)
// and the biases of the rows to the support of each token, which the head is restricted to.
#pragma once
#include <vector>

#include "engine/engine.h"
#include "model/layout.h"
#include "model/model.h"
#include "ops/support/support.h"

namespace glossa {

// INVALID_ARGUMENT where biases or kept ids do not fit the batch. Of each token the kept ids must ascend, lie in the
// vocabulary and hold the token itself.
Status check_law(const Model&, const SequenceBatch&);

// Tables may hold finite numbers and -inf, and each of the `rows` names one of them or none.
Status check_biases(const Model&, const float* tables, int32_t count, const int32_t* of_rows, int64_t rows);

class Supports {
 public:
  // Of a batch that was checked.
  explicit Supports(const SequenceBatch&);
  // Whether every token of every row may come, with nothing added to its logit.
  bool everything() const { return biases_.count == 0 && kept_at_.empty(); }
  const Biases& biases() const { return biases_; }
  // Of the batch's row `row`, and its token among the batch's completion ids; -1: of its prompt, which nothing kept.
  Support of(int64_t row, int64_t token) const;
  // Of every head row of a micro-batch, whose owners are rows of the layout; padding has any. Empty: everything().
  std::vector<Support> of(const Layout&, const MicroBatch&) const;

 private:
  const SequenceBatch& batch_;
  Biases biases_;
  std::vector<int64_t> kept_at_;  // of each token among the batch's completions; empty: no filter was on
  int64_t first_token_;
};

}  // namespace glossa
