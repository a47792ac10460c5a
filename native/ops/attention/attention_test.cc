#include <deque>

#include "ops/attention/test_layer.h"

using namespace glossa;
using namespace glossa::test;

namespace {

constexpr Dtype kTypes[] = {Dtype::f32, Dtype::bf16};
const QkvShape kShapes[] = {
    {4, 2, 16, QkNorm::none, 0},  {6, 3, 24, QkNorm::none, 0}, {4, 1, 32, QkNorm::none, 0},
    {3, 3, 64, QkNorm::none, 0},  {7, 1, 64, QkNorm::none, 0}, {4, 2, 128, QkNorm::none, 0},
    {20, 1, 16, QkNorm::none, 0}, {3, 1, 80, QkNorm::none, 0}, {2, 1, 256, QkNorm::none, 0},
};
// Keys that a row sees. Shorter than a tile, as long, across tiles, and across the end of the prefix.
const int64_t kWindows[] = {1, 8, 16, 37};
const int64_t kPrompts[] = {0, 1, 15, 16, 17, 40};

void check_layer(TestDevice& d, const AttentionProblem& p, const AttentionReference& want, int64_t page = 32) {
  const bool wide = p.type == Dtype::f32;
  DeviceLayer layer(d, p, page, page);
  layer.forward();
  CHECK_NEAR(worst_error(layer.attention.get(), want.attention), 0, wide ? 3e-6 : 0.6 * epsilon_of(p.type));
  const DeviceLayer::Gradients got = layer.backward();
  // bfloat16 outputs enter D = sum(dout * out) rounded, and the gradient is rounded itself
  CHECK_NEAR(worst_error(got.d_qkv, want.d_qkv), 0, wide ? 1e-5 : 0.02);
  for (size_t i = 0; i < want.partials.size(); ++i)
    CHECK_NEAR(worst_error(got.partials[i], want.partials[i]), 0, wide ? 1e-5 : 0.02);
}

}  // namespace

TEST("attention: forward and backward agree with the reference; unused positions never reach a result") {
  struct Case {
    AttentionProblem problem;
    AttentionReference want;
    explicit Case(AttentionProblem p) : problem(std::move(p)), want(problem) {}
  };
  std::deque<Case> cases;
  uint64_t seed = 100;
  for (Dtype t : kTypes)
    for (const QkvShape& shape : kShapes)
      for (int64_t prompt : kPrompts)
        for (bool windowed : {false, true}) {
          const int64_t rows = 1 + static_cast<int64_t>(philox4x32(++seed, 0, 0, 0, 0).v[0] % 60);
          AttentionProblem p(shape, t, prompt, {rows}, seed * 10);
          if (windowed) p.window = kWindows[seed % 4];
          cases.emplace_back(std::move(p));
        }
  each_device([&](TestDevice& d) {
    for (const Case& c : cases) check_layer(d, c.problem, c.want);
  });
}

// As a GPU keeps them: queries are rounded where they are stored, and the gradient is that of the rounded ones.
TEST("attention: rows of bfloat16 agree with the reference too") {
  each_device([&](TestDevice& d) {
    if (!d.gpu()) return;
    uint64_t seed = 3000;
    for (const QkvShape& shape : {QkvShape{6, 3, 24, QkNorm::none, 0},
                                  {8, 2, 32, QkNorm::none, 0},
                                  {7, 1, 64, QkNorm::none, 0},
                                  {4, 2, 80, QkNorm::none, 0},
                                  {2, 2, 96, QkNorm::none, 0},
                                  {6, 1, 128, QkNorm::none, 0},
                                  {2, 1, 256, QkNorm::none, 0}})
      for (auto [prompt, page] : {std::pair<int64_t, int64_t>{0, 64}, {70, 64}, {64, 16}, {23, 80}})
        for (int64_t window : {0, 45}) {
          if (d.emulated() && (window > 0) != (prompt == 70 || prompt == 64)) continue;
          AttentionProblem p(shape, Dtype::bf16, prompt, {41, 1, 67}, seed += 10);
          p.window = window;
          p.narrow();
          check_layer(d, p, AttentionReference(p), page);
        }
  });
}

TEST("attention: a row has the same bits drawn one by one as trained with all others") {
  each_device([&](TestDevice& d) {
    uint64_t seed = 4000;
    for (const QkvShape& shape : {QkvShape{4, 4, 32, QkNorm::none, 0},
                                  {20, 1, 32, QkNorm::none, 0},
                                  {7, 1, 64, QkNorm::none, 0},
                                  {3, 1, 80, QkNorm::none, 0},
                                  {6, 2, 96, QkNorm::none, 0},
                                  {6, 1, 128, QkNorm::none, 0},
                                  {2, 1, 256, QkNorm::none, 0}})
      for (Dtype t : kTypes)
        for (int64_t window : {0, 45}) {
          if (kSanitized && shape.head_dim > 64) continue;
          if (d.emulated() && window > 0 && shape.head_dim > 64) continue;
          AttentionProblem p(shape, t, 75, {70, 1, 33, 10}, seed += 10);
          p.window = window;
          if (d.gpu() && t == Dtype::bf16) p.narrow();
          DeviceLayer trained(d, p, 64, 64), drawn(d, p, 64, 64);
          trained.forward();
          drawn.forward_by_steps();
          CHECK(drawn.forward_bits() == trained.forward_bits());
          CHECK(drawn.pages() == trained.pages());
        }
  });
}

