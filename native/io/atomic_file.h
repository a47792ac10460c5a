// A file that appears whole or not at all: written beside its place, fsynced, renamed, its directory fsynced.
#pragma once
#include <cstdint>
#include <string>

#include "base/status.h"

namespace glossa {

class AtomicFile {
 public:
  explicit AtomicFile(std::string path);  // nothing is touched before open()
  ~AtomicFile();                          // removes the temporary file unless commit() succeeded
  AtomicFile(const AtomicFile&) = delete;
  AtomicFile& operator=(const AtomicFile&) = delete;

  // Each fails with IO_ERROR, naming the path and the system's reason (disk full, read-only, no permission).
  Status open();  // creates `path`.tmp; what a killed run may have left there is overwritten
  Status write(const void* data, int64_t bytes);
  Status commit();

 private:
  Status failure(const char* what, int error) const;
  std::string path_, temporary_;
  int fd_ = -1;
  bool created_ = false;
};

Status write_file_atomic(const std::string& path, const void* data, int64_t bytes);

}  // namespace glossa
