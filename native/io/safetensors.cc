#include "io/safetensors.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <system_error>
#include <unordered_map>

#include "io/atomic_file.h"
#include "io/json.h"

namespace glossa {

static_assert(std::endian::native == std::endian::little,
              "safetensors data are little-endian and are used as they lie");

namespace {

constexpr uint64_t kMaxHeader = 100'000'000;  // the reference implementation's bound

// Bytes of one element; 0 for a name that the format does not know.
int64_t element_bytes(const std::string& dtype) {
  struct Row {
    const char* name;
    int64_t bytes;
  };
  static constexpr Row kTypes[] = {{"F64", 8}, {"I64", 8}, {"U64", 8},  {"F32", 4},     {"I32", 4},
                                   {"U32", 4}, {"F16", 2}, {"BF16", 2}, {"I16", 2},     {"U16", 2},
                                   {"I8", 1},  {"U8", 1},  {"BOOL", 1}, {"F8_E4M3", 1}, {"F8_E5M2", 1}};
  for (const Row& row : kTypes)
    if (dtype == row.name) return row.bytes;
  return 0;
}

// A whole number in [0, 2^53] from JSON.
bool whole(const Json& value, int64_t* out) {
  if (value.kind != Json::Kind::number || !(value.number >= 0) || value.number > 9007199254740992.0 ||
      value.number != std::floor(value.number))
    return false;
  *out = static_cast<int64_t>(value.number);
  return true;
}

Status corrupt(const std::string& path, const std::string& what) {
  return Status("CHECKPOINT_CORRUPT", path + ": " + what + ". Copy or download the file again");
}
Status corrupt(const std::string& path, const std::string& tensor, const std::string& what) {
  return corrupt(path, "tensor " + json_quote(tensor) + ": " + what);
}

Status read_metadata(const std::string& path, const Json& value,
                     std::vector<std::pair<std::string, std::string>>* metadata) {
  if (value.kind != Json::Kind::object) return corrupt(path, "__metadata__ is not an object");
  for (const auto& [key, text] : value.object) {
    if (text.kind != Json::Kind::string) return corrupt(path, "__metadata__ " + json_quote(key) + " is not a string");
    metadata->emplace_back(key, text.string);
  }
  return {};
}

// `begin` receives the offset of the tensor in the data part; its bytes are checked against dtype and shape.
Status read_entry(const std::string& path, const std::string& name, const Json& entry, StoredTensor* tensor,
                  int64_t* begin) {
  const Json *dtype = entry.find("dtype"), *shape = entry.find("shape"), *offsets = entry.find("data_offsets");
  if (!dtype || dtype->kind != Json::Kind::string) return corrupt(path, name, "no dtype");
  if (!shape || shape->kind != Json::Kind::array) return corrupt(path, name, "no shape");
  if (!offsets || offsets->kind != Json::Kind::array || offsets->array.size() != 2)
    return corrupt(path, name, "no pair of data_offsets");

  tensor->name = name;
  tensor->file = path;
  tensor->dtype = dtype->string;
  int64_t bytes = element_bytes(tensor->dtype);
  if (bytes == 0) return corrupt(path, name, "unknown dtype " + json_quote(tensor->dtype));
  for (const Json& size : shape->array) {
    int64_t n;
    if (!whole(size, &n)) return corrupt(path, name, "a size in the shape is not a whole number");
    tensor->shape.push_back(n);
    if (__builtin_mul_overflow(bytes, n, &bytes)) return corrupt(path, name, "the shape is too large");
  }
  int64_t end;
  if (!whole(offsets->array[0], begin) || !whole(offsets->array[1], &end) || end < *begin)
    return corrupt(path, name, "data_offsets are not a range of whole numbers");
  if (end - *begin != bytes)
    return corrupt(
        path, name,
        "dtype and shape need " + std::to_string(bytes) + " bytes, data_offsets span " + std::to_string(end - *begin));
  tensor->bytes = bytes;
  return {};
}

float half_to_float(uint16_t h) {
  uint32_t sign = static_cast<uint32_t>(h & 0x8000u) << 16, exponent = (h >> 10) & 31u, fraction = h & 1023u;
  if (exponent == 31) return std::bit_cast<float>(sign | 0x7f800000u | fraction << 13);
  if (exponent != 0) return std::bit_cast<float>(sign | (exponent + 112) << 23 | fraction << 13);
  float magnitude = static_cast<float>(fraction) * 0x1p-24f;
  return sign ? -magnitude : magnitude;
}

}  // namespace

int64_t StoredTensor::elements() const {
  int64_t n = 1;
  for (int64_t size : shape) n *= size;
  return n;
}

struct SafetensorsFile::Impl {
  void* map = MAP_FAILED;
  size_t size = 0;
  std::vector<StoredTensor> tensors;
  std::vector<std::pair<std::string, std::string>> metadata;
  std::unordered_map<std::string, size_t> index;

