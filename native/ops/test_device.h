// What the operators' tests run on: every device that this build can open here, the ways of running an operator on
// one, and arrays in its memory with NaN around all that an operator may read or write.
//
//   each_device([](TestDevice& d) {
//     Input x(d, Dtype::f32, {rows, width}, values);
//     Array y(d, Dtype::f32, {rows, width});
//     d.run([&](Ops& ops) { ops.convert(y.rows(), x.rows(), rows); });
//     CHECK(y.get() == values);
//   });
#pragma once
#include <cstdio>
#include <memory>
#include <string>
#include <utility>
#include <vector>
#if defined(__SANITIZE_ADDRESS__)
#include <sanitizer/asan_interface.h>
#endif

#include "device/memory.h"
#include "device/open.h"
#include "ops/test_values.h"
#include "tool/test.h"

namespace glossa::test {

// A device, and whether its operators run on a lane or on all that it has.
class TestDevice {
 public:
  enum class On { lane, all };
  TestDevice(const DeviceOptions& options, On on) : device_(open_device(options, 0).take()), on_(on) {}

  std::string name() const {
    return device_->name() + ", " + std::to_string(device_->threads()) + " threads, " +
           (on_ == On::all ? "all together" : "a lane");
  }
  Device& device() { return *device_; }

  // One operator.
  template <class Operator>
  void run(const Operator& op) {
    if (on_ == On::all) return op(device_->all());
    device_->run(1, [&](int64_t, int, Ops& ops) { op(ops); });
  }
  // An operator a task, op(task, ops), in any order: on whichever lane is free, or one after the other on all.
  template <class Operator>
  void run_each(int64_t tasks, const Operator& op) {
    if (on_ == On::lane) return device_->run(tasks, [&](int64_t i, int, Ops& ops) { op(i, ops); });
    for (int64_t i = 0; i < tasks; ++i) op(i, device_->all());
  }
  // The device's own scratch, full of NaN.
  void reserve(const Workload& w) {
    const bool before = std::exchange(Memory::poison, true);
    device_->reserve(w);
    Memory::poison = before;
  }

 private:
  std::unique_ptr<Device> device_;
  On on_;
};

// The kinds of device that this build can open here: a processor counts once for each of its instruction sets.
inline std::vector<DeviceOptions> device_kinds() {
  std::vector<DeviceOptions> kinds;
  for (const std::string& isa : device_isas()) kinds.push_back({1, isa, Sharing::never});
  return kinds;
}

template <class Visit>
void visit_device(const DeviceOptions& options, TestDevice::On on, const Visit& visit) {
  const int before = failures();
  TestDevice d(options, on);
  visit(d);
  if (failures() > before) std::printf("  on %s\n", d.name().c_str());
}

// visit(device) on one lane of every kind of device: for what an operator computes.
template <class Visit>
void each_device(const Visit& visit) {
  for (const DeviceOptions& kind : device_kinds()) visit_device(kind, TestDevice::On::lane, visit);
}

// The bits of several arrays.
using Bits = std::vector<std::vector<uint8_t>>;
template <class T>
std::vector<uint8_t> bits_of(const std::vector<T>& x) {
  std::vector<uint8_t> bits(x.size() * sizeof(T));
  if (!x.empty()) std::memcpy(bits.data(), x.data(), bits.size());
  return bits;
}

// Checks that results(device), Bits or anything else that can be compared, is the same on each kind's lane alone, on
// all of it with 2, 3 and 7 threads, and on three lanes.
template <class Results>
void check_however_shared(const Results& results) {
  for (DeviceOptions kind : device_kinds()) {
    TestDevice alone(kind, TestDevice::On::lane);
    const auto want = results(alone);
    for (auto [threads, on] : {std::pair(2, TestDevice::On::all),
                               {3, TestDevice::On::all},
                               {7, TestDevice::On::all},
                               {3, TestDevice::On::lane}}) {
      kind.threads = threads;
      visit_device(kind, on, [&](TestDevice& d) { CHECK(results(d) == want); });
    }
  }
}

struct Extent {
  int64_t rows, width, gap = 0;  // gap: elements between two rows that do not belong to them
};

// Rows in a device's memory, NaN until they are written. What lies around and between them must be left alone: that is
// checked whenever they are read, and at the end.
class Array {
 public:
  Array(TestDevice& d, Dtype type, Extent extent) : device_(d.device()), extent_(extent) {
    const int64_t bytes = size() * dtype_bytes(type);
    total_ = bytes + 2 * kMargin;
    base_ = device_.allocate(total_);
    device_.fill(base_, 0xff, total_);  // a NaN in every type
    rows_ = {base_ + kMargin, type, extent.width, stride()};
    hide_margins(true);
  }
  ~Array() {
    bytes();
    hide_margins(false);
    device_.release(base_, total_);
  }
  Array(const Array&) = delete;
  Array& operator=(const Array&) = delete;

