// `glossa-native bench layer [--isa name]`: the row operators on data in the caches and beyond them, as bytes a second
// (each operand counted once) beside the measured read bandwidth of one thread.
#include <cstdio>

#include "device/memory.h"
#include "device/open.h"
#include "ops/kernels.h"
#include "tool/bench.h"
#include "tool/command.h"

namespace glossa::tool {
namespace {

// Random rows in a device's memory.
class Array {
 public:
  Array(Device& d, Dtype t, int64_t rows, int64_t width, uint32_t seed = 1) : memory_(d) {
    memory_.reserve(rows * width * dtype_bytes(t));
    rows_ = {memory_.data(), t, width, width};
    d.upload_rows(rows_, random_floats(rows * width, seed).data(), rows);
  }
  const Rows& rows() const { return rows_; }
  Values values() const { return {rows_.data}; }

 private:
  Memory memory_;
  Rows rows_;
};

void print(const char* op, int64_t rows, int64_t width, double bytes, const std::function<void()>& work) {
  const Timing time = measure(work, Watch::thread);
  std::printf("  %-24s %6ld x %5ld  %7.1f GB/s  %7.2f ns a row\n", op, static_cast<long>(rows),
              static_cast<long>(width), bytes / time.best / 1e9, time.best / static_cast<double>(rows) * 1e9);
}

void bench_norm(Device& d, Ops& ops, int64_t rows, int64_t width) {
  const Array x(d, Dtype::f32, rows, width, 1), w(d, Dtype::f32, 1, width, 2), dy(d, Dtype::f32, rows, width, 3);
  const Array y(d, Dtype::f32, rows, width), half(d, Dtype::bf16, rows, width), rstd(d, Dtype::f32, 1, rows),
      dw(d, Dtype::f32, 1, width);
  const RmsNorm norm = {w.values(), 1e-5f};
  SequenceRows s{};
  s.rows = rows;
  SequenceGradient g{};
  g.partial = dw.values();
  const double floats = 4 * static_cast<double>(rows * width);
  print("rmsnorm forward f32", rows, width, 2 * floats,
        [&] { ops.rmsnorm(y.rows(), rstd.values(), x.rows(), norm, rows); });
  print("rmsnorm forward bf16", rows, width, 1.5 * floats,
        [&] { ops.rmsnorm(half.rows(), rstd.values(), x.rows(), norm, rows); });
  print("rmsnorm backward", rows, width, 3 * floats, [&] {
    ops.rmsnorm_backward(y.rows(), false, 0, dy.rows(), x.rows(), norm, rstd.values(), {&s, &g, 1, 0, rows});
  });
}

void bench_glu(Device& d, Ops& ops, int64_t rows, int64_t f) {
  const Array gate_up(d, Dtype::f32, rows, 2 * f, 1), dh(d, Dtype::f32, rows, f, 2), fresh(d, Dtype::f32, rows, 2 * f);
  const Array product(d, Dtype::f32, rows, f), half(d, Dtype::bf16, rows, f);
  const double floats = 4 * static_cast<double>(rows * f);
  print("glu forward f32", rows, f, 3 * floats,
        [&] { ops.glu(product.rows(), gate_up.rows(), Activation::silu, rows); });
  print("glu forward bf16", rows, f, 2.5 * floats,
        [&] { ops.glu(half.rows(), gate_up.rows(), Activation::silu, rows); });
  print("glu backward and a copy", rows, f, 9 * floats, [&] {
    d.copy(gate_up.rows().data, fresh.rows().data, rows * 2 * f * 4);  // in place: the rows would vanish
    ops.glu_backward(gate_up.rows(), dh.rows(), gate_up.rows(), Activation::silu, rows);
  });
}

void bench_qkv(Device& d, Ops& ops, const char* op, const QkvShape& s, int64_t rows, bool alone) {
  const Array x(d, Dtype::f32, rows, s.width(), 1), qkv(d, Dtype::f32, rows, s.width()),
      w(d, Dtype::f32, 1, s.q_width(), 2);
  const Array rstd_q(d, Dtype::f32, rows, s.heads), rstd_k(d, Dtype::f32, rows, s.heads);
  std::vector<float> angles(static_cast<size_t>(rows * s.head_dim));
  rope_table(angles.data(), {RopeType::plain, 10000, 0, 0, 0, 0}, s.head_dim, rows);
  const Array table(d, Dtype::f32, rows, s.head_dim), cache(d, Dtype::f32, 2, kv_elements(s, kv_capacity(rows)));
  d.upload(table.rows().data, angles.data(), rows * s.head_dim * 4);
  const Address page = cache.rows().data;
  AttentionLayer layer{};
  layer.shape = s;
  layer.rope = table.values();
  layer.q_norm = layer.k_norm = w.values();
  layer.qkv = qkv.rows();
  layer.rstd_q = rstd_q.values();
  layer.rstd_k = rstd_k.values();
  std::vector<SequenceRows> sequences;
  for (int64_t r = 0, n = alone ? 1 : rows; r < rows; r += n) {
    SequenceRows one{};
    one.row0 = one.position0 = one.own0 = r;
    one.rows = n;
    one.own = {&page, kv_capacity(rows)};
    sequences.push_back(one);
  }
  print(op, rows, s.width(), 8 * static_cast<double>(rows * s.width()), [&] {
    d.copy(qkv.rows().data, x.rows().data, rows * s.width() * 4);  // in place: the rows would grow
    ops.qkv(layer, sequences.data(), static_cast<int64_t>(sequences.size()));
  });
}

}  // namespace
}  // namespace glossa::tool

COMMAND("bench layer", "[--isa name]", "RMSNorm, qkv epilogue and gated products, as memory traffic of one thread") {
  using namespace glossa;
  using namespace glossa::tool;
  const std::string isa = args.text("--isa");
  const Result<const Kernels*> kernels = isa.empty() ? default_kernels() : kernels_for(isa);
  if (!kernels.ok()) {
    std::fprintf(stderr, "%s\n", kernels.status().message().c_str());
    return 2;
  }
  const std::unique_ptr<Device> device = open_device({1, isa, Sharing::never}, 0).take();
  const double bandwidth = measured_read_bandwidth(*kernels.value(), 1);
  std::printf("%s, one thread, memory read %.1f GB/s\n", device->name().c_str(), bandwidth / 1e9);
  device->run(1, [&](int64_t, int, Ops& ops) {
    Device& d = *device;
    for (int64_t width : {64, 128, 512}) bench_norm(d, ops, 64, width);
    bench_norm(d, ops, 8192, 1024);
    for (int64_t f : {192, 384}) bench_glu(d, ops, 64, f);
    bench_glu(d, ops, 4096, 1536);
    for (const QkvShape& s : {QkvShape{4, 2, 16, QkNorm::none, 1e-6f}, QkvShape{4, 2, 32, QkNorm::none, 1e-6f},
                              QkvShape{14, 2, 64, QkNorm::none, 1e-6f}}) {
      bench_qkv(d, ops, "qkv forward", s, 64, false);
      bench_qkv(d, ops, "qkv forward row by row", s, 64, true);
    }
    bench_qkv(d, ops, "qkv forward norm a head", {16, 8, 128, QkNorm::per_head, 1e-6f}, 64, false);
  });
  return 0;
}
