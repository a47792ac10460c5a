// The settings of a loss as a case gives them, under TRL's names.
#pragma once
#include "base/status.h"
#include "io/json.h"
#include "loss/loss.h"

namespace glossa::golden {

// The first key that asks for something that is not computed, with its value; empty where everything is.
std::string not_computed(const Json& config);
// GOLDEN_INVALID where a name is unknown or missing, or a number out of its range.
Result<LossSettings> loss_settings(const Json& config);

}  // namespace glossa::golden
