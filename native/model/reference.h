// The whole model and its losses in float64, plain loops over the operators' references: the specification that the
// engine is tested against. No sharing, no blocks, no packing; parameters in the flat layout of tensor_specs.
#pragma once
#include <vector>

#include "engine/engine.h"
#include "loss/loss_ref.h"
#include "model/config.h"

namespace glossa::ref {

// logits [n][vocab] of one sequence.
std::vector<double> model_logits(const ModelConfig&, const std::vector<double>& parameters, const int32_t* ids,
                                 int64_t n);

// Log-probabilities of each completion's tokens at a temperature, aligned with completions.ids.
std::vector<double> batch_logps(const ModelConfig&, const std::vector<double>& parameters, const SequenceBatch&,
                                double temperature);

// The loss tokens of one optimizer step, and its loss; what has no gradient is that of `at` (loss/loss_ref.h).
std::vector<Row> batch_rows(const ModelConfig&, const std::vector<double>& parameters, const TrainBatch&,
                            const TrainSettings&);
double batch_loss(const ModelConfig&, const std::vector<double>& parameters, const TrainBatch&, const TrainSettings&,
                  const std::vector<Row>& at);

}  // namespace glossa::ref