  ~Impl() {
    if (map != MAP_FAILED) ::munmap(map, size);
  }
  Status map_file(const std::string& path);
  Status read_header(const std::string& path);
};

Status SafetensorsFile::Impl::map_file(const std::string& path) {
  auto failure = [&path](const char* what) {
    return Status("IO_ERROR", path + ": cannot " + what + ": " + std::generic_category().message(errno));
  };
  int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) {
    if (errno == ENOENT || errno == ENOTDIR) return Status("CHECKPOINT_MISSING", path + ": no such file");
    return failure("open");
  }
  struct stat info;
  Status status;
  if (::fstat(fd, &info) != 0) {
    status = failure("read the size");
  } else if (!S_ISREG(info.st_mode)) {
    status = Status("IO_ERROR", path + ": not a file");
  } else if (info.st_size < 8) {
    status = Status("CHECKPOINT_TRUNCATED", path + ": " + std::to_string(info.st_size) +
                                                " bytes; a safetensors file has at least 8. Copy or download it again");
  } else {
    size = static_cast<size_t>(info.st_size);
    map = ::mmap(nullptr, size, PROT_READ, MAP_PRIVATE, fd, 0);
    if (map == MAP_FAILED) status = failure("map");
  }
  ::close(fd);
  return status;
}

Status SafetensorsFile::Impl::read_header(const std::string& path) {
  const uint8_t* bytes = static_cast<const uint8_t*>(map);
  uint64_t header_bytes;
  memcpy(&header_bytes, bytes, 8);
  if (header_bytes > kMaxHeader)
    return corrupt(path, "the header length is " + std::to_string(header_bytes) + ", more than the format allows");
  if (header_bytes > size - 8)
    return Status("CHECKPOINT_TRUNCATED", path + ": the header should have " + std::to_string(header_bytes) +
                                              " bytes, the file ends after " + std::to_string(size - 8) +
                                              ". Copy or download it again");
  if (header_bytes == 0 || bytes[8] != '{') return corrupt(path, "the header does not begin with {");

  std::string text(reinterpret_cast<const char*>(bytes) + 8, header_bytes);
  Result<Json> header = Json::parse(text, path + " (header)");
  if (!header.ok()) return Status("CHECKPOINT_CORRUPT", header.status().message());

  std::vector<int64_t> begins;
  for (const auto& [name, entry] : header.value().object) {
    if (name == "__metadata__") {
      if (Status s = read_metadata(path, entry, &metadata); !s.ok()) return s;
      continue;
    }
    tensors.emplace_back();
    begins.emplace_back();
    if (Status s = read_entry(path, name, entry, &tensors.back(), &begins.back()); !s.ok()) return s;
  }

  // The data part is covered exactly once: no gap, no overlap, nothing past the end.
  std::vector<size_t> order(tensors.size());
  for (size_t i = 0; i < order.size(); ++i) order[i] = i;
  std::sort(order.begin(), order.end(), [&](size_t a, size_t b) {
    return begins[a] != begins[b] ? begins[a] < begins[b] : tensors[a].bytes < tensors[b].bytes;
  });
  int64_t expected = 0, available = static_cast<int64_t>(size - 8 - header_bytes);
  for (size_t i : order) {
    if (begins[i] != expected)
      return corrupt(
          path, tensors[i].name,
          "its data begin at " + std::to_string(begins[i]) + ", the data before it end at " + std::to_string(expected));
    if (tensors[i].bytes > available - expected)
      return Status("CHECKPOINT_TRUNCATED", path + ": tensor " + json_quote(tensors[i].name) + " should end at byte " +
                                                std::to_string(expected + tensors[i].bytes) +
                                                " of the data, there are " + std::to_string(available) +
                                                ". Copy or download the file again");
    tensors[i].data = bytes + 8 + header_bytes + expected;
    expected += tensors[i].bytes;
  }
  if (expected != available)
    return corrupt(path, std::to_string(available - expected) + " bytes after the last tensor");
  for (size_t i = 0; i < tensors.size(); ++i) index.emplace(tensors[i].name, i);
  return {};
}

