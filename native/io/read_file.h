// A small text file as a whole.
#pragma once
#include <string>

#include "base/status.h"

namespace glossa {

// IO_ERROR: the system's reason why it cannot be read, or that it holds more than 256 MiB.
Result<std::string> read_text_file(const std::string& path);

}  // namespace glossa
