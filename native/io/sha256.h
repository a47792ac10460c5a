// SHA-256 (FIPS 180-4) of bytes that are given piece by piece, by the processor's own instructions where it has them.
#pragma once
#include <array>
#include <cstdint>
#include <string>

namespace glossa {

class Sha256 {
 public:
  // hardware false: without the processor's instructions, which change no digest (tests compare the two).
  explicit Sha256(bool hardware = true);
  void add(const void* data, int64_t bytes);
  // The digest of all that was added, as 64 hexadecimal digits; nothing may be added afterwards.
  std::string hex();

  static constexpr int64_t kBlock = 64;
  using State = std::array<uint32_t, 8>;
  // Takes `blocks` whole blocks into the state.
  using Compress = void (*)(State&, const uint8_t* data, int64_t blocks);

 private:
  Compress compress_;
  State state_;
  std::array<uint8_t, kBlock> rest_{};  // what does not fill a block yet
  int64_t bytes_ = 0;
};

}  // namespace glossa
