#include "device/cuda/cuda_device.h"

#include <utility>

#include "device/cuda/cublas_lt.h"

namespace glossa {

CudaDevice::CudaDevice(std::string name, int gpu, int64_t memory, int threads, const ActivationPlan& activations)
    : name_(std::move(name)),
      threads_(threads),
      traits_{1, INT64_MAX, kCudaKvPage, activations, kCudaWidestHead, memory, kCudaDecodePasses, 4096, 2048},
      stream_(gpu),
      ops_(stream_) {}

CudaDevice::~CudaDevice() {
  if (workspace_) stream_.release(workspace_);
}

void CudaDevice::find_library(bool hopper, const LibraryProducts::Settings& settings) {
  constexpr int64_t kWorkspace = 32 << 20;  // what NVIDIA advises on Hopper
  workspace_ = stream_.allocate(kWorkspace);
  Result<std::unique_ptr<MatmulLibrary>> library =
      open_cublas_lt(stream_.raw_pointer(), workspace_, kWorkspace, hopper);
  if (library.ok())
    ops_.use(library.take(), settings);
  else
    name_ += ", without cuBLASLt";
}

Address CudaDevice::allocate(int64_t bytes) {
  return Address(stream_.allocate(bytes));
}
void CudaDevice::release(Address a, int64_t) {
  stream_.release(a.as<void>());
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
  return transposed ? 0 : n * k * dtype_bytes(type);
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
