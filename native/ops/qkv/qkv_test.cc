#include "ops/attention/test_layer.h"

using namespace glossa;
using namespace glossa::test;

namespace {

const RopeConfig kPlain = {RopeType::plain, 10000, 0, 0, 0, 0};
const RopeConfig kLlama3 = {RopeType::llama3, 10000, 8, 1, 4, 64};
constexpr int64_t kPositions = 128;

// With a prompt, so that positions begin elsewhere than keys.
std::vector<AttentionProblem> problems(Dtype t) {
  std::vector<AttentionProblem> all;
  for (QkNorm norm : {QkNorm::none, QkNorm::per_head, QkNorm::whole})
    for (const RopeConfig* rope : {&kPlain, &kLlama3}) {
      auto add = [&](int64_t heads, int64_t kv_heads, int64_t head_dim, int64_t prompt, std::vector<int64_t> rows) {
        const QkvShape shape = {heads, kv_heads, head_dim, norm, 1e-6f};
        all.emplace_back(shape, t, prompt, std::move(rows), static_cast<uint64_t>(head_dim * 100 + prompt));
        all.back().rope = rope;
      };
      add(4, 2, 16, 0, {21});
      add(6, 3, 24, 40, {5, 33});
      add(2, 2, 32, 77, {1});
      add(3, 1, 64, 3, {18});
      add(4, 2, 128, 17, {3, 1});
      add(2, 1, 256, 11, {4});
      all.back().shape.norm_offset = 1;
      if (rope == &kPlain) all.back().rope = nullptr;
    }
  return all;
}

}  // namespace

TEST("qkv: the rotary table agrees with the reference's angles") {
  for (const RopeConfig& rope : {kPlain, kLlama3, RopeConfig{RopeType::llama3, 500000, 32, 1, 4, 8192},
                                 RopeConfig{RopeType::linear, 1e6, 8, 1, 1, 0}})
    for (int64_t head_dim : {16, 24, 128}) {
      std::vector<float> table = poison(kPositions * head_dim);
      rope_table(table.data(), rope, head_dim, kPositions);
      for (int64_t p = 0; p < kPositions; ++p)
        for (int64_t i = 0; i < head_dim / 2; ++i) {
          double angle = ref::rope_angle(rope, head_dim, i, p);
          CHECK_NEAR(table[p * head_dim + i], std::cos(angle), 1e-7);
          CHECK_NEAR(table[p * head_dim + head_dim / 2 + i], std::sin(angle), 1e-7);
        }
    }
}

// Inverse frequencies printed by transformers 5.18 (ROPE_INIT_FUNCTIONS["llama3"], float32).
TEST("qkv: llama3 scaling gives transformers' inverse frequencies") {
  struct Known {
    int64_t i;
    double frequency;
  };
  const Known large[] = {{0, 1},
                         {1, 0.814617217},
                         {20, 0.0165604409},
                         {28, 0.00321144611},
                         {29, 0.00211840682},
                         {30, 0.00129054801},
                         {31, 0.000762541255},
                         {32, 0.000429556705},
                         {33, 0.00022276341},
                         {34, 9.70828623e-05},
                         {35, 2.38905304e-05},
                         {36, 1.94616387e-05},
                         {40, 8.57025589e-06},
                         {63, 7.67231469e-08}};
  const RopeConfig llama32 = {RopeType::llama3, 500000, 32, 1, 4, 8192};
  std::vector<float> table = poison(8 * 128);
  rope_table(table.data(), llama32, 128, 8);
  for (const Known& known : large) {
    CHECK_NEAR(table[7 * 128 + 64 + known.i] / std::sin(7 * known.frequency), 1, 2e-6);
    CHECK_NEAR(table[7 * 128 + known.i], std::cos(7 * known.frequency), 1e-6);
  }
  const Known small[] = {{0, 1},
                         {1, 0.244384587},
                         {2, 0.0130422562},
                         {3, 0.00395284733},
                         {4, 0.00124999997},
                         {5, 0.000395284733},
                         {6, 0.000125000006},
                         {7, 3.95284733e-05}};
  rope_table(table.data(), kLlama3, 16, 8);
  for (const Known& known : small) CHECK_NEAR(table[7 * 16 + 8 + known.i] / std::sin(7 * known.frequency), 1, 2e-6);
}

