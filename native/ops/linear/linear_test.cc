#include "ops/linear/linear_ref.h"
#include "ops/test_device.h"

using namespace glossa;
using namespace glossa::test;

namespace {

constexpr Dtype kTypes[] = {Dtype::f32, Dtype::bf16};

std::vector<float> operand(uint64_t seed, Dtype t, int64_t n) {
  std::vector<float> x = random_values(seed, n, 2);
  for (float& v : x) v = rounded(v, t);
  return x;
}

// `terms` products of size about 1 each, summed in float32.
void check_close(const std::vector<float>& got, const std::vector<double>& want, int64_t terms) {
  const double n = static_cast<double>(terms + 2);
  double worst = 0;
  for (size_t i = 0; i < got.size(); ++i) {
    const double error = std::fabs(static_cast<double>(got[i]) - want[i]);
    if (!(error <= worst)) worst = error;
  }
  CHECK_NEAR(worst, 0, 4 * std::sqrt(n) * n * 0x1p-24);
}

}  // namespace

TEST("linear: products agree with float64 on odd sizes, write nothing else, read no NaN around their operands") {
  const int64_t sizes[][3] = {{1, 1, 1},    {1, 33, 7},   {2, 64, 64},    {3, 129, 17},  {4, 31, 3},    {5, 257, 31},
                              {6, 32, 33},  {7, 100, 65}, {13, 32, 448},  {14, 64, 449}, {27, 95, 897}, {40, 96, 1001},
                              {53, 1, 128}, {17, 384, 2}, {26, 1000, 64}, {1, 320, 1800}};
  for (const auto& [m, n, k] : sizes)
    for (Dtype t : kTypes) {
      const std::vector<float> a = operand(1, t, m * k), dc = operand(2, t, m * n), w = operand(3, t, n * k),
                               bias = random_values(4, n, 2);
      std::vector<float> w_transposed(w.size()), start_c = random_values(5, m * n), start_a = random_values(6, m * k);
      for (int64_t i = 0; i < n; ++i)
        for (int64_t j = 0; j < k; ++j)
          w_transposed[static_cast<size_t>(j * n + i)] = w[static_cast<size_t>(i * k + j)];
      for (bool accumulate : {false, true}) {
        std::vector<double> c64 = to_double(start_c), a64 = to_double(start_a);
        ref::linear(c64.data(), to_double(a).data(), to_double(w).data(), accumulate ? nullptr : to_double(bias).data(),
                    m, n, k, accumulate);
        ref::linear(a64.data(), to_double(dc).data(), to_double(w_transposed).data(), nullptr, m, k, n, accumulate);
        each_device([&, m = m, n = n, k = k](TestDevice& d) {
          const PreparedMatrix matrix(d, t, n, k, w);
          Input a_rows(d, t, {m, k, 3}, a), dc_rows(d, t, {m, n, 1}, dc), bias_values(d, bias);
          Array c(d, Dtype::f32, {m, n, 5}), da(d, Dtype::f32, {m, k, 7});
          if (accumulate) {
            c.set(start_c);
            da.set(start_a);
          }
          d.run([&](Ops& ops) {
            ops.linear(c.rows(), a_rows.rows(), matrix.matrix(), accumulate ? Values{} : bias_values.values(),
                       accumulate, m);
            ops.linear_backward(da.rows(), dc_rows.rows(), matrix.matrix(), accumulate, m);
          });
          check_close(c.get(), c64, k);
          check_close(da.get(), a64, n);
        });
      }
    }
}

