#include "ops/rmsnorm/rmsnorm_ref.h"
#include "ops/test_device.h"

using namespace glossa;
using namespace glossa::test;

namespace {

constexpr float kEps = 1e-5f;
const int64_t kWidths[] = {1, 5, 15, 16, 17, 63, 64, 65, 80, 96, 127, 256, 333, 1024};

// A norm with weights as they are, or with an offset and a scale.
struct Problem {
  int64_t rows, d;
  float offset, scale;
  std::vector<float> x, w, dy, residual, rstd;
  std::vector<double> y, dx;

  // x and the residual as rows of `type` hold them.
  Problem(int64_t rows, int64_t d, Dtype type = Dtype::f32)
      : rows(rows),
        d(d),
        offset(d % 2 == 0 ? 0.0f : 1.0f),
        scale(d % 5 == 0 ? 0.3f : 1.0f),
        x(all_rounded(random_values(static_cast<uint64_t>(d), rows * d, 3), type)),
        w(random_values(static_cast<uint64_t>(d) + 1, d)),
        dy(random_values(static_cast<uint64_t>(d) + 2, rows * d)),
        residual(all_rounded(random_values(static_cast<uint64_t>(d) + 3, rows * d), type)),
        y(x.size()),
        dx(x.size()) {
    std::vector<double> rstd64(static_cast<size_t>(rows)), unused(w.size());
    ref::rmsnorm_forward(y.data(), rstd64.data(), to_double(x).data(), to_double(w).data(), static_cast<double>(kEps),
                         rows, d, static_cast<double>(offset), static_cast<double>(scale));
    backward(dx.data(), unused.data(), 0, rows);
    rstd.assign(rstd64.begin(), rstd64.end());
  }
  RmsNorm norm(const Array& weight) const { return {weight.values(), kEps, offset, scale}; }
  // The weight's gradient over rows [from, to).
  std::vector<double> dw(int64_t from, int64_t to) const {
    std::vector<double> sum(w.size()), unused(x.size());
    backward(unused.data(), sum.data(), from, to);
    return sum;
  }

 private:
  void backward(double* dx_, double* dw_, int64_t from, int64_t to) const {
    ref::rmsnorm_backward(dx_, dw_, to_double(dy).data() + from * d, to_double(x).data() + from * d,
                          to_double(w).data(), static_cast<double>(kEps), to - from, d, static_cast<double>(offset),
                          static_cast<double>(scale));
  }
};

// The numbers of rows [from, to).
std::vector<float> rows_of(const std::vector<float>& x, int64_t d, int64_t from, int64_t to) {
  return {x.begin() + from * d, x.begin() + to * d};
}
std::vector<double> sum_of(const std::vector<double>& a, const std::vector<float>& b) {
  std::vector<double> sum = a;
  for (size_t i = 0; i < sum.size(); ++i) sum[i] += static_cast<double>(b[i]);
  return sum;
}

}  // namespace

TEST("rmsnorm: forward agrees with the reference, with and without the residual") {
  each_device([](TestDevice& d) {
    for (int64_t width : kWidths) {
      const Problem p(7, width);
      Input x(d, Dtype::f32, {p.rows, width}, p.x), w(d, p.w), residual(d, Dtype::f32, {p.rows, width}, p.residual);
      for (Dtype t : {Dtype::f32, Dtype::bf16}) {
        Array y(d, t, {p.rows, width}), rstd(d, Dtype::f32, {1, p.rows});
        d.run([&](Ops& ops) { ops.rmsnorm(y.rows(), rstd.values(), x.rows(), p.norm(w), p.rows); });
        CHECK_NEAR(worst_error(y.get(), p.y), 0, t == Dtype::f32 ? 1e-6 : 0.51 * epsilon_of(t));
        CHECK_NEAR(worst_error(rstd.get(), p.rstd), 0, 1e-6);
      }
      Array out(d, Dtype::f32, {p.rows, width}), in_place(d, Dtype::f32, {p.rows, width}),
          rstd(d, Dtype::f32, {1, p.rows});
      in_place.set(p.residual);
      d.run(
          [&](Ops& ops) { ops.rmsnorm_add(out.rows(), rstd.values(), residual.rows(), x.rows(), p.norm(w), p.rows); });
      d.run([&](Ops& ops) {
        ops.rmsnorm_add(in_place.rows(), rstd.values(), in_place.rows(), x.rows(), p.norm(w), p.rows);
      });
      CHECK_NEAR(worst_error(out.get(), sum_of(p.y, p.residual)), 0, 1e-6);
      CHECK(in_place.bytes() == out.bytes());
    }
  });
}

