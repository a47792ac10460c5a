#include <array>

#include "ops/test_device.h"

using namespace glossa;
using namespace glossa::test;

namespace {

const std::array<int64_t, 2> kShapes[] = {{1, 1}, {1, 15}, {3, 16}, {7, 17}, {50, 33}, {0, 8}};

}  // namespace

// Written out, apart from the code that rounds: halves go to the even neighbour.
TEST("rows: convert to bfloat16 rounds to the nearest, halves to even, and keeps what is not finite") {
  const float inf = std::numeric_limits<float>::infinity();
  const std::vector<float> x = {1,
                                1 + 0x1p-8f,
                                1 + 0x1p-8f + 0x1p-20f,
                                1 + 0x1.8p-7f,
                                -1 - 0x1.8p-7f,
                                0x1p-133f,
                                0x1p-134f,
                                -0.0f,
                                inf,
                                -inf,
                                3.4e38f,
                                255.5f,
                                0x1.8p-134f,
                                65281.0f};
  const std::vector<float> want = {1,     1,   1 + 0x1p-7f, 1 + 0x1p-6f, -1 - 0x1p-6f, 0x1p-133f, 0,
                                   -0.0f, inf, -inf,        inf,         256,          0x1p-133f, 65280.0f};
  each_device([&](TestDevice& d) {
    const auto n = static_cast<int64_t>(x.size());
    Input from(d, x), nan(d, {std::nanf("")});
    Array to(d, Dtype::bf16, {1, n}), of_nan(d, Dtype::bf16, {1, 1});
    d.run([&](Ops& ops) {
      ops.convert(to.rows(), {from.rows().data, Dtype::f32, n, n}, 1);
      ops.convert(of_nan.rows(), nan.rows(), 1);
    });
    CHECK(same_bits(to.get(), want));
    CHECK(std::isnan(of_nan.get()[0]));
  });
}

TEST("rows: convert, scale, add and zero touch their rows alone, on a lane and on all") {
  check_however_shared([](TestDevice& d) {
    Bits results;
    for (auto [rows, width] : kShapes) {
      const std::vector<float> a = random_values(1, rows * width), b = random_values(2, rows * width);
      const int64_t n = rows;
      Input x(d, Dtype::f32, {rows, width}, a), y(d, Dtype::f32, {rows, width}, b);
      for (Dtype t : {Dtype::f32, Dtype::bf16}) {
        Array converted(d, t, {rows, width}), scaled(d, t, {rows, width}), zeroed(d, t, {rows, width});
        d.run([&](Ops& ops) {
          ops.convert(converted.rows(), x.rows(), n);
          ops.scale(scaled.rows(), x.rows(), 0.3f, n);
          ops.zero(zeroed.rows(), n);
        });
        std::vector<float> rounded_a, scaled_a;
        for (float v : a) {
          rounded_a.push_back(rounded(v, t));
          scaled_a.push_back(rounded(v * 0.3f, t));
        }
        CHECK(same_bits(converted.get(), rounded_a));
        CHECK(same_bits(scaled.get(), scaled_a));
        CHECK(same_bits(zeroed.get(), std::vector<float>(a.size())));
        results.insert(results.end(), {converted.bytes(), scaled.bytes()});
      }
      Array sum(d, Dtype::f32, {rows, width}), in_place(d, Dtype::f32, {rows, width}),
          other(d, Dtype::f32, {rows, width});
      in_place.set(a);
      other.set(b);
      d.run([&](Ops& ops) {
        ops.add_scaled(sum.rows(), x.rows(), y.rows(), 0.7f, n);
        ops.add_scaled(in_place.rows(), in_place.rows(), y.rows(), 0.7f, n);
        ops.add_scaled(other.rows(), x.rows(), other.rows(), 0.7f, n);
        ops.convert(in_place.rows(), in_place.rows(), n);  // one place: nothing
      });
      std::vector<double> want;
      for (size_t i = 0; i < a.size(); ++i) want.push_back(static_cast<double>(a[i]) + 0.7 * static_cast<double>(b[i]));
      CHECK_NEAR(worst_error(sum.get(), want), 0, 2e-7);
      CHECK(in_place.bytes() == sum.bytes());
      CHECK(other.bytes() == sum.bytes());
      results.push_back(sum.bytes());
    }
    return results;
  });
}

