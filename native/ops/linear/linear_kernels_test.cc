// What only this device's kernels promise: how they pack a matrix, and the chain of multiply-adds that every element
// is.
#include <cmath>
#include <cstring>
#include <vector>

#include "ops/kernels.h"
#include "ops/test_values.h"
#include "tool/test.h"

using namespace glossa;
using namespace glossa::test;

namespace {

bool has_fma([[maybe_unused]] const std::string& isa) {
#if defined(__aarch64__)
  return true;
#else
  return isa != "portable";
#endif
}
// sum + x * y as an instruction set does it.
float multiply_add(const std::string& isa, float x, float y, float sum) {
  volatile float product = x * y;  // keeps the compiler from fusing
  return has_fma(isa) ? std::fma(x, y, sum) : product + sum;
}
// VDPBF16PS rounds in its own way.
bool is_plain_chain(const std::string& isa, Dtype type) {
  return type == Dtype::f32 || isa != "avx512bf16";
}

std::vector<float> rounded(std::vector<float> x, Dtype type) {
  for (float& v : x) v = test::rounded(v, type);
  return x;
}
// Rows of numbers as the kernels take them.
std::vector<uint8_t> operand(const std::vector<float>& x, Dtype type) {
  std::vector<uint8_t> bytes(x.size() * static_cast<size_t>(dtype_bytes(type)));
  if (type == Dtype::f32) {
    std::memcpy(bytes.data(), x.data(), bytes.size());
  } else {
    to_bf16(reinterpret_cast<uint16_t*>(bytes.data()), x.data(), static_cast<int64_t>(x.size()));
  }
  return bytes;
}

template <class Body>
void each(const Body& body) {
  for (const std::string& isa : supported_isas())
    for (Dtype type : {Dtype::f32, Dtype::bf16}) body(isa, *kernels_for(isa).value()->linear, type);
}

}  // namespace

TEST("linear: every output is one ascending chain, the same on every instruction set with the same multiply-add") {
  const int64_t m = 15, n = 70, panels = (n + kPanel - 1) / kPanel;
  for (int64_t k : {5, 64, 1001})
    each([&](const std::string& isa, const LinearKernels& kernels, Dtype type) {
      if (!is_plain_chain(isa, type)) return;
      const std::vector<float> a = rounded(random_values(1, m * k), type), w = rounded(random_values(2, n * k), type);
      std::vector<float> want = random_values(3, m * n), got = want;
      for (int64_t i = 0; i < m; ++i)
        for (int64_t j = 0; j < n; ++j) {
          float& sum = want[static_cast<size_t>(i * n + j)];
          for (int64_t l = 0; l < k; ++l)
            sum = multiply_add(isa, a[static_cast<size_t>(i * k + l)], w[static_cast<size_t>(j * k + l)], sum);
        }
      std::vector<uint8_t> packed(static_cast<size_t>(packed_bytes(type, n, k)));
      kernels.pack(packed.data(), type, w.data(), n, k, k, 0, panels);
      kernels.multiply(got.data(), n, operand(a, type).data(), k, m, packed.data(), type, n, k, 0, panels, nullptr,
                       true);
      CHECK(same_bits(got, want));
    });
}

TEST("linear: every element of a weight gradient is one chain over the tokens") {
  const int64_t tokens = 514, n = 75, k = 38;
  each([&](const std::string& isa, const LinearKernels& kernels, Dtype type) {
    if (!is_plain_chain(isa, type)) return;
    const std::vector<float> a = rounded(random_values(1, tokens * n), type),
                             b = rounded(random_values(2, tokens * k), type);
    std::vector<float> want = random_values(3, n * k), got = want;
    for (int64_t t = 0; t < tokens; ++t)
      for (int64_t i = 0; i < n; ++i)
        for (int64_t j = 0; j < k; ++j) {
          float& sum = want[static_cast<size_t>(i * k + j)];
          sum = multiply_add(isa, a[static_cast<size_t>(t * n + i)], b[static_cast<size_t>(t * k + j)], sum);
        }
    std::vector<uint8_t> scratch(static_cast<size_t>(outer_scratch_bytes(type, n, k)), 0xff);
    kernels.accumulate_outer(got.data(), k, operand(a, type).data(), n, operand(b, type).data(), k, tokens, k, 0, n,
                             type, scratch.data());
    CHECK(same_bits(got, want));
  });
}

TEST("linear: packing a matrix and packing the transpose of its transpose give the same bytes, panel by panel") {
  each([&](const std::string&, const LinearKernels& kernels, Dtype type) {
    for (auto [n, k] : {std::pair<int64_t, int64_t>{1, 1}, {32, 16}, {70, 33}, {100, 18}, {31, 47}}) {
      // Rows with a gap of NaN behind each.
      const int64_t ld = k + 2, ld_transposed = n + 3, panels = (n + kPanel - 1) / kPanel;
      const std::vector<float> values = random_values(4, n * k);
      std::vector<float> w = poison(n * ld), transposed = poison(k * ld_transposed);
      for (int64_t i = 0; i < n; ++i)
        for (int64_t j = 0; j < k; ++j)
          w[static_cast<size_t>(i * ld + j)] = transposed[static_cast<size_t>(j * ld_transposed + i)] =
              values[static_cast<size_t>(i * k + j)];
      const size_t bytes = static_cast<size_t>(packed_bytes(type, n, k));
      std::vector<uint8_t> one(bytes, 0xff), other(bytes, 0xff);
      for (int64_t p = 0; p < panels; ++p) kernels.pack(one.data(), type, w.data(), n, k, ld, p, p + 1);
      kernels.pack_transposed(other.data(), type, transposed.data(), n, k, ld_transposed, 0, panels);
      CHECK(one == other);
      // By the layout of linear_kernels.h: column j of panel p, step k.
      const int64_t j = n - 1, l = k - 1, p = j / kPanel;
      const float last = w[static_cast<size_t>(j * ld + l)];
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
