#include "model/weights.h"

#include <cstring>
#include <functional>

namespace glossa {
namespace {

constexpr int64_t kPanelsOfTask = 8;

int64_t panels(int64_t n) {
  return (n + kPanel - 1) / kPanel;
}

// The vectors at `base`, whose element `offset` of the flat vector lies at place(offset).
void place(const Model& m, const std::function<const float*(int64_t)>& at, std::vector<LayerVectors>* layers,
           const float** embedding, const float** final_norm) {
  layers->clear();
  for (const LayerOffsets& o : m.layers)
    layers->push_back({at(o.norm1), at(o.norm2), at(o.qkv_bias), at(o.q_norm), at(o.k_norm)});
  *embedding = at(m.embedding);
  *final_norm = at(m.final_norm);
}

}  // namespace

void Weights::attach(const Model& m, const float* master) {
  master_ = master;
  place(
      m, [&](int64_t offset) { return offset < 0 ? nullptr : master + offset; }, &layers_, &embedding_, &final_norm_);
  auto carve = [&](Carver c) {
    matrices_.clear();
    for (const MatrixSpec& w : m.matrices) {
      void* forward = c.bytes(packed_bytes(m.dtype, w.n, w.k));
      matrices_.push_back({forward, c.bytes(packed_bytes(m.dtype, w.k, w.n))});
    }
    return c.used();
  };
  packs_.reserve(carve(Carver()));
  carve(Carver(packs_.data()));
}

void Weights::repack(const Model& m, ThreadPool& pool) {
  struct Task {
    size_t matrix;
    bool transposed;
    int64_t panel0, panel1;
  };
  std::vector<Task> tasks;
  for (size_t i = 0; i < m.matrices.size(); ++i)
    for (bool transposed : {false, true}) {
      int64_t count = panels(transposed ? m.matrices[i].k : m.matrices[i].n);
      for (int64_t p = 0; p < count; p += kPanelsOfTask)
        tasks.push_back({i, transposed, p, p + kPanelsOfTask < count ? p + kPanelsOfTask : count});
    }
  const LinearKernels& linear = *m.kernels->linear;
  pool.run(static_cast<int64_t>(tasks.size()), [&](int64_t i, int) {
    const Task& t = tasks[static_cast<size_t>(i)];
    const MatrixSpec& w = m.matrices[t.matrix];
    const float* source = master_ + w.offset;
    if (t.transposed)
      linear.pack_transposed(matrices_[t.matrix].transposed, m.dtype, source, w.k, w.n, w.k, t.panel0, t.panel1);
    else
      linear.pack(matrices_[t.matrix].forward, m.dtype, source, w.n, w.k, w.k, t.panel0, t.panel1);
  });
}

void Weights::freeze(const Model& m, const Weights& policy) {
  auto carve = [&](Carver c) {
    matrices_.clear();
    for (const MatrixSpec& w : m.matrices) matrices_.push_back({c.bytes(packed_bytes(m.dtype, w.n, w.k)), nullptr});
    return c.used();
  };
  packs_.reserve(carve(Carver()));
  carve(Carver(packs_.data()));
  for (size_t i = 0; i < m.matrices.size(); ++i)
    std::memcpy(matrices_[i].forward, policy.matrices_[i].forward,
                static_cast<size_t>(packed_bytes(m.dtype, m.matrices[i].n, m.matrices[i].k)));

  const int64_t embedding_size = m.config.vocab * m.config.hidden;
  vectors_.resize(static_cast<size_t>(embedding_size + m.partial_size));
  std::memcpy(vectors_.data(), policy.embedding_, static_cast<size_t>(embedding_size) * 4);
  float* rows = vectors_.data() + embedding_size;
  for (const RowParameter& p : m.row_parameters)
    std::memcpy(rows + p.partial, policy.master_ + p.offset, static_cast<size_t>(p.size) * 4);
  auto at = [&](int64_t offset) -> const float* {
    if (offset == m.embedding) return vectors_.data();
    for (const RowParameter& p : m.row_parameters)
      if (p.offset == offset) return rows + p.partial;
    return nullptr;
  };
  place(m, at, &layers_, &embedding_, &final_norm_);
}

}  // namespace glossa