SafetensorsFile::SafetensorsFile() : impl_(std::make_unique<Impl>()) {}
SafetensorsFile::~SafetensorsFile() = default;

Result<std::unique_ptr<SafetensorsFile>> SafetensorsFile::open(const std::string& path) {
  std::unique_ptr<SafetensorsFile> file(new SafetensorsFile);
  if (Status s = file->impl_->map_file(path); !s.ok()) return s;
  if (Status s = file->impl_->read_header(path); !s.ok()) return s;
  return file;
}

const std::vector<StoredTensor>& SafetensorsFile::tensors() const {
  return impl_->tensors;
}
const std::vector<std::pair<std::string, std::string>>& SafetensorsFile::metadata() const {
  return impl_->metadata;
}
const StoredTensor* SafetensorsFile::find(const std::string& name) const {
  auto it = impl_->index.find(name);
  return it == impl_->index.end() ? nullptr : &impl_->tensors[it->second];
}

Status to_float(const StoredTensor& tensor, float* out) {
  int64_t n = tensor.elements();
  if (tensor.dtype == "F32") {
    if (n > 0) memcpy(out, tensor.data, static_cast<size_t>(n) * 4);
    return {};
  }
  bool bf16 = tensor.dtype == "BF16";
  if (!bf16 && tensor.dtype != "F16")
    return Status("CHECKPOINT_CORRUPT", tensor.file + ": tensor " + json_quote(tensor.name) + " is " + tensor.dtype +
                                            "; weights must be F32, BF16 or F16");
  for (int64_t i = 0; i < n; ++i) {
    uint16_t half;
    memcpy(&half, tensor.data + i * 2, 2);  // data need not be aligned in the file
    out[i] = bf16 ? from_bf16(half) : half_to_float(half);
  }
  return {};
}

Status write_safetensors(const std::string& path, const std::vector<TensorToWrite>& tensors,
                         const std::vector<std::pair<std::string, std::string>>& metadata) {
  // Wider types first, as the reference implementation lays files out, so that every tensor is aligned to its type.
  std::vector<const TensorToWrite*> order;
  for (const TensorToWrite& t : tensors) order.push_back(&t);
  std::stable_sort(order.begin(), order.end(), [](const TensorToWrite* a, const TensorToWrite* b) {
    return element_bytes(a->dtype) > element_bytes(b->dtype);
  });

  std::string header = R"({"__metadata__":{"format":"pt")";
  for (const auto& [key, value] : metadata)
    if (key != "format") header += "," + json_quote(key) + ":" + json_quote(value);
  header += "}";
  std::unordered_map<std::string, bool> seen;
  std::vector<int64_t> sizes;
  int64_t offset = 0;
  for (const TensorToWrite* t : order) {
    int64_t bytes = element_bytes(t->dtype);
    if (bytes == 0 || t->name == "__metadata__" || !seen.emplace(t->name, true).second)
      return Status("IO_ERROR", path + ": tensor " + json_quote(t->name) + " of type " + json_quote(t->dtype) +
                                    " cannot be written: its name is taken or its type is unknown");
    header += "," + json_quote(t->name) + ":{\"dtype\":" + json_quote(t->dtype) + ",\"shape\":[";
    for (size_t i = 0; i < t->shape.size(); ++i) {
      header += (i ? "," : "") + std::to_string(t->shape[i]);
      bytes *= t->shape[i];
    }
    header += "],\"data_offsets\":[" + std::to_string(offset) + "," + std::to_string(offset + bytes) + "]}";
    sizes.push_back(bytes);
    offset += bytes;
  }
  header += "}";
  header.resize((header.size() + 7) / 8 * 8, ' ');

  AtomicFile file(path);
  uint64_t header_bytes = header.size();
  if (Status s = file.open(); !s.ok()) return s;
  if (Status s = file.write(&header_bytes, 8); !s.ok()) return s;
  if (Status s = file.write(header.data(), static_cast<int64_t>(header.size())); !s.ok()) return s;
  for (size_t i = 0; i < order.size(); ++i)
    if (Status s = file.write(order[i]->data, sizes[i]); !s.ok()) return s;
  return file.commit();
}

}  // namespace glossa
