#include "device/memory.h"

#include <algorithm>
#include <vector>

namespace glossa {

bool Memory::poison = false;

void Memory::clear() {
  if (data_) device_->release(data_, bytes_);
  data_ = {};
  bytes_ = 0;
}

void Memory::reserve(int64_t bytes) {
  if (bytes > bytes_) {
    clear();
    data_ = device_->allocate(bytes, end_);
    bytes_ = bytes;
  }
  if (!poison) return;
  // not by fill(): a lane may be what asks
  const std::vector<uint8_t> nan(size_t{1} << 16, 0xff);
  for (int64_t at = 0; at < bytes_; at += static_cast<int64_t>(nan.size()))
    device_->upload(data_ + at, nan.data(), std::min<int64_t>(bytes_ - at, static_cast<int64_t>(nan.size())));
}

}  // namespace glossa
