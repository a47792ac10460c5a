#include <new>
#include <utility>

#include "device/cuda/stream.h"

namespace glossa {

void Stream::not_recorded(const char* what) const {
  if (recording_)
    throw GpuFault(std::string(what) + ", after " + last_ + ", where launches are recorded: a graph cannot hold it");
}

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
  not_recorded("a request for memory");
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
  not_recorded("a request for memory");
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
  not_recorded("a copy to the device");
  succeed(cudaMemcpyAsync(to, from, static_cast<size_t>(bytes), cudaMemcpyHostToDevice, stream_),
          "a copy to the device", last_);
}
void Stream::download(void* to, const void* from, int64_t bytes) {
  not_recorded("a copy from the device");
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
  not_recorded("waiting");
  succeed(cudaStreamSynchronize(stream_), "waiting", last_);
}
void Stream::check(const char* what) {
  succeed(cudaGetLastError(), what, last_);
  last_ = what;
}

Graph::Graph(Stream& stream, const char* name, const std::function<void()>& calls) : stream_(stream), name_(name) {
  // Other threads may do as they like meanwhile.
  succeed(cudaStreamBeginCapture(stream.raw(), cudaStreamCaptureModeThreadLocal), name, stream.last_);
  stream.recording_ = true;
  cudaGraph_t recorded = nullptr;
  try {
    calls();
  } catch (...) {
    stream.recording_ = false;
    cudaStreamEndCapture(stream.raw(), &recorded);
    if (recorded) cudaGraphDestroy(recorded);
    cudaGetLastError();
    throw;
  }
  stream.recording_ = false;
  succeed(cudaStreamEndCapture(stream.raw(), &recorded), name, stream.last_);
  const cudaError_t made = cudaGraphInstantiate(&graph_, recorded, 0);
  cudaGraphDestroy(recorded);
  succeed(made, name, stream.last_);
}
Graph::~Graph() {
  cudaStreamSynchronize(stream_.raw());
  cudaGraphExecDestroy(graph_);
}
void Graph::launch() {
  succeed(cudaGraphLaunch(graph_, stream_.raw()), name_, stream_.last_);
  stream_.last_ = name_;
}

#else

Stream::Stream(int gpu) : gpu_(gpu) {}
Stream::~Stream() = default;
void Stream::bind() {}
void* Stream::allocate(int64_t bytes) {
  not_recorded("a request for memory");
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
  not_recorded("a copy to the device");
  copy(to, from, bytes);
}
void Stream::download(void* to, const void* from, int64_t bytes) {
  not_recorded("a copy from the device");
  copy(to, from, bytes);
}
void Stream::copy(void* to, const void* from, int64_t bytes) {
  if (bytes > 0) make([=] { std::memmove(to, from, static_cast<size_t>(bytes)); });
}
void Stream::fill(void* to, int byte, int64_t bytes) {
  if (bytes > 0) make([=] { std::memset(to, byte, static_cast<size_t>(bytes)); });
}
void Stream::wait() {
  not_recorded("waiting");
}
void Stream::check(const char*) {}
void Stream::make(std::function<void()> call) {
  recording_ ? recorded_.push_back(std::move(call)) : call();
}

Graph::Graph(Stream& stream, const char* name, const std::function<void()>& calls) : stream_(stream), name_(name) {
  stream.recorded_.clear();
  stream.recording_ = true;
  try {
    calls();
  } catch (...) {
    stream.recording_ = false;
    throw;
  }
  stream.recording_ = false;
  calls_ = std::move(stream.recorded_);
}
Graph::~Graph() = default;
void Graph::launch() {
  for (const std::function<void()>& call : calls_) stream_.make(call);
}

#endif

}  // namespace glossa
