#include "ops/embedding/embedding_ref.h"
#include "ops/test_device.h"

using namespace glossa;
using namespace glossa::test;

namespace {

constexpr int64_t kVocab = 37;
const std::vector<int32_t> kIds = {3, 0, 3, 36, 3, 1, 0, 36, 36, 35, 31, 32, 33};
const int64_t kRows = static_cast<int64_t>(kIds.size());
const int64_t kWidths[] = {1, 16, 19, 64, 130, 1032};

}  // namespace

TEST("embedding: a row is the table's, rounded, whichever form the table is kept in, on a lane and on all") {
  check_however_shared([](TestDevice& d) {
    Bits results;
    for (int64_t width : kWidths)
      for (Dtype t : {Dtype::f32, Dtype::bf16}) {
        const std::vector<float> values = random_values(1, kVocab * width);
        std::vector<float> as_kept;
        for (float v : values) as_kept.push_back(rounded(v, t));
        const std::vector<double> want = ref::embedding(to_double(as_kept), kIds, width);
        Input masters(d, Dtype::f32, {kVocab, width}, values), rows(d, t, {kVocab, width}, values);
        const PreparedMatrix head(d, t, kVocab, width, values);
        EmbeddingTable tables[3] = {};
        tables[0].masters = masters.values();
        tables[1].rows = rows.rows();
        tables[2].head = head.matrix();
        for (EmbeddingTable& table : tables) {
          table.type = t;
          table.width = width;
          Array x(d, Dtype::f32, {kRows, width}), scaled(d, Dtype::f32, {kRows, width});
          d.run([&](Ops& ops) {
            ops.embed(x.rows(), table, kIds.data(), kRows);
            table.multiplier = 1.7f;
            ops.embed(scaled.rows(), table, kIds.data(), kRows);
            ops.embed(scaled.rows(), table, nullptr, 0);
          });
          std::vector<float> times;
          for (double v : want) times.push_back(static_cast<float>(v) * 1.7f);
          CHECK(to_double(x.get()) == want);
          CHECK(same_bits(scaled.get(), times));
          results.push_back(scaled.bytes());
        }
      }
    return results;
  });
}

TEST("embedding: the gradient adds to what is there, rows in order, on a lane and on all") {
  check_however_shared([](TestDevice& d) {
    Bits results;
    for (int64_t width : kWidths) {
      const std::vector<float> from = random_values(2, kRows * width), start = random_values(3, kVocab * width);
      for (float multiplier : {1.0f, 1.7f}) {
        Input dx(d, Dtype::f32, {kRows, width}, from);
        Array table(d, Dtype::f32, {kVocab, width}), in_parts(d, Dtype::f32, {kVocab, width});
        table.set(start);
        in_parts.set(start);
        auto add = [&](Ops& ops, const Array& to, int64_t row, int64_t rows) {
          ops.weight_gradients({}, {{to.values(), dx.rows().at(row), kIds.data() + row, rows, multiplier}});
        };
        d.run([&](Ops& ops) {
          add(ops, table, 0, kRows);
          for (int64_t r = 0; r < kRows; r += 4) add(ops, in_parts, r, std::min<int64_t>(4, kRows - r));
        });
        const std::vector<double> sums = ref::embedding_gradient(to_double(from), kIds, kVocab, width);
        const std::vector<float> got = table.get();
        for (size_t i = 0; i < got.size(); ++i) {
          CHECK_NEAR(got[i], static_cast<double>(start[i]) + static_cast<double>(multiplier) * sums[i], 3e-6);
          if (sums[i] == 0) CHECK_EQ(got[i], start[i]);
        }
        CHECK(in_parts.bytes() == table.bytes());
        results.push_back(table.bytes());
      }
    }
    return results;
  });
}

TEST("embedding: bfloat16 rows, and rows apart, where a device takes them") {
  each_device([](TestDevice& d) {
    if (!d.takes(smallest_plan(Dtype::bf16))) return;
    for (int64_t width : {19, 64, 1032})
      for (Dtype t : {Dtype::f32, Dtype::bf16})
        for (int64_t gap : {0, 3, 8}) {
          const std::vector<float> values = random_values(1, kVocab * width);
          Input masters(d, Dtype::f32, {kVocab, width}, values), rows(d, t, {kVocab, width, gap}, values);
          EmbeddingTable tables[2] = {};
          tables[0].masters = masters.values();
          tables[1].rows = rows.rows();
          const std::vector<double> as_kept = ref::embedding(to_double(all_rounded(values, t)), kIds, width);
          std::vector<float> want;
          for (double v : as_kept) want.push_back(rounded(static_cast<float>(v) * 1.7f, Dtype::bf16));
          for (EmbeddingTable& table : tables) {
            table.type = t;
            table.width = width;
            table.multiplier = 1.7f;
            Array x(d, Dtype::bf16, {kRows, width, gap});
            d.run([&](Ops& ops) { ops.embed(x.rows(), table, kIds.data(), kRows); });
            CHECK(same_bits(x.get(), want));
          }
        }
  });
}
