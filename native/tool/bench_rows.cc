// `glossa-native bench rows`: what works on one row of logits or on the flat parameters, on one thread: time a row, and
// for what memory bounds its traffic beside the read bandwidth measured in the same run.
#include <cstdio>

#include "ops/kernels.h"
#include "ops/peak/peak.h"
#include "tool/bench.h"
#include "tool/command.h"

namespace glossa::tool {
namespace {

void bench_logits(const Kernels& k, int64_t v) {
  const std::vector<float> logits = random_floats(v, 1);
  std::vector<float> scratch(logits.size());
  float logp, entropy, stats[2];
  uint32_t position = 0;
  auto row = [&](const char* name, const std::function<void()>& work) {
    std::printf("  %-18s %7ld columns  %9.2f us a row\n", name, static_cast<long>(v),
                measure(work, Watch::thread).best * 1e6);
  };
  auto draw = [&](const char* name, const SamplingSettings& settings) {
    row(name, [&, settings] {
      k.sampling->draw(logits.data(), v, nullptr, settings, {0, 0, 0, 0, ++position & 0xffffff}, scratch.data());
    });
  };
  draw("draw", {1, 0, 1, 0, 7});
  draw("draw, top-p 0.9", {1, 0, 0.9f, 0, 7});
  draw("draw, top-k 50", {1, 50, 1, 0, 7});
  draw("draw, greedy", {0, 0, 1, 0, 7});
  row("logp and entropy", [&] { k.head->logp_row(logits.data(), v, 1, 5, &logp, &entropy, stats); });
  row("logits' gradient", [&] {
    k.head->gradient_row(scratch.data(), Dtype::f32, logits.data(), v, 1, 5, {0.3f, 0}, 0, stats);
  });
}

void bench_parameters(const Kernels& k, double bandwidth) {
  constexpr int64_t n = 1 << 24;  // 64 MiB an array: more than three times any cache
  std::vector<float> w = random_floats(n, 1), g = w, m(w.size()), v(w.size());
  auto row = [&](const char* name, double bytes, const std::function<void()>& work) {
    const double rate = bytes * n / measure(work, Watch::wall, 5).best;
    std::printf("  %-18s %7ld million   %9.2f GB/s  %5.1f %%\n", name, static_cast<long>(n >> 20), rate / 1e9,
                100 * rate / bandwidth);
  };
  const AdamWStep step = {1e-3f, 0.9f, 0.999f, 1e-8f, 0.1f, 0.1f, 0.001f, 1};
  row("AdamW", 28, [&] { k.adamw->update(w.data(), m.data(), v.data(), g.data(), n, step); });
  volatile double sum = 0;
  row("gradient norm", 4, [&] {
    for (int64_t i = 0; i < n; i += kNormChunk) sum = sum + k.gradnorm->sum_squares(g.data() + i, kNormChunk);
  });
}

}  // namespace
}  // namespace glossa::tool

COMMAND("bench rows", "", "sampling, head, AdamW and gradient norm on one thread") {
  using namespace glossa;
  using namespace glossa::tool;
  Result<const Kernels*> found = default_kernels();
  if (!found.ok()) {
    std::fprintf(stderr, "%s\n", found.status().message().c_str());
    return 2;
  }
  const Kernels& kernels = *found.value();
  const double bandwidth = measured_read_bandwidth(kernels, 1);
  std::printf("%s, one thread, memory read %.1f GB/s\n", kernels.isa, bandwidth / 1e9);
  for (int64_t v : {int64_t{1000}, int64_t{151936}}) bench_logits(kernels, v);
  bench_parameters(kernels, bandwidth);
  return 0;
}
