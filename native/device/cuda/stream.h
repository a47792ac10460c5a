// The host's side of a GPU: memory, copies and launches on one stream, and what goes wrong there. Where there is no
// CUDA it stands for the emulation, whose memory is the host's and whose calls have ended when they return.
#pragma once
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "base/caught.h"
#include "device/cuda/cuda.h"
#include "device/device.h"

namespace glossa {

// A request that the GPU has no room for.
[[noreturn]] void no_room(int64_t bytes, const Room&);

// The GPU fails: what it said, and the kernel or copy that it was noticed at. Nothing can be computed there any more.
class GpuFault : public Fault {
 public:
  explicit GpuFault(const std::string& message) : Fault("GPU_FAILED", message) {}
};

class Stream {
 public:
  explicit Stream(int gpu);
  ~Stream();
  Stream(const Stream&) = delete;
  Stream& operator=(const Stream&) = delete;

  // The calling thread's calls go to this GPU from here on.
  void bind();
  // Of the GPU's memory, for this program and others.
  Room room() const;
  // Device memory, zero. Throws NoRoom.
  void* allocate(int64_t bytes);
  void release(void*);
  // Host memory that copies can reach by themselves. Throws std::bad_alloc.
  void* allocate_pinned(int64_t bytes);
  void release_pinned(void*);

  // In the order of the calls. The host's side of a copy must not change before it has ended (wait), unless it is
  // ordinary memory that is read.
  void upload(void* to, const void* from, int64_t bytes);
  void download(void* to, const void* from, int64_t bytes);
  void copy(void* to, const void* from, int64_t bytes);
  void fill(void* to, int byte, int64_t bytes);
  // Until all of it has happened.
  void wait();

  // Throws GpuFault where a call before failed. `what` appears in later messages too.
  void check(const char* what);
#if !defined(__CUDACC__)
  // Makes a call, or records it.
  void make(std::function<void()> call);
#endif
  cudaStream_t raw() const {
    return stream_;
  }
  // The same for those who know nothing of CUDA's types.
  void* raw_pointer() const {
#if defined(__CUDACC__)
    return stream_;
#else
    return nullptr;
#endif
  }
  int gpu() const {
    return gpu_;
  }

 private:
  friend class Graph;
  friend class Mark;
  // Of what a graph cannot hold.
  void not_recorded(const char* what) const;

  int gpu_;
  cudaStream_t stream_{};
  const char* last_ = "nothing";
  bool recording_ = false;
#if !defined(__CUDACC__)
  // Makes the calls that were put off, up to so many of all there were.
  void catch_up(int64_t calls);
  bool is_pinned(const void*) const;
  std::vector<std::function<void()>> recorded_;
  std::map<const void*, int64_t> pinned_;      // where it begins: bytes
  std::deque<std::function<void()>> put_off_;  // emulation::Gpu::late
  int64_t made_ = 0;                           // of those that were put off
#endif
};

// A point in the order of a stream's calls that the host can wait for, while the stream goes on.
class Mark {
 public:
  explicit Mark(Stream&);
  ~Mark();
  Mark(const Mark&) = delete;
  Mark& operator=(const Mark&) = delete;

  void set();   // here
  void wait();  // until all before it has happened

 private:
  Stream& stream_;
#if defined(__CUDACC__)
  cudaEvent_t event_{};
#else
  int64_t calls_ = 0;
#endif
};

// Launches, and copies within the device, that are recorded once and then made as often as wanted by a single call,
// with the arguments that they had when they were recorded: what changes in between must lie in the device's memory.
class Graph {
 public:
  // Records what `calls` asks of the stream; none of it happens yet. Throws GpuFault where that takes or gives back
  // memory, copies from or to the host, or waits. `name` appears in messages.
  Graph(Stream&, const char* name, const std::function<void()>& calls);
  ~Graph();
  Graph(const Graph&) = delete;
  Graph& operator=(const Graph&) = delete;

  void launch();

 private:
  Stream& stream_;
  const char* const name_;
#if defined(__CUDACC__)
  cudaGraphExec_t graph_{};
#else
  std::vector<std::function<void()>> calls_;
#endif
};

// kernel<<<grid, block, shared>>>(arguments...)
template <class... P, class... A>
void launch(Stream& stream, const char* name, void (*kernel)(P...), dim3 grid, unsigned block, int64_t shared,
            A... arguments) {
  if (grid.x == 0 || grid.y == 0 || grid.z == 0) return;
#if defined(__CUDACC__)
  constexpr int64_t kWithoutAsking = 48 << 10;
  if (shared > kWithoutAsking)
    cudaFuncSetAttribute(kernel, cudaFuncAttributeMaxDynamicSharedMemorySize, static_cast<int>(shared));
  kernel<<<grid, block, static_cast<size_t>(shared), stream.raw()>>>(static_cast<P>(arguments)...);
  stream.check(name);
#else
  stream.check(name);
  stream.make([=] { emulation::run(grid, dim3(block), shared, [&] { kernel(static_cast<P>(arguments)...); }); });
#endif
}

}  // namespace glossa
