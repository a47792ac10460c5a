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
#include <algorithm>
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
  TestDevice(const DeviceOptions& options, On on)
      : options_(options), device_(open_device(options, 0).take()), on_(on) {}
  ~TestDevice() {
    for (const auto& [a, bytes] : free_) device_->release(a, bytes);
  }
  TestDevice(const TestDevice&) = delete;
  TestDevice& operator=(const TestDevice&) = delete;

  std::string name() const {
    return device_->name() + ", " + std::to_string(device_->threads()) + " threads, " +
           (on_ == On::all ? "all together" : "a lane");
  }
  Device& device() { return *device_; }
  // Whether activations may have such types here; then rows may also lie apart.
  bool takes(const ActivationPlan& plan) const {
    DeviceOptions options = options_;
    options.activations = plan;
    return open_device(options, 0).ok();
  }
  // Takes bfloat16 rows where a CPU's are float32.
  bool gpu() const { return chosen_device(options_) != "cpu"; }
  // Slow: fewer or smaller shapes will do.
  bool emulated() const { return is_emulated(chosen_device(options_)); }

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
  // Memory for an array; what was given back is given out again, for a device's own way is slow.
  Address allocate(int64_t bytes) {
    for (size_t i = 0; i < free_.size(); ++i) {
      if (free_[i].second != bytes) continue;
      const Address a = free_[i].first;
      free_.erase(free_.begin() + static_cast<std::ptrdiff_t>(i));
      return a;
    }
    return device_->allocate(bytes);
  }
  void release(Address a, int64_t bytes) { free_.emplace_back(a, bytes); }
  // The device's own scratch, full of NaN.
  void reserve(const Workload& w) {
    const bool before = std::exchange(Memory::poison, true);
    device_->reserve(w);
    Memory::poison = before;
  }

 private:
  const DeviceOptions options_;
  std::unique_ptr<Device> device_;
  On on_;
  std::vector<std::pair<Address, int64_t>> free_;
};

// The kinds of device that this build can open here: a processor counts once for each of its instruction sets.
inline std::vector<DeviceOptions> device_kinds() {
  std::vector<DeviceOptions> kinds;
  for (const std::string& isa : device_isas()) kinds.push_back({1, isa, Sharing::never, {}, "cpu"});
  for (const std::string& name : device_names())
    // The emulation of a GPU takes minutes under a sanitizer; the bench of kernels reaches every operator there.
    if (name != "cpu" && !(kSanitized && is_emulated(name))) kinds.push_back({1, "", Sharing::never, {}, name});
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
      if (kSanitized && threads != 3) continue;
      if (alone.gpu() && on == TestDevice::On::all) continue;  // it has one lane
      kind.threads = threads;
      visit_device(kind, on, [&](TestDevice& d) { CHECK(results(d) == want); });
    }
  }
}

struct Extent {
  int64_t rows, width, gap = 0;  // gap: elements between two rows that do not belong to them
};

// Rows in a device's memory, NaN until they are written. What lies around and between them must be left alone: that is
// checked at the end.
class Array {
 public:
  Array(TestDevice& d, Dtype type, Extent extent) : d_(d), extent_(extent) {
    rows_.type = type;
    total_ = bytes_of(size()) + 2 * kMargin;
    base_ = d.allocate(total_);
    d.device().fill(base_, 0xff, total_);  // a NaN in every type
    rows_ = {base_ + kMargin, type, extent.width, stride()};
    hide_margins(true);
  }
  ~Array() {
    check_margins();
    hide_margins(false);
    d_.release(base_, total_);
  }
  Array(const Array&) = delete;
  Array& operator=(const Array&) = delete;

