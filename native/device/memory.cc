#include "device/memory.h"

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
    data_ = device_->allocate(bytes);
    bytes_ = bytes;
  }
  if (poison && bytes_ > 0) device_->fill(data_, 0xff, bytes_);
}

}  // namespace glossa
