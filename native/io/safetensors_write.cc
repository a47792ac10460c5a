// Safetensors files, written.
#include <algorithm>
#include <cmath>
#include <functional>
#include <unordered_set>

#include "io/atomic_file.h"
#include "io/json.h"
#include "io/safetensors.h"

namespace glossa {
namespace {

// A tensor of float32 as its type on disk, a piece at a time.
Status write_rounded(AtomicFile& file, const std::string& path, const TensorToWrite& t, int64_t elements) {
  constexpr int64_t kPiece = 1 << 18;
  const float* from = static_cast<const float*>(t.data);
  std::vector<uint16_t> piece(static_cast<size_t>(std::min(kPiece, elements)));
  for (int64_t at = 0; at < elements; at += kPiece) {
    const int64_t n = std::min(kPiece, elements - at);
    if (t.dtype == "BF16") {
      to_bf16(piece.data(), from + at, n);
    } else {
      for (int64_t i = 0; i < n; ++i) piece[static_cast<size_t>(i)] = to_f16(from[at + i]);
    }
    const uint16_t infinite = t.dtype == "BF16" ? 0x7f80 : 0x7c00;
    for (int64_t i = 0; i < n; ++i)
      if ((piece[static_cast<size_t>(i)] & 0x7fff) == infinite && std::isfinite(from[at + i]))
        return Status("CHECKPOINT_RANGE", path + ": tensor " + json_quote(t.name) + " holds " +
                                              std::to_string(from[at + i]) + ", which " + t.dtype +
                                              " cannot hold; write the weights as float32");
    if (Status s = file.write(piece.data(), n * 2); !s.ok()) return s;
  }
  return {};
}

}  // namespace

int64_t stored_bytes(const TensorToWrite& t) {
  int64_t bytes = safetensors_element_bytes(t.dtype);
  for (int64_t size : t.shape) bytes *= size;
  return bytes;
}

Status write_safetensors(const std::string& path, const std::vector<TensorToWrite>& tensors,
                         const std::vector<std::pair<std::string, std::string>>& metadata, std::string* sha256) {
  // Wider types first, as the reference implementation lays files out, so that every tensor is aligned to its type.
  std::vector<const TensorToWrite*> order;
  for (const TensorToWrite& t : tensors) order.push_back(&t);
  std::stable_sort(order.begin(), order.end(), [](const TensorToWrite* a, const TensorToWrite* b) {
    return safetensors_element_bytes(a->dtype) > safetensors_element_bytes(b->dtype);
  });

  std::string header = R"({"__metadata__":{"format":"pt")";
  for (const auto& [key, value] : metadata)
    if (key != "format") header += "," + json_quote(key) + ":" + json_quote(value);
  header += "}";
  std::unordered_set<std::string> seen;
  std::vector<int64_t> sizes;
  int64_t offset = 0;
  for (const TensorToWrite* t : order) {
    const int64_t bytes = stored_bytes(*t);
    if (safetensors_element_bytes(t->dtype) == 0 || t->name == "__metadata__" || !seen.insert(t->name).second)
      return Status("IO_ERROR", path + ": tensor " + json_quote(t->name) + " of type " + json_quote(t->dtype) +
                                    " cannot be written: its name is taken or its type is unknown");
    header += "," + json_quote(t->name) + ":{\"dtype\":" + json_quote(t->dtype) + ",\"shape\":[";
    for (size_t i = 0; i < t->shape.size(); ++i) header += (i ? "," : "") + std::to_string(t->shape[i]);
    header += "],\"data_offsets\":[" + std::to_string(offset) + "," + std::to_string(offset + bytes) + "]}";
    sizes.push_back(bytes);
    offset += bytes;
  }
  header += "}";
  header.resize((header.size() + 7) / 8 * 8, ' ');

  AtomicFile file(path, sha256);
  uint64_t header_bytes = header.size();
  if (Status s = file.open(); !s.ok()) return s;
  if (Status s = file.write(&header_bytes, 8); !s.ok()) return s;
  if (Status s = file.write(header.data(), static_cast<int64_t>(header.size())); !s.ok()) return s;
  for (size_t i = 0; i < order.size(); ++i)
    if (Status s = order[i]->from_float && order[i]->dtype != "F32" ? write_rounded(file, path, *order[i], sizes[i] / 2)
                                                                    : file.write(order[i]->data, sizes[i]);
        !s.ok())
      return s;
  return file.commit();
}

}  // namespace glossa
