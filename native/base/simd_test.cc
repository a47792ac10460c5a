#include <cmath>
#include <cstring>
#include <limits>
#include <string>
#include <vector>

#include "base/dtype.h"
#include "base/simd_probe.h"
#include "device/open.h"
#include "ops/test_values.h"
#include "tool/test.h"

namespace glossa {
namespace portable {
extern const SimdProbe simd_probe;
}
#if defined(__x86_64__)
namespace avx2 {
extern const SimdProbe simd_probe;
}
namespace avx512 {
extern const SimdProbe simd_probe;
}
namespace avx512bf16 {
extern const SimdProbe simd_probe;
}
#endif
}  // namespace glossa

using namespace glossa;
using namespace glossa::test;

namespace {

template <class Visit>
void each_isa(Visit visit) {
  for (const std::string& isa : device_isas()) {
    if (isa == "portable") visit(portable::simd_probe);
#if defined(__x86_64__)
    if (isa == "avx2") visit(avx2::simd_probe);
    if (isa == "avx512") visit(avx512::simd_probe);
    if (isa == "avx512bf16") visit(avx512bf16::simd_probe);
#endif
  }
}

// Evenly spaced numbers over [low, high], and the bit patterns in between are reached by the odd step.
std::vector<float> grid(double low, double high, int64_t n) {
  std::vector<float> x(static_cast<size_t>(n));
  for (int64_t i = 0; i < n; ++i)
    x[static_cast<size_t>(i)] =
        static_cast<float>(low + (high - low) * static_cast<double>(i) / static_cast<double>(n - 1));
  return x;
}
double relative_error(float got, float x) {
  double want = std::exp(static_cast<double>(x));
  return std::fabs(static_cast<double>(got) - want) / want;
}

constexpr float kInfinity = std::numeric_limits<float>::infinity();

}  // namespace

TEST("simd: exp is within 2e-7 of the float64 exponential from -87 to 88") {
  std::vector<float> x = grid(-87, 88, 1 << 20), tiny = grid(-1e-3, 1e-3, 1 << 12), y(x.size());
  x.insert(x.end(), tiny.begin(), tiny.end());
  y.resize(x.size());
  each_isa([&](const SimdProbe& simd) {
    simd.exp(y.data(), x.data(), static_cast<int64_t>(x.size()));
    double worst = 0;
    for (size_t i = 0; i < x.size(); ++i) worst = std::fmax(worst, relative_error(y[i], x[i]));
    CHECK_NEAR(worst, 0, 2e-7);
  });
}

TEST("simd: exp_nonpositive is within 2e-7 of the float64 exponential from -87.3 to 0") {
  std::vector<float> x = grid(-87.3, 0, 1 << 20), y(x.size());
  each_isa([&](const SimdProbe& simd) {
    simd.exp_nonpositive(y.data(), x.data(), static_cast<int64_t>(x.size()));
    double worst = 0;
    for (size_t i = 0; i < x.size(); ++i) worst = std::fmax(worst, relative_error(y[i], x[i]));
    CHECK_NEAR(worst, 0, 2e-7);
    CHECK_EQ(y.back(), 1.0f);
  });
}

TEST("simd: exp of infinities, NaN and what overflows or vanishes") {
  const float x[16] = {0,      -0.0f, kInfinity, -kInfinity, std::nanf(""), 88.72f,
                       88.73f, 1e30f, -87.3f,    -87.4f,     -1e30f,        1};
  each_isa([&](const SimdProbe& simd) {
    float y[16];
    simd.exp(y, x, 16);
    CHECK_EQ(y[0], 1.0f);
    CHECK_EQ(y[1], 1.0f);
    CHECK_EQ(y[2], kInfinity);
    CHECK_EQ(y[3], 0.0f);
    CHECK(std::isnan(y[4]));
    CHECK(std::isfinite(y[5]) && relative_error(y[5], x[5]) < 2e-7);
    CHECK_EQ(y[6], kInfinity);
    CHECK_EQ(y[7], kInfinity);
    CHECK(relative_error(y[8], x[8]) < 2e-7);
    CHECK_EQ(y[9], 0.0f);
    CHECK_EQ(y[10], 0.0f);
    simd.exp_nonpositive(y, x, 16);
    CHECK_EQ(y[0], 1.0f);
    CHECK_EQ(y[1], 1.0f);
    CHECK_EQ(y[3], 0.0f);
    CHECK(std::isnan(y[4]));
    CHECK_EQ(y[10], 0.0f);
  });
}