TEST("rmsnorm: a row has the same bits alone and among others, on a lane and on all") {
  std::vector<Problem> problems;
  for (int64_t width : {1, 17, 64, 333})
    for (int64_t rows : {0, 1, 9, 50}) problems.emplace_back(rows, width);
  check_however_shared([&](TestDevice& d) {
    Bits results;
    for (const Problem& p : problems)
      for (Dtype t : {Dtype::f32, Dtype::bf16}) {
        Input x(d, Dtype::f32, {p.rows, p.d}, p.x), w(d, p.w);
        Array y(d, t, {p.rows, p.d}), rstd(d, Dtype::f32, {1, p.rows}), sum(d, Dtype::f32, {p.rows, p.d});
        auto norm = [&](Ops& ops, int64_t r, int64_t n) {
          ops.rmsnorm(y.rows().at(r), rstd.values().at(r), x.rows().at(r), p.norm(w), n);
          ops.rmsnorm_add(sum.rows().at(r), rstd.values().at(r), sum.rows().at(r), x.rows().at(r), p.norm(w), n);
        };
        sum.set(p.residual);
        d.run([&](Ops& ops) { norm(ops, 0, p.rows); });
        const Bits all = {y.bytes(), sum.bytes(), rstd.bytes()};
        sum.set(p.residual);
        d.run_each(p.rows, [&](int64_t r, Ops& ops) { norm(ops, r, 1); });
        CHECK(Bits({y.bytes(), sum.bytes(), rstd.bytes()}) == all);
        results.insert(results.end(), all.begin(), all.end());
      }
    return results;
  });
}

TEST("rmsnorm: the reference's gradients are central differences") {
  const int64_t rows = 3, d = 7;
  std::vector<double> x = to_double(random_values(1, rows * d, 2)), w = to_double(random_values(2, d));
  std::vector<double> dy = to_double(random_values(3, rows * d)), y(x.size()), rstd(3), dx(x.size()), dw(w.size());
  auto loss = [&] {
    ref::rmsnorm_forward(y.data(), rstd.data(), x.data(), w.data(), 1e-3, rows, d, 0.5, 0.7);
    double sum = 0;
    for (size_t i = 0; i < y.size(); ++i) sum += y[i] * dy[i];
    return sum;
  };
  ref::rmsnorm_backward(dx.data(), dw.data(), dy.data(), x.data(), w.data(), 1e-3, rows, d, 0.5, 0.7);
  CHECK_NEAR(gradient_error(x, dx, loss), 0, 1e-8);
  CHECK_NEAR(gradient_error(w, dw, loss), 0, 1e-8);
}

