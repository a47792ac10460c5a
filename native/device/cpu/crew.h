// Who computes an operator on a CPU: one thread by itself, or all threads of the pool together.
//
// Alone, a block of rows goes through a chain of operators while it stays in the cache, and several threads take
// different sequences without ever waiting for each other: the way for a model whose weights stay in the caches. But
// each thread reads all the weights. Where they come from memory the threads go together: each operator is run over all
// rows at once, products split by columns, so that a weight is read once for all rows, and the other operators by rows
// or sequences. An element of a product is the same chain whichever columns are computed beside it, so both ways give
// the same bits.
#pragma once
#include <algorithm>
#include <vector>

#include "base/thread_pool.h"
#include "ops/linear/linear_kernels.h"

namespace glossa {

// Rows that one thread takes through a chain of operators together, so that what passes between them stays in the
// cache: whole tiles of 13 rows.
constexpr int64_t kRowsOfBlock = 104;

// A thread's scratch; grown between calls, outside the pool's tasks.
struct Scratch {
  uint8_t* data = nullptr;
  int64_t bytes = 0;
};

class Crew {
 public:
  explicit Crew(const Scratch* scratch) : scratch_(scratch) {}
  Crew(ThreadPool& pool, const std::vector<Scratch>& scratch) : pool_(&pool), scratch_(scratch.data()) {}

  bool together() const { return pool_ != nullptr; }
  int threads() const { return pool_ ? pool_->threads() : 1; }
  uint8_t* scratch(int worker) const { return scratch_[worker].data; }

  // body(task, worker) for every task in [0, tasks).
  template <class Body>
  void run(int64_t tasks, const Body& body) const {
    if (pool_) {
      pool_->run(tasks, body);
    } else {
      for (int64_t i = 0; i < tasks; ++i) body(i, 0);
    }
  }

  // body(row, rows) over [0, rows), a few rows at a time.
  template <class Body>
  void by_rows(int64_t rows, const Body& body) const {
    if (!pool_) return body(0, rows);
    const int64_t parts = std::clamp<int64_t>(rows / 4, 1, 4 * threads());
    run(parts, [&](int64_t i, int) {
      const int64_t from = rows * i / parts, to = rows * (i + 1) / parts;
      body(from, to - from);
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
  const Scratch* scratch_ = nullptr;
};

}  // namespace glossa
