// Who computes a pass over rows: one thread by itself, or all threads of the pool together.
//
// Alone, a block of rows goes through a chain of operators while it stays in the cache, and several threads take
// different sequences without ever waiting for each other: the way for a model whose weights stay in the caches. But
// each thread reads all the weights. Where they come from memory the threads go together: each step of a layer is run
// over all rows at once, products split by columns, so that a weight is read once for all rows, and the other operators
// by rows or sequences. An element of a product is the same chain whichever columns are computed beside it, so both
// ways give the same bits.
#pragma once
#include <algorithm>
#include <vector>

#include "base/thread_pool.h"
#include "model/buffer.h"
#include "model/model.h"

namespace glossa {

// Whether the weights of the products are too many for the caches: 64 MB is beyond the share of a last-level cache that
// a few cores have. Measured on two cores with 0.5 B parameters in bfloat16 (1 GB): decode at 32 slots and training are
// both 1.6 times as fast together.
inline bool weights_come_from_memory(const Model& m) {
  constexpr int64_t kCached = int64_t{64} << 20;
  return m.matmul_parameters * dtype_bytes(m.dtype) > kCached;
}

class Crew {
 public:
  explicit Crew(void* scratch) : scratch_(scratch) {}
  Crew(ThreadPool& pool, const std::vector<Buffer>& scratch) : pool_(&pool), scratches_(&scratch) {}

  bool together() const { return pool_ != nullptr; }
  int threads() const { return pool_ ? pool_->threads() : 1; }
  void* scratch(int worker) const { return pool_ ? (*scratches_)[static_cast<size_t>(worker)].data() : scratch_; }

  // body(task, worker) for every task in [0, tasks).
  template <class Body>
  void run(int64_t tasks, const Body& body) const {
    if (pool_) {
      pool_->run(tasks, body);
    } else {
      for (int64_t i = 0; i < tasks; ++i) body(i, 0);
    }
  }

  // body(row, rows) over [row0, row0 + rows), a few rows at a time.
  template <class Body>
  void by_rows(int64_t row0, int64_t rows, const Body& body) const {
    if (!pool_) return body(row0, rows);
    const int64_t parts = std::clamp<int64_t>(rows / 4, 1, 4 * threads());
    run(parts, [&](int64_t i, int) {
      const int64_t from = rows * i / parts, to = rows * (i + 1) / parts;
      body(row0 + from, to - from);
    });
  }

  // body(panel0, panel1) over the panels of n columns. As many parts for every thread, each of about the panels that
  // the second-level cache holds.
  template <class Body>
  void by_columns(int64_t n, const Body& body) const {
    constexpr int64_t kPanelsOfPart = 8;
    const int64_t panels = (n + kPanel - 1) / kPanel, each = kPanelsOfPart * threads();
    if (!pool_) return body(0, panels);
    const int64_t parts = std::min(panels, (panels + each - 1) / each * threads());
    run(parts, [&](int64_t i, int) { body(panels * i / parts, panels * (i + 1) / parts); });
  }

 private:
  ThreadPool* pool_ = nullptr;
  const std::vector<Buffer>* scratches_ = nullptr;
  void* scratch_ = nullptr;
};

}  // namespace glossa
