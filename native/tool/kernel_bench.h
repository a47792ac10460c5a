// Times operators on any device, one by one, beside two ceilings measured in the same run: a copy within the device's
// memory (bytes read and written a second), and its own product of two 8192 x 8192 matrices in bfloat16. The second is
// what the operators here reach, not what the card does; where the card's is known it can be given.
#pragma once
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "device/memory.h"
#include "model/config.h"

namespace glossa::tool {

// Arrays of random numbers in a device's memory.
class Arrays {
 public:
  explicit Arrays(Device& d) : device_(d) {}
  Rows rows(Dtype, int64_t rows, int64_t width);
  Values values(int64_t n) { return {rows(Dtype::f32, 1, n).data}; }
  Values zeros(int64_t n);
  Matrix matrix(Dtype, int64_t n, int64_t k);
  int64_t bytes() const { return bytes_; }

 private:
  Address take(int64_t bytes);
  Device& device_;
  std::vector<std::unique_ptr<Memory>> memory_;
  int64_t bytes_ = 0;
};

// What one call does, where that is worth a rate; 0: it is not.
struct Work {
  double flops, bytes;
};

class KernelBench {
 public:
  struct Settings {
    std::string only;           // cases whose name contains it
    bool small = false;         // one short call of each, of small operands: that it runs, not how fast
    bool json = false;          // prints nothing but the last line
    double product_tflops = 0;  // of the card, where known
  };
  KernelBench(Device& d, std::string device, Settings s)
      : device_(d), name_(std::move(device)), settings_(std::move(s)) {}

  Device& device() { return device_; }
  Ops& ops() { return device_.all(); }
  bool small() const { return settings_.small; }
  // A size, or what stands for it in a small run.
  int64_t size(int64_t whole, int64_t small) const { return settings_.small ? small : whole; }

  // The product in the type of its operands.
  void ceilings(Dtype type = Dtype::bf16);
  // The device's own scratch for the operators of a model.
  void reserve(const ModelConfig&);
  // prepare(arrays) makes operands and gives the call that is timed. It is called until the operands are several times
  // what a cache holds; the calls go over them in turn.
  using Prepare = std::function<std::function<void()>(Arrays&)>;
  void run(const std::string& name, const Work&, const Prepare&);
  double copy() const { return copy_; }        // bytes a second
  double product() const { return product_; }  // floating-point operations a second
  // The last line: all results.
  std::string result() const;
  int64_t cases() const { return static_cast<int64_t>(lines_.size()); }

 private:
  bool asked_for(const std::string& name) const { return name.find(settings_.only) != std::string::npos; }
  // A call, the median of many.
  double seconds(const Prepare&);

  Device& device_;
  const std::string name_;
  const Settings settings_;
  double copy_ = 0, product_ = 0;
  std::vector<std::string> lines_;  // JSON objects
};

// The ceilings and every case.
void bench_kernels(KernelBench&);
void bench_attention(KernelBench&, const ModelConfig&, const std::string& model);

}  // namespace glossa::tool