// How the rows lie changes no bit.
TEST("rows: bfloat16 rows, and rows apart, where a device takes them") {
  each_device([](TestDevice& d) {
    if (!d.takes(smallest_plan(Dtype::bf16))) return;
    const int64_t rows = 5;
    for (int64_t width : {3, 33, 64}) {
      const std::vector<float> a = all_rounded(random_values(1, rows * width), Dtype::bf16),
                               b = all_rounded(random_values(2, rows * width), Dtype::bf16);
      std::vector<float> scaled, sums;
      for (size_t i = 0; i < a.size(); ++i) {
        scaled.push_back(a[i] * 0.3f);
        sums.push_back(rounded(a[i] + b[i] * 0.7f, Dtype::bf16));
      }
      for (int64_t gap : {0, 3, 8}) {
        const Extent extent{rows, width, gap};
        Input x(d, Dtype::bf16, extent, a), y(d, Dtype::bf16, extent, b), y32(d, Dtype::f32, extent, b);
        Array wide(d, Dtype::f32, extent), times(d, Dtype::f32, extent), halved(d, Dtype::bf16, extent),
            sum(d, Dtype::bf16, extent), sum32(d, Dtype::bf16, extent);
        d.run([&](Ops& ops) {
          ops.convert(wide.rows(), x.rows(), rows);
          ops.scale(times.rows(), x.rows(), 0.3f, rows);
          ops.scale(halved.rows(), x.rows(), 0.3f, rows);
          ops.add_scaled(sum.rows(), x.rows(), y.rows(), 0.7f, rows);
          ops.add_scaled(sum32.rows(), x.rows(), y32.rows(), 0.7f, rows);
        });
        CHECK(same_bits(wide.get(), a));
        CHECK(same_bits(times.get(), scaled));
        CHECK(same_bits(halved.get(), all_rounded(scaled, Dtype::bf16)));
        CHECK(same_bits(sum.get(), sums));
        CHECK(same_bits(sum32.get(), sums));
      }
    }
  });
}

TEST("rows: partial sums are added block after block, each parameter at its place, on a lane and on all") {
  constexpr int64_t kBlocks = 5, kSize = 40, kTotal = 100;
  const std::vector<PartialSum> sums = {{3, 0, 17}, {60, 17, 1}, {61, 20, 16}};  // 18, 19 and 36.. belong to nobody
  const std::vector<float> start = random_values(1, kTotal), blocks = random_values(2, kBlocks * kSize);
  std::vector<float> want = start;
  for (int64_t b = 0; b < kBlocks; ++b)
    for (const PartialSum& s : sums)
      for (int64_t i = 0; i < s.size; ++i)
        want[static_cast<size_t>(s.offset + i)] += blocks[static_cast<size_t>(b * kSize + s.place + i)];
  check_however_shared([&](TestDevice& d) {
    Array gradient(d, Dtype::f32, {1, kTotal});
    Input partials(d, blocks);
    gradient.set(start);
    d.run([&](Ops& ops) { ops.add_partials(gradient.values(), partials.values(), kBlocks, kSize, sums); });
    CHECK(same_bits(gradient.get(), want));
    d.run([&](Ops& ops) { ops.add_partials(gradient.values(), partials.values(), 0, kSize, sums); });
    return gradient.bytes();
  });
}

TEST("rows: rows are added to their places in the table in their order, on a lane and on all") {
  constexpr int64_t kWidth = 19, kPlaces = 6;
  const std::vector<int32_t> places = {4, 0, 4, 5, 4, 1};
  const std::vector<float> start = random_values(1, kPlaces * kWidth), x = random_values(2, 6 * kWidth);
  std::vector<float> want = start;
  for (size_t r = 0; r < places.size(); ++r)
    for (size_t i = 0; i < kWidth; ++i) want[static_cast<size_t>(places[r]) * kWidth + i] += x[r * kWidth + i];
  check_however_shared([&](TestDevice& d) {
    Array table(d, Dtype::f32, {kPlaces, kWidth});
    Input rows(d, Dtype::f32, {6, kWidth}, x);
    table.set(start);
    d.run([&](Ops& ops) {
      ops.add_rows(table.values(), places, rows.rows());
      ops.add_rows(table.values(), {}, rows.rows());
    });
    CHECK(same_bits(table.get(), want));
    return table.bytes();
  });
}
