#include "base/simd.h"
#include "ops/swiglu/swiglu_kernels.h"

namespace glossa::GLOSSA_ISA {
namespace {

inline vf sigmoid(vf x) {
  return 1.0f / (exp(-x) + 1.0f);
}

inline int lanes_at(int64_t j, int64_t f) {
  return static_cast<int>(f - j < kLanes ? f - j : kLanes);
}

template <class T>
void forward_rows(T* h, const float* gate_up, int64_t rows, int64_t f) {
  for (int64_t r = 0; r < rows; ++r, h += f, gate_up += 2 * f) {
    for (int64_t j = 0; j < f; j += kLanes) {
      int n = lanes_at(j, f);
      vf gate = load_some(gate_up + j, n), up = load_some(gate_up + f + j, n);
      store_some(h + j, gate * sigmoid(gate) * up, n);
    }
  }
}
void forward(void* h, Dtype t, const float* gate_up, int64_t rows, int64_t f) {
  if (t == Dtype::f32) {
    forward_rows(static_cast<float*>(h), gate_up, rows, f);
  } else {
    forward_rows(static_cast<uint16_t*>(h), gate_up, rows, f);
  }
}

// silu'(g) = s (1 + g (1 - s)) with s = sigmoid(g).
template <class T>
inline void backward_row(T* dgate, T* dup, const float* dh, const float* gate_up, int64_t f) {
  for (int64_t j = 0; j < f; j += kLanes) {
    int n = lanes_at(j, f);
    vf gate = load_some(gate_up + j, n), up = load_some(gate_up + f + j, n), g = load_some(dh + j, n);
    vf s = sigmoid(gate);
    store_some(dgate + j, g * up * (s * fma(gate, 1.0f - s, splat(1.0f))), n);
    store_some(dup + j, g * (gate * s), n);
  }
}

// In place, a float32 result lies where its own input was. A bfloat16 row r takes bytes [4fr, 4fr + 4f), its input
// [8fr, 8fr + 8f): from row 1 on a row is written where everything has been read. In row 0 the up half would fall on
// gates still to be read, so it is written over the row's own ups, which are read first, and then moved.
void backward(void* dgate_up, Dtype t, const float* dh, const float* gate_up, int64_t rows, int64_t f) {
  if (t == Dtype::f32) {
    float* d = static_cast<float*>(dgate_up);
    for (int64_t r = 0; r < rows; ++r)
      backward_row(d + 2 * f * r, d + 2 * f * r + f, dh + f * r, gate_up + 2 * f * r, f);
    return;
  }
  uint16_t* d = static_cast<uint16_t*>(dgate_up);
  const bool in_place = dgate_up == static_cast<const void*>(gate_up);
  for (int64_t r = 0; r < rows; ++r) {
    bool moved = in_place && r == 0;
    backward_row(d + 2 * f * r, d + 2 * f * r + (moved ? 2 * f : f), dh + f * r, gate_up + 2 * f * r, f);
    if (moved) memmove(d + f, d + 2 * f, static_cast<size_t>(f) * 2);
  }
}

}  // namespace

extern const SwigluKernels swiglu_kernels;
const SwigluKernels swiglu_kernels = {forward, backward};

}  // namespace glossa::GLOSSA_ISA