TEST("attention: a prompt gets the gradients of all that read it, and those alone where only its keys count") {
  for (Dtype t : kTypes)
    for (bool keys_only : {false, true}) {
      AttentionProblem p({4, 2, 32, QkNorm::none, 0}, t, 35, {1, 20, 7}, 5);
      p.keys_only = keys_only;
      const AttentionReference want(p);
      each_device([&](TestDevice& d) { check_layer(d, p, want); });
    }
}

TEST("attention: statistics are the maximum and the sum of exponentials of the scaled scores, where they are wanted") {
  const AttentionProblem p({4, 2, 32, QkNorm::none, 0}, Dtype::f32, 17, {21}, 7);
  const int64_t width = p.shape.width();
  each_device([&](TestDevice& d) {
    DeviceLayer layer(d, p);
    layer.forward();
    const std::vector<float> stats = layer.stats.get();
    for (int64_t r = 0; r < p.rows(); ++r)
      for (int64_t h = 0; h < p.shape.heads; ++h) {
        std::vector<double> s;
        for (int64_t j = 0; j <= r; ++j) {
          s.push_back(0);
          for (int64_t i = 0; i < 32; ++i)
            s.back() += static_cast<double>(p.scale) *
                        static_cast<double>(p.qkv[static_cast<size_t>(r * width + h * 32 + i)]) *
                        static_cast<double>(p.qkv[static_cast<size_t>(j * width + 128 + h / 2 * 32 + i)]);
        }
        double most = s[0], sum = 0;
        for (double x : s) most = std::fmax(most, x);
        for (double x : s) sum += std::exp(x - most);
        CHECK_NEAR(stats[static_cast<size_t>((r * 4 + h) * 2)], most, 1e-5);
        CHECK_NEAR(stats[static_cast<size_t>((r * 4 + h) * 2 + 1)], sum, 1e-4);
      }
    const std::vector<uint8_t> attention = layer.attention.bytes();
    AttentionLayer a = layer.operands();
    a.stats = {};
    d.run([&](Ops& ops) { ops.attention(a, layer.sequences.data(), 2); });
    CHECK(layer.attention.bytes() == attention);
  });
}

TEST("attention: a row has the same bits alone and among others, forward and backward, on a lane and on all") {
  std::vector<AttentionProblem> problems;
  for (Dtype t : kTypes)
    for (const QkvShape& shape : kShapes)
      for (int64_t prompt : {0, 17}) {
        if (kSanitized && (t != Dtype::f32 || shape.head_dim > 32)) continue;
        problems.emplace_back(shape, t, prompt, std::vector<int64_t>{38, 1, 5}, 40 + static_cast<uint64_t>(prompt));
        if (shape.head_dim < 64) problems.back().window = 8;
      }
  // Long enough to be cut where threads go together.
  problems.emplace_back(kShapes[1], Dtype::f32, 70, std::vector<int64_t>{90, 33, 2}, 50);
  check_however_shared([&](TestDevice& d) {
    Bits results;
    for (const AttentionProblem& p : problems) {
      DeviceLayer whole(d, p);
      whole.forward();
      const Bits forward = whole.forward_bits(), pages = whole.pages(), gradients = whole.backward().bits();
      for (int64_t n : {1, 3, 13}) {
        if (d.emulated() && n == 3 && p.shape.head_dim > 32) continue;
        DeviceLayer cut(d, p);
        cut.forward_by(n);
        CHECK(cut.forward_bits() == forward);
        CHECK(cut.pages() == pages);
      }
      for (const Bits* bits : {&forward, &pages, &gradients}) results.insert(results.end(), bits->begin(), bits->end());
    }
    return results;
  });
}

TEST("attention: the size of a page changes no bit, forward or backward") {
  each_device([](TestDevice& d) {
    for (Dtype t : kTypes)
      for (const QkvShape& shape : kShapes)
        for (int64_t window : {0, 40}) {
          if (d.emulated() && (window > 0) != (shape.head_dim < 64)) continue;
          AttentionProblem p(shape, t, 70, {67}, 900);
          p.window = window;
          Bits first;
          for (auto [prompt_page, own_page] : {std::pair<int64_t, int64_t>{80, 80}, {16, 16}, {64, 16}, {32, 64}}) {
            DeviceLayer layer(d, p, prompt_page, own_page);
            layer.forward();
            Bits bits = layer.forward_bits();
            for (const std::vector<uint8_t>& x : layer.backward().bits()) bits.push_back(x);
            if (first.empty()) first = bits;
            CHECK(bits == first);
          }
        }
  });
}

