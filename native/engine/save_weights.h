// A model's weights and config.json in Hugging Face layout.
#pragma once
#include <string>

#include "engine/state.h"

namespace glossa {

// One model.safetensors, or, where the tensors together take more than shard_bytes, shards
// model-00001-of-0000N.safetensors of at most that (a tensor that is larger has a shard of its own) and
// model.safetensors.index.json. config.json is the one the model was made from, with the type of these files. Weight
// files of an earlier save that would contradict the new ones are removed.
Result<WrittenFiles> save_weights(const EngineState& e, const std::string& dir, Dtype on_disk, int64_t shard_bytes);

}  // namespace glossa
