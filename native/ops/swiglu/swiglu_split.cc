#include "device/cpu/cpu_ops.h"

namespace glossa {

void CpuOps::swiglu(const Rows& product, const Rows& gate_up, int64_t rows) {
  crew_.by_rows(rows, [&](int64_t r, int64_t n) {
    kernels_.swiglu->forward(product.at(r).data.as<void>(), product.type, gate_up.at(r).data.as<float>(), n,
                             product.width);
  });
}

// A row at a time: the result takes the place of its row, which it may not fill.
void CpuOps::swiglu_backward(const Rows& d_gate_up, const Rows& d_product, const Rows& gate_up, int64_t rows) {
  crew_.by_rows(rows, [&](int64_t r0, int64_t n) {
    for (int64_t r = r0; r < r0 + n; ++r)
      kernels_.swiglu->backward(d_gate_up.at(r).data.as<void>(), d_gate_up.type, d_product.at(r).data.as<float>(),
                                gate_up.at(r).data.as<float>(), 1, d_product.width);
  });
}

}  // namespace glossa
