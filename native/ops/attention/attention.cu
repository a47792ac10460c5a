// Attention on a GPU: operands from the contract's to the kernels', and which kernels take them.
#include <algorithm>

#include "device/cuda/cuda_ops.h"
#include "ops/attention/attention_gpu.h"

namespace glossa {
GpuAttention gpu_attention(const AttentionLayer& a, const GpuSequence* table, const SequenceRows* sequences,
                           int64_t count) {
  GpuAttention g{};
  g.sequences = table;
  g.heads = static_cast<int>(a.shape.heads);
  g.kv_heads = static_cast<int>(a.shape.kv_heads);
  g.group = g.heads / g.kv_heads;
  g.per_group = static_cast<uint32_t>((int64_t{1} << 32) / g.group + ((int64_t{1} << 32) % g.group != 0));
  g.head_dim = static_cast<int>(a.shape.head_dim);
  g.layer = a.layer;
  g.scale = a.scale;
  g.exponent = a.scale * kLog2OfE;
  g.window = static_cast<int>(std::min<int64_t>(a.window, INT32_MAX / 4));
  g.qkv = a.qkv.data.as<void>();
  g.width = a.qkv.stride;
  g.out = a.attention.data.as<void>();
  g.stats = a.stats.data.as<float>();
  g.count = count;
  for (int64_t i = 0; i < count; ++i) {
    g.rows = std::max(g.rows, static_cast<int>(sequences[i].rows));
    g.prefix = std::max(g.prefix, static_cast<int>(sequences[i].prefix_length));
  }
  return g;
}

void CudaOps::attention(const AttentionLayer& a, const SequenceRows* sequences, int64_t count) {
  if (count == 0) return;
  const GpuAttention g = gpu_attention(a, on_device(sequences, count), sequences, count);
  if (a.type == Dtype::bf16 && warpgroups_ && warpgroups_->forward(g, a.qkv.type)) return;
  if (a.type == Dtype::bf16 && attention_forward_tiled(stream_, g, a.qkv.type)) return;
  attention_forward_plain(stream_, g, a.qkv.type, a.type);
}

void CudaOps::attention_backward(const AttentionLayer& a, const AttentionGradient& d, const SequenceRows* sequences,
                                 const SequenceGradient* gradients, int64_t count) {
  if (count == 0) return;
  const GpuAttention g = gpu_attention(a, table_.upload(stream_, sequences, count), sequences, count);
  std::vector<GpuGradient> of_sequences;
  std::vector<GpuReader> readers;
  for (int64_t i = 0; i < count; ++i) {
    const SequenceGradient& s = gradients[i];
    of_sequences.push_back({s.partial.data.as<float>(), s.prefix.data.data.as<float>(), s.prefix.capacity,
                            static_cast<int64_t>(readers.size()), s.reader_count});
    for (int64_t r = 0; r < s.reader_count; ++r)
      readers.push_back({s.readers[r].data.data.as<float>(), s.readers[r].capacity});
  }
  GpuAttentionGradient b{};
  b.gradients = staging_.put(of_sequences);
  b.readers = staging_.put(readers);
  b.d_out = d.d_attention.data.as<float>();
  b.row0 = d.row0;
  const bool rounded = static_cast<bool>(d.d_qkv32);
  b.d_qkv = (rounded ? d.d_qkv32 : d.d_qkv).data.as<float>();
  b.d_row0 = rounded ? d.row0 : 0;
  const bool matrices = a.type == Dtype::bf16;
  if (!d.keys_only && !(matrices && warpgroups_ && warpgroups_->backward(g, b, a.qkv.type)) &&
      !(matrices && attention_backward_tiled(stream_, g, b, a.qkv.type)))
    attention_backward_plain(stream_, g, b, a.qkv.type, a.type);
  qkv_backward(stream_, a, d, g, b, !readers.empty());
}

}  // namespace glossa
