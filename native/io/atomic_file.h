// A file that appears whole or not at all: written beside its place, fsynced, renamed, its directory fsynced.
#pragma once
#include <cstdint>
#include <string>

#include "base/status.h"
#include "io/sha256.h"

namespace glossa {

class AtomicFile {
 public:
  // Nothing is touched before open(). commit() sets *sha256, where there is one, to the digest of what was written:
  // made while it is written, so of what was meant and not of what a disk made of it.
  explicit AtomicFile(std::string path, std::string* sha256 = nullptr);
  ~AtomicFile();  // removes the temporary file unless commit() succeeded
  AtomicFile(const AtomicFile&) = delete;
  AtomicFile& operator=(const AtomicFile&) = delete;

  // Each fails with IO_ERROR, naming the path and the system's reason (disk full, read-only, no permission).
  Status open();  // creates `path`.tmp; what a killed run may have left there is overwritten
  Status write(const void* data, int64_t bytes);
  Status commit();

 private:
  Status failure(const char* what, int error) const;
  std::string path_, temporary_;
  std::string* const sha256_;
  Sha256 hash_;
  int fd_ = -1;
  bool created_ = false;
};

Status write_file_atomic(const std::string& path, const void* data, int64_t bytes, std::string* sha256 = nullptr);

}  // namespace glossa
