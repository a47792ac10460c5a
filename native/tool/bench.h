// Timing for benches: random data, several runs, median and best.
#pragma once
#include <algorithm>
#include <chrono>
#include <ctime>
#include <functional>
#include <random>
#include <string>
#include <vector>

#include "base/dtype.h"

namespace glossa::tool {

struct Timing {
  double median, best;  // seconds a call
};

// What is read as time: the clock on the wall, or the calling thread's share of its core. The second leaves out what
// other programs took on a busy machine and is only of use with one thread.
enum class Watch { wall, thread };

inline double now(Watch watch) {
  if (watch == Watch::wall)
    return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
  timespec t{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
  return static_cast<double>(t.tv_sec) + 1e-9 * static_cast<double>(t.tv_nsec);
}

// Runs `work` in batches of at least `batch_seconds`, `batches` times after one warm-up batch.
inline Timing measure(const std::function<void()>& work, Watch watch = Watch::wall, int batches = 15,
                      double batch_seconds = 0.004) {
  auto batch = [&](int64_t calls) {
    const double start = now(watch);
    for (int64_t i = 0; i < calls; ++i) work();
    return now(watch) - start;
  };
  int64_t calls = 1;
  while (batch(calls) < batch_seconds) calls *= 2;
  std::vector<double> times;
  for (int i = 0; i < batches; ++i) times.push_back(batch(calls) / static_cast<double>(calls));
  std::sort(times.begin(), times.end());
  return {times[times.size() / 2], times[0]};
}

inline std::vector<float> random_floats(int64_t n, uint32_t seed) {
  std::mt19937 random(seed);
  std::normal_distribution<float> normal;
  std::vector<float> x(static_cast<size_t>(n));
  for (float& v : x) v = normal(random);
  return x;
}
inline std::vector<uint16_t> random_bf16(int64_t n, uint32_t seed) {
  std::vector<float> x = random_floats(n, seed);
  std::vector<uint16_t> y(x.size());
  to_bf16(y.data(), x.data(), n);
  return y;
}

}  // namespace glossa::tool
