#include <new>
#include <utility>

#include "device/cuda/stream.h"

namespace glossa {

void Stream::not_recorded(const char* what) const {
  if (recording_)
    throw GpuFault(std::string(what) + ", after " + last_ + ", where launches are recorded: a graph cannot hold it");
}

void no_room(int64_t bytes, const Room& room) {
  auto gb = [](int64_t n) {
    const std::string digits = std::to_string(n / 1'000'000 + 1000);  // at least four
    const std::string whole = std::to_string(n / 1'000'000'000);
    return whole + "." + digits.substr(digits.size() - 3) + " GB";
  };
  throw NoRoom("the GPU has no room for " + gb(bytes) + " more: " + gb(room.free) + " of its " + gb(room.total) +
               " are free");
}

#if defined(__CUDACC__)

namespace {

void succeed(cudaError_t error, const char* what, const char* last) {
  if (error == cudaSuccess) return;
  throw GpuFault(std::string("the GPU says \"") + cudaGetErrorString(error) + "\" (" + cudaGetErrorName(error) +
                 ") at " + what + ", after " + last);
}

// Whether there was none. What the failed request says goes with it: the next call is not its fault.
bool is_refused(cudaError_t error, const char* last) {
  if (error == cudaErrorMemoryAllocation) {
    cudaGetLastError();
    return true;
  }
  succeed(error, "a request for memory", last);
  return false;
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
Room Stream::room() const {
  cudaSetDevice(gpu_);
  size_t free = 0, total = 0;
  succeed(cudaMemGetInfo(&free, &total), "asking for free memory", last_);
  return {static_cast<int64_t>(total), static_cast<int64_t>(free)};
}
void* Stream::allocate(int64_t bytes) {
  not_recorded("a request for memory");
  bind();
  void* memory = nullptr;
  if (is_refused(cudaMalloc(&memory, static_cast<size_t>(bytes)), last_)) no_room(bytes, room());
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
  if (is_refused(cudaMallocHost(&memory, static_cast<size_t>(bytes)), last_)) throw std::bad_alloc();
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

Mark::Mark(Stream& stream) : stream_(stream) {
  stream.bind();
  succeed(cudaEventCreateWithFlags(&event_, cudaEventDisableTiming), "making an event", stream.last_);
}
Mark::~Mark() {
  cudaEventDestroy(event_);
}
void Mark::set() {
  stream_.not_recorded("a mark");
  succeed(cudaEventRecord(event_, stream_.raw()), "recording an event", stream_.last_);
}
void Mark::wait() {
  stream_.not_recorded("waiting");
  succeed(cudaEventSynchronize(event_), "waiting", stream_.last_);
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

namespace {

// Counts a call; throws where it is the one that fails, or comes after it.
void call(const char* what, const char* last) {
  if (!emulation::gpu().fails()) return;
  throw GpuFault(std::string("the GPU says \"unspecified launch failure\" (emulated) at ") + what + ", after " + last);
}

}  // namespace

Stream::Stream(int gpu) : gpu_(gpu) {
  call("opening a stream", last_);
}
Stream::~Stream() = default;
void Stream::bind() {}
Room Stream::room() const {
  return {emulation::gpu().memory, emulation::gpu().free()};
}
void* Stream::allocate(int64_t bytes) {
  not_recorded("a request for memory");
  call("a request for memory", last_);
  if (!emulation::gpu().take(bytes)) no_room(bytes, room());
  const size_t size = static_cast<size_t>(bytes + 255) / 256 * 256;
  auto* block = static_cast<unsigned char*>(std::aligned_alloc(256, size + 256));
  if (!block) {
    emulation::gpu().give(bytes);
    throw std::bad_alloc();
  }
  // Before what is given stands how long it is.
  std::memcpy(block, &bytes, sizeof bytes);
  return std::memset(block + 256, 0, size);
}
void Stream::release(void* memory) {
  if (!memory) return;
  catch_up(INT64_MAX);
  auto* block = static_cast<unsigned char*>(memory) - 256;
  int64_t bytes = 0;
  std::memcpy(&bytes, block, sizeof bytes);
  emulation::gpu().give(bytes);
  std::free(block);
}
void* Stream::allocate_pinned(int64_t bytes) {
  not_recorded("a request for memory");
  call("a request for memory of the host", last_);
  void* memory = std::aligned_alloc(256, static_cast<size_t>(bytes + 255) / 256 * 256);
  if (!memory) throw std::bad_alloc();
  pinned_[memory] = bytes;
  return memory;
}
void Stream::release_pinned(void* memory) {
  catch_up(INT64_MAX);
  pinned_.erase(memory);
  std::free(memory);
}
void Stream::upload(void* to, const void* from, int64_t bytes) {
  not_recorded("a copy to the device");
  call("a copy to the device", last_);
  if (bytes <= 0) return;
  if (!emulation::gpu().late || is_pinned(from))
    return make([=] { std::memmove(to, from, static_cast<size_t>(bytes)); });
  // The driver takes ordinary memory along when it is called.
  const auto* const first = static_cast<const unsigned char*>(from);
  make([to, taken = std::vector<unsigned char>(first, first + bytes)] { std::memcpy(to, taken.data(), taken.size()); });
}
void Stream::download(void* to, const void* from, int64_t bytes) {
  not_recorded("a copy from the device");
  call("a copy from the device", last_);
  if (bytes > 0) make([=] { std::memmove(to, from, static_cast<size_t>(bytes)); });
}
void Stream::copy(void* to, const void* from, int64_t bytes) {
  call("a copy", last_);
  if (bytes > 0) make([=] { std::memmove(to, from, static_cast<size_t>(bytes)); });
}
void Stream::fill(void* to, int byte, int64_t bytes) {
  call("filling memory", last_);
  if (bytes > 0) make([=] { std::memset(to, byte, static_cast<size_t>(bytes)); });
}
void Stream::wait() {
  not_recorded("waiting");
  call("waiting", last_);
  catch_up(INT64_MAX);
}
void Stream::check(const char* what) {
  call(what, last_);
  last_ = what;
}
void Stream::make(std::function<void()> call) {
  if (recording_)
    recorded_.push_back(std::move(call));
  else if (emulation::gpu().late)
    put_off_.push_back(std::move(call));
  else
    call();
}
bool Stream::is_pinned(const void* at) const {
  const auto after = pinned_.upper_bound(at);
  if (after == pinned_.begin()) return false;
  const auto& [begin, bytes] = *std::prev(after);
  return static_cast<const unsigned char*>(at) < static_cast<const unsigned char*>(begin) + bytes;
}
void Stream::catch_up(int64_t calls) {
  for (; !put_off_.empty() && made_ < calls; ++made_) {
    put_off_.front()();
    put_off_.pop_front();
  }
}

Mark::Mark(Stream& stream) : stream_(stream) {
  call("making an event", stream.last_);
}
Mark::~Mark() = default;
void Mark::set() {
  stream_.not_recorded("a mark");
  call("recording an event", stream_.last_);
  calls_ = stream_.made_ + static_cast<int64_t>(stream_.put_off_.size());
}
void Mark::wait() {
  stream_.not_recorded("waiting");
  call("waiting", stream_.last_);
  stream_.catch_up(calls_);
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
  stream_.check(name_);
  for (const std::function<void()>& call : calls_) stream_.make(call);
}

#endif

}  // namespace glossa