TEST("linear: a row has the same bits for every number of rows, offset and stride, on a lane and on all") {
  const int64_t most = 60;
  for (auto [n, k] : {std::pair<int64_t, int64_t>{130, 97}, {40, kSanitized ? 500 : 1500}})
    for (Dtype t : kTypes) {
      check_however_shared([&, n = n, k = k](TestDevice& d) {
        if (d.emulated() && k > 500) return Bits{};
        const int64_t rows = d.emulated() ? 30 : most;
        const std::vector<float> a = operand(1, t, rows * k), dc = operand(2, t, rows * n), w = operand(3, t, n * k),
                                 bias = random_values(4, n, 2);
        const PreparedMatrix matrix(d, t, n, k, w);
        Input a_rows(d, t, {rows, k}, a), dc_rows(d, t, {rows, n, 4}, dc), bias_values(d, bias);
        auto product = [&](Ops& ops, const Array& c, const Array& da, int64_t r, int64_t m) {
          ops.linear(c.rows().at(r), a_rows.rows().at(r), matrix.matrix(), bias_values.values(), false, m);
          ops.linear_backward(da.rows().at(r), dc_rows.rows().at(r), matrix.matrix(), false, m);
        };
        Array c(d, Dtype::f32, {rows, n}), da(d, Dtype::f32, {rows, k}), some_c(d, Dtype::f32, {rows, n, 9}),
            some_da(d, Dtype::f32, {rows, k, 2});
        d.run([&](Ops& ops) { product(ops, c, da, 0, rows); });
        const Bits all = {c.bytes(), da.bytes()};
        for (int64_t m : {1, 2, 3, 5, 7, 13, 14, 29}) {
          if (d.emulated() && m != 5 && m != 29) continue;
          some_c.set(poison(rows * n));
          some_da.set(poison(rows * k));
          d.run_each((rows + m - 1) / m,
                     [&](int64_t i, Ops& ops) { product(ops, some_c, some_da, i * m, std::min(m, rows - i * m)); });
          CHECK(some_c.bytes() == all[0]);
          CHECK(some_da.bytes() == all[1]);
        }
        d.run([&](Ops& ops) { product(ops, some_c, some_da, 0, 0); });
        return all;
      });
    }
}

// However a device tiles a product: by the number of rows and columns, at the least.
TEST("linear: few rows have the bits that they have among many") {
  constexpr int64_t kRows = 1416, kWide = 1288, kDeep = 40;
  for (Dtype t : kTypes) {
    const std::vector<float> a = operand(1, t, kRows * kDeep), w = operand(2, t, kWide * kDeep),
                             dc = operand(3, t, kRows * kDeep), w2 = operand(4, t, kDeep * kWide);
    each_device([&](TestDevice& d) {
      if (d.emulated() && t == Dtype::f32) return;  // slow, and one size of tile makes all
      Workload need;
      need.type = t;
      need.widest = kWide;
      d.reserve(need);
      const PreparedMatrix matrix(d, t, kWide, kDeep, w), matrix2(d, t, kDeep, kWide, w2);
      Input a_rows(d, t, {kRows, kDeep}, a), dc_rows(d, t, {kRows, kDeep}, dc);
      Array c(d, Dtype::f32, {kRows, kWide}), da(d, Dtype::f32, {kRows, kWide}), some(d, Dtype::f32, {kRows, kWide});
      auto forward = [&](const Array& to, int64_t m) {
        d.run([&](Ops& ops) { ops.linear(to.rows(), a_rows.rows(), matrix.matrix(), {}, false, m); });
      };
      auto backward = [&](const Array& to, int64_t m) {
        d.run([&](Ops& ops) { ops.linear_backward(to.rows(), dc_rows.rows(), matrix2.matrix(), false, m); });
      };
      forward(c, kRows);
      // The emulation is slow, and its tiles are those of the two others.
      if (!d.emulated()) backward(da, kRows);
      const std::vector<float> all_c = c.get(), all_da = da.get();
      for (int64_t m : {1, 17, 64, 130}) {
        auto same = [&](const std::vector<float>& all) { return same_bits(all.data(), some.get().data(), m * kWide); };
        forward(some, m);
        CHECK(same(all_c));
        if (d.emulated()) continue;
        backward(some, m);
        CHECK(same(all_da));
      }
      // A weight gradient: all rows of it, and some.
      Array gradient(d, Dtype::f32, {kRows, kWide}), part(d, Dtype::f32, {64, kWide});
      Input from(d, t, {kDeep, kRows}, a), to(d, t, {kDeep, kWide}, w);
      gradient.set(std::vector<float>(kRows * kWide, 0.5f));
      part.set(std::vector<float>(64 * kWide, 0.5f));
      d.run([&](Ops& ops) {
        ops.weight_gradients({{gradient.values(), from.rows(), to.rows(), kDeep},
                              {part.values(), from.rows().columns(8, 64), to.rows(), kDeep}},
                             {});
      });
      CHECK(same_bits(gradient.get().data() + 8 * kWide, part.get().data(), 64 * kWide));
    });
  }
}

