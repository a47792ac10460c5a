#include <algorithm>
#include <chrono>
#include <new>
#include <utility>

#include "device/cuda/trial.h"
#include "ops/linear/library_products.h"

namespace glossa {
namespace {

constexpr int64_t kTrialBytes = 128 << 20;  // of an array of a trial, at most
constexpr int64_t kTrialDepth = 8192;

// A product of random operands of nearly the shape that is wanted, end to end, in memory of its own.
class Trial {
 public:
  Trial(Stream& stream, const MatmulShape& wanted, const MatmulOperands& operands)
      : stream_(stream), memory_(stream), shape_(wanted), operands_(operands) {
    MatmulShape& s = shape_;
    if (s.down_a) s.k = std::min(s.k, kTrialDepth);
    const int64_t row = std::max(s.n * dtype_bytes(s.out), 2 * s.k);
    s.m = std::clamp<int64_t>(kTrialBytes / row, 1, s.m);
    if (s.down_a && s.m % 8 != 0 && s.m > 8) s.m -= s.m % 8;
    s.stride_a = s.down_a ? s.m : s.k;
    s.stride_c = s.n;
    operands_.a = memory_.random(s.m * s.k, 1);
    // A matrix of weights is too large to make another, and random enough.
    if (s.down_a || 2 * s.n * s.k <= kTrialBytes) {
      s.stride_b = s.down_b ? s.n : s.k;
      operands_.b = memory_.random(s.n * s.k, 2);
    }
    words_ = s.m * s.n * dtype_bytes(s.out) / 2;
    start_ = memory_.random(words_, 3);
    operands_.c = memory_.take(2 * words_);
  }
  const MatmulShape& shape() const { return shape_; }
  const MatmulOperands& operands() const { return operands_; }

  // Of C, after make(). Nothing where that did not.
  std::optional<uint64_t> hash(const std::function<bool()>& make) {
    stream_.copy(operands_.c, start_, 2 * words_);
    if (!make()) return std::nullopt;
    return memory_.hash(operands_.c, 2 * words_);
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
  Stream& stream_;
  TrialMemory memory_;
  MatmulShape shape_;
  MatmulOperands operands_;
  int64_t words_ = 0;  // of C
  Bf16* start_ = nullptr;
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
    const std::optional<uint64_t> want = trial.hash(run(std::nullopt));
    auto agrees = [&](const MatmulAlgorithm& algorithm) {
      const std::optional<uint64_t> got = trial.hash(run(algorithm));
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
