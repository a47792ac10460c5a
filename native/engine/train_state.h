// state.safetensors: the float32 masters (the weights file may be of a narrower type), both moments and the step.
#pragma once
#include <string>

#include "engine/state.h"

namespace glossa {

Status save_state(const EngineState&, const std::string& path);
// Everything is checked before anything is changed. CHECKPOINT_MISMATCH, CHECKPOINT_NONFINITE (naming file and tensor);
// those of SafetensorsFile::open.
Status load_state(EngineState&, const std::string& path);

}  // namespace glossa
