// The settings of a loss as a case gives them, under TRL's names.
#pragma once
#include "io/json.h"
#include "loss/loss.h"

namespace glossa::golden {

// The first key that asks for something that is not computed, with its value; empty where everything is.
std::string not_computed(const Json& config);
LossSettings loss_settings(const Json& config);

}  // namespace glossa::golden
