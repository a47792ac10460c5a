#include "device/cuda/emulation.h"

#include <cstdio>
#include <memory>
#include <vector>

thread_local dim3 threadIdx, blockIdx, blockDim, gridDim;

namespace glossa::emulation {
namespace {

constexpr int64_t kStack = 64 << 10, kMostThreads = 1024, kMostShared = 227 << 10;
// A block's shared memory has addresses from a multiple of 1,024 on; what a launch asks for begins 128 bytes behind
// that, for a kernel may count on no more.
constexpr int64_t kSharedBegins = 1024, kSharedOffset = 128;

// Saves what a function must keep and the stack in *from, and goes on where `to` was left.
extern "C" void glossa_switch_stack(void** from, void* to);
asm(R"(
.text
.globl glossa_switch_stack
.type glossa_switch_stack, @function
glossa_switch_stack:
  pushq %rbp
  pushq %rbx
  pushq %r12
  pushq %r13
  pushq %r14
  pushq %r15
  movq %rsp, (%rdi)
  movq %rsi, %rsp
  popq %r15
  popq %r14
  popq %r13
  popq %r12
  popq %rbx
  popq %rbp
  ret
.size glossa_switch_stack, .-glossa_switch_stack
)");

struct Barrier {
  int64_t arrived = 0, generation = 0;
};
struct Thread {
  std::unique_ptr<unsigned char[]> stack{new unsigned char[kStack]};
  void* at = nullptr;
  bool done = false;
  unsigned index = 0;
  std::vector<std::vector<std::function<void()>>> groups[2];  // of what it does later, a queue; the last one is open
};

[[noreturn]] void end(const char* why) {
  std::fprintf(stderr, "an emulated kernel: %s (block %u %u %u)\n", why, blockIdx.x, blockIdx.y, blockIdx.z);
  std::abort();
}

struct Block {
  std::vector<Thread> threads;
  std::vector<unsigned char> shared;
  std::vector<unsigned char> lanes;  // [threads][256]
  Barrier whole;
  std::vector<Barrier> warps;
  Thread* running = nullptr;
  void* scheduler = nullptr;
  const std::function<void()>* body = nullptr;
  bool at_once = false;  // what may happen later
  int64_t moved = 0;     // arrivals at barriers and ends: without any in a round, none will ever come
};
Block block;

void leave() {
  Thread& t = *block.running;
  glossa_switch_stack(&t.at, block.scheduler);
}
void wait_at(Barrier& b, int64_t threads) {
  ++block.moved;
  const int64_t generation = b.generation;
  if (++b.arrived == threads) {
    b.arrived = 0;
    ++b.generation;
    return;
  }
  while (b.generation == generation) leave();
}
extern "C" void glossa_thread_begins() {
  (*block.body)();
  wait_groups(Queue::copies, 0);
  wait_groups(Queue::products, 0);
  block.running->done = true;
  ++block.moved;
  leave();
}

void start(Thread& t, unsigned index) {
  t.index = index;
  t.done = false;
  for (auto& groups : t.groups) groups.assign(1, {});
  auto top = reinterpret_cast<uintptr_t>(t.stack.get() + kStack) & ~uintptr_t{15};
  void** sp = reinterpret_cast<void**>(top);
  *--sp = nullptr;  // where a return address would be: the stack is aligned as after a call
  *--sp = reinterpret_cast<void*>(&glossa_thread_begins);
  for (int i = 0; i < 6; ++i) *--sp = nullptr;
  t.at = sp;
}

// Threads go in another order in every block, so that what rests on one shows.
void run_block(unsigned threads, uint32_t order) {
  for (unsigned i = 0; i < threads; ++i) start(block.threads[i], i);
  unsigned left = threads;
  while (left > 0) {
    const int64_t before = block.moved;
    const unsigned first = order % threads;
    for (unsigned i = 0; i < threads; ++i) {
      const unsigned step = (first + i) % threads;
      Thread& t = block.threads[order & 1 ? threads - 1 - step : step];
      if (t.done) continue;
      threadIdx = dim3(t.index);
      block.running = &t;
      glossa_switch_stack(&block.scheduler, t.at);
      if (t.done) --left;
    }
    if (block.moved == before) end("threads wait at a barrier that others never reach");
  }
}

unsigned char* shared_begin() {
  const auto at = reinterpret_cast<uintptr_t>(block.shared.data());
  return reinterpret_cast<unsigned char*>((at + kSharedBegins - 1) / kSharedBegins * kSharedBegins);
}

}  // namespace

void run(dim3 grid, dim3 threads, int64_t shared_bytes, const std::function<void()>& body) {
  blockIdx = dim3(0, 0, 0);
  if (threads.y != 1 || threads.z != 1 || threads.x % 32 != 0) end("a block is a row of whole warps here");
  if (threads.x == 0 || threads.x > kMostThreads) end("too many threads in a block, or none");
  if (shared_bytes > kMostShared) end("more shared memory than a block can have");
  if (grid.x == 0 || grid.y == 0 || grid.z == 0 || grid.y > 65535 || grid.z > 65535) end("no blocks, or too many");
  if (block.running) end("a launch from within a kernel");
  while (block.threads.size() < threads.x) block.threads.emplace_back();
  block.lanes.resize(threads.x * 256);
  block.warps.assign(threads.x / 32, {});
  block.whole = {};
  block.body = &body;
  gridDim = grid;
  blockDim = threads;
  uint32_t order = 1;
  for (unsigned z = 0; z < grid.z; ++z)
    for (unsigned y = 0; y < grid.y; ++y)
      for (unsigned x = 0; x < grid.x; ++x) {
        blockIdx = dim3(x, y, z);
        block.shared.assign(static_cast<size_t>(shared_bytes) + 2 * kSharedBegins, 0xff);  // NaN: nobody wrote it
        block.at_once = (order & 2) != 0;
        run_block(threads.x, order);
        order = order * 1664525 + 1013904223;
      }
  block.running = nullptr;
}

unsigned char* shared_memory() {
  return shared_begin() + kSharedOffset;
}
uint32_t shared_address(const void* at) {
  return static_cast<uint32_t>(static_cast<const unsigned char*>(at) - shared_begin());
}
const unsigned char* shared_at(uint32_t address) {
  return shared_begin() + address;
}
void block_barrier() {
  wait_at(block.whole, blockDim.x);
}
void warp_barrier() {
  wait_at(block.warps[block.running->index / 32], 32);
}
unsigned char* lane_memory(unsigned lane) {
  return block.lanes.data() + (block.running->index / 32 * 32 + lane) * 256;
}

void later(Queue queue, std::function<void()> task) {
  if (block.at_once) return task();
  block.running->groups[static_cast<int>(queue)].back().push_back(std::move(task));
}
void end_group(Queue queue) {
  block.running->groups[static_cast<int>(queue)].emplace_back();
}
void wait_groups(Queue queue, int left) {
  std::vector<std::vector<std::function<void()>>>& groups = block.running->groups[static_cast<int>(queue)];
  while (static_cast<int>(groups.size()) - 1 > left) {
    for (const std::function<void()>& task : groups.front()) task();
    groups.erase(groups.begin());
  }
}

bool Gpu::take(int64_t bytes) {
  if (requests_left.load() != INT64_MAX && requests_left.fetch_sub(1) == 0) return false;
  if (memory > 0 && taken_ + bytes > memory - others) return false;
  taken_ += bytes;
  ++requests;
  return true;
}

Gpu& gpu() {
  static Gpu one;
  return one;
}

}  // namespace glossa::emulation
