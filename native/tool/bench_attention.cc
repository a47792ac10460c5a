// `glossa-native bench attention [--isa name]`: attention beside the float32 peak of one thread measured in the same
// run.
#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "ops/attention/attention_blocks.h"
#include "ops/kernels.h"
#include "tool/bench.h"
#include "tool/command.h"

namespace glossa::tool {
namespace {

struct Shape {
  const char* where;
  int64_t heads, kv_heads, head_dim, prefix, rows, sequences;  // rows 1: decoding the key after `own` others
  int64_t own;
};

// Several sequences in turn, as the sampler's slots are; their keys and values stay in the second-level cache.
const Shape kShapes[] = {
    {"0.2M decode", 4, 2, 16, 40, 1, 16, 40},    {"1M decode", 4, 2, 32, 40, 1, 16, 40},
    {"1M decode 150", 4, 2, 32, 40, 1, 16, 110}, {"10M decode", 8, 4, 64, 40, 1, 16, 60},
    {"0.5B decode", 14, 2, 64, 256, 1, 2, 256},  {"3B decode", 24, 8, 128, 256, 1, 1, 256},
    {"0.2M train", 4, 2, 16, 40, 48, 16, 0},     {"1M train", 4, 2, 32, 40, 48, 16, 0},
    {"1M train 96", 4, 2, 32, 0, 96, 16, 0},     {"10M train", 8, 4, 64, 40, 80, 4, 0},
    {"0.5B train", 14, 2, 64, 256, 256, 1, 0},   {"3B train", 24, 8, 128, 256, 256, 1, 0},
};

// Elements on cache lines of their own, as the engine lays them out.
class Aligned {
 public:
  Aligned(Dtype t, int64_t n, uint32_t seed) : bytes_(static_cast<size_t>(n * dtype_bytes(t)) + 64) {
    if (t == Dtype::f32) {
      std::memcpy(data(), random_floats(n, seed).data(), static_cast<size_t>(n) * 4);
    } else {
      std::memcpy(data(), random_bf16(n, seed).data(), static_cast<size_t>(n) * 2);
    }
  }
  void* data() { return reinterpret_cast<void*>((reinterpret_cast<uintptr_t>(bytes_.data()) + 63) / 64 * 64); }

 private:
  std::vector<uint8_t> bytes_;
};

// Keys and values in pages.
struct Sequence {
  Sequence(Dtype t, const QkvShape& shape, int64_t length, int64_t positions)
      : positions(positions), bytes(kv_elements(shape, positions) * dtype_bytes(t)) {
    for (int64_t at = 0; at < length; at += positions) {
      memory.emplace_back(t, 2 * kv_elements(shape, positions), 1);
      pages.push_back(Address(memory.back().data()));
    }
  }
  KvPages view() const { return {pages.data(), positions, 0, bytes}; }
  int64_t positions, bytes;
  std::vector<Aligned> memory;
  std::vector<Address> pages;
};

void bench(const Kernels& kernels, Dtype t, const Shape& s, int64_t page, double peak) {
  const QkvShape shape = {s.heads, s.kv_heads, s.head_dim, QkNorm::none, 0};
  const int64_t own_capacity = kv_capacity(s.own + s.rows), prefix_capacity = kv_capacity(s.prefix);
  const float scale = 1 / std::sqrt(static_cast<float>(s.head_dim));
  // a long sequence that trains lies in one page
  const int64_t positions = page > 0 ? page : s.rows > 1 ? kv_capacity(std::max(s.prefix, s.own + s.rows)) : kKvPage;
  const Sequence prefix(t, shape, s.prefix, positions);
  std::vector<Sequence> own;
  for (int64_t i = 0; i < s.sequences; ++i) own.emplace_back(t, shape, s.own + s.rows, positions);
  std::vector<float> q = random_floats(s.rows * shape.width(), 3), dout = random_floats(s.rows * shape.q_width(), 4);
  std::vector<float> out(q.size()), dq(q.size()), stats(static_cast<size_t>(s.rows * s.heads * 2));
  std::vector<uint8_t> scratch(static_cast<size_t>(attention_scratch_bytes(shape, s.prefix + s.own + s.rows)));
  const Timing forward = measure(
      [&] {
        for (const Sequence& x : own)
          kernels.attention->forward(out.data(), shape.q_width(), stats.data(), q.data(), shape.width(), s.rows, s.own,
                                     prefix.view(), s.prefix, x.view(), shape, scale, 0, t, scratch.data());
      },
      Watch::thread);
  // 2 flops for each of the two products of a query with every key it sees
  const double rows = static_cast<double>(s.rows), seen = static_cast<double>(s.prefix + s.own) + (rows + 1) / 2;
  const double flops = static_cast<double>(s.sequences * s.heads * s.head_dim) * 4 * rows * seen;
  std::printf("  %-14s %2ld/%ld x %3ld  %4ld + %4ld keys  %3ld rows  forward %7.1f GFLOP/s %5.1f %%", s.where,
              static_cast<long>(s.heads), static_cast<long>(s.kv_heads), static_cast<long>(s.head_dim),
              static_cast<long>(s.prefix), static_cast<long>(s.own + s.rows), static_cast<long>(s.rows),
              flops / forward.best / 1e9, 100 * flops / forward.best / peak);
  if (s.rows > 1) {
    std::vector<float> dk(static_cast<size_t>(kv_elements(shape, own_capacity))), dv = dk;
    std::vector<float> dk_prefix(static_cast<size_t>(kv_elements(shape, prefix_capacity))), dv_prefix = dk_prefix;
    const Timing backward = measure(
        [&] {
          for (const Sequence& x : own)
            kernels.attention->backward(dq.data(), shape.width(), dk.data(), dv.data(), dk_prefix.data(),
                                        dv_prefix.data(), dout.data(), out.data(), shape.q_width(), stats.data(),
                                        q.data(), shape.width(), s.rows, prefix.view(), s.prefix, x.view(), shape,
                                        scale, 0, t, scratch.data());
        },
        Watch::thread);
    std::printf("  backward %7.1f %5.1f %%", 2.5 * flops / backward.best / 1e9, 250 * flops / backward.best / peak);
  }
  std::printf("\n");
}

}  // namespace
}  // namespace glossa::tool

COMMAND("bench attention", "[--isa name] [--only text] [--page n]",
        "attention beside the measured peak of one thread; --page: of so many positions") {
  using namespace glossa;
  using namespace glossa::tool;
  const std::string isa = args.text("--isa"), only = args.text("--only");
  Result<const Kernels*> found = isa.empty() ? default_kernels() : kernels_for(isa);
  if (!found.ok()) {
    std::fprintf(stderr, "%s\n", found.status().message().c_str());
    return 2;
  }
  const int64_t page = args.number("--page", 0) / 16 * 16;
  const double peak = measured_peak_flops(*found.value(), Dtype::f32, 1);
  std::printf("%s, one thread, float32 peak %.1f GFLOP/s\n", found.value()->isa, peak / 1e9);
  for (Dtype t : {Dtype::f32, Dtype::bf16}) {
    std::printf("keys and values in %s\n", t == Dtype::f32 ? "float32" : "bfloat16");
    for (const Shape& s : kShapes)
      if (std::string(s.where).find(only) != std::string::npos) bench(*found.value(), t, s, page, peak);
  }
  return 0;
}
