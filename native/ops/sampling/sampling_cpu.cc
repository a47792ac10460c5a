#include "base/simd.h"
#include "ops/sampling/sampling_kernels.h"

// A pair of registers that crosses a call, or that two branches hand on, goes through memory. So the functions of the
// inner loop are inlined, and the end of a row is padded into a copy rather than loaded in another way.
#define GLOSSA_INLINE static inline __attribute__((always_inline))

namespace glossa::GLOSSA_ISA {

// Sixteen numbers at `p`, or, where fewer are left, these and `fill` in `copy`.
GLOSSA_INLINE const float* padded(const float* p, int64_t left, float fill, float copy[kLanes]) {
  if (left >= kLanes) return p;
  for (int i = 0; i < kLanes; ++i) copy[i] = i < left ? p[i] : fill;
  return copy;
}

// ---- Philox4x32-10, one counter in each 64-bit lane: a 32 x 32 -> 64 multiply is then one instruction, and what is
// left in the upper halves never reaches a lower one.

typedef uint64_t lanes64 __attribute__((vector_size(kPart * 4)));
constexpr int kCounters = kPart / 2;   // counters in flight in one lanes64
constexpr int kWords = kCounters * 4;  // random words they give
constexpr int kStride = 2 * kLanes;    // tokens served at a time

GLOSSA_INLINE lanes64 multiply(lanes64 a, uint32_t m) {
#if defined(__AVX512F__)
  return (lanes64)_mm512_mul_epu32((__m512i)a, _mm512_set1_epi64(m));
#elif defined(__AVX2__)
  return (lanes64)_mm256_mul_epu32((__m256i)a, _mm256_set1_epi64x(m));
#elif defined(__SSE2__)
  return (lanes64)_mm_mul_epu32((__m128i)a, _mm_set1_epi64x(m));
#elif defined(__ARM_NEON)
  return (lanes64)vmull_u32(vmovn_u64((uint64x2_t)a), vdup_n_u32(m));
#else
  return (a & 0xffffffffu) * m;
#endif
}

struct Noise {
  uint64_t key0[10], key1[10];  // the ten round keys
  uint64_t c0, c1, c2, c3;      // counter of token 0
};

static Noise noise_of(uint64_t seed, const DrawKey& key) {
  Noise n;
  uint32_t k0 = static_cast<uint32_t>(seed), k1 = static_cast<uint32_t>(seed >> 32);
  for (int round = 0; round < 10; ++round, k0 += 0x9E3779B9u, k1 += 0xBB67AE85u) {
    n.key0[round] = k0;
    n.key1[round] = k1;
  }
  const uint64_t low = (static_cast<uint64_t>(key.position) << 40) + (static_cast<uint64_t>(key.sample) << 22);
  n.c0 = low & 0xffffffffu;
  n.c1 = low >> 32;
  n.c2 = key.prompt;
  n.c3 = static_cast<uint32_t>(key.purpose << 24) + key.step;
  return n;
}

// words [kWords] of tokens token .. token + kWords - 1; token is a multiple of 4.
GLOSSA_INLINE void random_words(uint32_t* words, const Noise& noise, int64_t token) {
  // Counters 0, n/2, 1, n/2 + 1, ..: the two interleaving shuffles below then leave the words in the order of tokens.
  lanes64 order;
  for (int i = 0; i < kCounters; ++i) order[i] = static_cast<uint64_t>(i / 2 + i % 2 * (kCounters / 2));
  lanes64 c0 = order + (noise.c0 + static_cast<uint64_t>(token / 4));
  lanes64 c1 = lanes64{} + noise.c1, c2 = lanes64{} + noise.c2, c3 = lanes64{} + noise.c3;
#pragma GCC unroll 10
  for (int round = 0; round < 10; ++round) {
    const lanes64 p0 = multiply(c0, 0xD2511F53u), p1 = multiply(c2, 0xCD9E8D57u);
    c0 = (p1 >> 32) ^ c1 ^ noise.key0[round];
    c2 = (p0 >> 32) ^ c3 ^ noise.key1[round];
    c1 = p1;
    c3 = p0;
  }
  const lanes64 a = (c0 & 0xffffffffu) | c1 << 32, b = (c2 & 0xffffffffu) | c3 << 32;
#if defined(__AVX512F__)
  const lanes64 first = __builtin_shufflevector(a, b, 0, 8, 2, 10, 4, 12, 6, 14),
                second = __builtin_shufflevector(a, b, 1, 9, 3, 11, 5, 13, 7, 15);
#elif defined(__AVX2__)
  const lanes64 first = __builtin_shufflevector(a, b, 0, 4, 2, 6), second = __builtin_shufflevector(a, b, 1, 5, 3, 7);
#else
  const lanes64 first = __builtin_shufflevector(a, b, 0, 2), second = __builtin_shufflevector(a, b, 1, 3);
#endif
  memcpy(words, &first, sizeof first);
  memcpy(words + kWords / 2, &second, sizeof second);
}

// ---- Exponential variates.

// Natural logarithm of a positive normal number, relative error below 3e-7 (also near 1). Cephes logf (S. L. Moshier).
GLOSSA_INLINE vf log_of(vf x) {
  const vi bits = as_int(x);
  const vi k = (bits - 0x3f3504f3) >> 23;  // x = m * 2^k, m in [sqrt(1/2), sqrt(2))
  const vf n = to_float(k), r = as_float(bits - (k << 23)) - 1.0f, z = r * r;
  vf p = splat(7.0376836292e-2f);
  p = fma(p, r, splat(-1.1514610310e-1f));
  p = fma(p, r, splat(1.1676998740e-1f));
  p = fma(p, r, splat(-1.2420140846e-1f));
  p = fma(p, r, splat(1.4249322787e-1f));
  p = fma(p, r, splat(-1.6668057665e-1f));
  p = fma(p, r, splat(2.0000714765e-1f));
  p = fma(p, r, splat(-2.4999993993e-1f));
  p = fma(p, r, splat(3.3333331174e-1f));
  vf y = fma(n, splat(-2.12194440e-4f), p * r * z);
  y = fma(z, splat(-0.5f), y) + r;
  return fma(n, splat(0.693359375f), y);
}

// log(-log(1 - u)). Small u decide which token wins, so they are kept to the last bit: 1 - u is taken with its rounding
// error, which is given back to first order.
GLOSSA_INLINE vf log_exponential(vu word) {
  const vf half = to_float(as_int(as_float(word >> 1)));
  const vf u = min((half + 0.5f) * 0x1p-31f, splat(0x1.fffffep-1f));
  const vf rest = 1.0f - u;
  return log_of(u - (1.0f - rest) - log_of(rest));
}

// ---- The filters.

// (logit + bias) / temperature of sixteen tokens from `i` on; -inf past the end.
GLOSSA_INLINE vf tempered(const float* logits, const float* bias, int64_t i, int64_t v, vf inv_temperature) {
  float rest[kLanes], bias_rest[kLanes];
  vf x = load(padded(logits + i, v - i, -__builtin_inff(), rest));
  if (bias) x += load(padded(bias + i, v - i, 0.0f, bias_rest));
  return x * inv_temperature;
}

// Floats in the order of whole numbers: what lies between two of them can be halved.
static int32_t ordered(float x) {
  int32_t bits;
  memcpy(&bits, &x, 4);
  return bits ^ (bits >> 31 & 0x7fffffff);
}
static float unordered(int32_t key) {
  const int32_t bits = key ^ (key >> 31 & 0x7fffffff);
  float x;
  memcpy(&x, &bits, 4);
  return x;
}

// The largest threshold in [low, high] for which enough(threshold) holds; it holds at low, and for all below where it
// holds for one. About 30 sweeps of the row, no sorting, no dependence on order.
template <class Enough>
static float largest_threshold(float low, float high, Enough enough) {
  int64_t yes = ordered(low), no = static_cast<int64_t>(ordered(high)) + 1;
  while (no - yes > 1) {
    const int64_t middle = (yes + no) >> 1;
    (enough(unordered(static_cast<int32_t>(middle))) ? yes : no) = middle;
  }
  return unordered(static_cast<int32_t>(yes));
}

static int64_t count_at_least(const float* x, int64_t v, float threshold) {
  const vf t = splat(threshold);
  vi count = splat_int(0);
  int64_t i = 0;
  for (; i + kLanes <= v; i += kLanes) count -= load(x + i) >= t;
  int32_t lanes[kLanes];
  memcpy(lanes, &count, sizeof lanes);
  int64_t n = 0;
  for (int32_t lane : lanes) n += lane;
  for (; i < v; ++i) n += x[i] >= threshold;
  return n;
}

// Sum of the weights that are at least `threshold`: float32 in blocks, float64 between them.
static double sum_at_least(const float* weights, int64_t v, float threshold) {
  constexpr int64_t kBlock = 1024;
  const vf t = splat(threshold), zero = splat(0.0f);
  double sum = 0;
  for (int64_t block = 0; block < v; block += kBlock) {
    const int64_t end = block + kBlock < v ? block + kBlock : v;
    vf s = zero;
    float rest[kLanes];
    for (int64_t i = block; i < end; i += kLanes) {
      const vf w = load(padded(weights + i, end - i, 0.0f, rest));
      s += select(w >= t, w, zero);
    }
    sum += static_cast<double>(reduce_sum(s));
  }
  return sum;
}

static int lanes_left(int64_t i, int64_t v) {
  return v - i < kLanes ? static_cast<int>(v - i) : kLanes;
}

// Writes exp(x - max x) to weights [v], 0 for what top-k removes, and returns the threshold at or above which a weight
// is kept by the other two. The largest weight is exactly 1, so min_p is a threshold as it stands.
static float filter(float* weights, const float* logits, const float* bias, int64_t v, vf inv_temperature,
                    const SamplingSettings& settings) {
  vf m = splat(-__builtin_inff());
  for (int64_t i = 0; i < v; i += kLanes) {
    const vf x = tempered(logits, bias, i, v, inv_temperature);
    m = max(m, x);
    store_some(weights + i, x, lanes_left(i, v));
  }
  const float largest = reduce_max(m);
  float least = -__builtin_inff();
  if (settings.top_k > 0 && settings.top_k < v)
    least = largest_threshold(least, largest, [&](float t) { return count_at_least(weights, v, t) >= settings.top_k; });
  float rest[kLanes];
  for (int64_t i = 0; i < v; i += kLanes) {
    const vf x = load(padded(weights + i, v - i, 0.0f, rest));
    store_some(weights + i, select(x >= splat(least), exp_nonpositive(x - largest), splat(0.0f)), lanes_left(i, v));
  }
  float threshold = 0x1p-149f;
  if (settings.top_p < 1) {
    const double wanted = static_cast<double>(settings.top_p) * sum_at_least(weights, v, threshold);
    threshold = wanted > 0
                    ? largest_threshold(threshold, 1.0f, [&](float t) { return sum_at_least(weights, v, t) >= wanted; })
                    : 1.0f;
  }
  return threshold > settings.min_p ? threshold : settings.min_p;
}

static void filter_in_place(float* logits, int64_t v, const SamplingSettings& settings, float* scratch,
                            uint32_t* kept) {
  const float infinity = __builtin_inff();
  const float threshold = filter(scratch, logits, nullptr, v, splat(1.0f / settings.temperature), settings);
  for (int64_t word = 0; word < v; word += 32) {
    uint32_t bits = 0;
    for (int64_t i = word; i < v && i < word + 32; ++i) {
      if (scratch[i] >= threshold) {
        bits |= uint32_t{1} << (i - word);
      } else if (logits[i] < infinity) {
        logits[i] = -infinity;
      }
    }
    if (kept) kept[word / 32] = bits;
  }
}

// ---- The race.

struct Race {
  vf best = splat(-__builtin_inff());
  vi at = splat_int(-1), sound = splat_int(-1);

