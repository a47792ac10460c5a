// Tiny models whose blocks have every feature that is computed, and batches over them, for the engine's tests.
#pragma once
#include <algorithm>
#include <cmath>
#include <limits>
#include <memory>
#include <vector>

#include "base/philox.h"
#include "engine/engine.h"
#include "model/families.h"
#include "tool/test.h"

namespace glossa::test {

inline float uniform(uint32_t stream, uint32_t i) {
  return philox_uniform(philox4x32(99, i, stream, 0, 0).v[0]);
}

// Sizes off every tile: three heads of 20, a q width other than hidden, an odd vocabulary.
inline ModelConfig tiny_config(Family family) {
  ModelConfig c{};
  c.family = family;
  c.block = family_row(family).block;
  c.hidden = 48;
  c.layers = 2;
  c.heads = family == Family::olmo2 ? 3 : 6;
  c.kv_heads = 3;
  c.head_dim = family == Family::qwen3 ? 20 : 16;
  c.ffn = 72;
  c.vocab = 97;
  c.context = 192;
  c.rms_eps = 1e-5f;
  c.tied = family == Family::qwen2 || family == Family::qwen3 || family == Family::gemma3;
  c.rope = {family == Family::llama ? RopeType::llama3 : RopeType::plain, 10000.0, 8, 1, 4, 32};
  c.initializer_range = 0.02f;
  if (family == Family::exaone4) c.attention = {{21, LayerRope::global}, {0, LayerRope::none}};
  if (family == Family::granite) {
    c.embedding_multiplier = 3;
    c.residual_multiplier = 0.7f;
    c.logit_multiplier = 0.5f;
    c.attention_scale = 0.3;
  }
  if (family == Family::gemma3) {
    c.attention = {{6, LayerRope::local}, {0, LayerRope::global}};
    c.rope = {RopeType::linear, 1e6, 4, 1, 1, 0};
    c.local_rope = {RopeType::plain, 10000.0, 1, 1, 1, 0};
    c.embedding_multiplier = std::sqrt(static_cast<float>(c.hidden));
    c.attention_scale = 1 / std::sqrt(20.0);
  }
  return c;
}

// Small enough that every parameter can be moved both ways.
inline ModelConfig smallest_config(Family family) {
  ModelConfig c = tiny_config(family);
  c.hidden = 12;
  c.heads = 2;
  c.kv_heads = family == Family::olmo2 ? 2 : 1;
  c.head_dim = family == Family::qwen3 ? 10 : 6;
  c.ffn = 10;
  c.vocab = 11;
  if (family == Family::exaone4) c.attention[0].window = 3;
  if (family == Family::gemma3) c.embedding_multiplier = std::sqrt(static_cast<float>(c.hidden));
  return c;
}

// Every feature of a block is in one of them.
inline const Family kFamilies[] = {Family::llama,   Family::qwen2,   Family::qwen3, Family::olmo2,
                                   Family::exaone4, Family::granite, Family::gemma3};

// Weights far from a fresh model's, so that a wrong scale, norm or bias shows.
inline void spread(Engine& engine) {
  std::vector<float> w = engine.parameters();
  uint32_t stream = 0;
  for (const TensorSpec& t : tensor_specs(engine.config())) {
    ++stream;
    int64_t n = 1;
    for (int64_t d : t.shape) n *= d;
    const bool matrix = t.shape.size() == 2, norm = t.name.find("norm") != std::string::npos;
    const float size = matrix ? 1.7f / std::sqrt(static_cast<float>(t.shape[1])) : norm ? 0.6f : 0.4f;
    for (int64_t i = 0; i < n; ++i)
      w[static_cast<size_t>(t.offset + i)] = (norm ? 1 - engine.config().block.norm_offset : 0.0f) +
                                             size * (2 * uniform(stream, static_cast<uint32_t>(i)) - 1);
  }
  engine.set_parameters(w);
}

// Of the device that engines compute on here (GLOSSA_DEVICE); a GPU has one way.
inline std::vector<std::string> isas_under_test() {
  return chosen_device({}) == "cpu" ? device_isas() : std::vector<std::string>{""};
}
// Whether a test should take a part of its combinations: in a build with a sanitizer, and where a GPU is emulated.
inline bool reduced() {
  return kSanitized || is_emulated(chosen_device({}));
}

inline std::unique_ptr<Engine> tiny_engine(Family family, Dtype dtype, int threads, const std::string& isa = "",
                                           Sharing sharing = Sharing::automatic) {
  EngineOptions options;
  options.dtype = dtype;
  options.threads = threads;
  options.isa = isa;
  options.sharing = sharing;
  Result<std::unique_ptr<Engine>> engine = Engine::create(tiny_config(family), 5, options);
  if (!engine.ok()) return nullptr;
  spread(*engine.value());
  return engine.take();
}

struct IdLists {
  std::vector<int32_t> ids, offsets{0};
  void add(const std::vector<int32_t>& row) {
    ids.insert(ids.end(), row.begin(), row.end());
    offsets.push_back(static_cast<int32_t>(ids.size()));
  }
  // Other rows in the same place: the engine has encoded none of them. Of what has more than one id.
  void renew(int64_t vocab) {
    for (size_t i = 0; i + 1 < offsets.size(); ++i) {
      int32_t& id = ids[static_cast<size_t>(offsets[i])];
      id = static_cast<int32_t>((id + 1) % vocab);
    }
  }
  Ragged view() const { return {ids.data(), offsets.data(), static_cast<int64_t>(offsets.size()) - 1}; }
};

inline std::vector<int32_t> random_ids(uint32_t stream, int64_t n, int64_t vocab) {
  std::vector<int32_t> ids;
  for (int64_t i = 0; i < n; ++i)
    ids.push_back(static_cast<int32_t>(philox4x32(7, static_cast<uint32_t>(i), stream, 0, 0).v[0] %
                                       static_cast<uint32_t>(vocab)));
  return ids;
}

// A law for the tokens of completions: two biases, of which rows take one or none, and a few ids kept of each token.
struct TestLaw {
  std::vector<float> biases;
  std::vector<int32_t> bias_of, kept_counts, kept_ids;
  TestLaw() = default;
  TestLaw(const Ragged& completions, int64_t vocab) {
    for (int64_t i = 0; i < 2 * vocab; ++i) biases.push_back(2 * uniform(71, static_cast<uint32_t>(i)) - 1);
    for (int64_t row = 0; row < completions.rows; ++row) {
      bias_of.push_back(static_cast<int32_t>(row % 3) - 1);
      for (int32_t t = completions.offsets[row]; t < completions.offsets[row + 1]; ++t) {
        const size_t before = kept_ids.size();
        for (int32_t id = 0; id < vocab; ++id)
          if (id == completions.ids[t] || uniform(72, static_cast<uint32_t>(t * vocab + id)) < 0.5f)
            kept_ids.push_back(id);
        kept_counts.push_back(static_cast<int32_t>(kept_ids.size() - before));
      }
    }
    // Of a table, a token that no row drew is forbidden.
    for (int32_t id = 0; id < vocab; ++id)
      if (std::find(completions.ids, completions.ids + completions.offsets[completions.rows], id) ==
          completions.ids + completions.offsets[completions.rows])
        biases[static_cast<size_t>(id)] = -std::numeric_limits<float>::infinity();
  }
  SamplerLaw view(int64_t vocab) const {
    return {{biases.data(), static_cast<int32_t>(static_cast<int64_t>(biases.size()) / vocab)},
            bias_of.data(),
            kept_counts.data(),
            kept_ids.data(),
            static_cast<int64_t>(kept_ids.size())};
  }
};

// GRPO rows: `groups` prompts of 1, 2, .. ids with `samples` completions of mixed lengths each.
struct TestBatch {
  IdLists prompts, completions;
  std::vector<float> advantages, old_logps, ref_logps;
  TrainBatch view() const {
    TrainBatch b;
    b.sequences = {prompts.view(), completions.view()};
    b.advantages = advantages.data();
    if (!old_logps.empty()) b.old_logps = old_logps.data();
    if (!ref_logps.empty()) b.ref_logps = ref_logps.data();
    return b;
  }
};
inline TestBatch test_batch(int groups, int samples, int64_t vocab) {
  TestBatch b;
  for (int g = 0; g < groups; ++g) {
    const std::vector<int32_t> prompt = random_ids(static_cast<uint32_t>(g), 1 + (g * 5) % 23, vocab);
    for (int s = 0; s < samples; ++s) {
      const uint32_t stream = 1000 + static_cast<uint32_t>(g * samples + s);
      b.prompts.add(prompt);
      b.completions.add(random_ids(stream, 1 + (g * 7 + s * 11) % 37, vocab));
      b.advantages.push_back(2 * uniform(3, stream) - 1);
    }
  }
  return b;
}

// The rows of a rollout as a training batch.
inline TestBatch batch_of(const Rollout& r) {
  TestBatch b;
  b.prompts.ids = r.prompt_ids;
  b.prompts.offsets = r.prompt_offsets;
  b.completions.ids = r.completion_ids;
  b.completions.offsets = r.completion_offsets;
  b.old_logps = r.logps;
  for (size_t i = 0; i < r.sample.size(); ++i) b.advantages.push_back(2 * uniform(4, static_cast<uint32_t>(i)) - 1);
  return b;
}

}  // namespace glossa::test
