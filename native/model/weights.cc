#include "model/weights.h"

#include <algorithm>
#include <cstring>
#include <functional>
#include <utility>

#include "model/activations.h"

namespace glossa {
namespace {

constexpr int64_t kPanelsOfTask = 8;
constexpr int64_t kFillBytes = 1 << 20;  // of float32 that a thread has on their way from the source to a pack

int64_t panels(int64_t n) {
  return (n + kPanel - 1) / kPanel;
}

int64_t panels_of_fill(const MatrixSpec& w) {
  return std::max<int64_t>(kFillBytes / (kPanel * w.k * 4), 1);
}

// Places packs of every matrix in `buffer`.
std::vector<void*> carve_packs(const Model& m, bool transposed, Buffer* buffer) {
  std::vector<void*> packs;
  auto carve = [&](Carver c) {
    packs.clear();
    for (const MatrixSpec& w : m.matrices)
      packs.push_back(c.bytes(transposed ? packed_bytes(m.dtype, w.k, w.n) : packed_bytes(m.dtype, w.n, w.k)));
    return c.used();
  };
  buffer->reserve(carve(Carver()));
  carve(Carver(buffer->data()));
  return packs;
}

struct PackTask {
  size_t matrix;
  int64_t panel0, panel1;
};
std::vector<PackTask> fill_tasks(const Model& m) {
  std::vector<PackTask> tasks;
  for (size_t i = 0; i < m.matrices.size(); ++i) {
    const int64_t count = panels(m.matrices[i].n), step = panels_of_fill(m.matrices[i]);
    for (int64_t p = 0; p < count; p += step) tasks.push_back({i, p, std::min(p + step, count)});
  }
  return tasks;
}

// Allocates nothing: it follows an update of the masters, which nothing may come between.
void pack_all(const Model& m, ThreadPool& pool, const float* master, bool transposed, const std::vector<void*>& packs) {
  const LinearKernels& linear = *m.kernels->linear;
  auto panels_of = [&](const MatrixSpec& w) { return panels(transposed ? w.k : w.n); };
  auto tasks_of = [&](const MatrixSpec& w) { return (panels_of(w) + kPanelsOfTask - 1) / kPanelsOfTask; };
  int64_t tasks = 0;
  for (const MatrixSpec& w : m.matrices) tasks += tasks_of(w);
  pool.run(tasks, [&](int64_t task, int) {
    size_t i = 0;
    for (; task >= tasks_of(m.matrices[i]); ++i) task -= tasks_of(m.matrices[i]);
    const MatrixSpec& w = m.matrices[i];
    const int64_t panel0 = task * kPanelsOfTask, panel1 = std::min(panel0 + kPanelsOfTask, panels_of(w));
    if (transposed)
      linear.pack_transposed(packs[i], m.dtype, master + w.offset, w.k, w.n, w.k, panel0, panel1);
    else
      linear.pack(packs[i], m.dtype, master + w.offset, w.n, w.k, w.k, panel0, panel1);
  });
}

// Row `n` of a packed matrix as float32.
void unpack_row(const Model& m, const void* packed, int64_t k, int64_t n, float* out) {
  const int64_t panel = n / kPanel, column = n % kPanel;
  if (m.dtype == Dtype::f32) {
    const float* from = static_cast<const float*>(packed) + panel * k * kPanel + column;
    for (int64_t i = 0; i < k; ++i) out[i] = from[i * kPanel];
  } else {
    const uint16_t* from = static_cast<const uint16_t*>(packed) + panel * (k + k % 2) * kPanel + column * 2;
    for (int64_t i = 0; i < k; ++i) out[i] = from_bf16(from[i / 2 * kPanel * 2 + i % 2]);
  }
}

void round_to_bf16(float* x, int64_t n) {
  for (int64_t i = 0; i < n; ++i) x[i] = from_bf16(to_bf16(x[i]));
}

// The vectors, whose element `offset` of the flat vector lies at at(offset).
std::vector<LayerVectors> layer_vectors(const Model& m, const std::function<const float*(int64_t)>& at) {
  std::vector<LayerVectors> layers;
  for (const LayerOffsets& o : m.layers)
    layers.push_back({at(o.norm1), at(o.norm2), at(o.qkv_bias), at(o.q_norm), at(o.k_norm)});
  return layers;
}

}  // namespace

void Weights::attach(const Model& m, const float* master) {
  master_ = master;
  layers_ = layer_vectors(m, [&](int64_t offset) { return offset < 0 ? nullptr : master + offset; });
  final_norm_ = master + m.final_norm;
  forward_ = carve_packs(m, false, &packs_);
}

void Weights::repack(const Model& m, ThreadPool& pool) {
  pack_all(m, pool, master_, false, forward_);
  if (!transposed_.empty()) pack_all(m, pool, master_, true, transposed_);
}

void Weights::need_transposed(const Model& m, ThreadPool& pool) {
  if (!transposed_.empty()) return;
  std::vector<void*> packs = carve_packs(m, true, &transposed_packs_);
  pack_all(m, pool, master_, true, packs);
  transposed_ = std::move(packs);
}

void Weights::reserve_frozen(const Model& m) {
  master_ = nullptr;
  forward_ = carve_packs(m, false, &packs_);
  if (!m.config.tied) table_.reserve(m.config.vocab * m.config.hidden * dtype_bytes(m.dtype));
  vectors_.resize(static_cast<size_t>(m.partial_size));
  layers_ = layer_vectors(m, [&](int64_t offset) -> const float* {
    for (const RowParameter& p : m.row_parameters)
      if (p.offset == offset) return vectors_.data() + p.partial;
    return nullptr;
  });
  final_norm_ = vectors_.data() + m.final_norm_partial;
}

Status Weights::fill(const Model& m, const WeightSource& source, ThreadPool& pool) {
  reserve_frozen(m);
  const std::vector<PackTask> tasks = fill_tasks(m);
  const int64_t packing = static_cast<int64_t>(tasks.size());
  const int64_t table = m.config.tied ? 0 : m.config.vocab * m.config.hidden, piece = kFillBytes / 4;
  const int64_t copying = (table + piece - 1) / piece;

  int64_t largest = piece;
  for (const MatrixSpec& w : m.matrices) largest = std::max(largest, panels_of_fill(w) * kPanel * w.k);
  std::vector<std::vector<float>> scratch(static_cast<size_t>(pool.threads()));
  for (std::vector<float>& s : scratch) s.resize(static_cast<size_t>(largest));

  Status status = run_fallible(pool, packing + copying, [&](int64_t task, int worker) {
    float* rows = scratch[static_cast<size_t>(worker)].data();
    if (task >= packing) {
      const int64_t at = (task - packing) * piece, count = std::min(piece, table - at);
      if (Status s = source.read(m.embedding + at, count, rows); !s.ok()) return s;
      convert(element(table_.data(), m.dtype, at), m.dtype, rows, count);
      return Status();
    }
    const PackTask& t = tasks[static_cast<size_t>(task)];
    const MatrixSpec& w = m.matrices[t.matrix];
    const int64_t row0 = t.panel0 * kPanel, count = std::min(t.panel1 * kPanel, w.n) - row0;
    if (Status s = source.read(w.offset + row0 * w.k, count * w.k, rows); !s.ok()) return s;
    void* panel = static_cast<uint8_t*>(forward_[t.matrix]) + packed_bytes(m.dtype, row0, w.k);
    m.kernels->linear->pack(panel, m.dtype, rows, count, w.k, w.k, 0, t.panel1 - t.panel0);
    return Status();
  });
  for (const RowParameter& p : m.row_parameters)
    if (status.ok()) status = source.read(p.offset, p.size, vectors_.data() + p.partial);
  if (!status.ok()) *this = Weights();
  return status;
}

void Weights::freeze(const Model& m, const Weights& policy) {
  if (empty()) {
    Weights made;
    made.reserve_frozen(m);
    *this = std::move(made);
  }
  for (size_t i = 0; i < m.matrices.size(); ++i)
    std::memcpy(forward_[i], policy.forward_[i],
                static_cast<size_t>(packed_bytes(m.dtype, m.matrices[i].n, m.matrices[i].k)));
  if (!m.config.tied) convert(table_.data(), m.dtype, policy.master_ + m.embedding, m.config.vocab * m.config.hidden);
  for (const RowParameter& p : m.row_parameters)
    std::memcpy(vectors_.data() + p.partial, policy.master_ + p.offset, static_cast<size_t>(p.size) * 4);
}

int64_t Weights::bytes() const {
  return packs_.capacity() + transposed_packs_.capacity() + table_.capacity() +
         static_cast<int64_t>(vectors_.size()) * 4;
}

void Weights::embed(const Model& m, float* x, const int32_t* ids, int64_t rows) const {
  const int64_t d = m.config.hidden;
  if (master_) {
    m.kernels->embedding->forward(x, master_ + m.embedding, ids, rows, d);
    if (m.dtype == Dtype::bf16) round_to_bf16(x, rows * d);
    return;
  }
  for (int64_t r = 0; r < rows; ++r) {
    float* out = x + r * d;
    if (m.config.tied) {
      unpack_row(m, forward(m.head_matrix()), d, ids[r], out);
    } else if (m.dtype == Dtype::f32) {
      std::memcpy(out, reinterpret_cast<const float*>(table_.data()) + ids[r] * d, static_cast<size_t>(d) * 4);
    } else {
      const uint16_t* from = reinterpret_cast<const uint16_t*>(table_.data()) + ids[r] * d;
      for (int64_t i = 0; i < d; ++i) out[i] = from_bf16(from[i]);
    }
  }
}

}  // namespace glossa