TEST("rmsnorm: backward agrees with the reference; adds to dw, and to dx when asked; may work in place") {
  each_device([](TestDevice& d) {
    for (int64_t width : kWidths) {
      const Problem p(6, width);
      Input x(d, Dtype::f32, {6, width}, p.x), w(d, p.w), rstd(d, p.rstd);
      const std::vector<float> dw0 = random_values(9, width);
      std::vector<uint8_t> dw_bits;
      enum { kOverwrite, kInPlace, kAdd, kFrozen };  // kFrozen: the weight's gradient is not made
      for (int how : {kOverwrite, kInPlace, kAdd, kFrozen}) {
        Array dx(d, Dtype::f32, {6, width}), dy(d, Dtype::f32, {6, width}), dw(d, Dtype::f32, {1, width});
        dy.set(p.dy);
        dw.set(dw0);
        if (how == kAdd) dx.set(p.residual);
        const Rows& out = how == kInPlace ? dy.rows() : dx.rows();
        SequenceRows s{};
        s.rows = 6;
        SequenceGradient g{};
        g.partial = dw.values();
        d.run([&](Ops& ops) {
          ops.rmsnorm_backward(out, how == kAdd, how == kFrozen ? -1 : 0, dy.rows(), x.rows(), p.norm(w), rstd.values(),
                               {&s, &g, 1, 0, 6});
        });
        CHECK_NEAR(worst_error((how == kInPlace ? dy : dx).get(), how == kAdd ? sum_of(p.dx, p.residual) : p.dx), 0,
                   2e-6);
        if (how == kFrozen) {
          CHECK(dw.get() == dw0);
          continue;
        }
        CHECK_NEAR(worst_error(dw.get(), sum_of(p.dw(0, 6), dw0)), 0, 2e-6);
        if (how == kOverwrite) dw_bits = dw.bytes();
        CHECK(dw.bytes() == dw_bits);
      }
    }
  });
}

// Three sequences side by side; dx and dy hold a window of their rows, and each sequence has a block of partial sums.
TEST("rmsnorm: backward adds each sequence's rows in the window, in order, to its sums, on a lane and on all") {
  constexpr int64_t kWidth = 33, kPlace = 5, kRows = 27;
  const int64_t begin[] = {0, 4, 5, kRows};
  const Problem p(kRows, kWidth);
  check_however_shared([&](TestDevice& d) {
    Input x(d, Dtype::f32, {kRows, kWidth}, p.x), w(d, p.w), rstd(d, p.rstd);
    Array partials(d, Dtype::f32, {3, kPlace + kWidth}), dx(d, Dtype::f32, {kRows, kWidth});
    SequenceRows sequences[3] = {};
    SequenceGradient gradients[3] = {};
    for (int64_t i = 0; i < 3; ++i) {
      sequences[i].row0 = begin[i];
      sequences[i].rows = begin[i + 1] - begin[i];
      gradients[i].partial = {partials.rows().at(i).data};
    }
    // A row of a block of rows has the bits that the whole gives, in sums as well.
    Bits results;
    for (const std::vector<int64_t>& cuts :
         {std::vector<int64_t>{0, kRows}, {0, 1, 2, 5, 6, 20, kRows}, {0, 26, kRows}}) {
      partials.set(std::vector<float>(3 * (kPlace + kWidth)));
      for (size_t c = 0; c + 1 < cuts.size(); ++c) {
        const int64_t row0 = cuts[c], rows = cuts[c + 1] - row0;
        Input dy(d, Dtype::f32, {rows, kWidth}, rows_of(p.dy, kWidth, row0, row0 + rows));
        d.run([&](Ops& ops) {
          ops.rmsnorm_backward(dx.rows().at(row0), false, kPlace, dy.rows(), x.rows(), p.norm(w), rstd.values(),
                               {sequences, gradients, 3, row0, rows});
        });
      }
      CHECK_NEAR(worst_error(dx.get(), p.dx), 0, 2e-6);
      const std::vector<float> sums = partials.get();
      for (int64_t i = 0; i < 3; ++i) {
        const std::vector<float> block = rows_of(sums, kPlace + kWidth, i, i + 1);
        for (size_t j = 0; j < kPlace; ++j) CHECK_EQ(block[j], 0);
        CHECK_NEAR(worst_error(std::vector<float>(block.begin() + kPlace, block.end()), p.dw(begin[i], begin[i + 1])),
                   0, 3e-6);
      }
      const Bits bits = {partials.bytes(), dx.bytes()};
      if (results.empty()) results = bits;
      CHECK(bits == results);
    }
    return results;
  });
}

