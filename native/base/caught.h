// Where exceptions end and errors become values: the calls of the engine and the jobs of the addon.
#pragma once
#include <string>

#include "base/status.h"

namespace glossa {

// The exception that is being handled, in a catch block. OUT_OF_MEMORY: the system gives no more memory, or threads,
// for `what`. INTERNAL: any other, which is a fault of the program.
Status caught(const std::string& what);

}  // namespace glossa
