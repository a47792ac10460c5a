// The global gradient norm, clipping and AdamW over the vector of what trains (model/trained.h).
#pragma once
#include "engine/state.h"

namespace glossa {

// sqrt of the sum of squares over all these tensors, in double; NONFINITE names the first tensor that holds a NaN or
// infinity.
Result<double> gradient_norm(EngineState&, Values gradient);

// torch.nn.utils.clip_grad_norm_: max_norm / (norm + 1e-6), at most 1; 1 where max_norm <= 0.
float clip_factor(double norm, float max_norm);

// One AdamW step on the masters (weight decay on the kinds of TrainSettings::decayed), then their packs anew.
void adamw_step(EngineState&, Values gradient, const TrainSettings&, float clip);

}  // namespace glossa