  Rows rows() const { return rows_; }
  Values values() const { return {rows_.data}; }
  // The rows, packed, in the array's type.
  void set(const std::vector<float>& x) {
    const int64_t element = dtype_bytes(rows_.type);
    std::vector<uint8_t> row(static_cast<size_t>(extent_.width * element));
    CHECK_EQ(static_cast<int64_t>(x.size()), extent_.rows * extent_.width);
    for (int64_t r = 0; r < extent_.rows; ++r) {
      for (int64_t i = 0; i < extent_.width; ++i) {
        const float value = x[static_cast<size_t>(r * extent_.width + i)];
        const uint16_t half = to_bf16(value);
        std::memcpy(row.data() + i * element, rows_.type == Dtype::f32 ? static_cast<const void*>(&value) : &half,
                    static_cast<size_t>(element));
      }
      device_.upload(rows_.at(r).data, row.data(), extent_.width * element);
    }
  }
  // The bits of the rows, packed.
  std::vector<uint8_t> bytes() const {
    hide_margins(false);
    std::vector<uint8_t> all(static_cast<size_t>(total_)), packed;
    device_.download(all.data(), base_, total_);
    hide_margins(true);
    const auto of = [&](int64_t elements) { return static_cast<size_t>(elements * dtype_bytes(rows_.type)); };
    const size_t row = of(extent_.width), step = of(stride());
    const std::vector<uint8_t> untouched(kMargin + step, 0xff);
    size_t at = 0;
    bool alone = true;
    auto pass = [&](size_t bytes) {
      alone = alone && same_bits(all.data() + at, untouched.data(), static_cast<int64_t>(bytes));
      at += bytes;
    };
    pass(kMargin);
    for (int64_t r = 0; r < extent_.rows; ++r) {
      if (r > 0) pass(step - row);
      packed.insert(packed.end(), all.data() + at, all.data() + at + row);
      at += row;
    }
    pass(kMargin);
    if (!alone) fail(__FILE__, __LINE__, "an operator wrote beside the rows of an array");
    return packed;
  }
  // The same as numbers.
  std::vector<float> get() const {
    const std::vector<uint8_t> from = bytes();
    std::vector<float> x(static_cast<size_t>(extent_.rows * extent_.width));
    for (size_t i = 0; i < x.size(); ++i) {
      uint16_t half;
      if (rows_.type == Dtype::f32) {
        std::memcpy(&x[i], from.data() + 4 * i, 4);
      } else {
        std::memcpy(&half, from.data() + 2 * i, 2);
        x[i] = from_bf16(half);
      }
    }
    return x;
  }

 private:
  static constexpr int64_t kMargin = 256;
  int64_t stride() const { return extent_.width + extent_.gap; }
  // No gap after the last row.
  int64_t size() const { return extent_.rows == 0 ? 0 : (extent_.rows - 1) * stride() + extent_.width; }
  // Where the device's memory is the host's, AddressSanitizer sees a read as well.
  void hide_margins([[maybe_unused]] bool hide) const {
#if defined(__SANITIZE_ADDRESS__)
    const int64_t behind = kMargin + size() * dtype_bytes(rows_.type);
    for (auto [at, bytes] : {std::pair(base_, kMargin), std::pair(base_ + behind, kMargin)}) {
      if (hide) {
        ASAN_POISON_MEMORY_REGION(at.as<void>(), static_cast<size_t>(bytes));
      } else {
        ASAN_UNPOISON_MEMORY_REGION(at.as<void>(), static_cast<size_t>(bytes));
      }
    }
#endif
  }

  Device& device_;
  Extent extent_;
  int64_t total_ = 0;
  Address base_;
  Rows rows_;
};

// Rows that an operator reads: they must be the same at the end.
class Input : public Array {
 public:
  Input(TestDevice& d, Dtype type, Extent extent, const std::vector<float>& x) : Array(d, type, extent) {
    set(x);
    given_ = bytes();
  }
  // float32 numbers end to end.
  Input(TestDevice& d, const std::vector<float>& x) : Input(d, Dtype::f32, {1, static_cast<int64_t>(x.size())}, x) {}
  ~Input() { CHECK(bytes() == given_); }

 private:
  std::vector<uint8_t> given_;
};

// A weight matrix [n][k] in both forms.
class PreparedMatrix {
 public:
  PreparedMatrix(TestDevice& d, Dtype type, int64_t n, int64_t k, const std::vector<float>& w)
      : masters_(d, Dtype::f32, {n, k}, w),
        forward_(d, Dtype::bf16, {1, d.device().matrix_bytes(type, n, k, false) / 2}),
        transposed_(d, Dtype::bf16, {1, d.device().matrix_bytes(type, n, k, true) / 2}),
        matrix_{type, n, k, forward_.rows().data, transposed_.rows().data} {
    d.device().prepare({{matrix_, masters_.values()}});
  }
  const Matrix& matrix() const { return matrix_; }

 private:
  Input masters_;
  Array forward_, transposed_;
  Matrix matrix_;
};

}  // namespace glossa::test
