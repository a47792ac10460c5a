// Training steps of a model with random weights, each followed by a checkpoint: what `glossa-native kills` kills.
#pragma once
#include <functional>
#include <string>

#include "engine/engine.h"

namespace glossa::tool {

struct SteppedRun {
  std::string folder;  // of its checkpoints, step-1, step-2, ...: the two newest stay
  std::string model = "tiny";
  int64_t layers = 0;  // 0: all
  EngineOptions options;
  int32_t steps = 6;
};
struct RunEnd {
  int32_t from;        // the step of the checkpoint that it went on from; 0: fresh weights
  std::string sha256;  // of the files of weights, moments and step at the end
};

// The newest whole checkpoint's step; 0: there is none.
int32_t newest_checkpoint(const std::string& folder);
// Goes on from the newest checkpoint. A checkpoint is written beside its place, by the engine, and renamed.
// begins(step) is called before each step. Codes: those of the engine; IO_ERROR.
Result<RunEnd> run_steps(const SteppedRun&, const std::function<void(int32_t step)>& begins);

}  // namespace glossa::tool
