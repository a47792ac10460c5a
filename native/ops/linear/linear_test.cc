#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#include <random>
#include <vector>

#include "ops/kernels.h"
#include "ops/linear/linear_ref.h"
#include "tool/test.h"

using namespace glossa;

namespace {

constexpr float kPoison = std::numeric_limits<float>::quiet_NaN();
constexpr float kGuard = -12345.0f;  // between rows of C: must survive

// A matrix of type t as the kernels take it, with a gap of NaN after each row, and the same numbers in float64.
struct Matrix {
  Matrix(std::mt19937& random, Dtype type, int64_t rows, int64_t columns, int64_t gap = 0)
      : type(type), rows(rows), columns(columns), ld(columns + gap) {
    std::normal_distribution<float> normal;
    // No gap after the last row, so that AddressSanitizer sees a read past the end.
    const size_t size = static_cast<size_t>(rows == 0 ? 0 : (rows - 1) * ld + columns);
    f32.assign(size, kPoison);
    bf16.assign(size, to_bf16(kPoison));
    exact.resize(static_cast<size_t>(rows * columns));
    for (int64_t i = 0; i < rows; ++i) {
      for (int64_t j = 0; j < columns; ++j) {
        float x = normal(random);
        if (type == Dtype::bf16) x = from_bf16(to_bf16(x));
        const size_t at = static_cast<size_t>(i * ld + j);
        f32[at] = x;
        bf16[at] = to_bf16(x);
        exact[static_cast<size_t>(i * columns + j)] = x;
      }
    }
  }
  const void* data(int64_t row = 0) const {
    return type == Dtype::f32 ? static_cast<const void*>(f32.data() + row * ld) : bf16.data() + row * ld;
  }

  Dtype type;
  int64_t rows, columns, ld;
  std::vector<float> f32;
  std::vector<uint16_t> bf16;
  std::vector<double> exact;
};

std::vector<uint8_t> packed_of(const LinearKernels& kernels, const Matrix& w) {
  std::vector<uint8_t> packed(static_cast<size_t>(packed_bytes(w.type, w.rows, w.columns)), 0xff);
  kernels.pack(packed.data(), w.type, w.f32.data(), w.rows, w.columns, w.ld, 0, (w.rows + kPanel - 1) / kPanel);
  return packed;
}

std::vector<float> product(const LinearKernels& kernels, const Matrix& a, int64_t row, int64_t m,
                           const std::vector<uint8_t>& packed, int64_t n, const float* bias = nullptr) {
  std::vector<float> c(static_cast<size_t>(m * n), kPoison);
  kernels.multiply(c.data(), n, a.data(row), a.ld, m, packed.data(), a.type, n, a.columns, 0, (n + kPanel - 1) / kPanel,
                   bias, false);
  return c;
}

bool same_bits(const float* a, const float* b, size_t n) {
  return std::memcmp(a, b, n * sizeof(float)) == 0;
}
bool same_bits(const std::vector<float>& a, const std::vector<float>& b) {
  return a.size() == b.size() && same_bits(a.data(), b.data(), a.size());
}

// Checks got [rows][columns] of leading dimension ld against a float64 result; `terms` products of size about 1 each.
void check_close(const std::vector<float>& got, int64_t ld, const std::vector<double>& want, int64_t rows,
                 int64_t columns, int64_t terms, const char* what) {
  const double tolerance = 4 * std::sqrt(static_cast<double>(terms) + 2) * static_cast<double>(terms + 2) * 0x1p-24;
  double worst = 0;
  for (int64_t i = 0; i < rows; ++i) {
    for (int64_t j = 0; j < columns; ++j) {
      const double d = std::fabs(got[static_cast<size_t>(i * ld + j)] - want[static_cast<size_t>(i * columns + j)]);
      if (!(d <= worst)) worst = std::isnan(d) ? std::numeric_limits<double>::infinity() : d;
    }
    for (int64_t j = columns; j < ld && i + 1 < rows; ++j) {
      if (got[static_cast<size_t>(i * ld + j)] != kGuard) test::fail(__FILE__, __LINE__, "wrote between the rows");
    }
  }
  if (!(worst <= tolerance)) {
    test::fail(__FILE__, __LINE__, std::string(what) + ": error " + test::show(worst) + " > " + test::show(tolerance));
  }
}

template <class Body>
void each(Body body) {
  for (const std::string& isa : supported_isas()) {
    const LinearKernels& kernels = *kernels_for(isa).value()->linear;
    for (Dtype type : {Dtype::f32, Dtype::bf16}) body(isa, kernels, type);
  }
}

bool has_fma([[maybe_unused]] const std::string& isa) {
#if defined(__aarch64__)
  return true;
#else
  return isa != "portable";
#endif
}

}  // namespace

