#include "ops/peak/peak.h"

#include <sys/mman.h>

#include <algorithm>
#include <chrono>
#include <functional>
#include <vector>

#include "base/thread_pool.h"
#include "ops/kernels.h"

namespace glossa {
namespace {

using Clock = std::chrono::steady_clock;

double seconds_of(const std::function<void()>& work) {
  const Clock::time_point start = Clock::now();
  work();
  return std::chrono::duration<double>(Clock::now() - start).count();
}

}  // namespace

double measured_peak_flops(const Kernels& kernels, Dtype t, int threads) {
  ThreadPool pool(threads);
  std::vector<float> sinks(static_cast<size_t>(threads) * 16);
  const PeakKernels& peak = *kernels.peak;
  int64_t rounds = 1000;
  double best = 0;
  for (int run = 0; run < 12; ++run) {
    double flops = 0;
    const double seconds = seconds_of([&] {
      pool.run(threads, [&](int64_t task, int) {
        const double done = peak.multiply_add(t, rounds, &sinks[static_cast<size_t>(task) * 16]);
        if (task == 0) flops = done * threads;
      });
    });
    best = std::max(best, flops / seconds);
    if (seconds < 1e-3) rounds *= 2;  // long enough that the clock and the wake-up do not show
  }
  return best;
}

double measured_read_bandwidth(const Kernels& kernels, int threads) {
  constexpr int64_t kFloats = int64_t{16} << 20;
  ThreadPool pool(threads);
  std::vector<std::vector<float>> data(static_cast<size_t>(threads));
  std::vector<float> sinks(static_cast<size_t>(threads) * 16);
  for (std::vector<float>& x : data) {
    x.reserve(kFloats);
#ifdef MADV_HUGEPAGE
    // As the engine's buffers have it: by small pages memory reads a third slower. A hint only, from the next page on.
    const uintptr_t page = (reinterpret_cast<uintptr_t>(x.data()) + 4095) / 4096 * 4096;
    madvise(reinterpret_cast<void*>(page), (kFloats - 1024) * 4, MADV_HUGEPAGE);
#endif
  }
  pool.run(threads, [&](int64_t task, int) { data[static_cast<size_t>(task)].assign(kFloats, 1.0f); });
  double best = 0;
  for (int run = 0; run < 5; ++run) {
    const double seconds = seconds_of([&] {
      pool.run(threads, [&](int64_t task, int) {
        const size_t i = static_cast<size_t>(task);
        sinks[i * 16] = kernels.peak->read(data[i].data(), kFloats);
      });
    });
    best = std::max(best, static_cast<double>(threads) * kFloats * 4 / seconds);
  }
  return best;
}

}  // namespace glossa
