#include "ops/glu/glu_ref.h"
#include "ops/test_device.h"

using namespace glossa;
using namespace glossa::test;

namespace {

const int64_t kWidths[] = {1, 7, 15, 16, 17, 31, 48, 96, 172, 333};
const Activation kActivations[] = {Activation::silu, Activation::gelu_tanh};

}  // namespace

TEST("glu: forward agrees with the reference, also where the sigmoid is 0 or 1") {
  each_device([](TestDevice& d) {
    for (int64_t f : kWidths)
      for (float scale : {3.0f, 200.0f})
        for (Activation activation : kActivations) {
          const int64_t rows = 5;
          const std::vector<float> x = random_values(static_cast<uint64_t>(f), rows * 2 * f, scale);
          std::vector<double> want(static_cast<size_t>(rows * f));
          ref::glu_forward(want.data(), to_double(x).data(), activation, rows, f);
          Input gate_up(d, Dtype::f32, {rows, 2 * f}, x);
          for (Dtype t : {Dtype::f32, Dtype::bf16}) {
            Array product(d, t, {rows, f});
            d.run([&](Ops& ops) { ops.glu(product.rows(), gate_up.rows(), activation, rows); });
            CHECK_NEAR(worst_error(product.get(), want), 0, t == Dtype::f32 ? 1e-6 : 0.51 * epsilon_of(t));
          }
        }
  });
}

TEST("glu: the reference's gradient is the central difference") {
  for (Activation activation : kActivations) {
    const int64_t rows = 3, f = 5;
    std::vector<double> x = to_double(random_values(1, rows * 2 * f, 4)), dh = to_double(random_values(2, rows * f));
    std::vector<double> h(dh.size()), dx(x.size());
    auto loss = [&] {
      ref::glu_forward(h.data(), x.data(), activation, rows, f);
      double sum = 0;
      for (size_t i = 0; i < h.size(); ++i) sum += h[i] * dh[i];
      return sum;
    };
    ref::glu_backward(dx.data(), dh.data(), x.data(), activation, rows, f);
    CHECK_NEAR(gradient_error(x, dx, loss), 0, 1e-8);
  }
}

TEST("glu: the gradient takes the place of its row and agrees with the reference") {
  each_device([](TestDevice& d) {
    for (int64_t f : kWidths)
      for (int64_t rows : {1, 2, 5})
        for (Activation activation : kActivations) {
          const std::vector<float> x = random_values(static_cast<uint64_t>(f), rows * 2 * f, 4);
          const std::vector<float> dh = random_values(static_cast<uint64_t>(f) + 1, rows * f);
          std::vector<double> want(x.size());
          ref::glu_backward(want.data(), to_double(dh).data(), to_double(x).data(), activation, rows, f);
          Input d_product(d, Dtype::f32, {rows, f}, dh);
          for (Dtype t : {Dtype::f32, Dtype::bf16}) {
            Array gate_up(d, Dtype::f32, {rows, 2 * f});
            gate_up.set(x);
            d.run([&](Ops& ops) {
              ops.glu_backward(in_place(gate_up, t), d_product.rows(), gate_up.rows(), activation, rows);
            });
            CHECK_NEAR(worst_error(read_in_place(gate_up, t), want), 0, t == Dtype::f32 ? 2e-6 : 0.51 * epsilon_of(t));
          }
        }
  });
}

TEST("glu: a row has the same bits alone and among others, on a lane and on all") {
  check_however_shared([](TestDevice& d) {
    Bits results;
    for (int64_t f : {1, 17, 96})
      for (int64_t rows : {0, 1, 6, 45})
        for (Dtype t : {Dtype::f32, Dtype::bf16}) {
          const std::vector<float> x = random_values(static_cast<uint64_t>(f), rows * 2 * f, 4);
          Input d_product(d, Dtype::f32, {rows, f}, random_values(3, rows * f));
          Array gate_up(d, Dtype::f32, {rows, 2 * f}), product(d, t, {rows, f});
          auto glu = [&](Ops& ops, int64_t r, int64_t n) {
            ops.glu(product.rows().at(r), gate_up.rows().at(r), Activation::silu, n);
            ops.glu_backward(in_place(gate_up, t).at(r), d_product.rows().at(r), gate_up.rows().at(r), Activation::silu,
                             n);
          };
          gate_up.set(x);
          d.run([&](Ops& ops) { glu(ops, 0, rows); });
          const std::vector<float> gradient = read_in_place(gate_up, t), value = product.get();
          gate_up.set(x);
          d.run_each(rows, [&](int64_t r, Ops& ops) { glu(ops, r, 1); });
          CHECK(same_bits(read_in_place(gate_up, t), gradient));
          CHECK(same_bits(product.get(), value));
          results.insert(results.end(), {bits_of(value), bits_of(gradient)});
        }
    return results;
  });
}

// How the rows lie changes no bit: ending on whole packs of eight or not, close together or apart.
TEST("glu: bfloat16 rows, and rows apart, where a device takes them") {
  each_device([](TestDevice& d) {
    if (!d.takes(smallest_plan(Dtype::bf16))) return;
    for (int64_t f : {7, 96, 333, 1032})
      for (Activation activation : kActivations)
        for (Dtype t : {Dtype::f32, Dtype::bf16}) {
          const int64_t rows = 3;
          const std::vector<float> x = all_rounded(random_values(static_cast<uint64_t>(f), rows * 2 * f, 4), t);
          const std::vector<float> dh = random_values(static_cast<uint64_t>(f) + 1, rows * f);
          std::vector<double> h(dh.size()), dx(x.size());
          ref::glu_forward(h.data(), to_double(x).data(), activation, rows, f);
          ref::glu_backward(dx.data(), to_double(dh).data(), to_double(x).data(), activation, rows, f);
          Bits results;
          for (int64_t gap : {0, 3, 8}) {
            Input d_product(d, Dtype::f32, {rows, f, gap}, dh);
            Array gate_up(d, t, {rows, 2 * f, gap}), product(d, t, {rows, f, gap}), wide(d, Dtype::f32, {rows, f});
            gate_up.set(x);
            d.run([&](Ops& ops) {
              ops.glu(product.rows(), gate_up.rows(), activation, rows);
              ops.glu(wide.rows(), gate_up.rows(), activation, rows);
              ops.glu_backward(gate_up.rows(), d_product.rows(), gate_up.rows(), activation, rows);
            });
            CHECK_NEAR(worst_error(wide.get(), h), 0, 1e-6);
            CHECK_NEAR(worst_error(product.get(), h), 0, t == Dtype::f32 ? 1e-6 : 0.51 * epsilon_of(t));
            CHECK_NEAR(worst_error(gate_up.get(), dx), 0, t == Dtype::f32 ? 2e-6 : 0.51 * epsilon_of(t));
            const Bits bits = {product.bytes(), wide.bytes(), gate_up.bytes()};
            if (results.empty()) results = bits;
            CHECK(bits == results);
          }
        }
  });
}
