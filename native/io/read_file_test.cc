// What lies in a model's folder under a file's name need not be a file: it is refused at once, never waited for.
#include "io/read_file.h"

#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "io/safetensors.h"
#include "tool/test.h"

namespace glossa {
namespace {

struct Folder {
  std::filesystem::path path = std::filesystem::temp_directory_path() / ("glossa-read-" + std::to_string(::getpid()));
  Folder() { std::filesystem::create_directory(path); }
  ~Folder() { std::filesystem::remove_all(path); }
  std::string operator/(const char* name) const { return (path / name).string(); }
};

}  // namespace

TEST("reading: no regular file is refused before it is opened") {
  const Folder dir;
  CHECK_EQ(::mkfifo((dir / "fifo").c_str(), 0600), 0);
  std::filesystem::create_symlink(dir / "fifo", dir / "link");
  for (const std::string& path : {dir / "fifo", dir / "link", dir.path.string(), std::string("/dev/zero")}) {
    const Status text = read_text_file(path).status(), weights = SafetensorsFile::open(path).status();
    CHECK_EQ(text.code(), std::string("NOT_A_FILE"));
    CHECK_EQ(weights.code(), std::string("NOT_A_FILE"));
    CHECK(text.message().find(path) != std::string::npos);
  }
}

TEST("reading: a text file has a size, whatever the system says of it") {
  const Folder dir;
  std::ofstream(dir / "large").close();
  std::filesystem::resize_file(dir / "large", uintmax_t{1} << 40);
  CHECK_EQ(read_text_file(dir / "large").status().code(), std::string("FILE_TOO_LARGE"));
  std::ofstream(dir / "text") << std::string(200'000, 'a');
  CHECK_EQ(read_text_file(dir / "text").take(), std::string(200'000, 'a'));
  std::ofstream(dir / "empty").close();
  CHECK_EQ(read_text_file(dir / "empty").take(), std::string());
  if (std::filesystem::exists("/proc/self/status")) CHECK(read_text_file("/proc/self/status").take().size() > 100);
}

TEST("reading: a file that is not there has the system's reason") {
  const Folder dir;
  const Status s = read_text_file(dir / "none").status();
  CHECK_EQ(s.code(), std::string("IO_ERROR"));
  CHECK(s.message().find("No such file") != std::string::npos);
  CHECK_EQ(SafetensorsFile::open(dir / "none").status().code(), std::string("CHECKPOINT_MISSING"));
}

}  // namespace glossa
