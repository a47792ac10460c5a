// Attention at the shapes of a model: sequences as training packs them, and one row each over long contexts.
#include <algorithm>
#include <cmath>

#include "tool/kernel_bench.h"

namespace glossa::tool {
namespace {

using Call = std::function<void()>;
constexpr Dtype kType = Dtype::bf16;

double real(int64_t n) {
  return static_cast<double>(n);
}

// Sequences of `keys` keys each, of which the last `rows` are computed; the first `prefix` are shared by all.
struct Batch {
  int64_t count, keys, rows, prefix;
};

// One layer's operands, full of random numbers.
class Layer {
 public:
  Layer(Device& d, Arrays& a, const ModelConfig& c, const Batch& batch) : batch_(batch) {
    layer_.shape = c.qkv_shape();
    layer_.shape.qk_norm = QkNorm::none;
    layer_.type = kType;
    layer_.scale = static_cast<float>(c.score_scale());
    const QkvShape& s = layer_.shape;
    const int64_t rows = batch.count * batch.rows;
    layer_.qkv = a.rows(d.traits().activations.qkv, rows, s.width());
    layer_.attention = a.rows(kType, rows, s.q_width());
    layer_.stats = a.values(rows * s.heads * 2);
    layer_.rope = a.values(batch.keys * s.head_dim);
    lists_.reserve(static_cast<size_t>(batch.count) + 1);
    KvCache prefix;
    if (batch.prefix > 0) prefix = cache(d, a, batch.prefix);
    for (int64_t i = 0; i < batch.count; ++i) {
      SequenceRows r{};
      r.row0 = i * batch.rows;
      r.rows = batch.rows;
      r.position0 = batch.keys - batch.rows;
      r.own0 = batch.keys - batch.prefix - batch.rows;
      r.own = cache(d, a, batch.keys - batch.prefix);
      r.prefix = prefix;
      r.prefix_length = batch.prefix;
      sequences_.push_back(r);
    }
  }
  void prepare_backward(Device& d, Arrays& a) {
    const QkvShape& s = layer_.shape;
    const int64_t rows = batch_.count * batch_.rows;
    gradient_.d_attention = a.rows(Dtype::f32, rows, s.q_width());
    gradient_.d_qkv32 = a.rows(Dtype::f32, rows, s.width());
    gradient_.d_qkv = a.rows(kType, rows, s.width());
    gradient_.qkv_bias = gradient_.q_norm = gradient_.k_norm = -1;
    gradients_.resize(sequences_.size());
    forward(d.all());
  }
  // Queries rotated in place, keys and values into their pages.
  void project(Ops& ops) const { ops.qkv(layer_, sequences_.data(), batch_.count); }
  void forward(Ops& ops) const { ops.attention(layer_, sequences_.data(), batch_.count); }
  void backward(Ops& ops) const {
    ops.attention_backward(layer_, gradient_, sequences_.data(), gradients_.data(), batch_.count);
  }

 private:
  KvCache cache(Device& d, Arrays& a, int64_t length) {
    const int64_t positions = d.traits().kv_page, pages = (length + positions - 1) / positions,
                  elements = 2 * kv_elements(layer_.shape, positions);
    const Rows all = a.rows(kType, pages, elements);
    lists_.emplace_back();
    for (int64_t i = 0; i < pages; ++i) lists_.back().push_back(all.at(i).data);
    return {lists_.back().data(), positions};
  }

  const Batch batch_;
  AttentionLayer layer_{};
  AttentionGradient gradient_{};
  std::vector<SequenceRows> sequences_;
  std::vector<SequenceGradient> gradients_;
  std::vector<std::vector<Address>> lists_;
};

}  // namespace

void bench_attention(KernelBench& b, const ModelConfig& c, const std::string& model) {
  const QkvShape s = c.qkv_shape();
  for (const auto& [count, keys] : {std::pair(b.size(21, 2), b.size(768, 37)), {b.size(8, 2), b.size(2048, 70)}}) {
    // Two products of half a square each; five in the backward pass.
    const double flops = 2 * real(count * s.heads * keys * keys * s.head_dim);
    const std::string shape = ", " + model + ", " + std::to_string(count) + " x " + std::to_string(keys);
    const Batch batch = {count, keys, keys, 0};
    b.run("qkv" + shape, {0, real(count * keys * s.width()) * 4}, [&](Arrays& a) -> Call {
      auto layer = std::make_shared<Layer>(b.device(), a, c, batch);
      return [&b, layer] { layer->project(b.ops()); };
    });
    b.run("attention" + shape, {flops, 0}, [&](Arrays& a) -> Call {
      auto layer = std::make_shared<Layer>(b.device(), a, c, batch);
      return [&b, layer] { layer->forward(b.ops()); };
    });
    b.run("attention_backward" + shape, {2.5 * flops, 0}, [&](Arrays& a) -> Call {
      auto layer = std::make_shared<Layer>(b.device(), a, c, batch);
      layer->prepare_backward(b.device(), a);
      return [&b, layer] { layer->backward(b.ops()); };
    });
  }
  const int64_t slots = b.size(256, 3), keys = b.size(1024, 70);
  auto decode = [&](const char* name, int64_t prefix) {
    // Keys and values that are read at least once: what is shared may stay in a cache.
    const int64_t own = slots * (keys - prefix) + prefix;
    b.run(name + (", " + model) + ", " + std::to_string(slots) + " x " + std::to_string(keys),
          {0, real(own * 2 * s.kv_width()) * 2}, [&](Arrays& a) -> Call {
            auto layer = std::make_shared<Layer>(b.device(), a, c, Batch{slots, keys, 1, prefix});
            return [&b, layer] { layer->forward(b.ops()); };
          });
  };
  decode("decode attention", 0);
  decode("decode attention, a quarter shared", b.size(256, 33));
}

}  // namespace glossa::tool
