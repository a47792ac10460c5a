#include "device/cuda/cuda_device.h"

#include <algorithm>
#include <chrono>
#include <utility>

#include "device/cuda/cublas_lt.h"
#include "device/memory.h"

namespace glossa {

CudaDevice::CudaDevice(std::string name, int gpu, int64_t memory, int threads, const ActivationPlan& activations)
    : name_(std::move(name)),
      threads_(threads),
      traits_(gpu_traits(memory, activations, kCudaDecodePasses, kCudaDecodeLooks)),
      stream_(gpu),
      ops_(stream_) {}

CudaDevice::~CudaDevice() {
  if (workspace_) stream_.release(workspace_);
  for (const Piece& p : pieces_) stream_.release(p.memory);
}

Status CudaDevice::find_library(bool hopper, const LibraryProducts::Settings& settings) {
  workspace_ = stream_.allocate(kGpuLibraryWorkspace);
  Result<std::unique_ptr<MatmulLibrary>> library =
      open_cublas_lt(stream_.raw_pointer(), workspace_, kGpuLibraryWorkspace, hopper);
  if (library.ok()) {
    ops_.use(library.take(), settings);
    return {};
  }
  if (cublas_lt_is_named()) return library.status();
  if (settings.warn) settings.warn(library.status().message());
  name_ += ", without cuBLASLt";
  return {};
}

Room CudaDevice::room() const {
  return stream_.room();
}

void CudaDevice::hold(int64_t bytes) {
  if (traits_.memory == 0 || bytes <= 0) return;
  pieces_.reserve(pieces_.size() + 1);
  auto* const memory = static_cast<unsigned char*>(stream_.allocate(bytes));
  pieces_.push_back({memory, Arena(bytes)});
}

Address CudaDevice::allocate(int64_t bytes, End end) {
  for (Piece& p : pieces_)
    if (const std::optional<int64_t> at = p.arena.take(bytes, end)) {
      fill(Address(p.memory + *at), 0, bytes);
      return Address(p.memory + *at);
    }
  return Address(stream_.allocate(bytes));
}
void CudaDevice::release(Address a, int64_t) {
  auto* const at = a.as<unsigned char>();
  for (Piece& p : pieces_)
    if (p.has(at)) return p.arena.give(at - p.memory);
  stream_.release(at);
}

Status CudaDevice::write(Values to, int64_t n, const std::function<Status(float*)>& make) {
  std::vector<float> numbers(static_cast<size_t>(n));
  Status status = make(numbers.data());
  if (status.ok()) upload(to.data, numbers.data(), n * 4);
  return status;
}
Status CudaDevice::read(Values from, int64_t n, const std::function<Status(const float*)>& use) {
  std::vector<float> numbers(static_cast<size_t>(n));
  download(numbers.data(), from.data, n * 4);
  return use(numbers.data());
}
void CudaDevice::upload(Address to, const void* from, int64_t bytes) {
  stream_.bind();
  stream_.upload(to.as<void>(), from, bytes);
}
void CudaDevice::download(void* to, Address from, int64_t bytes) {
  stream_.bind();
  stream_.download(to, from.as<void>(), bytes);
  stream_.wait();
}
void CudaDevice::upload_rows(const Rows& to, const float* from, int64_t rows) {
  const int64_t row = to.width * dtype_bytes(to.type);
  std::vector<uint16_t> half;
  const void* packed = from;
  if (to.type == Dtype::bf16) {
    half.resize(static_cast<size_t>(rows * to.width));
    to_bf16(half.data(), from, rows * to.width);
    packed = half.data();
  }
  if (to.stride == to.width) return upload(to.data, packed, rows * row);
  for (int64_t r = 0; r < rows; ++r) upload(to.at(r).data, static_cast<const uint8_t*>(packed) + r * row, row);
}
void CudaDevice::copy(Address to, Address from, int64_t bytes) {
  stream_.bind();
  stream_.copy(to.as<void>(), from.as<void>(), bytes);
}
void CudaDevice::fill(Address to, uint8_t byte, int64_t bytes) {
  stream_.bind();
  stream_.fill(to.as<void>(), byte, bytes);
}

int64_t CudaDevice::matrix_bytes(Dtype type, int64_t n, int64_t k, bool transposed) const {
  return gpu_matrix_bytes(type, n, k, transposed);
}
void CudaDevice::prepare(const std::vector<Prepared>& matrices) {
  stream_.bind();
  for (const Prepared& p : matrices) {
    const int64_t n = p.matrix.n, k = p.matrix.k;
    ops_.convert({p.matrix.forward, p.matrix.type, k, k}, {p.masters.data, Dtype::f32, k, k}, n);
  }
}
void CudaDevice::prepare_rows(const Matrix& w, int64_t row0, int64_t rows, const float* host) {
  upload_rows(Rows{w.forward, w.type, w.k, w.k}.at(row0), host, rows);
}

double CudaDevice::measured_flops(Dtype type) {
  // Large enough for the card's own rate, and small where kernels are emulated or memory is short.
  const int64_t n = kEmulated ? 64 : 8192;
  const int calls = kEmulated ? 1 : 8;
  try {
    Memory memory(*this);
    Carver sizes;
    const auto carve = [&](Carver& c) {
      const Rows a = c.rows(type, n, n), b = c.rows(type, n, n);
      return std::pair{std::pair{a, b}, c.rows(type == Dtype::bf16 ? Dtype::bf16 : Dtype::f32, n, n)};
    };
    carve(sizes);
    memory.reserve(sizes.used());
    Carver places(memory.data());
    const auto [operands, out] = carve(places);
    const auto [a, b] = operands;
    // Numbers of every size: products of zeros draw less power, and are faster.
    std::vector<float> numbers(static_cast<size_t>(n));
    uint32_t state = 1;
    for (int64_t row = 0; row < n; ++row) {
      for (float& x : numbers) {
        state = state * 1664525 + 1013904223;
        x = static_cast<float>(state >> 8) / (1 << 23) - 1;
      }
      upload_rows(a.at(row), numbers.data(), 1);
      upload_rows(b.at(row), numbers.data(), 1);
    }
    const Matrix w{type, n, n, b.data, {}};
    Ops& ops = all();
    double best = 0;
    for (int i = 0; i < 4; ++i) {
      stream_.wait();
      const auto start = std::chrono::steady_clock::now();
      for (int call = 0; call < calls; ++call) ops.linear(out, a, w, {}, false, n);
      stream_.wait();
      const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
      best = std::max(best,
                      2.0 * calls * static_cast<double>(n) * static_cast<double>(n) * static_cast<double>(n) / seconds);
    }
    return best;
  } catch (const std::bad_alloc&) {
    return 0;
  }
}

void CudaDevice::run(int64_t tasks, const std::function<void(int64_t task, int lane, Ops&)>& body) {
  Ops& ops = all();
  for (int64_t i = 0; i < tasks; ++i) body(i, 0, ops);
}
Ops& CudaDevice::all() {
  stream_.bind();
  return ops_;
}
void CudaDevice::on_host(int64_t tasks, const std::function<void(int64_t task, int thread)>& body) {
  if (!pool_) pool_ = std::make_unique<ThreadPool>(threads_);
  pool_->run(tasks, body);
}

}  // namespace glossa