  Rows rows() const { return rows_; }
  Values values() const { return {rows_.data}; }
  // The rows, packed.
  void set(const std::vector<float>& x) {
    CHECK_EQ(static_cast<int64_t>(x.size()), extent_.rows * extent_.width);
    const std::vector<uint8_t> packed = encoded(x);
    const int64_t row = bytes_of(extent_.width);
    if (extent_.gap == 0) return d_.device().upload(rows_.data, packed.data(), row * extent_.rows);
    for (int64_t r = 0; r < extent_.rows; ++r) d_.device().upload(rows_.at(r).data, packed.data() + r * row, row);
  }
  // The bits of the rows, packed.
  std::vector<uint8_t> bytes() const {
    const std::vector<uint8_t> all = read(kMargin, bytes_of(size()));
    if (extent_.gap == 0) return all;
    std::vector<uint8_t> packed;
    for (int64_t r = 0; r < extent_.rows; ++r) {
      const auto row = all.begin() + r * bytes_of(stride());
      packed.insert(packed.end(), row, row + bytes_of(extent_.width));
      if (r + 1 < extent_.rows) check_untouched(row + bytes_of(extent_.width), row + bytes_of(stride()));
    }
    return packed;
  }
  // The same as numbers.
  std::vector<float> get() const {
    const std::vector<uint8_t> from = bytes();
    std::vector<float> x(static_cast<size_t>(extent_.rows * extent_.width));
    if (x.empty()) return x;
    if (rows_.type == Dtype::f32) {
      std::memcpy(x.data(), from.data(), from.size());
    } else {
      std::vector<uint16_t> half(x.size());
      std::memcpy(half.data(), from.data(), from.size());
      std::transform(half.begin(), half.end(), x.begin(), from_bf16);
    }
    return x;
  }

 protected:
  // Numbers in the array's type.
  std::vector<uint8_t> encoded(const std::vector<float>& x) const {
    if (rows_.type == Dtype::f32) return bits_of(x);
    std::vector<uint16_t> half(x.size());
    to_bf16(half.data(), x.data(), static_cast<int64_t>(x.size()));
    return bits_of(half);
  }

 private:
  static constexpr int64_t kMargin = 256;
  int64_t stride() const { return extent_.width + extent_.gap; }
  // No gap after the last row.
  int64_t size() const { return extent_.rows == 0 ? 0 : (extent_.rows - 1) * stride() + extent_.width; }
  int64_t bytes_of(int64_t elements) const { return elements * dtype_bytes(rows_.type); }
  std::vector<uint8_t> read(int64_t at, int64_t bytes) const {
    std::vector<uint8_t> x(static_cast<size_t>(bytes));
    d_.device().download(x.data(), base_ + at, bytes);
    return x;
  }
  template <class At>
  static void check_untouched(At from, At to) {
    if (std::any_of(from, to, [](uint8_t byte) { return byte != 0xff; }))
      fail(__FILE__, __LINE__, "an operator wrote beside the rows of an array");
  }
  void check_margins() const {
    if (extent_.gap > 0) bytes();
    hide_margins(false);
    for (int64_t at : {int64_t{0}, total_ - kMargin}) {
      const std::vector<uint8_t> margin = read(at, kMargin);
      check_untouched(margin.begin(), margin.end());
    }
    hide_margins(true);
  }
  // Where the device's memory is the host's, AddressSanitizer sees a read as well.
  void hide_margins([[maybe_unused]] bool hide) const {
#if defined(__SANITIZE_ADDRESS__)
    for (const Address at : {base_, base_ + (total_ - kMargin)}) {
      if (hide) {
        ASAN_POISON_MEMORY_REGION(at.as<void>(), kMargin);
      } else {
        ASAN_UNPOISON_MEMORY_REGION(at.as<void>(), kMargin);
      }
    }
#endif
  }

  TestDevice& d_;
  const Extent extent_;
  int64_t total_ = 0;
  Address base_;
  Rows rows_;
};

// Rows that an operator reads: they must be the same at the end.
class Input : public Array {
 public:
  Input(TestDevice& d, Dtype type, Extent extent, const std::vector<float>& x) : Array(d, type, extent) {
    set(x);
    given_ = encoded(x);
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

// A gradient in the operands' type that lies where its float32 rows lay, and its values.
inline Rows in_place(const Array& values, Dtype t) {
  const Rows x = values.rows();
  return {x.data, t, x.width, x.stride * 4 / dtype_bytes(t)};
}
inline std::vector<float> read_in_place(const Array& values, Dtype t) {
  std::vector<float> x = values.get();
  if (t == Dtype::f32) return x;
  const size_t width = static_cast<size_t>(values.rows().width);
  std::vector<uint16_t> half(width);
  for (size_t row = 0; row < x.size(); row += width) {
    std::memcpy(half.data(), x.data() + row, width * 2);
    for (size_t i = 0; i < width; ++i) x[row + i] = from_bf16(half[i]);
  }
  return x;
}

}  // namespace glossa::test