  void enter(vf x, vf score, vi index) {
    sound = sound & (x < splat(__builtin_inff()));
    const vi ahead = score > best;
    best = select(ahead, score, best);
    at = select(ahead, index, at);
  }
  int32_t winner() const {
    float scores[kLanes];
    int32_t ids[kLanes], flags[kLanes];
    memcpy(scores, &best, sizeof scores);
    memcpy(ids, &at, sizeof ids);
    memcpy(flags, &sound, sizeof flags);
    int32_t id = -1;
    float score = -__builtin_inff();
    for (int i = 0; i < kLanes; ++i) {
      if (!flags[i]) return -1;
      if (ids[i] >= 0 && (scores[i] > score || (scores[i] == score && ids[i] < id))) {
        score = scores[i];
        id = ids[i];
      }
    }
    return id;
  }
};

static int32_t largest(const float* logits, int64_t v, const float* bias) {
  Race race;
  vi index = lane_index();
  for (int64_t i = 0; i < v; i += kLanes, index += kLanes) {
    const vf x = tempered(logits, bias, i, v, splat(1.0f));
    race.enter(x, x, index);
  }
  return race.winner();
}

static int32_t draw(const float* logits, int64_t v, const float* bias, const SamplingSettings& settings,
                    const DrawKey& key, float* scratch) {
  if (settings.temperature == 0) return largest(logits, v, bias);
  const vf inv_temperature = splat(1.0f / settings.temperature), none = splat(-__builtin_inff());
  const bool filtered = filters(settings, v);
  const float threshold = filtered ? filter(scratch, logits, bias, v, inv_temperature, settings) : 0;
  const Noise noise = noise_of(settings.seed, key);
  Race race;
  vi index = lane_index();
  for (int64_t group = 0; group < v; group += kStride) {
    uint32_t words[kStride];
    float rest[kLanes];
    for (int w = 0; w < kStride; w += kWords) random_words(words + w, noise, group + w);
    for (int64_t i = group; i < group + kStride && i < v; i += kLanes, index += kLanes) {
      const vf x = tempered(logits, bias, i, v, inv_temperature);
      vu word;
      memcpy(&word, words + (i - group), sizeof word);
      vf score = x - log_exponential(word);
      if (filtered) score = select(load(padded(scratch + i, v - i, 0.0f, rest)) >= splat(threshold), score, none);
      race.enter(x, score, index);
    }
  }
  return race.winner();
}

extern const SamplingKernels sampling_kernels;
const SamplingKernels sampling_kernels = {draw, filter_in_place};

}  // namespace glossa::GLOSSA_ISA