TEST("linear: bfloat16 rows hold the float32 product, rounded once; where they accumulate, the sum") {
  for (const auto& [m, n, k, gap] : {std::tuple<int64_t, int64_t, int64_t, int64_t>{5, 33, 17, 0},
                                     {70, 64, 96, 0},
                                     {31, 70, 40, 2},
                                     {3, 129, 64, 1}}) {
    const Dtype t = Dtype::bf16;
    const std::vector<float> a = operand(1, t, m * k), w = operand(2, t, n * k), bias = random_values(3, n, 2),
                             start = operand(4, t, m * n);
    each_device([&, m = m, n = n, k = k, gap = gap](TestDevice& d) {
      if (!d.gpu()) return;
      const PreparedMatrix matrix(d, t, n, k, w);
      Input a_rows(d, t, {m, k}, a), bias_values(d, bias);
      Array exact(d, Dtype::f32, {m, n}), c(d, t, {m, n, gap});
      auto product = [&](const Array& to, Values b, bool accumulate) {
        d.run([&](Ops& ops) { ops.linear(to.rows(), a_rows.rows(), matrix.matrix(), b, accumulate, m); });
        return to.get();
      };
      auto rounded_all = [&](std::vector<float> x) {
        for (float& v : x) v = rounded(v, t);
        return x;
      };
      CHECK(
          same_bits(product(c, bias_values.values(), false), rounded_all(product(exact, bias_values.values(), false))));
      std::vector<float> sum = product(exact, {}, false);
      for (size_t i = 0; i < sum.size(); ++i) sum[i] += start[i];
      c.set(start);
      CHECK(same_bits(product(c, {}, true), rounded_all(sum)));
      exact.set(start);
      CHECK(same_bits(product(exact, {}, true), sum));
    });
  }
}

TEST("linear: float32 products on a GPU are the CPU's chain of multiply-adds") {
  const int64_t m = 67, n = 70, k = 101;
  const Dtype t = Dtype::f32;
  const std::vector<float> a = operand(1, t, m * k), w = operand(2, t, n * k), bias = random_values(3, n, 2),
                           start = random_values(4, m * n);
  each_device([&](TestDevice& d) {
    if (!d.gpu()) return;
    const PreparedMatrix matrix(d, t, n, k, w);
    Input a_rows(d, t, {m, k}, a), bias_values(d, bias);
    for (bool accumulate : {false, true}) {
      Array c(d, t, {m, n});
      if (accumulate) c.set(start);
      d.run([&](Ops& ops) {
        ops.linear(c.rows(), a_rows.rows(), matrix.matrix(), accumulate ? Values{} : bias_values.values(), accumulate,
                   m);
      });
      std::vector<float> want = accumulate ? start : std::vector<float>(start.size(), 0.0f);
      for (int64_t i = 0; i < m; ++i)
        for (int64_t j = 0; j < n; ++j) {
          float& x = want[static_cast<size_t>(i * n + j)];
          for (int64_t l = 0; l < k; ++l)
            x = std::fma(a[static_cast<size_t>(i * k + l)], w[static_cast<size_t>(j * k + l)], x);
          if (!accumulate) x += bias[static_cast<size_t>(j)];
        }
      CHECK(same_bits(c.get(), want));
    }
  });
}

