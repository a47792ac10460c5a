// `glossa-native bench linear`: matrix products beside the peak measured in the same run. --cpu-time: one thread only,
// by its processor time, for a machine that others use too. Where weights come from memory, the bound is the longer of
// the arithmetic at that peak and one reading of the weights at the bandwidth measured.
#include <algorithm>
#include <cstdio>
#include <cstring>

#include "base/pages.h"
#include "base/thread_pool.h"
#include "ops/kernels.h"
#include "tool/bench.h"
#include "tool/command.h"

namespace glossa::tool {
namespace {

struct Shape {
  const char* where;
  int64_t m, n, k;
  bool from_memory = false;  // every call multiplies other weights, which the caches no longer hold
};

// Products of a 0.2 M and a 1 M parameter model, of Qwen2.5-0.5B, and decoding a few rows at a time.
const Shape kProducts[] = {
    {"0.2M qkv", 512, 192, 64},
    {"0.2M gate|up", 512, 384, 64},
    {"0.2M down", 512, 64, 192},
    {"1M qkv", 512, 384, 128},
    {"1M gate|up", 512, 768, 128},
    {"1M down", 512, 128, 384},
    {"1M head", 512, 1000, 128},
    {"1M decode", 8, 768, 128},
    {"1M decode down", 8, 128, 384},
    {"1M decode 1", 1, 768, 128},
    {"1M 14 rows", 14, 768, 128},
    {"1M 32 rows", 32, 768, 128},
    {"0.5B o", 512, 896, 896},
    {"0.5B gate", 512, 4864, 896},
    {"0.5B down", 512, 896, 4864},
    {"0.5B 32 rows", 32, 4864, 896},
    {"0.5B 8 rows", 8, 4864, 896},
    {"0.5B 1 row", 1, 4864, 896},
    {"hidden 1024", 512, 1024, 1024},
    {"hidden 1536", 512, 1536, 1536},
    {"0.5B decode 32", 32, 9728, 896, true},
    {"0.5B decode 16", 16, 9728, 896, true},
    {"0.5B decode 8", 8, 9728, 896, true},
};
// Weight gradients: m tokens, C [n][k].
const Shape kGradients[] = {
    {"0.2M qkv", 1024, 192, 64},       {"0.2M gate|up", 1024, 384, 64},  {"0.2M down", 1024, 64, 192},
    {"1M qkv", 1024, 384, 128},        {"1M gate|up", 1024, 768, 128},   {"1M down", 1024, 128, 384},
    {"1M head", 256, 1000, 128},       {"1M 256 tokens", 256, 768, 128}, {"0.5B o", 1024, 896, 896},
    {"1536 x 1536", 4096, 1536, 1536},
};

// Random numbers of type t in memory as the engine's arrays lie in it.
using Bytes = std::vector<uint8_t, ZeroedPages<uint8_t>>;

struct Operand {
  Operand(Dtype t, int64_t n, uint32_t seed) : type(t) {
    data.resize(static_cast<size_t>(n * dtype_bytes(t)));
    if (t == Dtype::f32) {
      std::memcpy(data.data(), random_floats(n, seed).data(), static_cast<size_t>(n) * 4);
    } else {
      std::memcpy(data.data(), random_bf16(n, seed).data(), static_cast<size_t>(n) * 2);
    }
  }
  const void* at(int64_t i) const { return data.data() + i * dtype_bytes(type); }
  float* floats() { return reinterpret_cast<float*>(data.data()); }
  Dtype type;
  Bytes data;
};

constexpr int64_t kBeyondCaches = int64_t{128} << 20;

// Rows are split over threads as the engine splits them; with fewer rows than 16 a thread, panels are, as they are
// where the weights come from memory.
Timing time_product(const LinearKernels& linear, Dtype t, const Shape& s, ThreadPool& pool, Watch watch) {
  const int64_t panels = (s.n + kPanel - 1) / kPanel, threads = pool.threads();
  Operand a(t, s.m * s.k, 1);
  Operand c(Dtype::f32, s.m * s.n, 3);
  std::vector<float> w = random_floats(s.n * s.k, 2);
  const int64_t bytes = packed_bytes(t, s.n, s.k), copies = s.from_memory ? (kBeyondCaches + bytes - 1) / bytes : 1;
  Bytes packed(static_cast<size_t>(copies * bytes));
  for (int64_t i = 0; i < copies; ++i) linear.pack(packed.data() + i * bytes, t, w.data(), s.n, s.k, s.k, 0, panels);
  const bool by_rows = s.m >= 16 * threads && !s.from_memory;
  int64_t calls = 0;
  return measure(
      [&] {
        const uint8_t* weights = packed.data() + calls++ % copies * bytes;
        pool.run(threads, [&](int64_t i, int) {
          const int64_t row0 = by_rows ? s.m * i / threads : 0, row1 = by_rows ? s.m * (i + 1) / threads : s.m;
          const int64_t panel0 = by_rows ? 0 : panels * i / threads,
                        panel1 = by_rows ? panels : panels * (i + 1) / threads;
          linear.multiply(c.floats() + row0 * s.n, s.n, a.at(row0 * s.k), s.k, row1 - row0, weights, t, s.n, s.k,
                          panel0, panel1, nullptr, false);
        });
      },
      watch);
}

Timing time_gradient(const LinearKernels& linear, Dtype t, const Shape& s, ThreadPool& pool, Watch watch) {
  const int64_t threads = pool.threads();
  Operand a(t, s.m * s.n, 1), b(t, s.m * s.k, 2), c(Dtype::f32, s.n * s.k, 3);
  std::vector<std::vector<uint8_t>> scratch(static_cast<size_t>(threads));
  for (auto& x : scratch) x.resize(static_cast<size_t>(outer_scratch_bytes(t, s.n, s.k)));
  return measure(
      [&] {
        pool.run(threads, [&](int64_t i, int worker) {
          linear.accumulate_outer(c.floats(), s.k, a.at(0), s.n, b.at(0), s.k, s.m, s.k, s.n * i / threads,
                                  s.n * (i + 1) / threads, t, scratch[static_cast<size_t>(worker)].data());
        });
      },
      watch);
}

}  // namespace
}  // namespace glossa::tool

