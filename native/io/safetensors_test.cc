#include "io/safetensors.h"

#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmath>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <limits>

#include "io/atomic_file.h"
#include "tool/test.h"

namespace glossa {
namespace {

// A folder that is removed at the end of the test.
struct Folder {
  std::string path;
  Folder() {
    std::string pattern = (std::filesystem::temp_directory_path() / "glossa-XXXXXX").string();
    path = ::mkdtemp(pattern.data()) ? pattern : "";
  }
  ~Folder() {
    std::error_code ignored;
    std::filesystem::permissions(path, std::filesystem::perms::owner_all, ignored);
    std::filesystem::remove_all(path, ignored);
  }
  std::string operator/(const char* name) const { return path + "/" + name; }
  size_t entries() const { return static_cast<size_t>(std::distance(std::filesystem::directory_iterator(path), {})); }
};

void put(const std::string& path, const std::string& bytes) {
  std::ofstream(path, std::ios::binary) << bytes;
}
std::string get(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  return std::string(std::istreambuf_iterator<char>(in), {});
}
std::string file_of(const std::string& header, const std::string& data) {
  uint64_t n = header.size();
  return std::string(reinterpret_cast<const char*>(&n), 8) + header + data;
}
// The code that opening gives; "" where it opens.
std::string code_of(const std::string& path, const std::string& bytes, std::string* message = nullptr) {
  put(path, bytes);
  auto file = SafetensorsFile::open(path);
  if (file.ok()) return "";
  if (message) *message = file.status().message();
  CHECK(file.status().message().find(path) != std::string::npos);
  return file.status().code();
}

const std::vector<float> kMatrix = {1, -2, 3.5f, 0, -0.0f, 1e-40f};
const std::vector<uint16_t> kBf16 = {0x3f80, 0xc000, 0x7f80};
const std::vector<int64_t> kIds = {-1, 1LL << 40};

Status write_sample(const std::string& path) {
  return write_safetensors(path,
                           {{"half", "BF16", {3}, kBf16.data()},
                            {"layer.0 \"x\"", "F32", {2, 3}, kMatrix.data()},
                            {"ids", "I64", {2}, kIds.data()},
                            {"empty", "F32", {0, 4}, nullptr}},
                           {{"step", "12"}, {"format", "other"}});
}

}  // namespace

TEST("safetensors: round trip") {
  Folder dir;
  std::string path = dir / "a.safetensors";
  CHECK(write_sample(path).ok());
  CHECK_EQ(dir.entries(), 1u);
  auto opened = SafetensorsFile::open(path);
  CHECK(opened.ok());
  if (!opened.ok()) return;
  const SafetensorsFile& file = *opened.value();
  CHECK_EQ(file.tensors().size(), 4u);
  CHECK_EQ(file.metadata().size(), 2u);
  CHECK(file.metadata()[0] == std::make_pair(std::string("format"), std::string("pt")));
  CHECK(file.metadata()[1] == std::make_pair(std::string("step"), std::string("12")));
  const StoredTensor* matrix = file.find("layer.0 \"x\"");
  CHECK(matrix && matrix->shape == (std::vector<int64_t>{2, 3}) && matrix->elements() == 6 && matrix->bytes == 24);
  CHECK(matrix && memcmp(matrix->data, kMatrix.data(), 24) == 0);
  const StoredTensor* ids = file.find("ids");
  CHECK(ids && memcmp(ids->data, kIds.data(), 16) == 0);
  CHECK(file.find("empty") && file.find("empty")->elements() == 0);
  CHECK(file.find("absent") == nullptr);
  float widened[3];
  CHECK(to_float(*file.find("half"), widened).ok());
  CHECK(widened[0] == 1.0f && widened[1] == -2.0f && std::isinf(widened[2]));
  Status wrong = to_float(*ids, widened);
  CHECK(wrong.code() == "CHECKPOINT_CORRUPT" && wrong.message().find("ids") != std::string::npos &&
        wrong.message().find(path) != std::string::npos);
}

TEST("safetensors: tensors are aligned to their type") {
  Folder dir;
  CHECK(write_sample(dir / "a").ok());
  auto file = SafetensorsFile::open(dir / "a");
  CHECK(file.ok());
  if (!file.ok()) return;
  for (const StoredTensor& t : file.value()->tensors()) {
    uintptr_t size = t.dtype == "I64" ? 8 : t.dtype == "F32" ? 4 : 2;
    CHECK_EQ(reinterpret_cast<uintptr_t>(t.data) % size, 0u);
  }
}

TEST("safetensors: every float16 widens exactly") {
  std::vector<uint16_t> all(65536);
  for (size_t i = 0; i < all.size(); ++i) all[i] = static_cast<uint16_t>(i);
  std::vector<float> wide(all.size());
  StoredTensor t{"h", "F16", {65536}, reinterpret_cast<const uint8_t*>(all.data()), 131072, "f"};
  CHECK(to_float(t, wide.data()).ok());
  for (size_t i = 0; i < all.size(); ++i) {
    int exponent = static_cast<int>(i >> 10 & 31), fraction = static_cast<int>(i & 1023);
    double magnitude = exponent == 0 ? std::ldexp(fraction, -24) : std::ldexp(1024 + fraction, exponent - 25);
    if (exponent == 31) magnitude = fraction ? std::nan("") : std::numeric_limits<double>::infinity();
    double want = i & 0x8000 ? -magnitude : magnitude;
    if (std::isnan(want))
      CHECK(std::isnan(wide[i]));
    else
      CHECK(wide[i] == want && std::signbit(wide[i]) == std::signbit(want));
  }
}

TEST("safetensors: float32 rounds to the nearest float16, ties to even") {
  for (uint32_t h = 0; h < 0x7c00; ++h) {  // every finite magnitude and its neighbour above
    const float low = from_f16(static_cast<uint16_t>(h)),
                high = h + 1 < 0x7c00 ? from_f16(static_cast<uint16_t>(h + 1)) : 65536.0f;
    const float middle = (low + high) / 2;
    const uint16_t even = static_cast<uint16_t>(h % 2 ? h + 1 : h);
    for (uint16_t sign : {uint16_t{0}, uint16_t{0x8000}}) {
      const float s = sign ? -1.0f : 1.0f;
      CHECK_EQ(to_f16(s * low), static_cast<uint16_t>(sign | h));
      CHECK_EQ(to_f16(s * middle), static_cast<uint16_t>(sign | even));
      CHECK_EQ(to_f16(s * std::nextafter(middle, 0.0f)), static_cast<uint16_t>(sign | h));
      CHECK_EQ(to_f16(s * std::nextafter(middle, 1e30f)), static_cast<uint16_t>(sign | (h + 1)));
    }
  }
  const float infinite = std::numeric_limits<float>::infinity();
  CHECK_EQ(to_f16(infinite), uint16_t{0x7c00});
  CHECK_EQ(to_f16(-1e30f), uint16_t{0xfc00});
  CHECK(std::isnan(from_f16(to_f16(std::nanf("")))));
}

TEST("safetensors: a file cut at any length is refused") {
  Folder dir;
  CHECK(write_sample(dir / "a").ok());
  std::string bytes = get(dir / "a");
  for (size_t n = 0; n < bytes.size(); ++n) CHECK_EQ(code_of(dir / "b", bytes.substr(0, n)), "CHECKPOINT_TRUNCATED");
  CHECK_EQ(code_of(dir / "b", bytes), std::string());
  CHECK_EQ(code_of(dir / "b", bytes + "x"), "CHECKPOINT_CORRUPT");
}

TEST("safetensors: a flipped bit in the header is refused or harmless") {
  Folder dir;
  CHECK(write_sample(dir / "a").ok());
  std::string bytes = get(dir / "a");
  uint64_t header;
  memcpy(&header, bytes.data(), 8);
  int refused = 0;
  for (size_t i = 0; i < 8 + header; ++i)
    for (size_t bit : {i % 8, (i + 3) % 8}) {
      std::string flipped = bytes;
      flipped[i] = static_cast<char>(flipped[i] ^ (1u << bit));
      put(dir / "b", flipped);
      auto file = SafetensorsFile::open(dir / "b");
      if (!file.ok()) {
        ++refused;
        continue;
      }
      // What opens (a letter of a name, another type of the same size) still lies inside the file.
      int64_t total = 0;
      for (const StoredTensor& t : file.value()->tensors())
        for (int64_t k = 0; k < t.bytes; ++k, ++total) (void)*static_cast<const volatile uint8_t*>(t.data + k);
      CHECK_EQ(total, static_cast<int64_t>(bytes.size() - 8 - header));
    }
  CHECK(refused > static_cast<int>(header));
}

TEST("safetensors: headers that lie") {
  Folder dir;
  std::string p = dir / "a", data(24, '\0');
  auto code = [&](const std::string& header) { return code_of(p, file_of(header, data)); };
  CHECK_EQ(code(R"({"a":{"dtype":"F32","shape":[6],"data_offsets":[0,24]}})"), std::string());
  CHECK_EQ(code(R"({"a":{"dtype":"F32","shape":[6],"data_offsets":[0,24]}}   )"), std::string());
  for (
      const char* bad :
      {R"([])",
       R"({}x)",
       R"({"a":1})",
       R"({"a":{"dtype":"F32","shape":[6]}})",
       R"({"a":{"shape":[6],"data_offsets":[0,24]}})",
       R"({"a":{"dtype":"F32","data_offsets":[0,24]}})",
       R"({"a":{"dtype":"Q4","shape":[6],"data_offsets":[0,24]}})",
       R"({"a":{"dtype":"F32","shape":[-6],"data_offsets":[0,24]}})",
       R"({"a":{"dtype":"F32","shape":[1.5,4],"data_offsets":[0,24]}})",
       R"({"a":{"dtype":"F32","shape":["6"],"data_offsets":[0,24]}})",
       R"({"a":{"dtype":"F32","shape":[7],"data_offsets":[0,24]}})",
       R"({"a":{"dtype":"F32","shape":[6],"data_offsets":[24,0]}})",
       R"({"a":{"dtype":"F32","shape":[6],"data_offsets":[0,24,48]}})",
       R"({"a":{"dtype":"F32","shape":[4503599627370496,4503599627370496],"data_offsets":[0,24]}})",
       R"({"a":{"dtype":"F32","shape":[3],"data_offsets":[0,12]},"a":{"dtype":"F32","shape":[3],"data_offsets":[12,24]}})",
       R"({"a":{"dtype":"F32","shape":[4],"data_offsets":[0,16]},"b":{"dtype":"F32","shape":[3],"data_offsets":[12,24]}})",
       R"({"a":{"dtype":"F32","shape":[6],"data_offsets":[0,24]},"b":{"dtype":"F32","shape":[6],"data_offsets":[0,24]}})",
       R"({"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},"b":{"dtype":"F32","shape":[3],"data_offsets":[12,24]}})",
       R"({"a":{"dtype":"F32","shape":[5],"data_offsets":[4,24]}})",
       R"({"a":{"dtype":"F32","shape":[5],"data_offsets":[0,20]}})",
       R"({})",
       R"({"__metadata__":[],"a":{"dtype":"F32","shape":[6],"data_offsets":[0,24]}})",
       R"({"__metadata__":{"k":1},"a":{"dtype":"F32","shape":[6],"data_offsets":[0,24]}})"})
    CHECK_EQ(std::string(bad) + code(bad), std::string(bad) + "CHECKPOINT_CORRUPT");
  CHECK_EQ(code(R"({"a":{"dtype":"F32","shape":[7],"data_offsets":[0,28]}})"), "CHECKPOINT_TRUNCATED");
  std::string message;
  code_of(p, file_of(R"({"w.1":{"dtype":"F32","shape":[7],"data_offsets":[0,24]}})", data), &message);
  CHECK(message.find("w.1") != std::string::npos);
}

