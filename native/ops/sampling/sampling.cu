// Sampling on a GPU: a block draws from a row and takes its log-probability and entropy in the same pass. The filters,
// where there are any, find their threshold in passes before.
#include "base/philox.h"
#include "device/cuda/cuda_ops.h"
#include "ops/head/head_row.h"
#include "ops/sampling/threshold.h"

namespace glossa {
namespace {

enum class Way { greedy, plain, filtered };

struct Asked {
  SamplingSettings sampling;
  float inv_temperature;       // of the draw
  float head_inv_temperature;  // of log-probability and entropy
  const float* biases;         // of Draw::bias; or null
  int top_k;                   // 0: off
  const GpuSequence* of_rows;  // or null; of no rows: nothing is drawn
  __device__ bool rests(int64_t row) const { return of_rows && of_rows[row].rows == 0; }
  __device__ const float* bias_of(const Draw& draw, int v) const {
    return biases && draw.bias >= 0 ? biases + static_cast<int64_t>(draw.bias) * v : nullptr;
  }
};

// From the logits of four columns to (logit + bias) / temperature.
__device__ inline void temper(float (&x)[kPack], const Asked& asked, const float* bias, int column, int v) {
  if (bias) {
    float of_columns[kPack];
    load_columns<false>(of_columns, bias, column, v, 0);
#pragma unroll
    for (int i = 0; i < kPack; ++i) x[i] += of_columns[i];
  }
#pragma unroll
  for (int i = 0; i < kPack; ++i) x[i] *= asked.inv_temperature;
}

// Logarithm of the exponential variate of a random word, log(-log(1 - u)).
__device__ inline float log_exponential(uint32_t word) {
  const float u = fminf((static_cast<float>(word >> 1) + 0.5f) * 0x1p-31f, 0x1.fffffep-1f);
  return logf(-log1pf(-u));
}
// Not less than -log_exponential(word), and cheap: -log(1 - u) is at least u, and u at least the power of two below it.
// What is added is far more than the rounding errors of the two.
__device__ inline float most_noise(uint32_t word) {
  return fmaf(static_cast<float>(__clz(static_cast<int>(word))), 0.69314718f, 0.69314718f + 1e-4f);
}

// The leading token: of equals, the lowest.
struct Leader {
  float score = -INFINITY;
  int token = -1;
  __device__ void meet(const Leader& other) {
    if (other.token >= 0 && (other.score > score || (other.score == score && (token < 0 || other.token < token))))
      *this = other;
  }
  __device__ void of_warp() {
    for (int offset = kWarp / 2; offset > 0; offset /= 2)
      meet({__shfl_xor_sync(0xffffffffu, score, offset), __shfl_xor_sync(0xffffffffu, token, offset)});
  }
};

// What the filters leave: x >= least whose weight e^(x - top) is at least min_p.
struct Kept {
  float least, top, min_p;
  __device__ bool keeps(float x) const { return x >= least && expf(x - top) >= min_p; }
};

// A block finds what the filters leave of a row.
template <bool Packs>
__global__ __launch_bounds__(kRowWarps* kWarp) void filter_rows(const float* logits, int64_t stride, int v, Asked asked,
                                                                const Draw* draws, Kept* out) {
  __shared__ float shared[kWarp];
  __shared__ Histogram histogram;
  if (asked.rests(blockIdx.x)) return;
  const float* row = logits + blockIdx.x * stride;
  const float* bias = asked.bias_of(draws[blockIdx.x], v);
  auto each = [&](const auto& visit) {
    const int threads = static_cast<int>(blockDim.x);
#pragma unroll 4
    for (int column = static_cast<int>(threadIdx.x) * kPack; column < v; column += threads * kPack) {
      float x[kPack];
      load_columns<Packs>(x, row, column, v, -INFINITY);
      temper(x, asked, bias, column, v);
      for (float each_x : x) visit(each_x);
    }
  };
  float largest = -INFINITY;
  bool unsound = false;
  each([&](float x) {
    largest = fmaxf(largest, x);
    unsound |= !(x < INFINITY);
  });
  const float top = block_max(largest, shared);
  float least = -INFINITY;
  const bool nothing = __syncthreads_or(unsound) || top == -INFINITY;
  if (asked.top_k > 0 && !nothing)
    least = threshold(
        histogram, top, each, [&](float x) { return static_cast<Mass>(x > -INFINITY); },
        [&](Mass total) { return min(static_cast<Mass>(asked.top_k), total); });
  if (asked.sampling.top_p < 1 && !nothing) {
    // Weights in units of 2^-38: the sum of 2^24 tokens still fits, and the largest weight is 1.
    const float floor = least;
    least = threshold(
        histogram, top, each,
        [&](float x) { return x >= floor ? static_cast<Mass>(expf(x - top) * 0x1p38f) : Mass{0}; },
        [&](Mass total) {
          const double wanted = ceil(static_cast<double>(asked.sampling.top_p) * static_cast<double>(total));
          return min(max(static_cast<Mass>(wanted), Mass{1}), total);
        });
  }
  if (threadIdx.x == 0) out[blockIdx.x] = {least, top, asked.sampling.min_p};
}

// A row's biases, in place.
__global__ __launch_bounds__(kRowWarps* kWarp) void bias_rows(float* logits, int64_t stride, int v, Asked asked,
                                                              const Draw* draws) {
  if (asked.rests(blockIdx.x)) return;
  const float* bias = asked.bias_of(draws[blockIdx.x], v);
  if (!bias) return;
  float* row = logits + blockIdx.x * stride;
  for (int i = static_cast<int>(threadIdx.x); i < v; i += static_cast<int>(blockDim.x)) row[i] += bias[i];
}

// Takes out what the filters do not leave, in place, and notes what they do in `words` words a row of bits (or null),
// those of pass[row] where passes follow each other `between` words apart. NaN and +inf stay.
__global__ __launch_bounds__(kRowWarps* kWarp) void keep_rows(float* logits, int64_t stride, int v, Asked asked,
                                                              const Kept* kept, uint32_t* bits, int words,
                                                              const int32_t* pass, int64_t between) {
  if (asked.rests(blockIdx.x)) return;
  float* row = logits + blockIdx.x * stride;
  const Kept of_row = kept[blockIdx.x];
  uint32_t* out =
      bits ? bits + (pass ? pass[blockIdx.x] * between : 0) + static_cast<int64_t>(blockIdx.x) * words : nullptr;
  const int lane = static_cast<int>(threadIdx.x) % kWarp;
  // A warp takes 32 columns at a time, so that its lanes have the bits of a word.
  for (int first = static_cast<int>(threadIdx.x) - lane; first < v; first += static_cast<int>(blockDim.x)) {
    const int column = first + lane;
    const float x = column < v ? row[column] : -INFINITY;
    const bool stays = column < v && of_row.keeps(x * asked.inv_temperature);
    if (column < v && !stays && x < INFINITY) row[column] = -INFINITY;
    uint32_t word = stays ? 1u << lane : 0;
    for (int offset = kWarp / 2; offset > 0; offset /= 2) word |= __shfl_xor_sync(0xffffffffu, word, offset);
    if (lane == 0 && out) out[first / kWarp] = word;
  }
}

template <bool Packs, Way way>
__global__ __launch_bounds__(kRowWarps* kWarp, Packs ? 2 : 1) void sample_rows(const float* logits, int64_t stride,
                                                                               int v, Asked asked, const Kept* kept,
                                                                               Draw* draws) {
  __shared__ float shared[kWarp];
  __shared__ Leader leaders[kRowWarps];
  if (asked.rests(blockIdx.x)) return;
  const float* row = logits + blockIdx.x * stride;
  const DrawKey key = draws[blockIdx.x].key;
  const float* bias = asked.bias_of(draws[blockIdx.x], v);
  const uint64_t low = (static_cast<uint64_t>(key.position) << 40) + (static_cast<uint64_t>(key.sample) << 22);
  Softmax softmax;
  Leader leader;
  // A score that some token of the warp has reached: what cannot reach it needs no score of its own.
  float bar = -FLT_MAX;
  bool unsound = false;
  for (int first = 0; first < v; first += columns_of_step()) {
    RowStep x;
    load_step<Packs>(x, row, first, v, -INFINITY);
    softmax.add(x, asked.head_inv_temperature);
#pragma unroll
    for (int p = 0; p < kRowPacks; ++p) {
      const int column = column_of(first, p);
      temper(x[p], asked, bias, column, v);
      Philox4 words{};
      if constexpr (way != Way::greedy)
        words = philox4x32(asked.sampling.seed, static_cast<uint32_t>(low) + static_cast<uint32_t>(column) / 4,
                           static_cast<uint32_t>(low >> 32), key.prompt, (key.purpose << 24) + key.step);
#pragma unroll
      for (int i = 0; i < kPack; ++i) {
        unsound |= !(x[p][i] < INFINITY);
        float score = x[p][i];
        if constexpr (way != Way::greedy) {
          if (x[p][i] + most_noise(words.v[i]) < bar) continue;
          if constexpr (way == Way::filtered)
            if (!kept[blockIdx.x].keeps(x[p][i])) continue;
          score -= log_exponential(words.v[i]);
          bar = fmaxf(bar, score);
        }
        if (score > leader.score) leader = {score, column + i};
      }
    }
    if constexpr (way != Way::greedy) bar = warp_max(bar);
  }
  leader.of_warp();
  if (threadIdx.x % kWarp == 0) leaders[threadIdx.x / kWarp] = leader;
  softmax.combine(shared);
  const bool nothing = __syncthreads_or(unsound);
  if (threadIdx.x != 0) return;
  for (unsigned warp = 1; warp < blockDim.x / kWarp; ++warp) leader.meet(leaders[warp]);
  Draw& draw = draws[blockIdx.x];
  draw.token = nothing ? -1 : leader.token;
  if (draw.token < 0) return;
  const HeadRow head = head_row(softmax, row[draw.token] * asked.head_inv_temperature);
  draw.logp = head.logp;
  draw.entropy = head.entropy;
}

}  // namespace

void CudaOps::sample(const Rows& logits, const DrawSettings& s, Draw* draws, int64_t rows) {
  if (rows == 0) return;
  const int64_t v = logits.width;
  const bool greedy = s.sampling.temperature == 0;
  Asked asked{s.sampling, greedy ? 1 : 1 / s.sampling.temperature, s.inv_temperature, nullptr, 0, nullptr};
  if (s.logit_bias) asked.biases = logit_bias_.put(s.logit_bias, v * s.biases);
  if (s.sampling.top_k < v) asked.top_k = s.sampling.top_k;
  bool filtered = filters(s.sampling, v);
  float* data = logits.data.as<float>();
  const GpuDecodeRows* const decoded = pass_ && draws == pass_->batch.draws.data() ? &pass_->rows : nullptr;
  if (decoded) asked.of_rows = decoded->sequences;
  Draw* const on_device = decoded ? decoded->draws : staging_.put(draws, rows);
  const bool packs = rows_pack(data, logits.stride, 16);
  auto run_one = [&](const char* name, auto kernel, auto... more) {
    launch(stream_, name, kernel, static_cast<unsigned>(rows), row_threads(v), 0, data, logits.stride, v, asked,
           more...);
  };
  auto run = [&](const char* name, auto packed, auto plain, auto... more) {
    run_one(name, packs ? packed : plain, more...);
  };
  static_assert(sizeof(Kept) <= kFilterBytes);
  Kept* kept = nullptr;
  if (filtered && !greedy) kept = decoded ? static_cast<Kept*>(decoded->filters) : staging_.room<Kept>(rows);
  const int64_t words = kept_words(v);
  uint32_t* bits = nullptr;
  if (s.of_law) {
    if (asked.biases) run_one("bias_rows", bias_rows, on_device);
    asked.biases = nullptr;
    if (kept) {
      run("filter_rows", filter_rows<true>, filter_rows<false>, on_device, kept);
      if (s.kept) bits = decoded ? decoded->kept : staging_.room<uint32_t>(rows * words);
      run_one("keep_rows", keep_rows, kept, bits, words, decoded ? decoded->pass : nullptr,
              decoded ? pass_->capacity * words : 0);
      filtered = false;
    }
  }
  if (greedy) {
    run("sample_rows", sample_rows<true, Way::greedy>, sample_rows<false, Way::greedy>, nullptr, on_device);
  } else if (filtered) {
    run("filter_rows", filter_rows<true>, filter_rows<false>, on_device, kept);
    run("sample_rows", sample_rows<true, Way::filtered>, sample_rows<false, Way::filtered>, kept, on_device);
  } else {
    run("sample_rows", sample_rows<true, Way::plain>, sample_rows<false, Way::plain>, nullptr, on_device);
  }
  if (decoded) return;
  if (bits) staging_.take(s.kept, bits, rows * words);
  staging_.take(draws, on_device, rows);
}

}  // namespace glossa
