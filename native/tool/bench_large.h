// The part of `bench engine` for models whose weights come from memory.
#pragma once
#include "tool/command.h"

namespace glossa::tool {

// The exit code.
int bench_large(const Args&);

}  // namespace glossa::tool
