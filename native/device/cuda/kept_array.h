// A host array that operators are given again and again, kept on the device.
#pragma once
#include <cstring>
#include <vector>

#include "device/cuda/stream.h"

namespace glossa {

class KeptArray {
 public:
  explicit KeptArray(Stream& stream) : stream_(stream) {}
  ~KeptArray() { clear(); }
  KeptArray(const KeptArray&) = delete;
  KeptArray& operator=(const KeptArray&) = delete;

  // n numbers on the device. They are copied where they are not, bit for bit, those of the last call.
  const float* put(const float* from, int64_t n) {
    const auto size = static_cast<size_t>(n);
    if (size == host_.size() && std::memcmp(from, host_.data(), size * sizeof(float)) == 0) return device_;
    if (size != host_.size()) {
      clear();
      device_ = static_cast<float*>(stream_.allocate(n * static_cast<int64_t>(sizeof(float))));
    }
    host_.assign(from, from + n);
    stream_.upload(device_, host_.data(), n * static_cast<int64_t>(sizeof(float)));
    return device_;
  }

 private:
  void clear() {
    if (device_) stream_.release(device_);
    device_ = nullptr;
    host_.clear();
  }

  Stream& stream_;
  std::vector<float> host_;
  float* device_ = nullptr;
};

}  // namespace glossa