TEST("linear: the weight gradient agrees with float64 on odd sizes and writes nothing else") {
  const int64_t sizes[][3] = {{2, 1, 1},     {4, 13, 32},   {6, 14, 33},    {64, 70, 31},
                              {258, 27, 65}, {600, 64, 96}, {1100, 220, 40}};
  for (const auto& [rows, n, k] : sizes)
    for (Dtype t : kTypes) {
      const std::vector<float> dc = operand(1, t, rows * n), a = operand(2, t, rows * k),
                               start = random_values(3, n * k);
      std::vector<double> want = to_double(start);
      ref::accumulate_outer(want.data(), to_double(dc).data(), to_double(a).data(), rows, n, k);
      each_device([&, rows = rows, n = n, k = k](TestDevice& d) {
        Workload need;
        need.type = t;
        need.widest = k;
        d.reserve(need);
        Input dc_rows(d, t, {rows, n, 5}, dc), a_rows(d, t, {rows, k, 1}, a);
        Array gradient(d, Dtype::f32, {n, k});
        gradient.set(start);
        d.run([&](Ops& ops) { ops.weight_gradients({{gradient.values(), dc_rows.rows(), a_rows.rows(), rows}}, {}); });
        check_close(gradient.get(), want, rows);
      });
    }
}

// Two matrices and a table in one call, so that several tasks of different work are shared out.
TEST("linear: weight gradients have the same bits however rows are cut, on a lane and on all") {
  constexpr int64_t kRows = kSanitized ? 258 : 514, kWide = 70, kNarrow = 33, kTall = 475, kVocab = 11;
  std::vector<int32_t> ids;
  for (int32_t i = 0; i < kRows; ++i) ids.push_back(i * 7 % kVocab);
  for (Dtype t : kTypes) {
    const std::vector<float> tall = operand(1, t, kRows * kTall), wide = operand(2, t, kRows * kWide),
                             narrow = operand(3, t, kRows * kNarrow), dx = random_values(4, kRows * kWide),
                             start = random_values(5, kTall * kWide);
    auto started = [&](int64_t n) { return std::vector<float>(start.begin(), start.begin() + n); };
    check_however_shared([&](TestDevice& d) {
      Workload need;
      need.type = t;
      need.widest = kWide;
      d.reserve(need);
      Input a(d, t, {kRows, kTall}, tall), b(d, t, {kRows, kWide}, wide), c(d, t, {kRows, kNarrow}, narrow),
          e(d, Dtype::f32, {kRows, kWide}, dx);
      Bits all;
      for (int64_t cut : {kRows, int64_t{2}, int64_t{256}, kRows - 2}) {
        // There the sum over the rows of a call is made first and then added.
        if (d.gpu() && t == Dtype::bf16 && cut < kRows) continue;
        Array first(d, Dtype::f32, {kTall, kWide}), second(d, Dtype::f32, {kWide, kNarrow}),
            table(d, Dtype::f32, {kVocab, kWide});
        first.set(start);
        second.set(started(kWide * kNarrow));
        table.set(started(kVocab * kWide));
        auto add = [&](Ops& ops, int64_t r, int64_t n) {
          ops.weight_gradients({{second.values(), b.rows().at(r), c.rows().at(r), n},
                                {first.values(), a.rows().at(r), b.rows().at(r), n}},
                               {{table.values(), e.rows().at(r), ids.data() + r, n}});
        };
        d.run([&](Ops& ops) {
          add(ops, 0, cut);
          add(ops, cut, kRows - cut);
        });
        const Bits bits = {first.bytes(), second.bytes(), table.bytes()};
        if (all.empty()) all = bits;
        CHECK(bits == all);
      }
      return all;
    });
  }
}
