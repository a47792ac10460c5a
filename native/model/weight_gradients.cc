#include "model/weight_gradients.h"

#include <algorithm>

namespace glossa {
namespace {

// Rows of a matrix that a task takes: the operands are packed anew for every task, so it should be tall, but there must
// be enough tasks to share out.
constexpr int64_t kMostRows = 416, kFewestRows = 52, kColumnsOfEmbedding = 64;
constexpr int64_t kTasksOfThread = 8;

}  // namespace

WeightGradients::WeightGradients(const Model& m, int threads, float* gradient, const SharedEmbedding& shared)
    : m_(m), threads_(threads), gradient_(gradient), shared_(shared) {}

void WeightGradients::add_matrix(int64_t matrix, float* c, const void* a, int64_t lda, const void* b, int64_t tokens) {
  const MatrixSpec& w = m_.matrices[static_cast<size_t>(matrix)];
  const int64_t even = m_.matmul_parameters / (kTasksOfThread * threads_ * w.k);
  const int64_t tallest = std::clamp(even, kFewestRows, kMostRows), parts = (w.n + tallest - 1) / tallest;
  for (int64_t i = 0; i < parts; ++i)
    tasks_.push_back({a, b, c, lda, w.k, w.k, tokens, w.n * i / parts, w.n * (i + 1) / parts, nullptr});
}

void WeightGradients::add_layers(const Activations& a, int64_t rows) {
  for (int64_t l = 0; l < m_.config.layers; ++l) {
    const LayerRows& b = a.layer(l);
    const LayerOffsets& o = m_.layers[static_cast<size_t>(l)];
    const int64_t first = l * kMatricesOfLayer;
    add_matrix(first + kQkv, gradient_ + o.qkv, b.d_qkv, m_.shape.width(), b.normed1, rows);
    add_matrix(first + kO, gradient_ + o.o, b.d_o, m_.config.hidden, b.attention, rows);
    add_matrix(first + kGateUp, gradient_ + o.gate_up, b.gate_up, d_gate_up_stride(m_), b.normed2, rows);
    add_matrix(first + kDown, gradient_ + o.down, b.d_down, m_.config.hidden, b.product, rows);
  }
}

void WeightGradients::add_head(const HeadRows& h) {
  add_matrix(m_.head_matrix(), gradient_ + m_.head, h.d_logits, h.stride, h.normed, h.rows);
}

void WeightGradients::add_embedding(const float* dx, const int32_t* ids, int64_t rows) {
  float* table = gradient_ + m_.embedding;
  if (shared_.rows) {
    places_.clear();
    for (int64_t r = 0; r < rows; ++r) places_.push_back(shared_.place[static_cast<size_t>(ids[r])]);
    ids = places_.data();
    table = shared_.rows;
  }
  for (int64_t col = 0; col < m_.config.hidden; col += kColumnsOfEmbedding)
    tasks_.push_back({dx, nullptr, table, m_.config.hidden, 0, 1, rows, col,
                      std::min(col + kColumnsOfEmbedding, m_.config.hidden), ids});
}

int64_t WeightGradients::scratch_bytes(const Model& m) {
  int64_t bytes = 0;
  for (const MatrixSpec& w : m.matrices) bytes = std::max(bytes, outer_scratch_bytes(m.dtype, kMostRows, w.k));
  return bytes;
}

void WeightGradients::run(ThreadPool& pool, void* const* scratch) {
  std::stable_sort(tasks_.begin(), tasks_.end(), [](const Task& a, const Task& b) {
    return a.tokens * a.k * (a.row1 - a.row0) > b.tokens * b.k * (b.row1 - b.row0);
  });
  pool.run(static_cast<int64_t>(tasks_.size()), [&](int64_t i, int worker) {
    const Task& t = tasks_[static_cast<size_t>(i)];
    if (t.ids)
      m_.kernels->embedding->backward(t.c, static_cast<const float*>(t.a), t.ids, t.tokens, t.lda, t.row0, t.row1);
    else
      m_.kernels->linear->accumulate_outer(t.c, t.k, t.a, t.lda, t.b, t.ldb, t.tokens, t.k, t.row0, t.row1, m_.dtype,
                                           scratch[worker]);
  });
  tasks_.clear();
}

}  // namespace glossa