TEST("safetensors: header lengths that lie") {
  Folder dir;
  for (uint64_t n : {uint64_t{100'000'001}, uint64_t{1} << 40, ~uint64_t{0}, uint64_t{1} << 63, ~uint64_t{0} - 7})
    CHECK_EQ(code_of(dir / "a", std::string(reinterpret_cast<const char*>(&n), 8) + "{}"), "CHECKPOINT_CORRUPT");
  CHECK_EQ(code_of(dir / "a", file_of("", "")), "CHECKPOINT_CORRUPT");
  CHECK_EQ(code_of(dir / "a", file_of("{}", "")), std::string());
}

TEST("safetensors: missing files and folders") {
  Folder dir;
  CHECK_EQ(SafetensorsFile::open(dir / "no").status().code(), "CHECKPOINT_MISSING");
  CHECK_EQ(SafetensorsFile::open(dir.path).status().code(), "NOT_A_FILE");
}

TEST("safetensors: a name written twice or an unknown type is refused and nothing is left") {
  Folder dir;
  CHECK_EQ(
      write_safetensors(dir / "a", {{"x", "BF16", {3}, kBf16.data()}, {"x", "BF16", {3}, kBf16.data()}}, {}).code(),
      "IO_ERROR");
  CHECK_EQ(write_safetensors(dir / "a", {{"x", "Q4", {3}, kBf16.data()}}, {}).code(), "IO_ERROR");
  CHECK_EQ(dir.entries(), 0u);
}

