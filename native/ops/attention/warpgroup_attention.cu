#include <algorithm>
#include <new>

#include "device/cuda/trial.h"
#include "ops/attention/warpgroup_attention.h"

namespace glossa {

// Two sequences with a prefix that they share and keys of their own, neither of which fills its last tile.
AttentionHashes attention_trial(Stream& stream, int head_dim, bool warpgroups) {
  constexpr int64_t kPositions = 64, kPrefix = 100, kRows[] = {150, 70}, kAll = kRows[0] + kRows[1];
  TrialMemory memory(stream);
  GpuAttention a{};
  a.heads = 4, a.kv_heads = 2, a.group = 2, a.head_dim = head_dim;
  a.per_group = uint32_t{1} << 31;
  a.scale = 2;  // some weights are large
  a.exponent = a.scale * kLog2OfE;
  a.count = 2, a.rows = kRows[0], a.prefix = kPrefix;
  a.width = (a.heads + 2 * a.kv_heads) * head_dim;
  a.qkv = memory.random(kAll * a.width, 1);
  const int64_t out_bytes = kAll * a.heads * head_dim * 2, stats_bytes = kAll * a.heads * 2 * 4;
  a.out = memory.take(out_bytes);
  a.stats = static_cast<float*>(memory.take(stats_bytes));

  uint64_t seed = 10;
  auto run_of = [&](int64_t keys) {
    std::vector<Address> pages;
    for (int64_t at = 0; at < keys; at += kPositions)
      pages.push_back(Address(memory.random(2 * a.kv_heads * kPositions * head_dim, ++seed)));
    return GpuPages{memory.take_all(pages), kPositions};
  };
  const GpuPages prefix = run_of(kPrefix);
  const std::vector<GpuSequence> sequences = {{0, kRows[0], kPrefix, 0, kPrefix, run_of(kRows[0]), prefix},
                                              {kRows[0], kRows[1], kPrefix, 0, kPrefix, run_of(kRows[1]), prefix}};
  a.sequences = memory.take_all(sequences);
  warpgroups ? attention_forward_wgmma(stream, a) : attention_forward_tiled(stream, a, Dtype::bf16);

  GpuAttentionGradient d{};
  const int64_t gradient_bytes = kAll * a.width * 4, prefix_bytes = 2 * a.kv_heads * kPrefix * head_dim * 4;
  d.d_out = reinterpret_cast<const float*>(memory.random(kAll * a.heads * head_dim * 2, 2));
  d.d_qkv = static_cast<float*>(memory.take(gradient_bytes));
  std::vector<GpuGradient> gradients(2);
  for (GpuGradient& g : gradients) {
    g.prefix = static_cast<float*>(memory.take(prefix_bytes));
    g.capacity = kPrefix;
  }
  d.gradients = memory.take_all(gradients);
  warpgroups ? attention_backward_wgmma(stream, a, d) : attention_backward_tiled(stream, a, d, Dtype::bf16);

  AttentionHashes hashes{memory.hash(a.out, out_bytes) + 3 * memory.hash(a.stats, stats_bytes),
                         memory.hash(d.d_qkv, gradient_bytes)};
  for (const GpuGradient& g : gradients) hashes.backward = 3 * hashes.backward + memory.hash(g.prefix, prefix_bytes);
  return hashes;
}

bool WarpgroupAttention::serves(const GpuAttention& a, Dtype queries) {
  // One row of each sequence is what decodes, and less than a warpgroup's 64 queries would leave most of it idle.
  const int64_t all = static_cast<int64_t>(a.rows) * a.group;
  if (queries != Dtype::bf16 || a.rows == 1 || all < kKeyTile) return false;
  const auto known = proved_.find(a.head_dim);
  if (known != proved_.end()) return known->second;
  bool& proved = proved_[a.head_dim] = false;
  if (!with_warpgroup_head(a.head_dim, [](auto) {})) return false;
  try {
    proved = attention_trial(stream_, a.head_dim, true) == attention_trial(stream_, a.head_dim, false);
    if (!proved && warn_)
      warn_("attention by Hopper's instructions (heads of " + std::to_string(a.head_dim) +
            ") differs from the other kernels in its bits; those compute, slower");
  } catch (const std::bad_alloc&) {
    if (warn_)
      warn_("no memory for the proof of attention by Hopper's instructions; the other kernels compute, slower");
  } catch (const GpuFault& fault) {
    throw GpuFault(std::string(fault.what()) +
                   ", in the proof of attention by Hopper's instructions: GLOSSA_CUDA_WARPGROUPS=0 leaves them out");
  }
  return proved;
}

bool WarpgroupAttention::forward(const GpuAttention& a, Dtype queries) {
  return serves(a, queries) && attention_forward_wgmma(stream_, a);
}
bool WarpgroupAttention::backward(const GpuAttention& a, const GpuAttentionGradient& d, Dtype queries) {
  return serves(a, queries) && attention_backward_wgmma(stream_, a, d);
}

}  // namespace glossa
