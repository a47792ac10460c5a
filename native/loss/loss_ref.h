// The losses as a specification: a whole optimizer step in float64, written after TRL's GRPOTrainer and apart from the
// table.
#pragma once
#include <vector>

#include "loss/loss.h"

namespace glossa::ref {

struct Row {
  std::vector<double> logps, entropies, old_logps, ref_logps;  // of its loss tokens; the last two may be empty
  double advantage = 0;
  bool dropped = false;  // by mask_truncated_completions
};

// The loss at `rows`, in which everything that has no gradient (weights, masks) is that of `at`: the same rows for the
// value, the rows before a step for a difference quotient.
double step_loss(const LossSettings&, double max_completion_length, const std::vector<Row>& rows,
                 const std::vector<Row>& at);

}  // namespace glossa::ref
