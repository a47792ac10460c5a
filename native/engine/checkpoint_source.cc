#include "engine/checkpoint_source.h"

#include <algorithm>
#include <cmath>
#include <string_view>
#include <unordered_map>
#include <unordered_set>

#include "engine/tensor_check.h"

namespace glossa {

Result<std::unique_ptr<CheckpointSource>> CheckpointSource::open(const Model& m, const std::string& dir) {
  Result<WeightFiles> files = WeightFiles::open(dir);
  if (!files.ok()) return files.status();
  std::unique_ptr<CheckpointSource> source(new CheckpointSource(m, dir, files.take()));
  if (Status s = source->match(); !s.ok()) return s;
  return source;
}

namespace {

constexpr char kEmbedding[] = "model.embed_tokens.weight", kHead[] = "lm_head.weight";

// The tensor that a stored name means, empty where it is none of the model's: as in Transformers the prefix of the base
// model may be missing or stand there twice.
std::string meant(const std::unordered_set<std::string>& known, const std::string& stored) {
  constexpr std::string_view kPrefix = "model.";
  if (known.count(stored)) return stored;
  const std::string prefixed = std::string(kPrefix) + stored;
  if (known.count(prefixed)) return prefixed;
  const bool cut = stored.compare(0, kPrefix.size(), kPrefix) == 0;
  return cut && known.count(stored.substr(kPrefix.size())) ? stored.substr(kPrefix.size()) : "";
}

// A weight as it would be in another type.
float rounded(float x, const std::string& dtype) {
  return dtype == "BF16" ? from_bf16(to_bf16(x)) : dtype == "F16" ? from_f16(to_f16(x)) : x;
}

std::string few(const std::vector<std::string>& names) {
  std::string text;
  constexpr size_t kShown = 5;
  for (size_t i = 0; i < names.size() && i < kShown; ++i) text += (i ? ", " : "") + names[i];
  return names.size() > kShown ? text + " and " + std::to_string(names.size() - kShown) + " more" : text;
}

}  // namespace

Status CheckpointSource::match() {
  std::unordered_set<std::string> known = {kHead};
  for (const TensorSpec& t : model_.tensors) known.insert(t.name);
  std::unordered_map<std::string, const WeightFiles::Entry*> found;
  std::vector<std::string> unused;
  for (const WeightFiles::Entry& e : files_.entries()) {
    const std::string name = meant(known, e.tensor->name);
    // Older files carry the rotary tables.
    if (name.empty() && e.tensor->name.find("rotary_emb.inv_freq") != std::string::npos) continue;
    if (name.empty()) {
      unused.push_back(e.tensor->name);
    } else if (const auto [at, added] = found.emplace(name, &e); !added) {
      return Status("CHECKPOINT_MISMATCH", e.file->path() + ": tensor " + name + " is there twice, as " +
                                               at->second->tensor->name + " and as " + e.tensor->name +
                                               "; keep one of the two");
    }
  }
  auto look = [&found](const std::string& name) {
    const auto at = found.find(name);
    return at == found.end() ? nullptr : at->second;
  };
  const WeightFiles::Entry* head = model_.config.tied ? look(kHead) : nullptr;
  for (const TensorSpec& t : model_.tensors) {
    const WeightFiles::Entry* entry = look(t.name);
    const bool tied = head && t.name == kEmbedding;
    if (!entry && tied) entry = head;  // some files hold the tied matrix under the head's name alone
    if (Status s = check_stored(files_.place_of(t.name), t.name, t.shape, entry ? entry->tensor : nullptr); !s.ok())
      return entry || unused.empty()
                 ? s
                 : Status(s.code(), s.message() + "; there are others, which the model has not: " + few(unused));
    if (tied && entry != head)
      if (Status s = check_tied_head(*entry, *head); !s.ok()) return s;
    entries_.push_back(entry);
  }
  if (!unused.empty())
    warnings_.push_back(dir_ + ": the model has no place for " + few(unused) + ": not used, and not saved again");
  return {};
}

Status CheckpointSource::check_tied_head(const WeightFiles::Entry& embedding, const WeightFiles::Entry& head) const {
  const StoredTensor &a = *embedding.tensor, &b = *head.tensor;
  if (Status s = check_stored(head.file->path(), b.name, a.shape, &b); !s.ok()) return s;
  constexpr int64_t kPiece = 1 << 20;
  const int64_t elements = a.elements(), a_size = a.bytes / elements, b_size = b.bytes / elements;
  std::vector<float> left(static_cast<size_t>(std::min(kPiece, elements))), right(left);
  bool same = true;
  for (int64_t at = 0; same && at < elements; at += kPiece) {
    const int64_t n = std::min(kPiece, elements - at);
    widen(a, at, n, left.data());
    widen(b, at, n, right.data());
    // A copy in another type is the same matrix, rounded.
    for (size_t i = 0; i < static_cast<size_t>(n); ++i)
      same = same && (left[i] == right[i] || rounded(left[i], b.dtype) == right[i] ||
                      left[i] == rounded(right[i], a.dtype) || (std::isnan(left[i]) && std::isnan(right[i])));
    embedding.file->give_back(a.data + at * a_size, n * a_size);
    head.file->give_back(b.data + at * b_size, n * b_size);
  }
  if (same) return {};
  return Status("CHECKPOINT_MISMATCH",
                head.file->path() + ": tensor " + b.name + " differs from " + a.name +
                    ", though config.json ties the two; set tie_word_embeddings to false if they are two matrices");
}

Status CheckpointSource::check_float32() const {
  for (const WeightFiles::Entry* e : entries_)
    if (e->tensor->dtype != "F32")
      return Status("CHECKPOINT_MISMATCH",
                    e->file->path() + ": tensor " + e->tensor->name + " is " + e->tensor->dtype +
                        "; the optimizer's state beside it goes on from weights in F32, as they were written with it");
  return {};
}

Status CheckpointSource::read(int64_t offset, int64_t count, float* out) const {
  return for_each_part(model_.tensors, offset, count, [&](int64_t first, int64_t n, int64_t within, size_t tensor) {
    const WeightFiles::Entry& e = *entries_[tensor];
    const int64_t size = e.tensor->bytes / e.tensor->elements();
    widen(*e.tensor, within, n, out + first);
    e.file->give_back(e.tensor->data + within * size, n * size);
    return check_finite(*e.tensor, within, n, out + first);
  });
}

}  // namespace glossa
