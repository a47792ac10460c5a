// Attention by warpgroups beside the other kernels. In the emulation alone, which makes a chain of products in one
// order.
#include <cstdlib>

#include "ops/attention/test_layer.h"
#include "ops/attention/warpgroup_attention.h"

using namespace glossa;
using namespace glossa::test;

namespace {

// All that a layer computes on an emulated GPU, with warpgroups and without them.
Bits bits_of_layer(const AttentionProblem& p, bool warpgroups, int64_t page) {
  setenv("GLOSSA_CUDA_WARPGROUPS", warpgroups ? "1" : "0", 1);
  TestDevice d({1, "", Sharing::never, {}, "emulated-cuda"}, TestDevice::On::lane);
  unsetenv("GLOSSA_CUDA_WARPGROUPS");
  DeviceLayer layer(d, p, page, page);
  layer.forward();
  Bits bits = layer.forward_bits();
  for (const std::vector<uint8_t>& x : layer.backward().bits()) bits.push_back(x);
  return bits;
}

}  // namespace

TEST("attention by warpgroups: a trial of random numbers has the bits of the other kernels") {
  Stream stream(0);
  for (int head_dim : {64, 128}) {
    if (kSanitized && head_dim > 64) continue;
    const AttentionHashes got = attention_trial(stream, head_dim, true);
    CHECK(got == attention_trial(stream, head_dim, false));
    if (!kSanitized) CHECK(got.forward != attention_trial(stream, 192 - head_dim, true).forward);
  }
}

TEST("attention by warpgroups: a proof that cannot be made leaves the other kernels, or says how to do without") {
  GpuAttention a{};
  a.head_dim = 64, a.group = 1, a.rows = 64;
  Stream stream(0);
  std::vector<std::string> warnings;
  auto warn = [&](const std::string& text) { warnings.push_back(text); };
  for (const int64_t granted : {0, 3}) {
    WarpgroupAttention attention(stream, warn);
    emulation::gpu().requests_left = granted;
    CHECK(!attention.forward(a, Dtype::bf16));
    emulation::gpu().requests_left = INT64_MAX;
    CHECK(!attention.forward(a, Dtype::bf16));  // no second proof
  }
  CHECK_EQ(warnings.size(), size_t{2});
  for (const std::string& text : warnings) CHECK(text.find("no memory for the proof") != std::string::npos);

  for (const int64_t calls : {0, 40}) {
    WarpgroupAttention attention(stream, warn);
    std::string said;
    emulation::gpu().calls_left = calls;
    try {
      attention.forward(a, Dtype::bf16);
    } catch (const GpuFault& fault) {
      said = fault.what();
    }
    emulation::gpu().calls_left = INT64_MAX;
    CHECK(said.find("unspecified launch failure") != std::string::npos);
    CHECK(said.find("GLOSSA_CUDA_WARPGROUPS=0") != std::string::npos);
  }
}

TEST(
    "attention by warpgroups: windows, prompts, pages and sequences of any length have the bits of the other kernels") {
  struct Case {
    QkvShape shape;
    int64_t prompt;
    std::vector<int64_t> completions;
    int64_t window, page;
  };
  uint64_t seed = 70;
  for (const Case& c : {Case{{3, 3, 64, QkNorm::none, 0}, 0, {1, 300, 64}, 0, 64},
                        {{7, 1, 64, QkNorm::none, 0}, 70, {41, 1, 67}, 45, 16},
                        {{2, 1, 64, QkNorm::none, 0}, 200, {130, 20}, 150, 80},
                        {{2, 1, 64, QkNorm::none, 0}, 64, {128, 5}, 3, 64},
                        {{8, 1, 64, QkNorm::none, 0}, 128, {17, 0, 9}, 2, 80},
                        {{3, 1, 64, QkNorm::none, 0}, 65, {43, 0}, 0, 48},
                        {{2, 2, 128, QkNorm::none, 0}, 130, {129, 64}, 100, 32}}) {
    if (kSanitized && (c.shape.heads > 2 || c.shape.head_dim > 64)) continue;
    AttentionProblem p(c.shape, Dtype::bf16, c.prompt, c.completions, seed += 10);
    p.window = c.window;
    p.narrow();
    CHECK(bits_of_layer(p, true, c.page) == bits_of_layer(p, false, c.page));
  }
}

TEST("attention by warpgroups: what is no number reaches the rows that see it, and no other") {
  const QkvShape shape{2, 1, 64, QkNorm::none, 0};
  AttentionProblem p(shape, Dtype::bf16, 5, {200}, 300);
  p.narrow();
  AttentionProblem cut = p;
  const auto whole = static_cast<size_t>(145 * shape.width());
  std::fill(cut.qkv.begin() + static_cast<std::ptrdiff_t>(whole), cut.qkv.end(), std::nanf(""));
  each_device([&](TestDevice& d) {
    if (!d.gpu()) return;
    DeviceLayer a(d, p), b(d, cut);
    a.forward();
    b.forward();
    std::vector<float> of_a = a.attention.get(), of_b = b.attention.get();
    for (size_t i = of_b.size() - static_cast<size_t>(shape.q_width()); i < of_b.size(); ++i)
      CHECK(std::isnan(of_b[i]));
    of_a.resize(static_cast<size_t>(145 * shape.q_width()));
    of_b.resize(of_a.size());
    CHECK(same_bits(of_a, of_b));
  });
}
