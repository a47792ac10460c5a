// Element types of operands and stored tensors.
#pragma once
#include <cstdint>

namespace glossa {

enum class Dtype : uint8_t { f32, bf16, f16 };  // f16 is read from files only; nothing computes in it

inline int64_t dtype_bytes(Dtype t) {
  return t == Dtype::f32 ? 4 : 2;
}

// bfloat16 with round to nearest even; NaN stays NaN.
inline uint16_t to_bf16(float x) {
  uint32_t u = __builtin_bit_cast(uint32_t, x);
  if ((u & 0x7fffffffu) > 0x7f800000u) return static_cast<uint16_t>((u >> 16) | 0x40u);
  return static_cast<uint16_t>((u + 0x7fffu + ((u >> 16) & 1u)) >> 16);
}
inline float from_bf16(uint16_t x) {
  return __builtin_bit_cast(float, static_cast<uint32_t>(x) << 16);
}

}  // namespace glossa
