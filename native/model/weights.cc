#include "model/weights.h"

#include <algorithm>
#include <functional>
#include <utility>

namespace glossa {
namespace {

constexpr int64_t kFillNumbers = 1 << 18;  // float32 that a thread has on their way from the source to the device

// Places one form of every matrix that has it.
template <class Place>
int64_t carve_matrices(const Device& device, const Model& m, bool transposed, Carver c, const Place& place) {
  for (size_t i = 0; i < m.matrices.size(); ++i)
    if (!transposed || m.trained.crossed[i])
      place(i, c.bytes(device.matrix_bytes(m.dtype, m.matrices[i].n, m.matrices[i].k, transposed)));
  return c.used();
}

std::vector<AdapterMatrices> adapter_shapes(const Model& m) {
  std::vector<AdapterMatrices> adapters(m.adapters.matrices.size());
  for (size_t i = 0; i < adapters.size(); ++i) {
    const AdaptedMatrix& w = m.adapters.matrices[i];
    adapters[i].a = {m.dtype, w.width, m.matrices[i].k, {}, {}};
    for (const AdaptedRows& part : w.parts) adapters[i].b.push_back({m.dtype, part.rows, m.adapters.rank, {}, {}});
  }
  return adapters;
}

// Places one form of every matrix of the adapters.
int64_t carve_adapters(const Device& device, std::vector<AdapterMatrices>& adapters, bool transposed, Carver c) {
  auto place = [&](Matrix& w) {
    (transposed ? w.transposed : w.forward) = c.bytes(device.matrix_bytes(w.type, w.n, w.k, transposed));
  };
  for (AdapterMatrices& w : adapters) {
    if (w.b.empty()) continue;
    place(w.a);
    std::for_each(w.b.begin(), w.b.end(), place);
  }
  return c.used();
}
int64_t adapter_bytes(const Device& device, const Model& m, bool transposed) {
  std::vector<AdapterMatrices> adapters = adapter_shapes(m);
  return carve_adapters(device, adapters, transposed, Carver());
}

std::vector<Prepared> prepared_adapters(const Model& m, const std::vector<AdapterMatrices>& adapters, Values master) {
  std::vector<Prepared> prepared;
  for (size_t i = 0; i < adapters.size(); ++i) {
    const AdaptedMatrix& w = m.adapters.matrices[i];
    if (w.width == 0) continue;
    prepared.push_back({adapters[i].a, master.at(w.a)});
    for (size_t part = 0; part < w.parts.size(); ++part)
      prepared.push_back({adapters[i].b[part], master.at(w.parts[part].b)});
  }
  return prepared;
}

// The vectors, whose element `offset` of the flat vector lies at at(offset).
std::vector<LayerVectors> layer_vectors(const Model& m, const std::function<Values(int64_t)>& at) {
  std::vector<LayerVectors> layers;
  for (const LayerOffsets& o : m.layers) {
    LayerVectors v{at(o.qkv_bias), at(o.q_norm), at(o.k_norm), {}};
    std::transform(o.norms.begin(), o.norms.end(), v.norms.begin(), at);
    layers.push_back(v);
  }
  return layers;
}

std::vector<Matrix> shapes_of(const Model& m) {
  std::vector<Matrix> matrices;
  for (const MatrixSpec& w : m.matrices) matrices.push_back({m.dtype, w.n, w.k, {}, {}});
  return matrices;
}

int64_t table_bytes(const Model& m) {
  return m.config.tied ? 0 : m.config.vocab * m.config.hidden * dtype_bytes(m.dtype);
}

}  // namespace

int64_t matrices_bytes(const Device& device, const Model& m) {
  return carve_matrices(device, m, false, Carver(), [](size_t, Address) {});
}
int64_t adapters_bytes(const Device& device, const Model& m) {
  return adapter_bytes(device, m, false);
}
int64_t transposed_bytes(const Device& device, const Model& m) {
  return carve_matrices(device, m, true, Carver(), [](size_t, Address) {}) + adapter_bytes(device, m, true);
}

int64_t Weights::frozen_bytes(const Device& device, const Model& m) {
  return matrices_bytes(device, m) + table_bytes(m) + m.vectors_size * 4;
}

void Weights::attach(Device& device, const Model& m, Values master) {
  device_ = &device;
  master_ = master;
  packs_ = Memory(device);
  transposed_ = Memory(device);
  matrices_ = shapes_of(m);
  layers_ = layer_vectors(m, [&](int64_t offset) { return offset < 0 ? Values{} : master.at(offset); });
  final_norm_ = master.at(m.final_norm);
  table_ = {m.dtype, m.config.hidden, master.at(m.embedding), {}, {}, m.config.embedding_multiplier};
  packs_.reserve(matrices_bytes(device, m));
  carve_matrices(device, m, false, Carver(packs_.data()), [&](size_t i, Address at) { matrices_[i].forward = at; });
  for (size_t i = 0; i < matrices_.size(); ++i) {
    prepared_.push_back({matrices_[i], master.at(m.matrices[i].offset)});
    if (!m.trained.matrices[i].empty()) trained_.push_back(prepared_.back());
  }
}

void Weights::need_transposed(const Model& m) {
  if (transposed_.data() || transposed_bytes(*device_, m) == 0) return;
  if (m.adapters) return transpose_frozen(m);
  std::vector<Prepared> prepared = prepared_, trained;
  Memory memory(*device_);
  memory.reserve(transposed_bytes(*device_, m));
  carve_matrices(*device_, m, true, Carver(memory.data()),
                 [&](size_t i, Address at) { prepared[i].matrix.transposed = at; });
  for (size_t i = 0; i < prepared.size(); ++i)
    if (!m.trained.matrices[i].empty()) trained.push_back(prepared[i]);
  transposed_ = std::move(memory);
  prepared_ = std::move(prepared);
  trained_ = std::move(trained);
  for (size_t i = 0; i < matrices_.size(); ++i) matrices_[i] = prepared_[i].matrix;
  repack();
}

void Weights::attach_adapters(Device& device, const Model& m, Values master) {
  adapter_packs_ = Memory(device);
  adapter_packs_.reserve(adapters_bytes(device, m));
  adapters_ = adapter_shapes(m);
  carve_adapters(device, adapters_, false, Carver(adapter_packs_.data()));
  master_ = master;
  trained_ = prepared_ = prepared_adapters(m, adapters_, master);
}

void Weights::share_base(const Weights& of) {
  ++version_;
  device_ = of.device_;
  matrices_ = of.matrices_;
  layers_ = of.layers_;
  final_norm_ = of.final_norm_;
  table_ = of.table_;
}

void Weights::transpose_frozen(const Model& m) {
  std::vector<Matrix> matrices = matrices_;
  std::vector<AdapterMatrices> adapters = adapters_;
  Memory memory(*device_);
  memory.reserve(transposed_bytes(*device_, m));
  const int64_t base = carve_matrices(*device_, m, true, Carver(memory.data()),
                                      [&](size_t i, Address at) { matrices[i].transposed = at; });
  carve_adapters(*device_, adapters, true, Carver(memory.data() + base));
  std::vector<Prepared> prepared = prepared_adapters(m, adapters, master_), trained = prepared;
  for (const Matrix& w : matrices) device_->transpose(w);
  transposed_ = std::move(memory);
  matrices_ = std::move(matrices);
  adapters_ = std::move(adapters);
  prepared_ = std::move(prepared);
  trained_ = std::move(trained);
  repack();
}

void Weights::reserve_frozen(Device& device, const Model& m) {
  device_ = &device;
  packs_ = Memory(device);
  table_memory_ = Memory(device);
  vectors_ = Memory(device);
  packs_.reserve(matrices_bytes(device, m));
  if (!m.config.tied) table_memory_.reserve(table_bytes(m));
  vectors_.reserve(m.vectors_size * 4);
  std::vector<Matrix> matrices = shapes_of(m);
  carve_matrices(device, m, false, Carver(packs_.data()), [&](size_t i, Address at) { matrices[i].forward = at; });
  auto vector = [&](int64_t offset) {
    for (const VectorSpec& v : m.vectors)
      if (v.offset == offset) return Values{vectors_.data()}.at(v.place);
    return Values{};
  };
  layers_ = layer_vectors(m, vector);
  final_norm_ = vector(m.final_norm);
  table_.type = m.dtype;
  table_.width = m.config.hidden;
  table_.multiplier = m.config.embedding_multiplier;
  if (m.config.tied)
    table_.head = matrices[static_cast<size_t>(m.head_matrix())];
  else
    table_.rows = {table_memory_.data(), m.dtype, m.config.hidden, m.config.hidden};
  matrices_ = std::move(matrices);
}

Status Weights::fill(Device& device, const Model& m, const WeightSource& source) {
  *this = Weights();
  reserve_frozen(device, m);
  struct Piece {
    int64_t matrix;  // -1: of the table
    int64_t row0, rows;
  };
  std::vector<Piece> pieces;
  int64_t largest = 0;
  auto cut = [&](int64_t matrix, int64_t n, int64_t k) {
    const int64_t together = device.traits().matrix_rows;
    const int64_t rows = std::max<int64_t>(kFillNumbers / (together * k), 1) * together;
    for (int64_t row = 0; row < n; row += rows) pieces.push_back({matrix, row, std::min(rows, n - row)});
    largest = std::max(largest, rows * k);
  };
  for (size_t i = 0; i < matrices_.size(); ++i) cut(static_cast<int64_t>(i), matrices_[i].n, matrices_[i].k);
  if (table_.rows) cut(-1, m.config.vocab, m.config.hidden);

  std::vector<std::vector<float>> scratch(static_cast<size_t>(device.threads()));
  for (std::vector<float>& s : scratch) s.resize(static_cast<size_t>(largest));
  Status status = run_fallible(device, static_cast<int64_t>(pieces.size()), [&](int64_t task, int thread) {
    float* numbers = scratch[static_cast<size_t>(thread)].data();
    const Piece& p = pieces[static_cast<size_t>(task)];
    const bool table = p.matrix < 0;
    const int64_t k = table ? m.config.hidden : matrix(p.matrix).k;
    const int64_t offset = table ? m.embedding : m.matrices[static_cast<size_t>(p.matrix)].offset;
    if (Status s = source.read(offset + p.row0 * k, p.rows * k, numbers); !s.ok()) return s;
    if (table)
      device.upload_rows(table_.rows.at(p.row0), numbers, p.rows);
    else
      device.prepare_rows(matrix(p.matrix), p.row0, p.rows, numbers);
    return Status();
  });
  std::vector<float> vectors(static_cast<size_t>(m.vectors_size));
  for (const VectorSpec& v : m.vectors)
    if (status.ok()) status = source.read(v.offset, v.size, vectors.data() + v.place);
  device.upload(vectors_.data(), vectors.data(), m.vectors_size * 4);
  if (!status.ok()) *this = Weights();
  return status;
}

void Weights::freeze(Device& device, const Model& m, const Weights& policy) {
  Ops& ops = device.all();
  if (empty()) {
    Weights made;
    made.reserve_frozen(device, m);
    *this = std::move(made);
  }
  for (size_t i = 0; i < matrices_.size(); ++i) {
    const Matrix& w = matrices_[i];
    device.copy(w.forward, policy.matrices_[i].forward, device.matrix_bytes(w.type, w.n, w.k, false));
  }
  if (table_.rows)
    ops.convert(table_.rows, {policy.table_.masters.data, Dtype::f32, m.config.hidden, m.config.hidden},
                m.config.vocab);
  const Values vectors{vectors_.data()};
  for (const VectorSpec& v : m.vectors)
    device.copy(vectors.at(v.place).data, policy.master_.at(v.offset).data, v.size * 4);
}

}  // namespace glossa
