// Files that are read: regular ones only, so that a FIFO or a device in a model's folder is refused, not waited for.
#pragma once
#include <cstdint>
#include <string>

#include "base/status.h"

namespace glossa {

// A regular file, open for reading. Links are followed.
class InputFile {
 public:
  // NOT_A_FILE for a folder, FIFO, device or socket, before it is opened; IO_ERROR with the system's reason, or with
  // the code `missing` where there is no such file.
  static Result<InputFile> open(const std::string& path, const char* missing = "IO_ERROR");
  ~InputFile();
  InputFile(InputFile&& other) noexcept : fd_(other.fd_), size_(other.size_) { other.fd_ = -1; }
  InputFile& operator=(InputFile&&) = delete;

  int fd() const { return fd_; }
  int64_t size() const { return size_; }  // as the system tells it: 0 for files under /proc

 private:
  InputFile(int fd, int64_t size) : fd_(fd), size_(size) {}
  int fd_;
  int64_t size_;
};

// A text file as a whole. FILE_TOO_LARGE above 256 MiB, else the codes of InputFile.
Result<std::string> read_text_file(const std::string& path);

}  // namespace glossa