TEST("qkv: queries and what attention makes of them and the keys agree with the reference, forward and backward") {
  for (Dtype t : {Dtype::f32, Dtype::bf16})
    for (const AttentionProblem& p : problems(t)) {
      const AttentionReference want(p);
      const bool wide = t == Dtype::f32;
      each_device([&](TestDevice& d) {
        DeviceLayer layer(d, p);
        layer.forward();
        CHECK_NEAR(worst_error(layer.q(), want.q), 0, 2e-6);
        CHECK_NEAR(worst_error(layer.attention.get(), want.attention), 0, wide ? 5e-6 : 0.6 * epsilon_of(t));
        // Every position that is used and no other.
        CHECK_EQ(layer.written_to_pages(), 2 * p.rows() * p.shape.kv_width());
        if (p.has_norm())
          CHECK(same_bits(layer.raw.get(), columns(p.qkv, p.shape.width(), 0, p.shape.q_width() + p.shape.kv_width())));
        const DeviceLayer::Gradients got = layer.backward(), frozen = layer.backward(false);
        CHECK_NEAR(worst_error(got.d_qkv, want.d_qkv), 0, wide ? 1e-5 : 0.02);
        for (size_t i = 0; i < want.partials.size(); ++i)
          CHECK_NEAR(worst_error(got.partials[i], want.partials[i]), 0, wide ? 1e-5 : 0.02);
        CHECK(same_bits(frozen.d_qkv, got.d_qkv));
        for (const std::vector<float>& sums : frozen.partials) CHECK(sums == std::vector<float>(sums.size()));
      });
    }
}

TEST("qkv: rows of bfloat16 agree with the reference too") {
  for (AttentionProblem& p : problems(Dtype::bf16)) {
    p.narrow();
    const AttentionReference want(p);
    each_device([&](TestDevice& d) {
      if (!d.gpu()) return;
      DeviceLayer layer(d, p), alone(d, p);
      layer.forward();
      CHECK_NEAR(worst_error(layer.q(), want.q), 0, 1.1 * epsilon_of(p.type));
      CHECK_NEAR(worst_error(layer.attention.get(), want.attention), 0, epsilon_of(p.type));
      CHECK_EQ(layer.written_to_pages(), 2 * p.rows() * p.shape.kv_width());
      if (p.has_norm())
        CHECK(same_bits(layer.raw.get(), columns(p.qkv, p.shape.width(), 0, p.shape.q_width() + p.shape.kv_width())));
      alone.forward_by(1);
      CHECK(alone.forward_bits() == layer.forward_bits());
      CHECK(alone.pages() == layer.pages());
      const DeviceLayer::Gradients got = layer.backward();
      CHECK_NEAR(worst_error(got.d_qkv, want.d_qkv), 0, 0.02);
      for (size_t i = 0; i < want.partials.size(); ++i)
        CHECK_NEAR(worst_error(got.partials[i], want.partials[i]), 0, 0.02);
    });
  }
}

TEST("qkv: a row has the same bits alone and among others, on a lane and on all") {
  const std::vector<AttentionProblem> all = problems(Dtype::f32);
  check_however_shared([&](TestDevice& d) {
    Bits results;
    for (const AttentionProblem& p : all) {
      if (kSanitized && p.shape.head_dim > 32) continue;
      DeviceLayer whole(d, p), alone(d, p);
      whole.forward();
      alone.forward_by(1);
      CHECK(alone.forward_bits() == whole.forward_bits());
      CHECK(alone.pages() == whole.pages());
      for (const Bits& bits : {whole.forward_bits(), whole.pages(), whole.backward().bits()})
        results.insert(results.end(), bits.begin(), bits.end());
    }
    return results;
  });
}

TEST("qkv: the reference's gradients are central differences") {
  for (QkNorm norm : {QkNorm::none, QkNorm::per_head, QkNorm::whole}) {
    const QkvShape s = {4, 2, 6, norm, 1e-3f, norm == QkNorm::per_head ? 1.0f : 0.0f};
    const RopeConfig* rope = norm == QkNorm::none ? nullptr : &kLlama3;
    const int64_t rows = 3;
    std::vector<double> x = to_double(random_values(1, rows * s.width(), 2));
    std::vector<double> q_norm = to_double(random_values(2, norm == QkNorm::whole ? s.q_width() : s.head_dim));
    std::vector<double> k_norm = to_double(random_values(3, norm == QkNorm::whole ? s.kv_width() : s.head_dim));
    std::vector<double> dq = to_double(random_values(4, rows * s.q_width()));
    std::vector<double> dk = to_double(random_values(5, rows * s.kv_width()));
    std::vector<double> dv = to_double(random_values(6, rows * s.kv_width()));
    std::vector<double> q(dq.size()), k(dk.size()), v(dv.size());
    auto loss = [&] {
      ref::qkv_forward(q.data(), k.data(), v.data(), x.data(), 9, rows, s, rope, q_norm.data(), k_norm.data());
      double sum = 0;
      for (size_t i = 0; i < q.size(); ++i) sum += q[i] * dq[i];
      for (size_t i = 0; i < k.size(); ++i) sum += k[i] * dk[i] + v[i] * dv[i];
      return sum;
    };
    std::vector<double> dx(x.size()), dq_norm(q_norm.size()), dk_norm(k_norm.size());
    ref::qkv_backward(dx.data(), dq_norm.data(), dk_norm.data(), dq.data(), dk.data(), dv.data(), x.data(), 9, rows, s,
                      rope, q_norm.data(), k_norm.data());
    CHECK_NEAR(gradient_error(x, dx, loss), 0, 1e-8);
    CHECK_NEAR(gradient_error(q_norm, dq_norm, loss), 0, 1e-8);
    CHECK_NEAR(gradient_error(k_norm, dk_norm, loss), 0, 1e-8);
  }
}
