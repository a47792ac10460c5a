// What whole steps are printed beside: the rates of the device that computes them, measured in the same run.
#pragma once
#include "engine/engine.h"

namespace glossa::tool {

// Floating-point operations a second, and bytes a second.
struct Ceilings {
  double flops, bytes;
};

// Of a CPU: multiply-adds in registers and a read of memory, all threads together. Of a GPU: its own product and a copy
// within its memory, read and written (tool/kernel_bench.h); to be asked before an engine takes that memory.
Result<Ceilings> measure_ceilings(const EngineOptions&);

}  // namespace glossa::tool
