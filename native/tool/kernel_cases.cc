// Products, operators of rows, the head and the parameters, at the shapes of a model.
#include <algorithm>

#include "tool/kernel_bench.h"
#include "tool/model_shapes.h"

namespace glossa::tool {
namespace {

using Call = std::function<void()>;
constexpr Dtype kType = Dtype::bf16;  // of what products read

double real(int64_t n) {
  return static_cast<double>(n);
}
std::string with_rows(const char* what, int64_t rows) {
  return std::string(what) + ", " + std::to_string(rows) + " rows";
}

struct Product {
  const char* name;
  int64_t n, k;
  Dtype out;
  bool bias, accumulate;
};

std::vector<Product> products_of(const ModelConfig& c, const ActivationPlan& plan) {
  const QkvShape s = c.qkv_shape();
  return {{"qkv", s.width(), c.hidden, plan.qkv, c.block.qkv_bias, false},
          {"o", c.hidden, s.q_width(), plan.stream, false, true},
          {"gate_up", 2 * c.ffn, c.hidden, plan.gate_up, false, false},
          {"down", c.hidden, c.ffn, plan.stream, false, true}};
}

void forward(KernelBench& b, const Product& p, int64_t rows) {
  const double bytes =
      real(p.n * p.k + rows * p.k) * 2 + real(rows * p.n * dtype_bytes(p.out)) * (p.accumulate ? 2 : 1);
  b.run(with_rows((std::string("linear ") + p.name).c_str(), rows), {2 * real(rows * p.n * p.k), bytes},
        [&, rows](Arrays& a) -> Call {
          const Rows x = a.rows(kType, rows, p.k), y = a.rows(p.out, rows, p.n);
          const Matrix w = a.matrix(kType, p.n, p.k);
          const Values bias = p.bias ? a.values(p.n) : Values{};
          return
              [&b, x, y, w, bias, rows, accumulate = p.accumulate] { b.ops().linear(y, x, w, bias, accumulate, rows); };
        });
}

void backward(KernelBench& b, const Product& p, int64_t rows) {
  const double flops = 2 * real(rows * p.n * p.k);
  b.run(with_rows((std::string("linear_backward ") + p.name).c_str(), rows), {flops, 0}, [&, rows](Arrays& a) -> Call {
    const Rows dx = a.rows(Dtype::f32, rows, p.k), dy = a.rows(kType, rows, p.n);
    const Matrix w = a.matrix(kType, p.n, p.k);
    return [&b, dx, dy, w, rows] { b.ops().linear_backward(dx, dy, w, false, rows); };
  });
  b.run(with_rows((std::string("weight_gradients ") + p.name).c_str(), rows), {flops, 0}, [&, rows](Arrays& a) -> Call {
    const Rows x = a.rows(kType, rows, p.k), dy = a.rows(kType, rows, p.n);
    const Values gradient = a.values(p.n * p.k);
    return [&b, x, dy, gradient, rows] { b.ops().weight_gradients({{gradient, dy, x, rows}}, {}); };
  });
}

// The same product's gradient in place of its output.
Rows gradient_in(const Rows& x) {
  return {x.data, kType, x.width, x.stride * dtype_bytes(x.type) / dtype_bytes(kType)};
}

void bench_products(KernelBench& b, const ModelConfig& c) {
  const std::vector<Product> products = products_of(c, b.device().traits().activations);
  for (int64_t rows : {b.size(16384, 34), b.size(2048, 18)})
    for (const Product& p : products) forward(b, p, rows);
  for (int64_t rows : {b.size(128, 3), b.size(256, 5), b.size(512, 7)}) {
    for (const Product& p : products) forward(b, p, rows);
    forward(b, {"head", c.vocab, c.hidden, Dtype::f32, false, false}, rows);
  }
  for (int64_t rows : {b.size(16384, 34), b.size(2048, 18)})
    for (const Product& p : products) backward(b, p, rows);
}

void bench_row_operators(KernelBench& b, const ModelConfig& c) {
  const ActivationPlan& plan = b.device().traits().activations;
  const int64_t rows = b.size(16384, 34), h = c.hidden, f = c.ffn;
  const double stream = real(rows * h * dtype_bytes(plan.stream)), narrow = real(rows * h) * 2,
               wide = real(rows * h) * 4;
  b.run(with_rows("rmsnorm", rows), {0, stream + narrow}, [&, rows](Arrays& a) -> Call {
    const Rows x = a.rows(plan.stream, rows, h), y = a.rows(kType, rows, h);
    const Values weight = a.values(h), rstd = a.values(rows);
    return [&b, x, y, weight, rstd, rows] { b.ops().rmsnorm(y, rstd, x, {weight, 1e-6f}, rows); };
  });
  b.run(with_rows("rmsnorm_add", rows), {0, 3 * stream}, [&, rows](Arrays& a) -> Call {
    const Rows x = a.rows(plan.branch, rows, h), y = a.rows(plan.stream, rows, h), out = a.rows(plan.stream, rows, h);
    const Values weight = a.values(h), rstd = a.values(rows);
    return [&b, x, y, out, weight, rstd, rows] { b.ops().rmsnorm_add(out, rstd, y, x, {weight, 1e-6f}, rows); };
  });
  b.run(with_rows("rmsnorm_backward", rows), {0, stream + 3 * wide}, [&, rows](Arrays& a) -> Call {
    const Rows x = a.rows(plan.stream, rows, h), y = a.rows(kType, rows, h), dy = a.rows(Dtype::f32, rows, h),
               dx = a.rows(Dtype::f32, rows, h);
    const Values weight = a.values(h), rstd = a.values(rows), sums = a.zeros(h);
    b.ops().rmsnorm(y, rstd, x, {weight, 1e-6f}, rows);
    return [&b, x, dy, dx, weight, rstd, sums, rows] {
      SequenceRows s{};
      s.rows = rows;
      SequenceGradient g{};
      g.partial = sums;
      b.ops().rmsnorm_backward(dx, true, 0, dy, x, {weight, 1e-6f}, rstd, {&s, &g, 1, 0, rows});
    };
  });
  const int64_t each = dtype_bytes(plan.gate_up);
  b.run(with_rows("glu", rows), {0, real(rows * f * (2 * each + 2))}, [&, rows](Arrays& a) -> Call {
    const Rows gate_up = a.rows(plan.gate_up, rows, 2 * f), product = a.rows(kType, rows, f);
    return [&b, gate_up, product, rows] { b.ops().glu(product, gate_up, Activation::silu, rows); };
  });
  b.run(with_rows("glu_backward", rows), {0, real(rows * f * (2 * each + 4 + 4))}, [&, rows](Arrays& a) -> Call {
    const Rows gate_up = a.rows(plan.gate_up, rows, 2 * f), d_product = a.rows(Dtype::f32, rows, f);
    return [&b, gate_up, d_product, rows] {
      b.ops().glu_backward(gradient_in(gate_up), d_product, gate_up, Activation::silu, rows);
    };
  });
  std::vector<int32_t> ids;
  for (int64_t i = 0; i < rows; ++i) ids.push_back(static_cast<int32_t>(i * 7919 % c.vocab));
  b.run(with_rows("embed", rows), {0, stream + narrow}, [&, rows](Arrays& a) -> Call {
    const Rows x = a.rows(plan.stream, rows, h);
    EmbeddingTable table{kType, h, {}, a.rows(kType, c.vocab, h), {}};
    return [&b, x, table, &ids, rows] { b.ops().embed(x, table, ids.data(), rows); };
  });
  b.run(with_rows("embedding gradient", rows), {0, 3 * wide}, [&, rows](Arrays& a) -> Call {
    const Rows dx = a.rows(Dtype::f32, rows, h);
    const Values gradient = a.values(c.vocab * h);
    return [&b, dx, gradient, &ids, rows] { b.ops().weight_gradients({}, {{gradient, dx, ids.data(), rows}}); };
  });
}

void bench_head(KernelBench& b, const ModelConfig& c) {
  const int64_t rows = b.size(2048, 6), v = c.vocab, h = c.hidden;
  std::vector<int32_t> targets;
  for (int64_t i = 0; i < rows; ++i) targets.push_back(static_cast<int32_t>(i * 7919 % v));
  const std::vector<TokenTerms> terms(targets.size(), {0.7f, -12, -12, 1e-4f, 0});
  std::vector<TokenResult> results(targets.size());
  std::vector<float> logps(targets.size()), entropies(targets.size());
  LossSettings settings;
  settings.type = find_loss("dapo");
  const TokenLosses losses{settings, 1, targets.data(), terms.data(), true, results.data(), nullptr};
  b.run(with_rows("head, loss and all gradients", rows), {6 * real(rows * v * h), 0}, [&](Arrays& a) -> Call {
    const Rows x = a.rows(kType, rows, h), logits = a.rows(Dtype::f32, rows, v), dx = a.rows(Dtype::f32, rows, h);
    const Matrix w = a.matrix(kType, v, h);
    const Values gradient = a.values(v * h);
    return [&b, &losses, x, logits, dx, w, gradient, rows] {
      const Rows d_logits = gradient_in(logits);
      b.ops().linear(logits, x, w, {}, false, rows);
      b.ops().token_losses(d_logits, logits, losses, rows);
      b.ops().linear_backward(dx, d_logits, w, false, rows);
      b.ops().weight_gradients({{gradient, d_logits, x, rows}}, {});
    };
  });
  b.run(with_rows("token_losses", rows), {0, real(rows * v) * 6}, [&](Arrays& a) -> Call {
    const Rows logits = a.rows(Dtype::f32, rows, v);
    return [&b, &losses, logits, rows] { b.ops().token_losses(gradient_in(logits), logits, losses, rows); };
  });
  b.run(with_rows("logps", rows), {0, real(rows * v) * 4}, [&](Arrays& a) -> Call {
    const Rows logits = a.rows(Dtype::f32, rows, v);
    return [&, logits, rows] { b.ops().logps(logits, 1, targets.data(), logps.data(), entropies.data(), rows); };
  });
  const int64_t slots = b.size(256, 5);
  std::vector<Draw> draws(static_cast<size_t>(slots));
  for (int64_t i = 0; i < slots; ++i) draws[static_cast<size_t>(i)].key = {0, 1, static_cast<uint32_t>(i), 0, 9};
  auto sample = [&](const char* name, const SamplingSettings& s) {
    b.run(with_rows(name, slots), {0, real(slots * v) * 4}, [&](Arrays& a) -> Call {
      const Rows logits = a.rows(Dtype::f32, slots, v);
      return [&b, &draws, s, logits, slots] { b.ops().sample(logits, {s, nullptr, 1}, draws.data(), slots); };
    });
  };
  sample("sample", {1, 0, 1, 0, 7});
  sample("sample, top-p 0.95", {1, 0, 0.95f, 0, 7});
  sample("sample, top-k 50", {1, 50, 1, 0, 7});
}

void bench_parameters(KernelBench& b) {
  const int64_t n = b.size(int64_t{1} << 28, 1 << 15);
  std::vector<Stretch> stretches;
  for (int64_t at = 0; at < n; at += kNormChunk) stretches.push_back({at, std::min(kNormChunk, n - at), 0.01f, at});
  b.run("adamw, " + std::to_string(n) + " parameters", {0, 28 * real(n)}, [&](Arrays& a) -> Call {
    const Values w = a.values(n), m = a.values(n), v = a.zeros(n), g = a.values(n);
    const AdamWStep step = {1e-6f, 0.9f, 0.999f, 1e-8f, 0.01f, 0.1f, 0.001f, 1};
    return [&b, &stretches, w, m, v, g, step] { b.ops().adamw(w, m, v, g, stretches, step); };
  });
  std::vector<double> sums(stretches.size());
  b.run("sum_squares, " + std::to_string(n) + " gradients", {0, 4 * real(n)}, [&](Arrays& a) -> Call {
    const Values g = a.values(n);
    return [&b, &stretches, &sums, g] { b.ops().sum_squares(g, stretches, sums.data()); };
  });
  b.run("convert, " + std::to_string(n) + " weights", {0, 6 * real(n)}, [&](Arrays& a) -> Call {
    const int64_t width = 4096;
    const Rows from = a.rows(Dtype::f32, n / width, width), to = a.rows(kType, n / width, width);
    return [&b, from, to, rows = n / width] { b.ops().convert(to, from, rows); };
  });
}

}  // namespace

void bench_kernels(KernelBench& b) {
  b.ceilings();
  const char* main = b.small() ? "tiny" : "qwen2.5-1.5b";
  const ModelConfig config = config_of(*find_shape(main));
  b.reserve(config);
  bench_products(b, config);
  bench_row_operators(b, config);
  bench_parameters(b);
  bench_head(b, config);
  bench_attention(b, config, main);
  for (const char* other : {"llama-3.2-3b", "olmo-2-1b", "qwen2.5-0.5b"}) {
    if (b.small()) break;
    const ModelConfig its = config_of(*find_shape(other));
    b.reserve(its);
    bench_attention(b, its, other);
  }
}

}  // namespace glossa::tool
