// One optimizer step: forward, loss and backward of the whole batch in micro-batches, gradient norm, clipping, AdamW.
#pragma once
#include "engine/state.h"

namespace glossa {

Result<TrainMetrics> train_step(EngineState&, const TrainBatch&, const TrainSettings&, const JobControl&);
Result<TrainMetrics> batch_gradients(EngineState&, const TrainBatch&, const TrainSettings&, std::vector<float>* out);

}  // namespace glossa