// Rows that end on whole packs of eight or do not, close together or apart; 8,200 columns are more than a GPU's block
// keeps. How they lie changes no bit.
TEST("rmsnorm: bfloat16 rows, and rows apart, where a device takes them") {
  each_device([](TestDevice& d) {
    if (!d.takes(smallest_plan(Dtype::bf16))) return;
    for (int64_t width : {5, 96, 333, 904, 8200})
      for (Dtype t : {Dtype::f32, Dtype::bf16}) {
        const Problem p(3, width, t);
        const std::vector<float> dw0 = random_values(9, width);
        const double tolerance = t == Dtype::f32 ? 1e-6 : 0.51 * epsilon_of(t);
        Input w(d, p.w), rstd(d, p.rstd);
        Bits results;
        for (int64_t gap : {0, 3, 8}) {
          Input x(d, t, {p.rows, width, gap}, p.x), residual(d, t, {p.rows, width, gap}, p.residual),
              dy(d, Dtype::f32, {p.rows, width, gap}, p.dy);
          Array y(d, t, {p.rows, width, gap}), wide(d, Dtype::f32, {p.rows, width, gap}),
              sum(d, t, {p.rows, width, gap}), of_row(d, Dtype::f32, {1, p.rows}),
              dx(d, Dtype::f32, {p.rows, width, gap}), more(d, Dtype::f32, {p.rows, width, gap}),
              dw(d, Dtype::f32, {1, width});
          more.set(p.dy);
          dw.set(dw0);
          SequenceRows s{};
          s.rows = p.rows;
          SequenceGradient g{};
          g.partial = dw.values();
          d.run([&](Ops& ops) {
            ops.rmsnorm(y.rows(), of_row.values(), x.rows(), p.norm(w), p.rows);
            ops.rmsnorm(wide.rows(), of_row.values(), x.rows(), p.norm(w), p.rows);
            ops.rmsnorm_add(sum.rows(), of_row.values(), residual.rows(), x.rows(), p.norm(w), p.rows);
            ops.rmsnorm_backward(dx.rows(), false, 0, dy.rows(), x.rows(), p.norm(w), rstd.values(),
                                 {&s, &g, 1, 0, p.rows});
            ops.rmsnorm_backward(more.rows(), true, -1, dy.rows(), x.rows(), p.norm(w), rstd.values(),
                                 {&s, &g, 1, 0, p.rows});
          });
          CHECK_NEAR(worst_error(of_row.get(), p.rstd), 0, 1e-6);
          CHECK_NEAR(worst_error(y.get(), p.y), 0, tolerance);
          CHECK_NEAR(worst_error(wide.get(), p.y), 0, 1e-6);
          CHECK_NEAR(worst_error(sum.get(), sum_of(p.y, p.residual)), 0, tolerance);
          CHECK_NEAR(worst_error(dx.get(), p.dx), 0, 2e-6);
          CHECK_NEAR(worst_error(more.get(), sum_of(p.dx, p.dy)), 0, 2e-6);
          CHECK_NEAR(worst_error(dw.get(), sum_of(p.dw(0, p.rows), dw0)), 0, 2e-6);
          const Bits bits = {y.bytes(), wide.bytes(), sum.bytes(), dx.bytes(), more.bytes(), dw.bytes()};
          if (results.empty()) results = bits;
          CHECK(bits == results);
        }
      }
  });
}

// More rows than a tile of a GPU's sums, 64, and more columns.
TEST("rmsnorm: the weight's gradient over many rows agrees with the reference") {
  each_device([](TestDevice& d) {
    const Problem p(130, 72);
    Input x(d, Dtype::f32, {p.rows, p.d}, p.x), dy(d, Dtype::f32, {p.rows, p.d}, p.dy), w(d, p.w), rstd(d, p.rstd);
    Array dx(d, Dtype::f32, {p.rows, p.d}), dw(d, Dtype::f32, {1, p.d});
    dw.set(std::vector<float>(p.w.size()));
    SequenceRows s{};
    s.rows = p.rows;
    SequenceGradient g{};
    g.partial = dw.values();
    d.run([&](Ops& ops) {
      ops.rmsnorm_backward(dx.rows(), false, 0, dy.rows(), x.rows(), p.norm(w), rstd.values(), {&s, &g, 1, 0, p.rows});
    });
    CHECK_NEAR(worst_error(dw.get(), p.dw(0, p.rows)), 0, 3e-6);
    CHECK_NEAR(worst_error(dx.get(), p.dx), 0, 2e-6);
  });
}
