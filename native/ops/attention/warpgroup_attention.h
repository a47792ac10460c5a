// Attention of many rows by Hopper's instructions (attention_*_wgmma.cu), as far as it has the bits of the other
// kernels, which decode: before a size of head is computed so for the first time, both make a layer of random numbers,
// forward and backward, and must agree in every bit.
#pragma once
#include <functional>
#include <map>
#include <string>

#include "ops/attention/attention_gpu.h"

namespace glossa {

class WarpgroupAttention {
 public:
  // warn: what a user should hear, once a size of head: that the slower kernels compute.
  explicit WarpgroupAttention(Stream& stream, std::function<void(const std::string&)> warn)
      : stream_(stream), warn_(std::move(warn)) {}

  // Whether it made the layer's outputs, or gradients. Where not, nothing has happened.
  bool forward(const GpuAttention&, Dtype queries);
  bool backward(const GpuAttention&, const GpuAttentionGradient&, Dtype queries);

 private:
  bool serves(const GpuAttention&, Dtype queries);

  Stream& stream_;
  std::function<void(const std::string&)> warn_;
  std::map<int, bool> proved_;  // size of head
};

// Of a layer of random numbers with heads of this size, what its outputs, statistics and gradients hash to.
struct AttentionHashes {
  uint64_t forward, backward;
  bool operator==(const AttentionHashes&) const = default;
};
AttentionHashes attention_trial(Stream&, int head_dim, bool warpgroups);

}  // namespace glossa
