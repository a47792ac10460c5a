#include "ops/kernels.h"
#include "ops/rmsnorm/rmsnorm_kernels.h"
#include "ops/rmsnorm/rmsnorm_ref.h"
#include "ops/test_values.h"
#include "tool/test.h"

using namespace glossa;
using namespace glossa::test;

namespace {

constexpr float kEps = 1e-5f;
const int64_t kWidths[] = {1, 5, 15, 16, 17, 63, 64, 65, 80, 96, 127, 256, 333, 1024};

struct Problem {
  int64_t rows, d;
  std::vector<float> x, w, dy, residual;
  Problem(int64_t rows, int64_t d)
      : rows(rows),
        d(d),
        x(random_values(static_cast<uint64_t>(d), rows * d, 3)),
        w(random_values(static_cast<uint64_t>(d) + 1, d)),
        dy(random_values(static_cast<uint64_t>(d) + 2, rows * d)),
        residual(random_values(static_cast<uint64_t>(d) + 3, rows * d)) {}
};

template <class Visit>
void each_isa(Visit visit) {
  for (const std::string& isa : supported_isas()) visit(*kernels_for(isa).value()->rmsnorm);
}

}  // namespace

TEST("rmsnorm: forward agrees with the reference, with and without the residual") {
  for (int64_t d : kWidths) {
    Problem p(7, d);
    std::vector<double> want(p.x.size()), want_rstd(7), with_residual(p.x.size());
    ref::rmsnorm_forward(want.data(), want_rstd.data(), to_double(p.x).data(), to_double(p.w).data(),
                         static_cast<double>(kEps), p.rows, d);
    for (size_t i = 0; i < want.size(); ++i) with_residual[i] = want[i] + static_cast<double>(p.residual[i]);
    each_isa([&](const RmsNormKernels& kernels) {
      for (Dtype t : {Dtype::f32, Dtype::bf16}) {
        Elements y(t, p.rows * d);
        std::vector<float> rstd = poison(p.rows);
        kernels.forward(y.data(), t, rstd.data(), p.x.data(), {p.w.data(), kEps}, p.rows, d);
        CHECK_NEAR(worst_error(y, want), 0, t == Dtype::f32 ? 1e-6 : 0.51 * epsilon_of(t));
        CHECK_NEAR(worst_error(rstd, want_rstd), 0, 1e-6);
      }
      std::vector<float> out = poison(p.rows * d), rstd = poison(p.rows), in_place = p.residual;
      kernels.forward_add(out.data(), rstd.data(), p.residual.data(), p.x.data(), {p.w.data(), kEps}, p.rows, d);
      CHECK_NEAR(worst_error(out, with_residual), 0, 1e-6);
      kernels.forward_add(in_place.data(), rstd.data(), in_place.data(), p.x.data(), {p.w.data(), kEps}, p.rows, d);
      CHECK(same_bits(out, in_place));
    });
  }
}

TEST("rmsnorm: a row alone has the same bits as in a block of rows") {
  for (int64_t d : kWidths) {
    Problem p(9, d);
    each_isa([&](const RmsNormKernels& kernels) {
      std::vector<float> y = poison(p.rows * d), rstd = poison(p.rows), one = poison(d), one_rstd = poison(1);
      kernels.forward(y.data(), Dtype::f32, rstd.data(), p.x.data(), {p.w.data(), kEps}, p.rows, d);
      for (int64_t r = 0; r < p.rows; ++r) {
        kernels.forward(one.data(), Dtype::f32, one_rstd.data(), p.x.data() + r * d, {p.w.data(), kEps}, 1, d);
        CHECK(same_bits(one.data(), y.data() + r * d, d));
        CHECK(same_bits(one_rstd.data(), &rstd[static_cast<size_t>(r)], 1));
      }
    });
  }
}

TEST("rmsnorm: the reference's gradients are central differences") {
  const int64_t rows = 3, d = 7;
  std::vector<double> x = to_double(random_values(1, rows * d, 2)), w = to_double(random_values(2, d));
  std::vector<double> dy = to_double(random_values(3, rows * d)), y(x.size()), rstd(3), dx(x.size()), dw(w.size());
  auto loss = [&] {
    ref::rmsnorm_forward(y.data(), rstd.data(), x.data(), w.data(), 1e-3, rows, d);
    double sum = 0;
    for (size_t i = 0; i < y.size(); ++i) sum += y[i] * dy[i];
    return sum;
  };
  ref::rmsnorm_backward(dx.data(), dw.data(), dy.data(), x.data(), w.data(), 1e-3, rows, d);
  CHECK_NEAR(gradient_error(x, dx, loss), 0, 1e-8);
  CHECK_NEAR(gradient_error(w, dw, loss), 0, 1e-8);
}

TEST("rmsnorm: backward agrees with the reference; adds to dw, and to dx when asked; may work in place") {
  for (int64_t d : kWidths) {
    Problem p(6, d);
    std::vector<double> dx(p.x.size()), dw(p.w.size()), unused(p.x.size()), rstd64(6), start = to_double(p.residual);
    ref::rmsnorm_backward(dx.data(), dw.data(), to_double(p.dy).data(), to_double(p.x).data(), to_double(p.w).data(),
                          static_cast<double>(kEps), p.rows, d);
    ref::rmsnorm_forward(unused.data(), rstd64.data(), to_double(p.x).data(), to_double(p.w).data(),
                         static_cast<double>(kEps), p.rows, d);
    std::vector<float> rstd(rstd64.begin(), rstd64.end());
    for (size_t j = 0; j < dw.size(); ++j) dw[j] += start[j];
    std::vector<double> added = dx;
    for (size_t i = 0; i < dx.size(); ++i) added[i] += start[i];
    each_isa([&](const RmsNormKernels& kernels) {
      const std::vector<float> dw0(p.residual.begin(), p.residual.begin() + d);
      std::vector<float> got = poison(p.rows * d), got_dw = dw0;
      kernels.backward(got.data(), false, got_dw.data(), p.dy.data(), p.x.data(), {p.w.data(), kEps}, rstd.data(),
                       p.rows, d);
      CHECK_NEAR(worst_error(got, dx), 0, 2e-6);
      CHECK_NEAR(worst_error(got_dw, dw), 0, 2e-6);
      std::vector<float> in_place = p.dy, sum = p.residual, dw2 = dw0, dw3 = dw0;
      kernels.backward(in_place.data(), false, dw2.data(), in_place.data(), p.x.data(), {p.w.data(), kEps}, rstd.data(),
                       p.rows, d);
      CHECK(same_bits(in_place, got));
      CHECK(same_bits(dw2, got_dw));
      kernels.backward(sum.data(), true, dw3.data(), p.dy.data(), p.x.data(), {p.w.data(), kEps}, rstd.data(), p.rows,
                       d);
      CHECK_NEAR(worst_error(sum, added), 0, 2e-6);
    });
  }
}
