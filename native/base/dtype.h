// Element types of operands and stored tensors.
#pragma once
#include <cstdint>

namespace glossa {

enum class Dtype : uint8_t { f32, bf16, f16 };  // f16 is read from and written to files; nothing computes in it

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
inline void to_bf16(uint16_t* to, const float* from, int64_t n) {
  for (int64_t i = 0; i < n; ++i) to[i] = to_bf16(from[i]);
}

// float16 with round to nearest even; what lies beyond its range becomes infinite; NaN stays NaN.
inline uint16_t to_f16(float x) {
  const uint32_t bits = __builtin_bit_cast(uint32_t, x), sign = bits >> 16 & 0x8000u, u = bits & 0x7fffffffu;
  if (u > 0x7f800000u) return static_cast<uint16_t>(sign | 0x7e00u | (u >> 13 & 0x3ffu));
  if (u >= 0x477ff000u) return static_cast<uint16_t>(sign | 0x7c00u);
  // Below 2^-14 one unit of the result is 2^-24, which is that of a float32 in [0.5, 1).
  if (u < 0x38800000u)
    return static_cast<uint16_t>(sign |
                                 (__builtin_bit_cast(uint32_t, __builtin_bit_cast(float, u) + 0.5f) - 0x3f000000u));
  return static_cast<uint16_t>(sign | ((u - 0x38000000u + 0xfffu + (u >> 13 & 1u)) >> 13));
}
// Exact; without branches, so that a loop over it is vectorised.
inline float from_f16(uint16_t x) {
  const uint32_t sign = (x & 0x8000u) * 0x10000u;
  const float magnitude = __builtin_bit_cast(float, (x & 0x7fffu) << 13) * 0x1p112f;
  uint32_t bits = __builtin_bit_cast(uint32_t, magnitude);
  bits |= magnitude >= 65536.0f ? 0x7f800000u : 0u;  // an exponent of all ones
  return __builtin_bit_cast(float, bits | sign);
}

}  // namespace glossa
