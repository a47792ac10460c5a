#include <new>

#include "device/cuda/stream.h"

namespace glossa {

#if defined(__CUDACC__)

namespace {

void succeed(cudaError_t error, const char* what, const char* last) {
  if (error == cudaSuccess) return;
  throw GpuFault(std::string("the GPU says \"") + cudaGetErrorString(error) + "\" (" + cudaGetErrorName(error) +
                 ") at " + what + ", after " + last);
}

// What the failed request says goes with it: the next call is not its fault.
void* given(cudaError_t error, void* memory, const char* last) {
  if (error == cudaErrorMemoryAllocation) {
    cudaGetLastError();
    throw std::bad_alloc();
  }
  succeed(error, "a request for memory", last);
  return memory;
}

}  // namespace

Stream::Stream(int gpu) : gpu_(gpu) {
  succeed(cudaSetDevice(gpu), "choosing the device", last_);
  succeed(cudaStreamCreateWithFlags(&stream_, cudaStreamNonBlocking), "opening a stream", last_);
}
Stream::~Stream() {
  cudaStreamSynchronize(stream_);
  cudaStreamDestroy(stream_);
}
void Stream::bind() {
  cudaSetDevice(gpu_);
}
void* Stream::allocate(int64_t bytes) {
  bind();
  void* memory = nullptr;
  given(cudaMalloc(&memory, static_cast<size_t>(bytes)), memory, last_);
  fill(memory, 0, bytes);
  return memory;
}
void Stream::release(void* memory) {
  cudaStreamSynchronize(stream_);
  cudaFree(memory);
}
void* Stream::allocate_pinned(int64_t bytes) {
  bind();
  void* memory = nullptr;
  given(cudaMallocHost(&memory, static_cast<size_t>(bytes)), memory, last_);
  return memory;
}
void Stream::release_pinned(void* memory) {
  cudaStreamSynchronize(stream_);
  cudaFreeHost(memory);
}
void Stream::upload(void* to, const void* from, int64_t bytes) {
  succeed(cudaMemcpyAsync(to, from, static_cast<size_t>(bytes), cudaMemcpyHostToDevice, stream_),
          "a copy to the device", last_);
}
void Stream::download(void* to, const void* from, int64_t bytes) {
  succeed(cudaMemcpyAsync(to, from, static_cast<size_t>(bytes), cudaMemcpyDeviceToHost, stream_),
          "a copy from the device", last_);
}
void Stream::copy(void* to, const void* from, int64_t bytes) {
  succeed(cudaMemcpyAsync(to, from, static_cast<size_t>(bytes), cudaMemcpyDeviceToDevice, stream_), "a copy", last_);
}
void Stream::fill(void* to, int byte, int64_t bytes) {
  succeed(cudaMemsetAsync(to, byte, static_cast<size_t>(bytes), stream_), "filling memory", last_);
}
void Stream::wait() {
  succeed(cudaStreamSynchronize(stream_), "waiting", last_);
}
void Stream::check(const char* what) {
  succeed(cudaGetLastError(), what, last_);
  last_ = what;
}

#else

Stream::Stream(int gpu) : gpu_(gpu) {}
Stream::~Stream() = default;
void Stream::bind() {}
void* Stream::allocate(int64_t bytes) {
  void* memory = std::aligned_alloc(256, static_cast<size_t>(bytes + 255) / 256 * 256);
  if (!memory) throw std::bad_alloc();
  return std::memset(memory, 0, static_cast<size_t>(bytes));
}
void Stream::release(void* memory) {
  std::free(memory);
}
void* Stream::allocate_pinned(int64_t bytes) {
  return allocate(bytes);
}
void Stream::release_pinned(void* memory) {
  std::free(memory);
}
void Stream::upload(void* to, const void* from, int64_t bytes) {
  copy(to, from, bytes);
}
void Stream::download(void* to, const void* from, int64_t bytes) {
  copy(to, from, bytes);
}
void Stream::copy(void* to, const void* from, int64_t bytes) {
  if (bytes > 0) std::memmove(to, from, static_cast<size_t>(bytes));
}
void Stream::fill(void* to, int byte, int64_t bytes) {
  if (bytes > 0) std::memset(to, byte, static_cast<size_t>(bytes));
}
void Stream::wait() {}
void Stream::check(const char*) {}

#endif

}  // namespace glossa
