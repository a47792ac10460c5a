#include "base/simd.h"
#include "ops/glu/glu_kernels.h"

namespace glossa::GLOSSA_ISA {
namespace {

inline vf sigmoid(vf x) {
  return 1.0f / (exp(-x) + 1.0f);
}

inline int lanes_at(int64_t j, int64_t f) {
  return static_cast<int>(f - j < kLanes ? f - j : kLanes);
}

// Both activations are x s with a sigmoid s: value(x, s), and their derivative slope(x, s).
struct Silu {
  static vf gate(vf x) { return sigmoid(x); }
  // s (1 + x (1 - s)).
  static vf slope(vf x, vf s) { return s * fma(x, 1.0f - s, splat(1.0f)); }
};
// (1 + tanh u) / 2 = sigmoid(2 u) with u = sqrt(2 / pi) (x + 0.044715 x^3).
struct GeluTanh {
  static constexpr float kTwice = 1.5957691216057308f, kCube = 0.044715f;  // 2 sqrt(2 / pi)
  static vf gate(vf x) { return sigmoid(kTwice * x * fma(x * kCube, x, splat(1.0f))); }
  // s + x s (1 - s) 2 u'.
  static vf slope(vf x, vf s) {
    return s * fma(kTwice * x * fma(x * (3 * kCube), x, splat(1.0f)), 1.0f - s, splat(1.0f));
  }
};

template <class A, class T>
void forward_rows(T* h, const float* gate_up, int64_t rows, int64_t f) {
  for (int64_t r = 0; r < rows; ++r, h += f, gate_up += 2 * f) {
    for (int64_t j = 0; j < f; j += kLanes) {
      int n = lanes_at(j, f);
      vf gate = load_some(gate_up + j, n), up = load_some(gate_up + f + j, n);
      store_some(h + j, gate * A::gate(gate) * up, n);
    }
  }
}
template <class A>
void forward_of(void* h, Dtype t, const float* gate_up, int64_t rows, int64_t f) {
  if (t == Dtype::f32) {
    forward_rows<A>(static_cast<float*>(h), gate_up, rows, f);
  } else {
    forward_rows<A>(static_cast<uint16_t*>(h), gate_up, rows, f);
  }
}
void forward(void* h, Dtype t, const float* gate_up, Activation activation, int64_t rows, int64_t f) {
  if (activation == Activation::silu) {
    forward_of<Silu>(h, t, gate_up, rows, f);
  } else {
    forward_of<GeluTanh>(h, t, gate_up, rows, f);
  }
}

template <class A, class T>
inline void backward_row(T* dgate, T* dup, const float* dh, const float* gate_up, int64_t f) {
  for (int64_t j = 0; j < f; j += kLanes) {
    int n = lanes_at(j, f);
    vf gate = load_some(gate_up + j, n), up = load_some(gate_up + f + j, n), g = load_some(dh + j, n);
    vf s = A::gate(gate);
    store_some(dgate + j, g * up * A::slope(gate, s), n);
    store_some(dup + j, g * (gate * s), n);
  }
}

// In place, a float32 result lies where its own input was. A bfloat16 row r takes bytes [4fr, 4fr + 4f), its input
// [8fr, 8fr + 8f): from row 1 on a row is written where everything has been read. In row 0 the up half would fall on
// gates still to be read, so it is written over the row's own ups, which are read first, and then moved.
template <class A>
void backward_of(void* dgate_up, Dtype t, const float* dh, const float* gate_up, int64_t rows, int64_t f) {
  if (t == Dtype::f32) {
    float* d = static_cast<float*>(dgate_up);
    for (int64_t r = 0; r < rows; ++r)
      backward_row<A>(d + 2 * f * r, d + 2 * f * r + f, dh + f * r, gate_up + 2 * f * r, f);
    return;
  }
  uint16_t* d = static_cast<uint16_t*>(dgate_up);
  const bool in_place = dgate_up == static_cast<const void*>(gate_up);
  for (int64_t r = 0; r < rows; ++r) {
    bool moved = in_place && r == 0;
    backward_row<A>(d + 2 * f * r, d + 2 * f * r + (moved ? 2 * f : f), dh + f * r, gate_up + 2 * f * r, f);
    if (moved) memmove(d + f, d + 2 * f, static_cast<size_t>(f) * 2);
  }
}
void backward(void* dgate_up, Dtype t, const float* dh, const float* gate_up, Activation activation, int64_t rows,
              int64_t f) {
  if (activation == Activation::silu) {
    backward_of<Silu>(dgate_up, t, dh, gate_up, rows, f);
  } else {
    backward_of<GeluTanh>(dgate_up, t, dh, gate_up, rows, f);
  }
}

}  // namespace

extern const GluKernels glu_kernels;
const GluKernels glu_kernels = {forward, backward};

}  // namespace glossa::GLOSSA_ISA