TEST("safetensors: a folder that is missing or read-only gives the system's reason") {
  Folder dir;
  Status s = write_sample(dir / "no/a");
  CHECK(s.code() == "IO_ERROR" && s.message().find("No such file") != std::string::npos);
  ::chmod(dir.path.c_str(), 0555);
  bool root = ::geteuid() == 0;  // whom no permission stops
  if (root && ::seteuid(65534) != 0) SKIP("cannot stop being root; the read-only case is not tried");
  s = write_sample(dir / "a");
  if (root) CHECK_EQ(::seteuid(0), 0);
  CHECK(s.code() == "IO_ERROR" && s.message().find("Permission denied") != std::string::npos);
}

TEST("safetensors: a full disk leaves the old file and no temporary one") {
  Folder dir;
  std::string path = dir / "a";
  CHECK(write_sample(path).ok());
  std::string before = get(path);
  // A limit on the size of files fails a write in its middle, as a full disk does.
  struct rlimit old;
  ::getrlimit(RLIMIT_FSIZE, &old);
  auto handler = std::signal(SIGXFSZ, SIG_IGN);
  struct rlimit small = old;
  small.rlim_cur = 65536;
  ::setrlimit(RLIMIT_FSIZE, &small);
  std::vector<float> big(100000, 1.0f);
  Status s = write_safetensors(path, {{"big", "F32", {100000}, big.data()}}, {});
  ::setrlimit(RLIMIT_FSIZE, &old);
  std::signal(SIGXFSZ, handler);
  CHECK(s.code() == "IO_ERROR" && s.message().find("File too large") != std::string::npos);
  CHECK(get(path) == before);
  CHECK_EQ(dir.entries(), 1u);
  if (::access("/dev/full", W_OK) == 0) {
    // Through a link, because the temporary name must be the device itself.
    std::filesystem::create_symlink("/dev/full", path + ".tmp");
    s = write_sample(path);
    CHECK(s.code() == "IO_ERROR" && s.message().find("No space left") != std::string::npos);
    CHECK(get(path) == before);
    CHECK_EQ(dir.entries(), 1u);
  }
}

TEST("write_file_atomic: replaces, and a leftover of a killed run is no obstacle") {
  Folder dir;
  put(dir / "a.tmp", "half of something longer than the new text");
  CHECK(write_file_atomic(dir / "a", "one", 3).ok());
  CHECK(write_file_atomic(dir / "a", "second", 6).ok());
  CHECK_EQ(get(dir / "a"), "second");
  CHECK_EQ(dir.entries(), 1u);
}

}  // namespace glossa
