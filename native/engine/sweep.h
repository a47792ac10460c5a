// The forward passes of a training step that are followed by no backward pass: of rows without a gradient, which are
// computed for their metrics, and of every row where the loss of a token depends on other tokens (needs_sweep).
#pragma once
#include "engine/micro_batch.h"

namespace glossa {

// Log-probabilities, entropies and differences to the sampler of a layout's tokens, in `loss`. False: cancelled.
bool measure(EngineState&, const Layout&, const TrainSettings&, const JobControl&,
             const std::function<void(int64_t units, int64_t rows)>& done, StepLoss* loss);

// A layout and what was measured of it.
struct Measured {
  const Layout* layout;
  StepLoss* loss;
};
// From what was measured of all rows of the step, the losses and slopes of its tokens.
void resolve(const std::vector<Measured>& step);

}  // namespace glossa