COMMAND("bench linear", "[--isa name] [--only text] [--cpu-time] [--json]",
        "matrix products beside the measured peak") {
  using namespace glossa;
  using namespace glossa::tool;
  const std::string isa = args.text("--isa"), only = args.text("--only");
  const bool json = args.has("--json");
  Result<const Kernels*> found = isa.empty() ? default_kernels() : kernels_for(isa);
  if (!found.ok()) {
    std::fprintf(stderr, "%s\n", found.status().message().c_str());
    return 2;
  }
  const Kernels& kernels = *found.value();
  const int cores = available_cores();
  const Watch watch = args.has("--cpu-time") ? Watch::thread : Watch::wall;
  std::vector<int> counts = {1};
  if (cores > 1 && watch == Watch::wall) counts.push_back(cores);
  std::string lines;
  if (!json)
    std::printf("%s, %d threads, GFLOP/s as best of 15 (median), %% of the peak of as many threads\n", kernels.isa,
                cores);
  for (Dtype t : {Dtype::f32, Dtype::bf16}) {
    const char* type = t == Dtype::f32 ? "f32" : "bf16";
    for (int threads : counts) {
      ThreadPool pool(threads);
      const double peak = measured_peak_flops(kernels, t, threads), read = measured_read_bandwidth(kernels, threads);
      if (!json)
        std::printf("\n%s, %d thread%s: peak %.1f GFLOP/s, memory read %.1f GB/s\n", type, threads,
                    threads == 1 ? "" : "s", peak / 1e9, read / 1e9);
      for (bool gradient : {false, true}) {
        auto row = [&](const Shape& s) {
          if (std::string(s.where).find(only) == std::string::npos) return;
          const Timing time = (gradient ? time_gradient : time_product)(*kernels.linear, t, s, pool, watch);
          const double flops = 2.0 * static_cast<double>(s.m) * static_cast<double>(s.n) * static_cast<double>(s.k);
          if (!json) {
            std::printf("  %-8s %-15s %5ld %5ld %5ld  %7.1f (%7.1f)  %5.1f %%  %8.2f us", gradient ? "dW" : "A*W",
                        s.where, static_cast<long>(s.m), static_cast<long>(s.n), static_cast<long>(s.k),
                        flops / time.best / 1e9, flops / time.median / 1e9, 100 * flops / time.best / peak,
                        time.best * 1e6);
            const double bytes = static_cast<double>(packed_bytes(t, s.n, s.k));
            if (s.from_memory)
              std::printf("  %5.1f GB/s of weights: %5.1f %% of the bound", bytes / time.best / 1e9,
                          100 * std::max(flops / peak, bytes / read) / time.best);
            std::printf("\n");
          }
          char line[320];
          std::snprintf(
              line, sizeof line,
              "%s{\"op\":\"%s\",\"shape\":\"%s\",\"dtype\":\"%s\",\"threads\":%d,\"m\":%ld,\"n\":%ld,\"k\":%ld,"
              "\"best_gflops\":%.2f,\"median_gflops\":%.2f,\"peak_gflops\":%.2f,\"read_gbs\":%.2f}",
              lines.empty() ? "" : ",", gradient ? "outer" : "multiply", s.where, type, threads, static_cast<long>(s.m),
              static_cast<long>(s.n), static_cast<long>(s.k), flops / time.best / 1e9, flops / time.median / 1e9,
              peak / 1e9, read / 1e9);
          lines += line;
        };
        if (gradient) {
          for (const Shape& s : kGradients) row(s);
        } else {
          for (const Shape& s : kProducts) row(s);
        }
      }
    }
  }
  std::printf("{\"bench\":\"linear\",\"isa\":\"%s\",\"cores\":%d,\"results\":[%s]}\n", kernels.isa, cores,
              lines.c_str());
  return 0;
}
