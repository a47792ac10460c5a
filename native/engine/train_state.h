// state.safetensors: AdamW's moments and step, beside the float32 weights, which are the masters.
#pragma once
#include <string>

#include "engine/state.h"

namespace glossa {

Result<WrittenFile> save_state(const EngineState&, const std::string& dir);
// The masters come from the weights in the state's folder, which must be float32; from the state itself where it has
// them, as earlier versions wrote it. Everything is read and checked before anything is changed. CHECKPOINT_MISMATCH,
// CHECKPOINT_NONFINITE (naming file and tensor); those of SafetensorsFile::open and CheckpointSource::open.
Status load_state(EngineState&, const std::string& path);

}  // namespace glossa