TEST("simd: bfloat16 rounds as the scalar function for every upper half and the lower halves that decide") {
  const uint32_t low[] = {0, 1, 0x7fff, 0x8000, 0x8001, 0xffff, 0x1234, 0xc000};
  std::vector<float> x;
  for (uint32_t high = 0; high < 65536; ++high)
    for (uint32_t l : low) x.push_back(__builtin_bit_cast(float, high << 16 | l));
  std::vector<uint16_t> want, got(x.size());
  for (float v : x) want.push_back(to_bf16(v));
  each_isa([&](const SimdProbe& simd) {
    simd.to_bf16(got.data(), x.data(), static_cast<int64_t>(x.size()));
    CHECK(got == want);
  });
}

TEST("simd: bfloat16 widens to the same bits for every pattern") {
  std::vector<uint16_t> x(65536);
  for (size_t i = 0; i < x.size(); ++i) x[i] = static_cast<uint16_t>(i);
  std::vector<uint32_t> got(x.size());
  each_isa([&](const SimdProbe& simd) {
    simd.from_bf16(reinterpret_cast<float*>(got.data()), x.data(), static_cast<int64_t>(x.size()));
    for (size_t i = 0; i < x.size(); ++i) CHECK_EQ(got[i], static_cast<uint32_t>(i) << 16);
  });
}

TEST("simd: fma rounds once, except on the portable path of a processor that may lack it") {
  std::vector<float> a = random_values(1, 1024), b = random_values(2, 1024), c = random_values(3, 1024), y(1024);
  std::vector<float> fused, split;
  for (size_t i = 0; i < 1024; ++i) {
    fused.push_back(std::fma(a[i], b[i], c[i]));
    volatile float product = a[i] * b[i];
    split.push_back(product + c[i]);
  }
  CHECK(!same_bits(fused, split));
  each_isa([&](const SimdProbe& simd) {
    simd.fma(y.data(), a.data(), b.data(), c.data(), 1024);
#if defined(__x86_64__)
    CHECK(same_bits(y, &simd == &portable::simd_probe ? split : fused));
#else
    CHECK(same_bits(y, fused) || same_bits(y, split));
#endif
  });
}

TEST("simd: the sum of 16 lanes is the documented tree") {
  for (uint64_t seed = 0; seed < 100; ++seed) {
    std::vector<float> x = random_values(seed, 16), tree = x;
    for (size_t w = 8; w > 0; w /= 2)
      for (size_t i = 0; i < w; ++i) tree[i] += tree[i + w];
    float most = x[0];
    for (float v : x) most = std::fmax(most, v);
    each_isa([&](const SimdProbe& simd) {
      CHECK_EQ(simd.reduce_sum(x.data()), tree[0]);
      CHECK_EQ(simd.reduce_max(x.data()), most);
    });
  }
}

TEST("simd: the halves of a vector change places") {
  const std::vector<float> x = random_values(2, 16);
  each_isa([&](const SimdProbe& simd) {
    float y[16];
    simd.swap_halves(y, x.data());
    for (size_t i = 0; i < 16; ++i) CHECK_EQ(y[i], x[(i + 8) % 16]);
  });
}

TEST("simd: transpose") {
  const std::vector<float> x = random_values(1, 256);
  each_isa([&](const SimdProbe& simd) {
    float y[256];
    simd.transpose(y, x.data());
    for (size_t i = 0; i < 16; ++i)
      for (size_t j = 0; j < 16; ++j) CHECK_EQ(y[16 * i + j], x[16 * j + i]);
  });
}

TEST("simd: a short load or store touches the first n lanes only") {
  const std::vector<float> x = random_values(1, 16);
  each_isa([&](const SimdProbe& simd) {
    for (int n = 0; n <= 16; ++n) {
      // exactly n elements, so that AddressSanitizer sees a touch beyond them
      std::vector<float> from(x.begin(), x.begin() + n), to(static_cast<size_t>(n));
      simd.copy(to.data(), from.data(), n);
      CHECK(same_bits(from, to));
      std::vector<uint16_t> half(static_cast<size_t>(n)), out(half.size());
      for (size_t i = 0; i < half.size(); ++i) half[i] = to_bf16(x[i]);
      simd.copy_bf16(out.data(), half.data(), n);
      CHECK(out == half);
      float guarded[17];
      std::memset(guarded, 0x7f, sizeof guarded);
      simd.copy(guarded, x.data(), n);
      unsigned char untouched[4];
      std::memset(untouched, 0x7f, 4);
      for (int i = n; i < 17; ++i) CHECK(std::memcmp(guarded + i, untouched, 4) == 0);
    }
  });
}
