#include "tool/kernel_bench.h"

#include <algorithm>
#include <cstdio>

#include "io/json.h"
#include "tool/bench.h"

namespace glossa::tool {
namespace {

constexpr int64_t kBeyondCaches = int64_t{192} << 20;
constexpr size_t kMostCopies = 48;
constexpr int kBatches = 15;
constexpr double kBatchSeconds = 0.004;

}  // namespace

Address Arrays::take(int64_t bytes) {
  memory_.push_back(std::make_unique<Memory>(device_));
  memory_.back()->reserve(std::max<int64_t>(bytes, 64));
  bytes_ += bytes;
  return memory_.back()->data();
}

// A million numbers from the host, the rest by copies of these on the device: what has no period of a power of two.
Rows Arrays::rows(Dtype t, int64_t rows, int64_t width) {
  constexpr int64_t kFromHost = 1000003;
  static const std::vector<float> numbers = random_floats(kFromHost, 1);
  const int64_t n = rows * width, each = dtype_bytes(t);
  const Rows all{take(n * each), t, width, width};
  int64_t done = std::min(n, kFromHost);
  device_.upload_rows({all.data, t, done, done}, numbers.data(), 1);
  for (; done < n; done += std::min(done, n - done))
    device_.copy(all.data + done * each, all.data, std::min(done, n - done) * each);
  return all;
}
Values Arrays::zeros(int64_t n) {
  const Values x{take(n * 4)};
  device_.fill(x.data, 0, n * 4);
  return x;
}
Matrix Arrays::matrix(Dtype t, int64_t n, int64_t k) {
  auto form = [&](bool transposed) {
    const int64_t bytes = device_.matrix_bytes(t, n, k, transposed);
    return bytes > 0 ? rows(t, 1, bytes / dtype_bytes(t)).data : Address{};
  };
  return {t, n, k, form(false), form(true)};
}

double KernelBench::seconds(const Prepare& prepare) {
  std::vector<std::unique_ptr<Arrays>> arrays;
  std::vector<std::function<void()>> calls;
  do {
    arrays.push_back(std::make_unique<Arrays>(device_));
    calls.push_back(prepare(*arrays.back()));
  } while (!small() && calls.size() < kMostCopies &&
           arrays.back()->bytes() * static_cast<int64_t>(calls.size()) < kBeyondCaches);
  size_t turn = 0;
  Memory word(device_);
  word.reserve(64);
  auto batch = [&](int64_t n) {
    float last = 0;
    const double start = now(Watch::wall);
    for (int64_t i = 0; i < n; ++i) calls[turn++ % calls.size()]();
    device_.download(&last, word.data(), 4);  // which waits for what was launched before it
    return (now(Watch::wall) - start) / static_cast<double>(n);
  };
  double first = batch(1);
  if (!small() && first < 5) first = batch(1);  // without what a first call prepares, as the choice of an algorithm
  if (small() || first > 2) return first;
  int64_t n = 1;
  while (batch(n) * static_cast<double>(n) < kBatchSeconds) n *= 2;
  // What takes long is not repeated as often.
  const int batches = first > 0.2 ? 3 : kBatches;
  std::vector<double> times;
  for (int i = 0; i < batches; ++i) times.push_back(batch(n));
  std::sort(times.begin(), times.end());
  return times[times.size() / 2];
}

void KernelBench::reserve(const ModelConfig& c) {
  Workload need;
  need.shape = c.qkv_shape();
  need.keys = 2048;
  need.vocab = c.vocab;
  need.backward = true;
  need.type = Dtype::bf16;
  need.widest = std::max(c.ffn, c.hidden);
  device_.reserve(need);
}

void KernelBench::ceilings(Dtype type) {
  const int64_t bytes = size(int64_t{2} << 30, 1 << 20);
  copy_ = 2 * static_cast<double>(bytes) / seconds([&](Arrays& a) -> std::function<void()> {
            const Rows from = a.rows(Dtype::bf16, 1, bytes / 2), to = a.rows(Dtype::bf16, 1, bytes / 2);
            return [this, from, to, bytes] { device_.copy(to.data, from.data, bytes); };
          });
  if (settings_.product_tflops > 0) {
    product_ = settings_.product_tflops * 1e12;
  } else {
    const int64_t n = size(8192, 48);
    product_ = 2 * static_cast<double>(n * n * n) / seconds([&](Arrays& a) -> std::function<void()> {
                 const Rows x = a.rows(type, n, n), y = a.rows(device_.traits().activations.qkv, n, n);
                 const Matrix w = a.matrix(type, n, n);
                 return [this, x, y, w, n] { ops().linear(y, x, w, {}, false, n); };
               });
  }
  if (settings_.json) return;
  std::printf("%s\n  copy %.3f TB/s, read and written; %s %.1f TFLOP/s\n", name_.c_str(), copy_ / 1e12,
              settings_.product_tflops > 0 ? "product, as given," : "own product", product_ / 1e12);
}

void KernelBench::run(const std::string& name, const Work& work, const Prepare& prepare) {
  if (!asked_for(name)) return;
  double time = 0;
  try {
    time = seconds(prepare);
  } catch (const std::bad_alloc&) {
    std::fprintf(stderr, "%s: left out, its operands find no memory\n", name.c_str());
    return;
  }
  const double tflops = work.flops / time / 1e12, terabytes = work.bytes / time / 1e12;
  const double of_product = 100 * work.flops / time / product_, of_copy = 100 * work.bytes / time / copy_;
  if (!settings_.json) {
    std::printf("  %-46s %10.1f us", name.c_str(), 1e6 * time);
    if (work.flops > 0) std::printf("  %6.1f TFLOP/s %5.1f %%", tflops, of_product);
    if (work.bytes > 0) std::printf("  %6.3f TB/s %5.1f %%", terabytes, of_copy);
    std::printf("\n");
    std::fflush(stdout);
  }
  char numbers[256];
  std::snprintf(numbers, sizeof numbers,
                ",\"us\":%.3f,\"tflops\":%.5g,\"percent_of_product\":%.2f,\"tb_per_s\":%.5g,\"percent_of_copy\":%.2f",
                1e6 * time, tflops, of_product, terabytes, of_copy);
  lines_.push_back("{\"name\":" + json_quote(name) + numbers + "}");
}

std::string KernelBench::result() const {
  char numbers[128];
  std::snprintf(numbers, sizeof numbers,
                ",\"copy_tb_per_s\":%.5g,\"product_tflops\":%.5g,\"product_given\":%s,\"results\":[", copy_ / 1e12,
                product_ / 1e12, settings_.product_tflops > 0 ? "true" : "false");
  std::string text =
      "{\"bench\":\"kernels\",\"device\":" + json_quote(name_) + ",\"small\":" + (small() ? "true" : "false") + numbers;
  for (const std::string& line : lines_) text += (&line == &lines_.front() ? "" : ",") + line;
  return text + "]}";
}

}  // namespace glossa::tool
