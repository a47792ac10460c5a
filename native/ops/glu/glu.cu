// Gated linear units on a GPU: every thread has eight columns of a row.
#include "device/cuda/cuda_ops.h"
#include "device/cuda/view.h"

namespace glossa {
namespace {

// 1 / x to 2^-23 for x >= 1: the exact division would cost as much as all the rest.
__device__ inline float reciprocal(float x) {
#if defined(__CUDA_ARCH__)
  float r;
  asm("rcp.approx.ftz.f32 %0, %1;" : "=f"(r) : "f"(x));
  return r;
#else
  return 1.0f / x;
#endif
}
__device__ inline float sigmoid(float x) {
  return reciprocal(expf(-x) + 1.0f);
}

// Both activations are x s with a sigmoid s = gate(x); their derivative is slope(x, s).
struct Silu {
  __device__ static float gate(float x) { return sigmoid(x); }
  // s (1 + x (1 - s)).
  __device__ static float slope(float x, float s) { return s * fmaf(x, 1.0f - s, 1.0f); }
};
// (1 + tanh u) / 2 = sigmoid(2 u) with u = sqrt(2 / pi) (x + 0.044715 x^3).
struct GeluTanh {
  static constexpr float kTwice = 1.5957691216057308f, kCube = 0.044715f;  // 2 sqrt(2 / pi)
  __device__ static float gate(float x) { return sigmoid(kTwice * x * fmaf(x * kCube, x, 1.0f)); }
  // s + x s (1 - s) 2 u'.
  __device__ static float slope(float x, float s) {
    return s * fmaf(kTwice * x * fmaf(x * (3 * kCube), x, 1.0f), 1.0f - s, 1.0f);
  }
};

template <bool Whole, class A, class To, class From>
__global__ void glu_rows(View<To> product, View<From> gate_up, int64_t ffn, unsigned across) {
  const OctetPlace at(across);
  if (at.column >= ffn) return;
  const From* from = gate_up.at(at.row);
  const Octet<From> gates = fetch<Whole>(from, at.column, ffn), ups = fetch<Whole>(from + ffn, at.column, ffn);
  float gate[kOctet], up[kOctet];
  numbers(gate, gates);
  numbers(up, ups);
#pragma unroll
  for (int k = 0; k < kOctet; ++k) gate[k] = gate[k] * A::gate(gate[k]) * up[k];
  store_octet<Whole>(product.at(at.row), at.column, ffn, gate);
}

template <class A>
__device__ inline void differentiate(float gradient, float& gate, float& up) {
  const float x = gate, s = A::gate(x);
  gate = gradient * up * A::slope(x, s);
  up = gradient * (x * s);
}

// d may be gate_up.
template <bool Whole, class A, class T>
__global__ void glu_gradients(View<T> d, View<float> d_product, View<T> gate_up, int64_t ffn, unsigned across) {
  const OctetPlace at(across);
  if (at.column >= ffn) return;
  const T* from = gate_up.at(at.row);
  const Octet<T> gates = fetch<Whole>(from, at.column, ffn), ups = fetch<Whole>(from + ffn, at.column, ffn);
  const Octet<float> gradients = fetch<Whole>(d_product.at(at.row), at.column, ffn);
  float gate[kOctet], up[kOctet], gradient[kOctet];
  numbers(gate, gates);
  numbers(up, ups);
  numbers(gradient, gradients);
#pragma unroll
  for (int k = 0; k < kOctet; ++k) differentiate<A>(gradient[k], gate[k], up[k]);
  store_octet<Whole>(d.at(at.row), at.column, ffn, gate);
  store_octet<Whole>(d.at(at.row) + ffn, at.column, ffn, up);
}

// The same from float32 to bfloat16 in its place, a block a row: every column's pair waits over its own up, which
// nobody else reads, until the gates, whose half of the row the result takes, have all been read.
constexpr int kNarrowThreads = 512;
template <class A>
__global__ void narrowed_glu_gradients(View<Bf16> d, View<float> d_product, View<float> gate_up, int64_t ffn) {
  const int64_t row = blockIdx.x;
  const float *gates = gate_up.at(row), *gradients = d_product.at(row);
  float* ups = gate_up.at(row) + ffn;
  for (int64_t j = threadIdx.x; j < ffn; j += kNarrowThreads) {
    float gate = gates[j], up = ups[j];
    differentiate<A>(gradients[j], gate, up);
    ups[j] = __uint_as_float(pair_of(gate, up));
  }
  __syncthreads();
  Bf16* to = d.at(row);
  for (int64_t j = threadIdx.x; j < ffn; j += kNarrowThreads) {
    const uint32_t pair = __float_as_uint(ups[j]);
    to[j] = {static_cast<uint16_t>(pair)};
    to[ffn + j] = {static_cast<uint16_t>(pair >> 16)};
  }
}

template <class F>
void with_activation(Activation activation, const F& f) {
  if (activation == Activation::silu) {
    f(Silu{});
  } else {
    f(GeluTanh{});
  }
}

}  // namespace

void CudaOps::glu(const Rows& product, const Rows& gate_up, Activation activation, int64_t rows) {
  const int64_t ffn = product.width;
  const OctetGrid grid(rows, ffn);
  with_activation(activation, [&](auto of) {
    with_type(product.type, [&](auto to) {
      with_type(gate_up.type, [&](auto from) {
        with_bool(lies_in_octets(product) && lies_in_octets(gate_up), [&](auto whole) {
          using To = decltype(to);
          using From = decltype(from);
          launch(stream_, "glu_rows", glu_rows<decltype(whole)::value, decltype(of), To, From>, grid.blocks,
                 kOctetThreads, 0, View<To>(product), View<From>(gate_up), ffn, grid.across);
        });
      });
    });
  });
}

void CudaOps::glu_backward(const Rows& d_gate_up, const Rows& d_product, const Rows& gate_up, Activation activation,
                           int64_t rows) {
  const int64_t ffn = d_product.width;
  const OctetGrid grid(rows, ffn);
  with_activation(activation, [&](auto of) {
    using A = decltype(of);
    if (d_gate_up.type != gate_up.type)
      return launch(stream_, "narrowed_glu_gradients", narrowed_glu_gradients<A>, static_cast<unsigned>(rows),
                    kNarrowThreads, 0, View<Bf16>(d_gate_up), View<float>(d_product), View<float>(gate_up), ffn);
    with_type(gate_up.type, [&](auto t) {
      with_bool(lies_in_octets(d_gate_up) && lies_in_octets(d_product) && lies_in_octets(gate_up), [&](auto whole) {
        using T = decltype(t);
        launch(stream_, "glu_gradients", glu_gradients<decltype(whole)::value, A, T>, grid.blocks, kOctetThreads, 0,
               View<T>(d_gate_up), View<float>(d_product), View<T>(gate_up), ffn, grid.across);
      });
    });
  });
}

}  // namespace glossa
