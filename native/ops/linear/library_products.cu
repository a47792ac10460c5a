#include <algorithm>
#include <chrono>
#include <new>
#include <utility>

#include "ops/linear/library_products.h"

namespace glossa {
namespace {

constexpr int kThreads = 256;
constexpr int64_t kTrialBytes = 128 << 20;  // of an array of a trial, at most
constexpr int64_t kTrialDepth = 8192;

__device__ inline uint64_t mix(uint64_t x) {  // splitmix64
  x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9u;
  x = (x ^ x >> 27) * 0x94d049bb133111ebu;
  return x ^ x >> 31;
}

// Of all sizes, so that the order of a sum shows.
__global__ void fill_random(Bf16* x, int64_t n, uint64_t seed) {
  for (int64_t i = static_cast<int64_t>(blockIdx.x) * kThreads + threadIdx.x; i < n;
       i += static_cast<int64_t>(gridDim.x) * kThreads) {
    const uint64_t r = mix(seed + 0x9e3779b97f4a7c15u * static_cast<uint64_t>(i + 1));
    const uint32_t sign = static_cast<uint32_t>(r) & 0x8000u, exponent = 119 + static_cast<uint32_t>(r >> 16) % 8;
    x[i].bits = static_cast<uint16_t>(sign | exponent << 7 | (static_cast<uint32_t>(r >> 32) & 0x7fu));
  }
}

// A sum over all words of them mixed with their places: it has no order.
__global__ void hash_words(const uint16_t* x, int64_t n, unsigned long long* sum) {
  unsigned long long mine = 0;
  for (int64_t i = static_cast<int64_t>(blockIdx.x) * kThreads + threadIdx.x; i < n;
       i += static_cast<int64_t>(gridDim.x) * kThreads)
    mine += mix(static_cast<uint64_t>(i) << 16 | x[i]);
  atomicAdd(sum, mine);
}

unsigned some_blocks(int64_t n) {
  return static_cast<unsigned>(std::clamp<int64_t>((n + kThreads - 1) / kThreads, 1, 1024));
}

// A product of random operands of nearly the shape that is wanted, end to end, in memory of its own.
class Trial {
 public:
  Trial(Stream& stream, const MatmulShape& wanted, const MatmulOperands& operands)
      : stream_(stream), shape_(wanted), operands_(operands) {
    MatmulShape& s = shape_;
    if (s.down_a) s.k = std::min(s.k, kTrialDepth);
    const int64_t row = std::max(s.n * dtype_bytes(s.out), 2 * s.k);
    s.m = std::clamp<int64_t>(kTrialBytes / row, 1, s.m);
    if (s.down_a && s.m % 8 != 0 && s.m > 8) s.m -= s.m % 8;
    s.stride_a = s.down_a ? s.m : s.k;
    s.stride_c = s.n;
    operands_.a = random(s.m * s.k, 1);
    // A matrix of weights is too large to make another, and random enough.
    if (s.down_a || 2 * s.n * s.k <= kTrialBytes) {
      s.stride_b = s.down_b ? s.n : s.k;
      operands_.b = random(s.n * s.k, 2);
    }
    words_ = s.m * s.n * dtype_bytes(s.out) / 2;
    start_ = random(words_, 3);
    operands_.c = memory(words_);
    sum_ = reinterpret_cast<unsigned long long*>(memory(4));
  }
  ~Trial() {
    for (void* m : held_) stream_.release(m);
  }
  Trial(const Trial&) = delete;
  Trial& operator=(const Trial&) = delete;

  const MatmulShape& shape() const { return shape_; }
  const MatmulOperands& operands() const { return operands_; }

  // Of C, after make(). Nothing where that did not.
  std::optional<unsigned long long> hash(const std::function<bool()>& make) {
    stream_.copy(operands_.c, start_, 2 * words_);
    if (!make()) return std::nullopt;
    stream_.fill(sum_, 0, 8);
    launch(stream_, "a product's proof", hash_words, some_blocks(words_), kThreads, 0,
           static_cast<const uint16_t*>(operands_.c), words_, sum_);
    unsigned long long sum = 0;
    stream_.download(&sum, sum_, 8);
    stream_.wait();
    return sum;
  }
  // Of one run among as many as take 2 ms, 20 at most.
  double seconds(const std::function<bool()>& make) {
    auto runs = [&](int n) {
      stream_.wait();
      const auto from = std::chrono::steady_clock::now();
      for (int i = 0; i < n; ++i) make();
      stream_.wait();
      return std::chrono::duration<double>(std::chrono::steady_clock::now() - from).count() / n;
    };
    return runs(std::clamp(static_cast<int>(2e-3 / runs(1)), 1, 20));
  }

