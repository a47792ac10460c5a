#include "base/simd.h"
#include "base/simd_probe.h"

namespace glossa::GLOSSA_ISA {
namespace {

void probe_exp(float* y, const float* x, int64_t n) {
  for (int64_t i = 0; i < n; i += kLanes) store(y + i, exp(load(x + i)));
}
void probe_exp_nonpositive(float* y, const float* x, int64_t n) {
  for (int64_t i = 0; i < n; i += kLanes) store(y + i, exp_nonpositive(load(x + i)));
}
void probe_to_bf16(uint16_t* y, const float* x, int64_t n) {
  for (int64_t i = 0; i < n; i += kLanes) store_bf16(y + i, load(x + i));
}
void probe_from_bf16(float* y, const uint16_t* x, int64_t n) {
  for (int64_t i = 0; i < n; i += kLanes) store(y + i, load_bf16(x + i));
}
void probe_fma(float* y, const float* a, const float* b, const float* c, int64_t n) {
  for (int64_t i = 0; i < n; i += kLanes) store(y + i, fma(load(a + i), load(b + i), load(c + i)));
}
float probe_reduce_sum(const float* x) {
  return reduce_sum(load(x));
}
float probe_reduce_max(const float* x) {
  return reduce_max(load(x));
}
void probe_transpose(float* y, const float* x) {
  vf v[16];
  for (int i = 0; i < 16; ++i) v[i] = load(x + 16 * i);
  transpose(v);
  for (int i = 0; i < 16; ++i) store(y + 16 * i, v[i]);
}
void probe_swap_halves(float* y, const float* x) {
  store(y, swap_halves(load(x)));
}
void probe_copy(float* y, const float* x, int lanes) {
  store_some(y, load_some(x, lanes), lanes);
}
void probe_copy_bf16(uint16_t* y, const uint16_t* x, int lanes) {
  store_some(y, load_some(x, lanes), lanes);
}

}  // namespace

extern const SimdProbe simd_probe;
const SimdProbe simd_probe = {probe_exp,        probe_exp_nonpositive, probe_to_bf16,   probe_from_bf16,   probe_fma,
                              probe_reduce_sum, probe_reduce_max,      probe_transpose, probe_swap_halves, probe_copy,
                              probe_copy_bf16};

}  // namespace glossa::GLOSSA_ISA
