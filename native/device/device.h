// What computes: a device owns memory, keeps weight matrices in the form that its products read, and has lanes, each of
// which runs operators (ops/ops.h) by itself. A CPU has as many lanes as threads, or one lane of all its threads; a GPU
// has one.
#pragma once
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "base/status.h"
#include "device/activation_plan.h"
#include "device/address.h"
#include "ops/ops.h"

namespace glossa {

struct DeviceTraits {
  int64_t matrix_rows;  // rows of a matrix that are prepared together
  // Rows that a lane takes through a chain of operators together (Ops::block_rows of its operators). Where that is no
  // limit, a lane wants all rows there are at once; else, sequences should be shared out among the lanes.
  int64_t block_rows;
  int64_t kv_page;  // positions of a page of keys and values, a multiple of 16
  bool takes_all() const { return block_rows == INT64_MAX; }
  ActivationPlan activations;
  int64_t widest_head = INT64_MAX;  // of attention
  // Bytes of memory that are its own, in all. 0: it has the host's, and is fastest with what its caches hold.
  int64_t memory = 0;
  // Of it, what is left to the driver, its libraries and the code of kernels.
  int64_t reserve() const { return memory / 32 < (int64_t{512} << 20) ? memory / 32 : int64_t{512} << 20; }
  // What the activations of a micro-batch may take of that, or the keys and values of completions in flight:
  // a fifth of the whole GB, so that it is the same for cards of one kind whose drivers report some MB more or less.
  int64_t share() const {
    constexpr int64_t kGb = 1'000'000'000;
    return (memory < 8 * kGb ? memory : memory / kGb * kGb) / 5;
  }
  // Tokens that a completion gets, at most, before the host looks at them: DecodeBatch::passes.
  int64_t decode_passes = 1;
  // Such stretches of tokens under way at a time: while the host looks at one, the device computes the next.
  int64_t decode_looks = 1;
  // Rows that are worth computing together where nothing is kept of them (prompts, log-probabilities), and rows of
  // logits made and used at a time.
  int64_t forward_rows = 416;
  int64_t head_rows = 52;
};

// What a call is going to need of a device's own scratch.
struct Workload {
  QkvShape shape{};
  int64_t keys = 0;       // that a row sees, at most
  int64_t vocab = 0;      // of rows that are drawn from; 0: none are
  bool backward = false;  // of attention
  Dtype type = Dtype::f32;
  int64_t widest = 0;  // k of the matrices whose gradients are made; 0: none
};

// Which end of a device's planned memory a request is served from: what comes and goes in pieces (pages of keys and
// values) from the high one, everything else from the low one, so that neither leaves holes for the other.
enum class End : uint8_t { low, high };

// Bytes of a device's own memory: in all, and what may still be taken of it. 0: it has the host's.
struct Room {
  int64_t total = 0, free = 0;
};

// A matrix and the float32 masters [n][k] that it is prepared from.
struct Prepared {
  Matrix matrix;
  Values masters;
};

class Device {
 public:
  virtual ~Device() = default;
  virtual std::string name() const = 0;  // of a CPU: its instruction set
  virtual const DeviceTraits& traits() const = 0;

  // Throws std::bad_alloc. Memory of a device is zero until it is written.
  virtual Address allocate(int64_t bytes, End = End::low) = 0;
  virtual void release(Address, int64_t bytes) = 0;
  // Now, other programs counted.
  virtual Room room() const { return {}; }
  // Takes so many bytes in one piece, out of which requests are served from here on as long as they fit, after those of
  // pieces before. Nothing where the memory is the host's. Throws as allocate() does.
  virtual void hold(int64_t /*bytes*/) {}
  // make(numbers) writes n numbers that are going to be at `to`; use(numbers) reads those that are at `from`: in place
  // where host and device share memory. From any thread.
  virtual Status write(Values to, int64_t n, const std::function<Status(float*)>& make) = 0;
  virtual Status read(Values from, int64_t n, const std::function<Status(const float*)>& use) = 0;
  virtual void upload(Address to, const void* from, int64_t bytes) = 0;
  virtual void download(void* to, Address from, int64_t bytes) = 0;
  // Host numbers in the type of the rows. From any thread.
  virtual void upload_rows(const Rows& to, const float* from, int64_t rows) = 0;
  virtual void copy(Address to, Address from, int64_t bytes) = 0;
  virtual void fill(Address, uint8_t byte, int64_t bytes) = 0;

  // Bytes of one form of a matrix.
  virtual int64_t matrix_bytes(Dtype, int64_t n, int64_t k, bool transposed) const = 0;
  // Both forms (where the second has a place) of every matrix. Allocates nothing and cannot fail: it follows an update
  // of the masters, which nothing may come between.
  virtual void prepare(const std::vector<Prepared>&) = 0;
  // Rows [row0, row0 + rows) of the first form from host numbers; row0 is a multiple of matrix_rows. From any thread.
  virtual void prepare_rows(const Matrix&, int64_t row0, int64_t rows, const float* host) = 0;
  // The second form of a matrix, where it has a place, from the first: of weights without masters.
  virtual void transpose(const Matrix&) = 0;

  // Scratch of its own, in all, for a workload; reserve() throws std::bad_alloc.
  virtual int64_t scratch_bytes(const Workload&) const = 0;
  virtual void reserve(const Workload&) = 0;
  virtual int64_t reserved_bytes() const = 0;

  // Floating-point operations a second that the device reaches, measured now, in some ten milliseconds: of a CPU in
  // registers, all threads together; of a GPU in a large product of its own. 0: there is no room for it.
  virtual double measured_flops(Dtype) = 0;

  virtual int lanes() const = 0;
  // body(task, lane, ops) for every task in [0, tasks), on whichever lane is free; returns when all are done.
  virtual void run(int64_t tasks, const std::function<void(int64_t task, int lane, Ops&)>& body) = 0;
  // Everything that the device has, for one operator at a time. Not from within run().
  virtual Ops& all() = 0;

  // Threads of the host, for work on host memory (reading files, converting): body(task, thread). Not from within
  // run().
  virtual int threads() const = 0;
  virtual void on_host(int64_t tasks, const std::function<void(int64_t task, int thread)>& body) = 0;
};

}  // namespace glossa