 private:
  Bf16* memory(int64_t words) {
    held_.push_back(nullptr);
    return static_cast<Bf16*>(held_.back() = stream_.allocate(2 * words));
  }
  Bf16* random(int64_t words, uint64_t seed) {
    Bf16* const x = memory(words);
    launch(stream_, "a product's proof", fill_random, some_blocks(words), kThreads, 0, x, words, seed << 40);
    return x;
  }

  Stream& stream_;
  MatmulShape shape_;
  MatmulOperands operands_;
  int64_t words_ = 0;  // of C
  Bf16* start_ = nullptr;
  unsigned long long* sum_ = nullptr;
  std::vector<void*> held_;
};

}  // namespace

LibraryProducts::LibraryProducts(Stream& stream, std::unique_ptr<MatmulLibrary> library, OwnProduct own,
                                 const Settings& settings)
    : stream_(stream),
      library_(std::move(library)),
      own_(std::move(own)),
      about_(settings.about + ", cuBLASLt " + library_->version() + (settings.fast ? ", fast" : "")),
      path_(settings.path),
      fast_(settings.fast),
      warn_(settings.warn),
      kept_(read_table(path_, about_)) {}

bool LibraryProducts::multiply(const MatmulShape& s, const MatmulOperands& o) {
  // It adds no float32 bias to bfloat16 rows, and wants rows that start at 16 bytes.
  if (s.bias && s.out != Dtype::f32) return false;
  for (const void* p : {o.a, o.b, static_cast<const void*>(o.c)})
    if (reinterpret_cast<uintptr_t>(p) % 16 != 0) return false;
  if (2 * s.stride_a % 16 != 0 || 2 * s.stride_b % 16 != 0 || dtype_bytes(s.out) * s.stride_c % 16 != 0) return false;
  const ProductKey key = product_key(s);
  auto at = ready_.find(key);
  if (at == ready_.end()) at = ready_.emplace(key, choose(key, s, o)).first;
  return at->second && library_->multiply(s, o, *at->second);
}

LibraryProducts::Choice LibraryProducts::choose(const ProductKey& key, const MatmulShape& s, const MatmulOperands& o) {
  const auto kept = kept_.find(key);
  if (kept != kept_.end() && !kept->second) return std::nullopt;
  try {
    Trial trial(stream_, s, o);
    auto run = [&](const Choice& way) {
      return [&, way] {
        if (way) return library_->multiply(trial.shape(), trial.operands(), *way);
        own_(trial.shape(), trial.operands());
        return true;
      };
    };
    const std::optional<unsigned long long> want = trial.hash(run(std::nullopt));
    auto agrees = [&](const MatmulAlgorithm& algorithm) {
      const std::optional<unsigned long long> got = trial.hash(run(algorithm));
      if (got && got != want) ++refused_;
      return got && (fast_ || got == want);
    };
    if (kept != kept_.end() && agrees(*kept->second)) return kept->second;
    // For few rows it proposes algorithms that lose against those of 128.
    MatmulShape asked = trial.shape();
    if (!asked.down_a) asked.m = std::max<int64_t>(asked.m, 128);
    bool any = false;
    const int64_t refused_before = refused_;
    Choice best;
    double best_seconds = trial.seconds(run(std::nullopt));
    for (const MatmulAlgorithm& algorithm : library_->algorithms(asked, fast_)) {
      if (!agrees(algorithm)) continue;
      any = true;
      const double seconds = trial.seconds(run(algorithm));
      if (seconds < best_seconds) best = algorithm, best_seconds = seconds;
    }
    if (!any && refused_ > refused_before)
      tell("its products differ from the own kernels' in their bits, which make them here, slower");
    kept_[key] = best;
    // Without a place to keep it, the next run measures again.
    if (!path_.empty()) (void)write_table(path_, kept_, about_).ok();
    return best;
  } catch (const std::bad_alloc&) {
    tell("no room to try its products; the own kernels make them, slower, until the next start");
    return std::nullopt;
  }
}

void LibraryProducts::tell(const char* what) {
  if (warn_) std::exchange(warn_, nullptr)(about_ + ": " + what);
}

}  // namespace glossa