TEST("attention: a row does not read the keys and values of later rows") {
  for (Dtype t : kTypes) {
    const AttentionProblem p({4, 2, 32, QkNorm::none, 0}, t, 5, {40}, 11);
    AttentionProblem cut = p;
    const int64_t width = p.shape.width();
    std::fill(cut.qkv.begin() + 28 * width, cut.qkv.end(), std::nanf(""));
    each_device([&](TestDevice& d) {
      DeviceLayer a(d, p), b(d, cut);
      a.forward();
      b.forward();
      std::vector<float> of_a = a.attention.get(), of_b = b.attention.get();
      of_a.resize(static_cast<size_t>(28 * p.shape.q_width()));
      of_b.resize(of_a.size());
      CHECK(same_bits(of_a, of_b));
    });
  }
}

TEST("attention: a row does not read the pages that lie before its window") {
  for (Dtype t : kTypes) {
    AttentionProblem p({4, 2, 32, QkNorm::none, 0}, t, 48, {70}, 17);
    p.window = 20;
    each_device([&](TestDevice& d) {
      DeviceLayer a(d, p, 16, 16), b(d, p, 16, 16);
      a.forward();
      // Rows 36 and later of the completion, given pages full of NaN before key 16.
      const Array nan(d, t, {1, DeviceLayer::kLayers * 2 * kv_elements(p.shape, 16)});
      const std::vector<Address> nothing(3, nan.rows().data);
      SequenceRows rest = a.sequences[1];
      std::vector<Address> own(rest.own.pages, rest.own.pages + 5);
      own[0] = nothing[0];
      rest.own.pages = own.data();
      rest.prefix.pages = nothing.data();
      rest.row0 += 36;
      rest.position0 += 36;
      rest.own0 += 36;
      rest.rows -= 36;
      AttentionLayer layer = a.operands();
      layer.attention = b.attention.rows();
      layer.stats = {};
      d.run([&](Ops& ops) { ops.attention(layer, &rest, 1); });
      const auto from = static_cast<std::ptrdiff_t>(84 * p.shape.q_width());
      const std::vector<float> of_a = a.attention.get(), of_b = b.attention.get();
      CHECK(same_bits({of_a.begin() + from, of_a.end()}, {of_b.begin() + from, of_b.end()}));
    });
  }
}

TEST("attention: a window that reaches every key has the bits of none") {
  const AttentionProblem p({6, 3, 24, QkNorm::none, 0}, Dtype::f32, 17, {50}, 19);
  AttentionProblem wide = p;
  wide.window = 67;
  each_device([&](TestDevice& d) {
    DeviceLayer a(d, p), b(d, wide);
    a.forward();
    b.forward();
    CHECK(a.forward_bits() == b.forward_bits());
    CHECK(a.backward().bits() == b.backward().bits());
  });
}

TEST("attention: large scores neither overflow nor lose the row") {
  AttentionProblem p({2, 1, 16, QkNorm::none, 0}, Dtype::f32, 3, {20}, 13);
  for (int64_t r = 0; r < p.rows(); ++r)
    for (int64_t i = 0; i < p.shape.q_width(); ++i) p.qkv[static_cast<size_t>(r * p.shape.width() + i)] *= 300;
  const AttentionReference want(p);
  each_device([&](TestDevice& d) {
    DeviceLayer layer(d, p);
    layer.forward();
    // scores of some hundreds carry an absolute error of some 1e-5 into the exponent
    CHECK_NEAR(worst_error(layer.attention.get(), want.attention), 0, 1e-3);
  });
}

TEST("attention: the reference's gradients are central differences") {
  const QkvShape shape = {4, 2, 6, QkNorm::none, 0};
  const int64_t rows = 5, first = 3;
  for (int64_t window : {0, 1, 4}) {
    std::vector<double> q = to_double(random_values(1, rows * shape.q_width(), 2));
    std::vector<double> k = to_double(random_values(2, (first + rows) * shape.kv_width(), 2));
    std::vector<double> v = to_double(random_values(3, (first + rows) * shape.kv_width()));
    std::vector<double> dout = to_double(random_values(4, rows * shape.q_width())), out(q.size());
    std::vector<double> dq(q.size()), dk(k.size()), dv(v.size());
    auto loss = [&] {
      ref::attention_forward(out.data(), q.data(), k.data(), v.data(), rows, first, shape, 0.4, window);
      double sum = 0;
      for (size_t i = 0; i < out.size(); ++i) sum += out[i] * dout[i];
      return sum;
    };
    ref::attention_backward(dq.data(), dk.data(), dv.data(), dout.data(), q.data(), k.data(), v.data(), rows, first,
                            shape, 0.4, window);
    CHECK_NEAR(gradient_error(q, dq, loss), 0, 1e-8);
    CHECK_NEAR(gradient_error(k, dk, loss), 0, 1e-8);
    CHECK_NEAR(gradient_error(v, dv, loss), 0, 1e-8);
  }
}
