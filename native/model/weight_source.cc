#include "model/weight_source.h"

#include <algorithm>
#include <atomic>
#include <mutex>

namespace glossa {

Status for_each_part(const Model& m, int64_t offset, int64_t count,
                     const std::function<Status(int64_t, int64_t, int64_t, size_t)>& part) {
  size_t tensor = static_cast<size_t>(&m.tensor_at(offset) - m.tensors.data());
  for (int64_t done = 0; done < count; ++tensor) {
    const TensorSpec& t = m.tensors[tensor];
    const int64_t within = offset + done - t.offset, n = std::min(count - done, element_count(t) - within);
    if (Status s = part(done, n, within, tensor); !s.ok()) return s;
    done += n;
  }
  return {};
}

Status fill_flat(const Model& m, const WeightSource& source, ThreadPool& pool, float* out) {
  constexpr int64_t kPiece = 1 << 18;
  return run_fallible(pool, (m.parameters + kPiece - 1) / kPiece, [&](int64_t task, int) {
    const int64_t at = task * kPiece;
    return source.read(at, std::min(kPiece, m.parameters - at), out + at);
  });
}

Status run_fallible(ThreadPool& pool, int64_t tasks, const std::function<Status(int64_t task, int worker)>& body) {
  std::mutex lock;
  std::atomic<int64_t> failed{tasks};
  Status status;
  pool.run(tasks, [&](int64_t task, int worker) {
    if (task > failed) return;
    Status s = body(task, worker);
    if (s.ok()) return;
    std::lock_guard<std::mutex> hold(lock);
    if (task > failed) return;
    failed = task;
    status = std::move(s);
  });
  return status;
}

}  // namespace glossa
