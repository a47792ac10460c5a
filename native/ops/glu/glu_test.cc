#include "ops/glu/glu_kernels.h"
#include "ops/glu/glu_ref.h"
#include "ops/kernels.h"
#include "ops/test_values.h"
#include "tool/test.h"

using namespace glossa;
using namespace glossa::test;

namespace {

const int64_t kWidths[] = {1, 7, 15, 16, 17, 31, 48, 96, 172, 333};

template <class Visit>
void each_isa(Visit visit) {
  for (const std::string& isa : supported_isas()) visit(*kernels_for(isa).value()->glu);
}

}  // namespace

TEST("glu: forward agrees with the reference, also where the sigmoid is 0 or 1") {
  for (int64_t f : kWidths)
    for (float scale : {3.0f, 200.0f}) {
      const int64_t rows = 5;
      std::vector<float> gate_up = random_values(static_cast<uint64_t>(f), rows * 2 * f, scale);
      std::vector<double> want(static_cast<size_t>(rows * f));
      ref::glu_forward(want.data(), to_double(gate_up).data(), Activation::silu, rows, f);
      each_isa([&](const GluKernels& kernels) {
        for (Dtype t : {Dtype::f32, Dtype::bf16}) {
          Elements h(t, rows * f);
          kernels.forward(h.data(), t, gate_up.data(), Activation::silu, rows, f);
          CHECK_NEAR(worst_error(h, want), 0, t == Dtype::f32 ? 1e-6 : 0.51 * epsilon_of(t));
        }
      });
    }
}

TEST("glu: a row alone has the same bits as in a block of rows") {
  for (int64_t f : kWidths) {
    const int64_t rows = 6;
    std::vector<float> gate_up = random_values(static_cast<uint64_t>(f), rows * 2 * f, 4);
    each_isa([&](const GluKernels& kernels) {
      std::vector<float> h = poison(rows * f), one = poison(f);
      kernels.forward(h.data(), Dtype::f32, gate_up.data(), Activation::silu, rows, f);
      for (int64_t r = 0; r < rows; ++r) {
        kernels.forward(one.data(), Dtype::f32, gate_up.data() + r * 2 * f, Activation::silu, 1, f);
        CHECK(same_bits(one.data(), h.data() + r * f, f));
      }
    });
  }
}

TEST("glu: the reference's gradient is the central difference") {
  const int64_t rows = 3, f = 5;
  std::vector<double> x = to_double(random_values(1, rows * 2 * f, 4)), dh = to_double(random_values(2, rows * f));
  std::vector<double> h(dh.size()), dx(x.size());
  auto loss = [&] {
    ref::glu_forward(h.data(), x.data(), Activation::silu, rows, f);
    double sum = 0;
    for (size_t i = 0; i < h.size(); ++i) sum += h[i] * dh[i];
    return sum;
  };
  ref::glu_backward(dx.data(), dh.data(), x.data(), Activation::silu, rows, f);
  CHECK_NEAR(gradient_error(x, dx, loss), 0, 1e-8);
}

TEST("glu: backward agrees with the reference, and has the same bits in place") {
  for (int64_t f : kWidths)
    for (int64_t rows : {1, 2, 5}) {
      std::vector<float> gate_up = random_values(static_cast<uint64_t>(f), rows * 2 * f, 4);
      std::vector<float> dh = random_values(static_cast<uint64_t>(f) + 1, rows * f);
      std::vector<double> want(gate_up.size());
      ref::glu_backward(want.data(), to_double(dh).data(), to_double(gate_up).data(), Activation::silu, rows, f);
      each_isa([&](const GluKernels& kernels) {
        for (Dtype t : {Dtype::f32, Dtype::bf16}) {
          Elements d(t, rows * 2 * f);
          kernels.backward(d.data(), t, dh.data(), gate_up.data(), Activation::silu, rows, f);
          CHECK_NEAR(worst_error(d, want), 0, t == Dtype::f32 ? 1e-6 : 0.51 * epsilon_of(t));
          std::vector<float> in_place = gate_up;
          kernels.backward(in_place.data(), t, dh.data(), in_place.data(), Activation::silu, rows, f);
          CHECK(same_bits(reinterpret_cast<const char*>(in_place.data()), static_cast<const char*>(d.data()),
                          rows * 2 * f * dtype_bytes(t)));
        }
      });
    }
}
