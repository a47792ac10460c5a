// `glossa-native bench layer [--isa name]`: the row operators on data in the caches and beyond them, as bytes a second
// (each operand counted once) beside the measured read bandwidth of one thread.
#include <cstdio>

#include "ops/kernels.h"
#include "tool/bench.h"
#include "tool/command.h"

namespace glossa::tool {
namespace {

void print(const char* op, int64_t rows, int64_t width, double bytes, const std::function<void()>& work) {
  const Timing time = measure(work, Watch::thread);
  std::printf("  %-24s %6ld x %5ld  %7.1f GB/s  %7.2f ns a row\n", op, static_cast<long>(rows),
              static_cast<long>(width), bytes / time.best / 1e9, time.best / static_cast<double>(rows) * 1e9);
}

void bench_norm(const Kernels& k, int64_t rows, int64_t d) {
  std::vector<float> x = random_floats(rows * d, 1), w = random_floats(d, 2), dy = random_floats(rows * d, 3);
  std::vector<float> y(x.size()), rstd(static_cast<size_t>(rows)), dw(w.size());
  const double floats = 4 * static_cast<double>(rows * d);
  print("rmsnorm forward f32", rows, d, 2 * floats, [&] {
    k.rmsnorm->forward(y.data(), Dtype::f32, rstd.data(), x.data(), {w.data(), 1e-5f}, rows, d);
  });
  print("rmsnorm forward bf16", rows, d, 1.5 * floats, [&] {
    k.rmsnorm->forward(y.data(), Dtype::bf16, rstd.data(), x.data(), {w.data(), 1e-5f}, rows, d);
  });
  print("rmsnorm backward", rows, d, 3 * floats, [&] {
    k.rmsnorm->backward(y.data(), false, dw.data(), dy.data(), x.data(), {w.data(), 1e-5f}, rstd.data(), rows, d);
  });
}

void bench_glu(const Kernels& k, int64_t rows, int64_t f) {
  std::vector<float> gate_up = random_floats(rows * 2 * f, 1), dh = random_floats(rows * f, 2), d(gate_up.size());
  const double floats = 4 * static_cast<double>(rows * f);
  print("glu forward f32", rows, f, 3 * floats,
        [&] { k.glu->forward(d.data(), Dtype::f32, gate_up.data(), Activation::silu, rows, f); });
  print("glu forward bf16", rows, f, 2.5 * floats,
        [&] { k.glu->forward(d.data(), Dtype::bf16, gate_up.data(), Activation::silu, rows, f); });
  print("glu backward f32", rows, f, 5 * floats,
        [&] { k.glu->backward(d.data(), Dtype::f32, dh.data(), gate_up.data(), Activation::silu, rows, f); });
}

void bench_qkv(const Kernels& k, const char* op, const QkvShape& s, int64_t rows, bool alone) {
  std::vector<float> x = random_floats(rows * s.width(), 1), qkv = x, table(static_cast<size_t>(rows * s.head_dim));
  rope_table(table.data(), {RopeType::plain, 10000, 0, 0, 0, 0}, s.head_dim, rows);
  std::vector<float> w = random_floats(s.q_width(), 2), rstd(static_cast<size_t>(rows * s.heads)), rstd_k = rstd;
  const int64_t positions = kv_capacity(rows);
  std::vector<float> cache(static_cast<size_t>(2 * kv_elements(s, positions)));
  const Address page(cache.data());
  const KvPages own = {&page, positions, 0, kv_elements(s, positions) * 4};
  print(op, rows, s.width(), 8 * static_cast<double>(rows * s.width()), [&] {
    qkv = x;  // in place: without fresh values the rows would grow
    for (int64_t r = 0; r < rows; r += alone ? 1 : rows)
      k.qkv->forward(qkv.data() + r * s.width(), own, Dtype::f32, r, table.data(), r, alone ? 1 : rows, s, w.data(),
                     w.data(), rstd.data(), rstd_k.data(), nullptr);
  });
}

}  // namespace
}  // namespace glossa::tool

COMMAND("bench layer", "[--isa name]: RMSNorm, qkv epilogue and gated products, as memory traffic of one thread") {
  using namespace glossa;
  using namespace glossa::tool;
  const std::string isa = option(args, "--isa", "");
  Result<const Kernels*> found = isa.empty() ? default_kernels() : kernels_for(isa);
  if (!found.ok()) {
    std::fprintf(stderr, "%s\n", found.status().message().c_str());
    return 2;
  }
  const Kernels& k = *found.value();
  std::printf("%s, one thread, memory read %.1f GB/s\n", k.isa, measured_read_bandwidth(k, 1) / 1e9);
  for (int64_t d : {64, 128, 512}) bench_norm(k, 64, d);
  bench_norm(k, 8192, 1024);
  for (int64_t f : {192, 384}) bench_glu(k, 64, f);
  bench_glu(k, 4096, 1536);
  for (const QkvShape& s : {QkvShape{4, 2, 16, QkNorm::none, 1e-6f}, QkvShape{4, 2, 32, QkNorm::none, 1e-6f},
                            QkvShape{14, 2, 64, QkNorm::none, 1e-6f}}) {
    bench_qkv(k, "qkv forward", s, 64, false);
    bench_qkv(k, "qkv forward row by row", s, 64, true);
  }
  bench_qkv(k, "qkv forward norm a head", {16, 8, 128, QkNorm::per_head, 1e-6f}, 64, false);
  return 0;
}
