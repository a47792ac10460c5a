#include "device/cpu/cpu_ops.h"
#include "ops/linear/blocking.h"

namespace glossa {

void CpuOps::linear(const Rows& c, const Rows& a, const Matrix& w, Values bias, bool accumulate, int64_t rows) {
  crew_.by_columns(w.n, [&](int64_t panel0, int64_t panel1) {
    kernels_.linear->multiply(c.data.as<float>(), c.stride, a.data.as<void>(), a.stride, rows, w.forward.as<void>(),
                              w.type, w.n, w.k, panel0, panel1, bias.data.as<float>(), accumulate);
  });
}

void CpuOps::linear_backward(const Rows& da, const Rows& dc, const Matrix& w, bool accumulate, int64_t rows) {
  crew_.by_columns(w.k, [&](int64_t panel0, int64_t panel1) {
    kernels_.linear->multiply(da.data.as<float>(), da.stride, dc.data.as<void>(), dc.stride, rows,
                              w.transposed.as<void>(), w.type, w.k, w.n, panel0, panel1, nullptr, accumulate);
  });
}

void CpuOps::weight_gradients(const std::vector<MatrixGradient>& matrices,
                              const std::vector<EmbeddingGradient>& embeddings) {
  // The operands are packed anew for every task, so it should be tall, but there must be enough tasks to share out.
  constexpr int64_t kFewestRows = 52, kColumnsOfEmbedding = 64, kTasksOfThread = 8;
  struct Task {
    int64_t work;
    const MatrixGradient* matrix;        // rows [from, to) of it
    const EmbeddingGradient* embedding;  // columns [from, to) of it
    int64_t from, to;
  };
  std::vector<Task> tasks;
  int64_t elements = 0;
  for (const MatrixGradient& g : matrices) elements += g.d_c.width * g.a.width;
  for (const MatrixGradient& g : matrices) {
    const int64_t n = g.d_c.width, k = g.a.width, even = elements / (kTasksOfThread * crew_.threads() * k);
    const int64_t tallest = std::clamp(even, kFewestRows, kMostRowsOfOuterTask), parts = (n + tallest - 1) / tallest;
    for (int64_t i = 0; i < parts; ++i) {
      const int64_t from = n * i / parts, to = n * (i + 1) / parts;
      tasks.push_back({g.rows * k * (to - from), &g, nullptr, from, to});
    }
  }
  for (const EmbeddingGradient& g : embeddings)
    for (int64_t col = 0; col < g.dx.width; col += kColumnsOfEmbedding) {
      const int64_t to = std::min(col + kColumnsOfEmbedding, g.dx.width);
      tasks.push_back({g.rows * (to - col), nullptr, &g, col, to});
    }
  std::stable_sort(tasks.begin(), tasks.end(), [](const Task& a, const Task& b) { return a.work > b.work; });
  crew_.run(static_cast<int64_t>(tasks.size()), [&](int64_t i, int worker) {
    const Task& t = tasks[static_cast<size_t>(i)];
    if (t.embedding) {
      const EmbeddingGradient& g = *t.embedding;
      kernels_.embedding->backward(g.table.data.as<float>(), g.dx.data.as<float>(), g.places, g.rows, g.dx.width,
                                   t.from, t.to, g.multiplier);
    } else {
      const MatrixGradient& g = *t.matrix;
      kernels_.linear->accumulate_outer(g.gradient.data.as<float>(), g.a.width, g.d_c.data.as<void>(), g.d_c.stride,
                                        g.a.data.as<void>(), g.a.stride, g.rows, g.a.width, t.from, t.to, g.a.type,
                                        crew_.scratch(worker));
    }
  });
}

}  // namespace glossa
