#include "io/read_file.h"

#include <cerrno>
#include <cstdio>
#include <system_error>

namespace glossa {

Result<std::string> read_text_file(const std::string& path) {
  constexpr size_t kMost = size_t{256} << 20;
  auto failure = [&path](const char* what) {
    return Status("IO_ERROR", path + ": cannot be " + what + ": " + std::generic_category().message(errno));
  };
  FILE* f = std::fopen(path.c_str(), "rb");
  if (!f) return failure("opened");
  std::string text;
  char block[65536];
  for (size_t n; text.size() <= kMost && (n = std::fread(block, 1, sizeof block, f)) > 0;) text.append(block, n);
  Status status = std::ferror(f) != 0 ? failure("read") : Status();
  std::fclose(f);
  if (!status.ok()) return status;
  if (text.size() > kMost) return Status("IO_ERROR", path + ": more than 256 MiB; expected a text file");
  return text;
}

}  // namespace glossa
