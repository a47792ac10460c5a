#include "device/cpu/cpu_device.h"

#include <cstring>
#include <utility>

#include "base/pages.h"
#include "device/memory.h"
#include "ops/attention/attention_blocks.h"

namespace glossa {
namespace {

constexpr int64_t kPanelsOfTask = 8;
constexpr int64_t kBytesOfTask = 1 << 18;

int64_t panels(int64_t n) {
  return (n + kPanel - 1) / kPanel;
}

}  // namespace

Status CpuDevice::check(const ActivationPlan& plan) {
  for (const auto& [type, what] : {std::pair{plan.stream, "the residual stream"},
                                   {plan.qkv, "queries, keys and values"},
                                   {plan.gate_up, "gate and up"},
                                   {plan.branch, "the outputs of the o and down products"}})
    if (type != Dtype::f32) return Status("INVALID_ARGUMENT", std::string("a CPU keeps ") + what + " in float32 alone");
  return {};
}

CpuDevice::CpuDevice(const Kernels& kernels, int threads, bool together, const ActivationPlan& activations)
    : kernels_(kernels),
      threads_(threads),
      together_(together),
      traits_{kPanel, together ? INT64_MAX : kRowsOfBlock, kKvPage, activations},
      scratch_(static_cast<size_t>(threads)) {
  for (const Scratch& s : scratch_) alone_.emplace_back(kernels_, Crew(&s));
}

CpuDevice::~CpuDevice() {
  for (const Scratch& s : scratch_)
    if (s.data) unmap_pages(s.data, s.bytes);
}

ThreadPool& CpuDevice::pool() {
  if (!pool_) pool_ = std::make_unique<ThreadPool>(threads_);
  return *pool_;
}

Address CpuDevice::allocate(int64_t bytes, End) {
  return Address(map_pages(bytes));
}
void CpuDevice::release(Address a, int64_t bytes) {
  unmap_pages(a.as<void>(), bytes);
}
Status CpuDevice::write(Values to, int64_t, const std::function<Status(float*)>& make) {
  return make(to.data.as<float>());
}
Status CpuDevice::read(Values from, int64_t, const std::function<Status(const float*)>& use) {
  return use(from.data.as<float>());
}
// Nothing may lie nowhere, which memcpy does not take.
void CpuDevice::upload(Address to, const void* from, int64_t bytes) {
  if (bytes > 0) std::memcpy(to.as<void>(), from, static_cast<size_t>(bytes));
}
void CpuDevice::download(void* to, Address from, int64_t bytes) {
  if (bytes > 0) std::memcpy(to, from.as<void>(), static_cast<size_t>(bytes));
}
void CpuDevice::upload_rows(const Rows& to, const float* from, int64_t rows) {
  alone_.front().convert(to, {Address(from), Dtype::f32, to.width, to.width}, rows);
}
void CpuDevice::copy(Address to, Address from, int64_t bytes) {
  std::memcpy(to.as<void>(), from.as<void>(), static_cast<size_t>(bytes));
}
void CpuDevice::fill(Address to, uint8_t byte, int64_t bytes) {
  pool().run((bytes + kBytesOfTask - 1) / kBytesOfTask, [&](int64_t i, int) {
    const int64_t at = i * kBytesOfTask;
    std::memset((to + at).as<void>(), byte, static_cast<size_t>(std::min(kBytesOfTask, bytes - at)));
  });
}

int64_t CpuDevice::matrix_bytes(Dtype t, int64_t n, int64_t k, bool transposed) const {
  return transposed ? packed_bytes(t, k, n) : packed_bytes(t, n, k);
}

void CpuDevice::prepare(const std::vector<Prepared>& matrices) {
  for (bool transposed : {false, true}) {
    auto panels_of = [&](const Matrix& w) { return transposed && !w.transposed ? 0 : panels(transposed ? w.k : w.n); };
    auto tasks_of = [&](const Matrix& w) { return (panels_of(w) + kPanelsOfTask - 1) / kPanelsOfTask; };
    int64_t tasks = 0;
    for (const Prepared& p : matrices) tasks += tasks_of(p.matrix);
    pool().run(tasks, [&](int64_t task, int) {
      size_t i = 0;
      for (; task >= tasks_of(matrices[i].matrix); ++i) task -= tasks_of(matrices[i].matrix);
      const Matrix& w = matrices[i].matrix;
      const float* masters = matrices[i].masters.data.as<float>();
      const int64_t panel0 = task * kPanelsOfTask, panel1 = std::min(panel0 + kPanelsOfTask, panels_of(w));
      if (transposed)
        kernels_.linear->pack_transposed(w.transposed.as<void>(), w.type, masters, w.k, w.n, w.k, panel0, panel1);
      else
        kernels_.linear->pack(w.forward.as<void>(), w.type, masters, w.n, w.k, w.k, panel0, panel1);
    });
  }
}

void CpuDevice::prepare_rows(const Matrix& w, int64_t row0, int64_t rows, const float* host) {
  void* panel = (w.forward + packed_bytes(w.type, row0, w.k)).as<void>();
  kernels_.linear->pack(panel, w.type, host, rows, w.k, w.k, 0, panels(rows));
}

void CpuDevice::transpose(const Matrix& w) {
  if (!w.transposed) return;
  std::vector<std::vector<float>> columns(static_cast<size_t>(threads_));
  for (std::vector<float>& c : columns) c.resize(static_cast<size_t>(w.n * kPanel));
  pool().run(panels(w.k), [&](int64_t panel, int thread) {
    float* const to = columns[static_cast<size_t>(thread)].data();
    const int64_t from = panel * kPanel, end = std::min(from + kPanel, w.k);
    for (int64_t n = 0; n < w.n; ++n)
      unpack_row(w.type, w.forward.as<const void>(), w.k, n, from, end, to + n * kPanel);
    kernels_.linear->pack_transposed((w.transposed + packed_bytes(w.type, from, w.n)).as<void>(), w.type, to,
                                     end - from, w.n, kPanel, 0, 1);
  });
}

int64_t CpuDevice::reserved_bytes() const {
  int64_t bytes = 0;
  for (const Scratch& s : scratch_) bytes += s.bytes;
  return bytes;
}

int64_t CpuDevice::scratch_bytes(const Workload& w) const {
  return CpuOps::scratch_bytes(w) * threads_;
}

void CpuDevice::reserve(const Workload& w) {
  const int64_t bytes = CpuOps::scratch_bytes(w);
  for (Scratch& s : scratch_) {
    if (bytes > s.bytes) {
      if (s.data) unmap_pages(s.data, s.bytes);
      s = {};
      s.data = static_cast<uint8_t*>(map_pages(bytes));
      s.bytes = bytes;
    }
    if (Memory::poison && s.data) std::memset(s.data, 0xff, static_cast<size_t>(s.bytes));
  }
}

void CpuDevice::run(int64_t tasks, const std::function<void(int64_t task, int lane, Ops&)>& body) {
  if (lanes() == 1) {
    Ops& ops = together_ ? all() : alone_.front();
    for (int64_t i = 0; i < tasks; ++i) body(i, 0, ops);
  } else {
    pool().run(tasks, [&](int64_t i, int worker) { body(i, worker, alone_[static_cast<size_t>(worker)]); });
  }
}

Ops& CpuDevice::all() {
  if (!all_) all_ = std::make_unique<CpuOps>(kernels_, Crew(pool(), scratch_));
  return *all_;
}

void CpuDevice::on_host(int64_t tasks, const std::function<void(int64_t task, int thread)>& body) {
  pool().run(tasks, body);
}

}  // namespace glossa
