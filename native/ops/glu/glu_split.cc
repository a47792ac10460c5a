#include "device/cpu/cpu_ops.h"

namespace glossa {

void CpuOps::glu(const Rows& product, const Rows& gate_up, Activation activation, int64_t rows) {
  crew_.by_rows(rows, [&](int64_t r, int64_t n) {
    kernels_.glu->forward(product.at(r).data.as<void>(), product.type, gate_up.at(r).data.as<float>(), activation, n,
                          product.width);
  });
}

// A row at a time: the result takes the place of its row, which it may not fill.
void CpuOps::glu_backward(const Rows& d_gate_up, const Rows& d_product, const Rows& gate_up, Activation activation,
                          int64_t rows) {
  crew_.by_rows(rows, [&](int64_t r0, int64_t n) {
    for (int64_t r = r0; r < r0 + n; ++r)
      kernels_.glu->backward(d_gate_up.at(r).data.as<void>(), d_gate_up.type, d_product.at(r).data.as<float>(),
                             gate_up.at(r).data.as<float>(), activation, 1, d_product.width);
  });
}

}  // namespace glossa
