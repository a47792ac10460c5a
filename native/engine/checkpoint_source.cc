#include "engine/checkpoint_source.h"

#include <algorithm>
#include <cstring>
#include <unordered_set>

#include "engine/tensor_check.h"

namespace glossa {

Result<std::unique_ptr<CheckpointSource>> CheckpointSource::open(const Model& m, const std::string& dir) {
  Result<WeightFiles> files = WeightFiles::open(dir);
  if (!files.ok()) return files.status();
  std::unique_ptr<CheckpointSource> source(new CheckpointSource(m, files.take()));
  if (Status s = source->match(); !s.ok()) return s;
  return source;
}

Status CheckpointSource::match() {
  constexpr char kEmbedding[] = "model.embed_tokens.weight", kHead[] = "lm_head.weight";
  // Beside the weights older files carry rotary tables, and a tied head written out.
  const WeightFiles::Entry* head = model_.config.tied ? files_.find(kHead) : nullptr;
  std::unordered_set<std::string> known;
  for (const TensorSpec& t : model_.tensors) known.insert(t.name);
  for (const WeightFiles::Entry& e : files_.entries())
    if (&e != head && !known.count(e.tensor->name) && e.tensor->name.find("rotary_emb.inv_freq") == std::string::npos)
      return Status("CHECKPOINT_MISMATCH", e.file->path() + ": tensor " + e.tensor->name +
                                               " is not part of the model that config.json describes");
  for (const TensorSpec& t : model_.tensors) {
    const WeightFiles::Entry* entry = files_.find(t.name);
    const bool tied = head && t.name == kEmbedding;
    if (!entry && tied) entry = head;
    if (Status s = check_stored(files_.path(), t.name, t.shape, entry ? entry->tensor : nullptr); !s.ok()) return s;
    if (tied && entry != head)
      if (Status s = check_tied_head(*entry, *head); !s.ok()) return s;
    entries_.push_back(entry);
  }
  return {};
}

Status CheckpointSource::check_tied_head(const WeightFiles::Entry& embedding, const WeightFiles::Entry& head) const {
  const StoredTensor &a = *embedding.tensor, &b = *head.tensor;
  bool same = a.dtype == b.dtype && a.shape == b.shape;
  constexpr int64_t kPiece = 1 << 22;
  for (int64_t at = 0; same && at < a.bytes; at += kPiece) {
    const int64_t n = std::min(kPiece, a.bytes - at);
    same = std::memcmp(a.data + at, b.data + at, static_cast<size_t>(n)) == 0;
    embedding.file->give_back(a.data + at, n);
    head.file->give_back(b.data + at, n);
  }
  if (same) return {};
  return Status("CHECKPOINT_MISMATCH",
                head.file->path() + ": tensor " + b.name + " differs from " + a.name +
                    ", though config.json ties the two; set tie_word_embeddings to false if they are two matrices");
}

Status CheckpointSource::read(int64_t offset, int64_t count, float* out) const {
  return for_each_part(model_, offset, count, [&](int64_t first, int64_t n, int64_t within, size_t tensor) {
    const WeightFiles::Entry& e = *entries_[tensor];
    const int64_t size = e.tensor->bytes / e.tensor->elements();
    widen(*e.tensor, within, n, out + first);
    e.file->give_back(e.tensor->data + within * size, n * size);
    return check_finite(*e.tensor, within, n, out + first);
  });
}

}  // namespace glossa