TEST("linear: multiply agrees with float64 on odd sizes, writes nothing else, reads no NaN around its operands") {
  const int64_t sizes[][3] = {{1, 1, 1},    {1, 33, 7},   {2, 64, 64},    {3, 129, 17},  {4, 31, 3},    {5, 257, 31},
                              {6, 32, 33},  {7, 100, 65}, {13, 32, 448},  {14, 64, 449}, {27, 95, 897}, {40, 96, 1001},
                              {53, 1, 128}, {17, 384, 2}, {26, 1000, 64}, {1, 320, 1800}};
  std::mt19937 random(1);
  each([&](const std::string& isa, const LinearKernels& kernels, Dtype type) {
    for (const auto& [m, n, k] : sizes) {
      Matrix a(random, type, m, k, 3), w(random, type, n, k, 1), bias(random, Dtype::f32, 1, n);
      std::vector<uint8_t> packed = packed_of(kernels, w);
      const int64_t ldc = n + 5, panels = (n + kPanel - 1) / kPanel;
      for (bool accumulate : {false, true}) {
        const float* b = accumulate ? nullptr : bias.f32.data();
        std::vector<float> c(static_cast<size_t>((m - 1) * ldc + n), kGuard);
        std::vector<double> want(static_cast<size_t>(m * n));
        for (int64_t i = 0; i < m; ++i) {
          for (int64_t j = 0; j < n; ++j) {
            const float start = accumulate ? 0.25f * static_cast<float>(i - j % 7) : kPoison;
            c[static_cast<size_t>(i * ldc + j)] = start;
            want[static_cast<size_t>(i * n + j)] = accumulate ? start : 0;
          }
        }
        kernels.multiply(c.data(), ldc, a.data(), a.ld, m, packed.data(), type, n, k, 0, panels, b, accumulate);
        ref::linear(want.data(), a.exact.data(), w.exact.data(), b ? bias.exact.data() : nullptr, m, n, k, accumulate);
        check_close(c, ldc, want, m, n, k, isa.c_str());
      }
    }
  });
}

TEST("linear: a row has the same bits for every number of rows, offset, panel range and leading dimension") {
  std::mt19937 random(2);
  for (int64_t k : {97, 1500}) {
    each([&](const std::string&, const LinearKernels& kernels, Dtype type) {
      const int64_t n = 300, most = 60, panels = (n + kPanel - 1) / kPanel;
      Matrix a(random, type, most, k), w(random, type, n, k), bias(random, Dtype::f32, 1, n);
      const std::vector<uint8_t> packed = packed_of(kernels, w);
      const std::vector<float> all = product(kernels, a, 0, most, packed, n, bias.f32.data());
      for (int64_t m = 1; m <= 30; ++m) {
        const int64_t row = (m * 7) % (most - m);
        const std::vector<float> some = product(kernels, a, row, m, packed, n, bias.f32.data());
        CHECK(same_bits(some.data(), all.data() + row * n, some.size()));
      }
      for (int64_t split = 1; split < panels; ++split) {
        std::vector<float> c(all.size(), kPoison);
        kernels.multiply(c.data(), n, a.data(), a.ld, most, packed.data(), type, n, k, split, panels, bias.f32.data(),
                         false);
        kernels.multiply(c.data(), n, a.data(), a.ld, most, packed.data(), type, n, k, 0, split, bias.f32.data(),
                         false);
        CHECK(same_bits(c, all));
      }
    });
  }
}

TEST("linear: every output is one ascending chain, the same on every instruction set with the same multiply-add") {
  std::mt19937 random(3);
  for (int64_t k : {5, 64, 1001}) {
    const int64_t m = 15, n = 70;
    for (Dtype type : {Dtype::f32, Dtype::bf16}) {
      Matrix a(random, type, m, k), w(random, type, n, k), start(random, Dtype::f32, m, n);
      for (const std::string& isa : supported_isas()) {
        if (type == Dtype::bf16 && isa == "avx512bf16") continue;  // VDPBF16PS rounds in its own way
        const LinearKernels& kernels = *kernels_for(isa).value()->linear;
        std::vector<float> want = start.f32, got = start.f32;
        for (int64_t i = 0; i < m; ++i) {
          for (int64_t j = 0; j < n; ++j) {
            float& sum = want[static_cast<size_t>(i * n + j)];
            for (int64_t l = 0; l < k; ++l) {
              const float x = a.f32[static_cast<size_t>(i * k + l)], y = w.f32[static_cast<size_t>(j * k + l)];
              volatile float rounded = x * y;  // keeps the compiler from fusing
              sum = has_fma(isa) ? std::fma(x, y, sum) : rounded + sum;
            }
          }
        }
        kernels.multiply(got.data(), n, a.data(), a.ld, m, packed_of(kernels, w).data(), type, n, k, 0,
                         (n + kPanel - 1) / kPanel, nullptr, true);
        CHECK(same_bits(got, want));
      }
    }
  }
}

