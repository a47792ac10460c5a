// Gated linear units (Shazeer, arXiv 2002.05202): h = activation(gate) * up, on the fused gate|up projection. With silu
// it is SwiGLU, with gelu_tanh GEGLU.
#pragma once
#include <cstdint>

namespace glossa {

// silu(x) = x sigmoid(x). gelu_tanh: the approximation x / 2 (1 + tanh(sqrt(2 / pi) (x + 0.044715 x^3))) of GELU
// (Hendrycks & Gimpel, arXiv 1606.08415).
enum class Activation : uint8_t { silu, gelu_tanh };

}  // namespace glossa
