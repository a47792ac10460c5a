#include "model/weight_source.h"

#include <algorithm>
#include <atomic>
#include <mutex>

namespace glossa {

Status for_each_part(const std::vector<TensorSpec>& tensors, int64_t offset, int64_t count,
                     const std::function<Status(int64_t, int64_t, int64_t, size_t)>& part) {
  size_t tensor = static_cast<size_t>(&tensor_at(tensors, offset) - tensors.data());
  for (int64_t done = 0; done < count; ++tensor) {
    const TensorSpec& t = tensors[tensor];
    const int64_t within = offset + done - t.offset, n = std::min(count - done, element_count(t) - within);
    if (Status s = part(done, n, within, tensor); !s.ok()) return s;
    done += n;
  }
  return {};
}

Status fill_flat(Device& device, int64_t count, const WeightSource& source, Values to) {
  constexpr int64_t kPiece = 1 << 18;
  return run_fallible(device, (count + kPiece - 1) / kPiece, [&](int64_t task, int) {
    const int64_t at = task * kPiece, n = std::min(kPiece, count - at);
    return device.write(to.at(at), n, [&](float* out) { return source.read(at, n, out); });
  });
}

Status run_fallible(Device& device, int64_t tasks, const std::function<Status(int64_t task, int thread)>& body) {
  std::mutex lock;
  std::atomic<int64_t> failed{tasks};
  Status status;
  device.on_host(tasks, [&](int64_t task, int thread) {
    if (task > failed) return;
    Status s = body(task, thread);
    if (s.ok()) return;
    std::lock_guard<std::mutex> hold(lock);
    if (task > failed) return;
    failed = task;
    status = std::move(s);
  });
  return status;
}

}  // namespace glossa