TEST("linear: packing a matrix and packing the transpose of its transpose give the same bytes, panel by panel") {
  std::mt19937 random(4);
  each([&](const std::string&, const LinearKernels& kernels, Dtype type) {
    for (auto [n, k] : {std::pair<int64_t, int64_t>{1, 1}, {32, 16}, {70, 33}, {100, 18}, {31, 47}}) {
      Matrix w(random, Dtype::f32, n, k, 2), transposed(random, Dtype::f32, k, n, 3);
      for (int64_t i = 0; i < n; ++i)
        for (int64_t j = 0; j < k; ++j)
          transposed.f32[static_cast<size_t>(j * transposed.ld + i)] = w.f32[static_cast<size_t>(i * w.ld + j)];
      const size_t bytes = static_cast<size_t>(packed_bytes(type, n, k));
      std::vector<uint8_t> one(bytes, 0xff), other(bytes, 0xff);
      const int64_t panels = (n + kPanel - 1) / kPanel;
      for (int64_t p = 0; p < panels; ++p) kernels.pack(one.data(), type, w.f32.data(), n, k, w.ld, p, p + 1);
      kernels.pack_transposed(other.data(), type, transposed.f32.data(), n, k, transposed.ld, 0, panels);
      CHECK(one == other);
      // By the layout of linear.h: column j of panel p, step k.
      const int64_t j = n - 1, l = k - 1, p = j / kPanel;
      const float last = w.f32[static_cast<size_t>(j * w.ld + l)];
      if (type == Dtype::f32) {
        float got;
        std::memcpy(&got, one.data() + 4 * ((p * k + l) * kPanel + j % kPanel), 4);
        CHECK_EQ(got, last);
      } else {
        uint16_t got;
        std::memcpy(&got, one.data() + 2 * (((p * ((k + 1) / 2) + l / 2) * kPanel + j % kPanel) * 2 + l % 2), 2);
        CHECK_EQ(got, to_bf16(last));
      }
    }
  });
}

TEST("linear: the weight gradient agrees with float64 on odd sizes and writes nothing else") {
  const int64_t sizes[][3] = {{2, 1, 1},     {4, 13, 32},   {6, 14, 33},    {64, 70, 31},
                              {258, 27, 65}, {600, 64, 96}, {1100, 220, 40}};
  std::mt19937 random(5);
  each([&](const std::string& isa, const LinearKernels& kernels, Dtype type) {
    for (const auto& [tokens, n, k] : sizes) {
      Matrix a(random, type, tokens, n, 5), b(random, type, tokens, k, 1);
      const int64_t ldc = k + 3;
      std::vector<float> c(static_cast<size_t>((n - 1) * ldc + k), kGuard);
      std::vector<double> want(static_cast<size_t>(n * k), 1.5);
      for (int64_t i = 0; i < n; ++i) std::fill_n(c.begin() + i * ldc, k, 1.5f);
      std::vector<uint8_t> scratch(static_cast<size_t>(outer_scratch_bytes(type, n, k)), 0xff);
      kernels.accumulate_outer(c.data(), ldc, a.data(), a.ld, b.data(), b.ld, tokens, k, 0, n, type, scratch.data());
      ref::accumulate_outer(want.data(), a.exact.data(), b.exact.data(), tokens, n, k);
      check_close(c, ldc, want, n, k, tokens, isa.c_str());
    }
  });
}

TEST("linear: the weight gradient has the same bits however tokens and rows are cut") {
  std::mt19937 random(6);
  each([&](const std::string& isa, const LinearKernels& kernels, Dtype type) {
    const int64_t tokens = 700, n = 75, k = 70;
    Matrix a(random, type, tokens, n), b(random, type, tokens, k), start(random, Dtype::f32, n, k);
    std::vector<uint8_t> scratch(static_cast<size_t>(outer_scratch_bytes(type, n, k)), 0xff);
    auto run = [&](std::vector<float>& c, int64_t t0, int64_t t1, int64_t row0, int64_t row1) {
      kernels.accumulate_outer(c.data(), k, a.data(t0), a.ld, b.data(t0), b.ld, t1 - t0, k, row0, row1, type,
                               scratch.data());
    };
    std::vector<float> all = start.f32;
    run(all, 0, tokens, 0, n);
    for (int64_t cut : {2, 64, 256, 512, 698}) {
      std::vector<float> c = start.f32;
      run(c, 0, cut, 0, n);
      run(c, cut, tokens, 0, n);
      CHECK(same_bits(c, all));
    }
    for (int64_t cut : {1, 13, 32, 74}) {
      std::vector<float> c = start.f32;
      run(c, 0, tokens, cut, n);
      run(c, 0, tokens, 0, cut);
      CHECK(same_bits(c, all));
    }
    if (type == Dtype::bf16 && isa == "avx512bf16") return;
    std::vector<float> chain = start.f32;
    for (int64_t t = 0; t < tokens; ++t) {
      for (int64_t i = 0; i < n; ++i) {
        for (int64_t j = 0; j < k; ++j) {
          const float x = a.f32[static_cast<size_t>(t * n + i)], y = b.f32[static_cast<size_t>(t * k + j)];
          float& sum = chain[static_cast<size_t>(i * k + j)];
          volatile float rounded = x * y;
          sum = has_fma(isa) ? std::fma(x, y, sum) : rounded + sum;
        }
      }
    }
    CHECK(same_bits(chain, all));
  });
}
