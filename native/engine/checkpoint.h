// Weights and optimizer state on disk: a Hugging Face folder, and state.safetensors beside it.
#pragma once
#include <string>

#include "engine/state.h"

namespace glossa {

Result<std::string> read_text_file(const std::string& path);

// model.safetensors of `dir` into the flat vector. Missing, unexpected or differently shaped tensors give
// CHECKPOINT_MISMATCH naming the tensor.
Status load_weights(const Model&, const std::string& dir, std::vector<float>* master);
Status save_weights(const EngineState&, const std::string& dir, Dtype on_disk);

// state.safetensors: the float32 masters (the weights file may be bfloat16), both moments and the step.
Status save_state(const EngineState&, const std::string& path);
Status load_state(EngineState&, const std::string& path);

}  // namespace glossa
