#include "io/atomic_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include <algorithm>
#include <system_error>
#include <utility>

namespace glossa {

namespace {

constexpr int64_t kPiece = int64_t{1} << 20;  // hashed and written while it lies in the cache

}  // namespace

AtomicFile::AtomicFile(std::string path, std::string* sha256)
    : path_(std::move(path)), temporary_(path_ + ".tmp"), sha256_(sha256) {}

AtomicFile::~AtomicFile() {
  if (fd_ >= 0) ::close(fd_);
  if (created_) ::unlink(temporary_.c_str());
}

Status AtomicFile::failure(const char* what, int error) const {
  return Status("IO_ERROR", path_ + ": cannot " + what + ": " + std::generic_category().message(error));
}

Status AtomicFile::open() {
  do {
    fd_ = ::open(temporary_.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
  } while (fd_ < 0 && errno == EINTR);
  if (fd_ < 0) return failure("create the file", errno);
  created_ = true;
  return {};
}

Status AtomicFile::write(const void* data, int64_t bytes) {
  const char* p = static_cast<const char*>(data);
  while (bytes > 0) {
    ssize_t n = ::write(fd_, p, static_cast<size_t>(std::min(bytes, kPiece)));
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return failure("write", errno);
    if (n == 0) return failure("write", ENOSPC);
    if (sha256_) hash_.add(p, n);
    p += n;
    bytes -= n;
  }
  return {};
}

Status AtomicFile::commit() {
  if (::fsync(fd_) != 0) return failure("flush to disk", errno);
  int fd = std::exchange(fd_, -1);
  if (::close(fd) != 0) return failure("close", errno);
  if (::rename(temporary_.c_str(), path_.c_str()) != 0) return failure("rename into place", errno);
  created_ = false;
  if (sha256_) *sha256_ = hash_.hex();

  size_t slash = path_.rfind('/');
  std::string folder = slash == std::string::npos ? "." : slash == 0 ? "/" : path_.substr(0, slash);
  int dir = ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (dir < 0) return failure("open the folder to flush it", errno);
  int error = ::fsync(dir) == 0 ? 0 : errno;
  ::close(dir);
  // Some file systems cannot flush a folder and say so with EINVAL; the rename has happened all the same.
  if (error != 0 && error != EINVAL) return failure("flush the folder", error);
  return {};
}

Status write_file_atomic(const std::string& path, const void* data, int64_t bytes, std::string* sha256) {
  AtomicFile file(path, sha256);
  if (Status s = file.open(); !s.ok()) return s;
  if (Status s = file.write(data, bytes); !s.ok()) return s;
  return file.commit();
}

}  // namespace glossa
