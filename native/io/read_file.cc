#include "io/read_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>

namespace glossa {
namespace {

constexpr size_t kMostText = size_t{256} << 20;

const char* kind_of(mode_t mode) {
  if (S_ISDIR(mode)) return "a folder";
  if (S_ISFIFO(mode)) return "a FIFO";
  if (S_ISSOCK(mode)) return "a socket";
  return "a device";
}

Status failure(const std::string& path, const char* code = "IO_ERROR") {
  return Status(code, path + ": cannot be read: " + std::generic_category().message(errno));
}

Status refuse(const std::string& path, const struct stat& info) {
  if (S_ISREG(info.st_mode)) return {};
  return Status("NOT_A_FILE", path + " is " + kind_of(info.st_mode) + "; expected a regular file");
}

}  // namespace

Result<InputFile> InputFile::open(const std::string& path, const char* missing) {
  struct stat info;
  if (::stat(path.c_str(), &info) != 0)
    return failure(path, errno == ENOENT || errno == ENOTDIR ? missing : "IO_ERROR");
  if (Status s = refuse(path, info); !s.ok()) return s;
  // Without O_NONBLOCK a FIFO that takes its place now would be waited for.
  const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (fd < 0) return failure(path);
  InputFile file(fd, 0);
  if (::fstat(fd, &info) != 0) return failure(path);
  if (Status s = refuse(path, info); !s.ok()) return s;
  file.size_ = static_cast<int64_t>(info.st_size);
  return file;
}

InputFile::~InputFile() {
  if (fd_ >= 0) ::close(fd_);
}

Result<std::string> read_text_file(const std::string& path) {
  Result<InputFile> opened = InputFile::open(path);
  if (!opened.ok()) return opened.status();
  const InputFile file = opened.take();
  auto too_large = [&] {
    return Status("FILE_TOO_LARGE", path + ": more than " + std::to_string(kMostText >> 20) + " MiB of text");
  };
  if (file.size() > static_cast<int64_t>(kMostText)) return too_large();
  std::string text;
  for (char block[65536];;) {
    const ssize_t n = ::read(file.fd(), block, sizeof block);
    if (n == 0) return text;
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return failure(path);
    text.append(block, static_cast<size_t>(n));
    if (text.size() > kMostText) return too_large();
  }
}

}  // namespace glossa
