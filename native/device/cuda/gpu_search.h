// Whether a machine has a GPU that the kernels run on, from what the CUDA runtime says of it; else why not.
#pragma once
#include <string>

#include "base/status.h"

namespace glossa {

struct GpuSearch {
  int devices = 0;
  std::string error;                 // of counting them; "": none
  bool insufficient_driver = false;  // what that error means
  int driver = -1;                   // newest CUDA that the driver knows, as 13000; 0: there is no driver; -1: unknown
  int runtime = 0;                   // that the program was built with
};
// How many there are. GPU_NOT_FOUND, GPU_DRIVER_TOO_OLD.
Result<int> gpus_found(const GpuSearch&);
// GPU_TOO_OLD: below compute capability 8.0, that of the kernels' matrix instructions.
Status check_gpu(const std::string& name, int major, int minor);

}  // namespace glossa
