// Runs a folder of reference cases (model-*, loss-*, train-*; layout: docs/golden.md) and reports the worst errors.
#pragma once
#include <string>
#include <vector>

#include "base/status.h"
#include "engine/engine.h"

namespace glossa {

struct GoldenMeasure {
  std::string name;     // "logits", "token_logps", "grad", "loss", "weights", ...
  double error, bound;  // absolute or relative as the name's bound is defined
};
struct GoldenCase {
  std::string name, kind;  // kind: model, loss, train
  std::string state;       // "pass", "fail", "skip" (a loss type that is not computed yet), "error"
  std::string detail;      // why skipped or failed
  std::vector<GoldenMeasure> measures;
};
// In the order of their names; none where the folder holds none. IO_ERROR where it cannot be read.
Result<std::vector<GoldenCase>> run_golden(const std::string& dir, const EngineOptions&);
std::string golden_json(const std::vector<GoldenCase>&);

}  // namespace glossa
