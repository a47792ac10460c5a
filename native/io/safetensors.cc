#include "io/safetensors.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <system_error>
#include <unordered_map>

#include "io/json.h"
#include "io/read_file.h"

namespace glossa {

static_assert(std::endian::native == std::endian::little,
              "safetensors data are little-endian and are used as they lie");

namespace {

constexpr uint64_t kMaxHeader = 100'000'000;  // the reference implementation's bound

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
  int64_t bytes = safetensors_element_bytes(tensor->dtype);
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

}  // namespace

int64_t safetensors_element_bytes(const std::string& dtype) {
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

int64_t StoredTensor::elements() const {
  int64_t n = 1;
  for (int64_t size : shape) n *= size;
  return n;
}

struct SafetensorsFile::Impl {
  std::string path;
  void* map = MAP_FAILED;  // where the file was opened, not viewed
  const uint8_t* bytes = nullptr;
  size_t size = 0;
  std::vector<StoredTensor> tensors;
  std::vector<std::pair<std::string, std::string>> metadata;
  std::unordered_map<std::string, size_t> index;

  ~Impl() {
    if (map != MAP_FAILED) ::munmap(map, size);
  }
  Status map_file();
  Status read_header();
};

Status SafetensorsFile::Impl::map_file() {
  Result<InputFile> opened = InputFile::open(path, "CHECKPOINT_MISSING");
  if (!opened.ok()) return opened.status();
  const InputFile file = opened.take();
  if (file.size() == 0) return {};  // an empty file cannot be mapped; read_header says what it lacks
  size = static_cast<size_t>(file.size());
  map = ::mmap(nullptr, size, PROT_READ, MAP_PRIVATE, file.fd(), 0);
  if (map == MAP_FAILED)
    return Status(errno == ENOMEM ? "OUT_OF_MEMORY" : "IO_ERROR",
                  path + ": cannot be mapped: " + std::generic_category().message(errno));
  bytes = static_cast<const uint8_t*>(map);
  return {};
}

Status SafetensorsFile::Impl::read_header() {
  if (size < 8)
    return Status("CHECKPOINT_TRUNCATED", path + ": " + std::to_string(size) +
                                              " bytes; a safetensors file has at least 8. Copy or download it again");
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
  file->impl_->path = path;
  if (Status s = file->impl_->map_file(); !s.ok()) return s;
  if (Status s = file->impl_->read_header(); !s.ok()) return s;
  return file;
}

Result<std::unique_ptr<SafetensorsFile>> SafetensorsFile::view(const uint8_t* bytes, size_t size,
                                                               const std::string& path) {
  std::unique_ptr<SafetensorsFile> file(new SafetensorsFile);
  file->impl_->path = path;
  file->impl_->bytes = bytes;
  file->impl_->size = size;
  if (Status s = file->impl_->read_header(); !s.ok()) return s;
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

const std::string& SafetensorsFile::path() const {
  return impl_->path;
}

void SafetensorsFile::give_back(const uint8_t* data, int64_t bytes) const {
  if (impl_->map == MAP_FAILED) return;
  // Outwards to whole windows of 2 MiB: with a page that is touched the system maps its neighbours, newer kernels the
  // whole large page that it lies in.
  constexpr uintptr_t kWindow = uintptr_t{1} << 21;
  const uintptr_t first = reinterpret_cast<uintptr_t>(impl_->map), last = first + impl_->size;
  const uintptr_t from = reinterpret_cast<uintptr_t>(data), to = from + static_cast<uintptr_t>(bytes);
  const uintptr_t low = std::max(first, from / kWindow * kWindow);
  const uintptr_t high = std::min(last, (to + kWindow - 1) / kWindow * kWindow);
  if (low < high) ::madvise(reinterpret_cast<void*>(low), high - low, MADV_DONTNEED);
}

bool is_weight_type(const std::string& dtype) {
  return dtype == "F32" || dtype == "BF16" || dtype == "F16" || dtype == "F64";
}

void widen(const StoredTensor& tensor, int64_t first, int64_t count, float* out) {
  if (count <= 0) return;
  if (tensor.dtype == "F32") {
    memcpy(out, tensor.data + first * 4, static_cast<size_t>(count) * 4);
    return;
  }
  if (tensor.dtype == "F64") {
    for (int64_t i = 0; i < count; ++i) {
      double x;
      memcpy(&x, tensor.data + (first + i) * 8, 8);
      out[i] = static_cast<float>(x);
    }
    return;
  }
  const uint8_t* from = tensor.data + first * 2;
  auto half = [from](int64_t i) {
    uint16_t x;
    memcpy(&x, from + i * 2, 2);  // data need not be aligned in the file
    return x;
  };
  if (tensor.dtype == "BF16") {
    for (int64_t i = 0; i < count; ++i) out[i] = from_bf16(half(i));
  } else {
    for (int64_t i = 0; i < count; ++i) out[i] = from_f16(half(i));
  }
}

Status to_float(const StoredTensor& tensor, float* out) {
  if (!is_weight_type(tensor.dtype))
    return Status("CHECKPOINT_CORRUPT", tensor.file + ": tensor " + json_quote(tensor.name) + " is " + tensor.dtype +
                                            "; weights must be F64, F32, BF16 or F16");
  widen(tensor, 0, tensor.elements(), out);
  return {};
}

}  // namespace glossa
