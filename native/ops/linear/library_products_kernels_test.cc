// The library's part of the products, with a library that computes here what a test wants it to. In the emulation
// alone.
#include <cstdlib>

#include "device/cuda/cublas_lt.h"
#include "device/cuda/cuda_device.h"
#include "engine/test_folder.h"
#include "io/atomic_file.h"
#include "io/read_file.h"
#include "ops/linear/library_products.h"
#include "ops/test_values.h"
#include "tool/test.h"

using namespace glossa;
using namespace glossa::test;

namespace {

constexpr uint8_t kRefuses = 1, kBackwards = 2, kRight = 3;
MatmulAlgorithm algorithm(uint8_t what) {
  MatmulAlgorithm a;
  a.words[0] = what;
  a.words[63] = 0xa5;
  return a;
}

struct Calls {
  int asked = 0, made = 0;
};

class FakeLibrary final : public MatmulLibrary {
 public:
  FakeLibrary(std::vector<uint8_t> proposed, Calls& calls) : proposed_(std::move(proposed)), calls_(calls) {}
  std::string version() const override { return "130100"; }
  std::vector<MatmulAlgorithm> algorithms(const MatmulShape&, bool) override {
    ++calls_.asked;
    std::vector<MatmulAlgorithm> all;
    for (uint8_t what : proposed_) all.push_back(algorithm(what));
    return all;
  }
  bool multiply(const MatmulShape& s, const MatmulOperands& o, const MatmulAlgorithm& way) override {
    bool known = false;
    for (uint8_t what : proposed_) known = known || algorithm(what) == way;
    if (!known || way.words[0] == kRefuses) return false;
    ++calls_.made;
    const uint16_t* const a = static_cast<const uint16_t*>(o.a);
    const uint16_t* const b = static_cast<const uint16_t*>(o.b);
    for (int64_t i = 0; i < s.m; ++i)
      for (int64_t j = 0; j < s.n; ++j) {
        float sum = 0;
        for (int64_t step = 0; step < s.k; ++step) {
          const int64_t l = way.words[0] == kBackwards ? s.k - 1 - step : step;
          sum += from_bf16(a[s.down_a ? l * s.stride_a + i : i * s.stride_a + l]) *
                 from_bf16(b[s.down_b ? l * s.stride_b + j : j * s.stride_b + l]);
        }
        if (s.bias) sum += o.bias[j];
        if (s.out == Dtype::f32) {
          float& c = static_cast<float*>(o.c)[i * s.stride_c + j];
          c = s.accumulate ? sum + c : sum;
        } else {
          uint16_t& c = static_cast<uint16_t*>(o.c)[i * s.stride_c + j];
          c = to_bf16(s.accumulate ? sum + from_bf16(c) : sum);
        }
      }
    return true;
  }

 private:
  const std::vector<uint8_t> proposed_;
  Calls& calls_;
};

constexpr int64_t kM = 40, kN = 48, kK = 64;

// Numbers in memory that starts at 64 bytes.
template <class T>
struct Numbers {
  explicit Numbers(int64_t n) : n(n), data(static_cast<T*>(std::aligned_alloc(64, static_cast<size_t>(n) * 4))) {}
  ~Numbers() { std::free(data); }
  Numbers(const Numbers&) = delete;
  Numbers& operator=(const Numbers&) = delete;
  const int64_t n;
  T* const data;
};
Numbers<uint16_t>& fill(Numbers<uint16_t>& x, uint64_t seed) {
  to_bf16(x.data, random_values(seed, x.n).data(), x.n);
  return x;
}

// A product [kM][kN] and its operands.
struct Example {
  Numbers<uint16_t> a{kM * kK}, b{kN * kK};
  Numbers<float> c{kM * kN};
  MatmulShape shape{false, false, kM, kN, kK, kK, kK, kN, Dtype::f32, false, false};
  Example() { fill(a, 1), fill(b, 2); }
  MatmulOperands operands() { return {a.data, b.data, nullptr, c.data}; }
};

// The library's products with what it proposes, beside an own kernel that is slow and right.
struct Setup {
  Stream stream{0};
  Calls calls, own_calls;
  FakeLibrary own{{kRight}, own_calls};
  std::vector<std::string> warned;
  LibraryProducts products;
  Setup(std::vector<uint8_t> proposed, const std::string& path, bool fast = false)
      : products(stream, std::make_unique<FakeLibrary>(std::move(proposed), calls),
                 [this](const MatmulShape& s, const MatmulOperands& o) {
                   for (int i = 0; i < 60; ++i) {
                     if (s.accumulate && i > 0) break;
                     own.multiply(s, o, algorithm(kRight));
                   }
                 },
                 {"a card, driver 1", path, fast, [this](const std::string& text) { warned.push_back(text); }}) {}
};

class Variable {
 public:
  Variable(const char* name, const std::string& value) : name_(name) {
    if (const char* was = std::getenv(name)) before_ = was;
    setenv(name, value.c_str(), 1);
  }
  ~Variable() { before_ ? setenv(name_, before_->c_str(), 1) : unsetenv(name_); }
  Variable(const Variable&) = delete;
  Variable& operator=(const Variable&) = delete;

 private:
  const char* name_;
  std::optional<std::string> before_;
};

}  // namespace

TEST("products: rows count by buckets, in a weight gradient those that are summed over") {
  const std::pair<int64_t, int64_t> buckets[] = {
      {1, 16},     {16, 16},     {17, 32},     {128, 128},   {129, 256},     {300, 384},    {500, 512},
      {513, 1024}, {1024, 1024}, {1025, 2048}, {4000, 4096}, {16384, 16384}, {16385, 32768}};
  for (auto [rows, bucket] : buckets) CHECK_EQ(row_bucket(rows), bucket);
  const MatmulShape forward{false, false, 700, 96, 64, 64, 64, 96, Dtype::bf16, false, true};
  CHECK(product_key(forward) == (ProductKey{false, false, 1024, 96, 64, Dtype::bf16, false, true}));
  const MatmulShape gradient{true, true, 96, 64, 700, 96, 64, 64, Dtype::f32, false, true};
  CHECK(product_key(gradient) == (ProductKey{true, true, 96, 64, 1024, Dtype::f32, false, true}));
}

TEST("products: a table is read as it was written, for the same card alone, and only where it is whole") {
  const std::string about = "a card, driver 1";
  ProductTable table;
  table[{false, false, 128, 96, 64, Dtype::bf16, false, true}] = algorithm(kRight);
  table[{true, true, 96, 64, 1024, Dtype::f32, false, true}] = std::nullopt;
  const std::string text = encode_table(table, about);
  CHECK(decode_table(text, about).value() == table);
  CHECK(decode_table(encode_table({}, about), about).value().empty());
  CHECK_EQ(decode_table(text, "another card").status().code(), "PRODUCT_TABLE_INVALID");
  for (size_t n = 0; n < text.size(); ++n) {
    CHECK(!decode_table(text.substr(0, n), about).ok());
    std::string wrong = text;
    wrong[n] ^= 1;
    CHECK(!decode_table(wrong, about).ok());
  }
}

TEST("products: the table lies in the cache's folder, under a name that says what it is for") {
  const Variable cache("XDG_CACHE_HOME", "/tmp/of-caches");
  CHECK_EQ(table_path("NVIDIA H200, driver 13.0"), "/tmp/of-caches/glossa/products-NVIDIA-H200-driver-13.0.txt");
  const Variable relative("XDG_CACHE_HOME", "caches"), home("HOME", "/home/somebody");
  CHECK_EQ(table_path("A/../B"), "/home/somebody/.cache/glossa/products-A-..-B.txt");
  const Variable nobody("HOME", "");
  CHECK(table_path("A").empty());
}

TEST("products: the library's are used where they have the own kernel's bits, and the choice is kept") {
  const Folder folder("library-products");
  const std::string path = folder / "below/table.txt";
  Example right;
  {
    Setup s({kRefuses, kBackwards, kRight}, path);
    CHECK(s.products.multiply(right.shape, right.operands()));
    CHECK_EQ(s.products.refused(), 1);
    CHECK_EQ(s.calls.asked, 1);
    const std::vector<float> got(right.c.data, right.c.data + right.c.n);
    s.own.multiply(right.shape, right.operands(), algorithm(kRight));
    CHECK(same_bits(got.data(), right.c.data, right.c.n));
    // The same kind of product again, and another.
    const int made = s.calls.made;
    CHECK(s.products.multiply(right.shape, right.operands()));
    CHECK_EQ(s.calls.made, made + 1);
    MatmulShape fewer = right.shape;
    fewer.m = 3;
    CHECK(s.products.multiply(fewer, right.operands()));
    CHECK_EQ(s.calls.asked, 2);
  }
  Setup again({kRefuses, kBackwards, kRight}, path);
  CHECK(again.products.multiply(right.shape, right.operands()));
  CHECK_EQ(again.calls.asked, 0);
  CHECK_EQ(again.calls.made, 2);  // the proof, and the product
  // What is kept is proved again: here it has other bits, or is not known any more.
  Setup other({kBackwards}, path);
  CHECK(!other.products.multiply(right.shape, right.operands()));
  CHECK_EQ(other.calls.asked, 1);
  CHECK_EQ(other.products.refused(), 1);
}

TEST("products: a table that is damaged or cannot be kept is measured anew") {
  const Folder folder("library-products-damaged");
  const std::string path = folder / "table.txt";
  Example right;
  CHECK(Setup({kRight}, path).products.multiply(right.shape, right.operands()));
  std::string text = read_text_file(path).value();
  text[text.size() / 2] ^= 1;
  CHECK(write_file_atomic(path, text.data(), static_cast<int64_t>(text.size())).ok());
  Setup damaged({kRight}, path);
  CHECK(damaged.products.multiply(right.shape, right.operands()));
  CHECK_EQ(damaged.calls.asked, 1);
  Setup whole({kRight}, path);
  CHECK(whole.products.multiply(right.shape, right.operands()));
  CHECK_EQ(whole.calls.asked, 0);
  for (const std::string& nowhere : {std::string(), std::string("/proc/nowhere/table.txt")}) {
    Setup unkept({kRight}, nowhere);
    CHECK(unkept.products.multiply(right.shape, right.operands()));
    CHECK_EQ(unkept.calls.asked, 1);
  }
}

TEST("products: what the library cannot do leaves the result alone") {
  Example right;
  right.c.data[0] = 42;
  for (const std::vector<uint8_t>& proposed : {std::vector<uint8_t>{}, {kRefuses}, {kBackwards}}) {
    Setup s(proposed, "");
    CHECK(!s.products.multiply(right.shape, right.operands()));
  }
  Setup s({kRight}, "");
  MatmulShape shape = right.shape;
  shape.stride_a = kK - 1;
  CHECK(!s.products.multiply(shape, right.operands()));
  MatmulOperands odd = right.operands();
  odd.b = right.b.data + 1;
  CHECK(!s.products.multiply(right.shape, odd));
  // It adds no float32 bias to bfloat16 rows.
  shape = right.shape;
  shape.bias = true, shape.out = Dtype::bf16;
  CHECK(!s.products.multiply(shape, right.operands()));
  CHECK_EQ(s.calls.asked, 0);
  CHECK_EQ(right.c.data[0], 42.0f);
}

TEST("products: where no algorithm has the own kernel's bits, or none can be tried, that is said once") {
  Example right;
  MatmulShape fewer = right.shape;
  fewer.m = 3;
  Setup wrong({kBackwards}, "");
  CHECK(!wrong.products.multiply(right.shape, right.operands()) && !wrong.products.multiply(fewer, right.operands()));
  CHECK_EQ(wrong.warned.size(), size_t{1});
  CHECK(wrong.warned.at(0).find("a card, driver 1, cuBLASLt 130100: its products differ") == 0);
  // What the library does not propose is no fault of it.
  Setup nothing({}, "");
  CHECK(!nothing.products.multiply(right.shape, right.operands()));
  CHECK(nothing.warned.empty());
  emulation::gpu().memory = 1000;
  Setup narrow({kRight}, "");
  CHECK(!narrow.products.multiply(right.shape, right.operands()));
  emulation::gpu().memory = 0;
  CHECK_EQ(narrow.warned.size(), size_t{1});
  CHECK(narrow.warned.at(0).find("no room to try its products") != std::string::npos);
}

TEST("products: the fast way takes other bits too") {
  Example right;
  Setup s({kBackwards}, "", true);
  CHECK(s.products.multiply(right.shape, right.operands()));
}

TEST("products: every product that layers make has the same bits with the library and without") {
  Example x;
  Numbers<uint16_t> dc(kM * kN), half_c(kM * kN), half_other(kM * kN);
  fill(dc, 3);
  Numbers<float> da(kM * kK), gradient(kN * kK), bias(kN);
  Stream stream(0);
  Calls calls;
  CudaOps own(stream), with(stream);
  with.use(std::make_unique<FakeLibrary>(std::vector<uint8_t>{kBackwards, kRight}, calls), {"a card", "", false});
  for (int64_t i = 0; i < kN; ++i) bias.data[i] = static_cast<float>(i);
  const Rows a{Address(x.a.data), Dtype::bf16, kK, kK}, d{Address(dc.data), Dtype::bf16, kN, kN};
  const Matrix w{Dtype::bf16, kN, kK, Address(x.b.data), {}};
  auto results = [&](Ops& ops) {
    for (Numbers<float>* n : {&x.c, &da, &gradient}) std::fill_n(n->data, n->n, 0.25f);
    fill(half_c, 4), fill(half_other, 5);
    const Rows c{Address(x.c.data), Dtype::f32, kN, kN};
    std::vector<std::vector<float>> all;
    auto keep = [&](const Numbers<float>& n) { all.emplace_back(n.data, n.data + n.n); };
    auto keep_half = [&](const Numbers<uint16_t>& n) {
      all.emplace_back();
      for (int64_t i = 0; i < n.n; ++i) all.back().push_back(from_bf16(n.data[i]));
    };
    ops.linear(c, a, w, {Address(bias.data)}, false, kM), keep(x.c);
    ops.linear(c, a, w, {}, true, kM), keep(x.c);
    ops.linear({Address(half_c.data), Dtype::bf16, kN, kN}, a, w, {}, true, kM), keep_half(half_c);
    ops.linear({Address(half_other.data), Dtype::bf16, kN, kN}, a, w, {Address(bias.data)}, false, kM);
    keep_half(half_other);
    ops.linear_backward({Address(da.data), Dtype::f32, kK, kK}, d, w, true, kM), keep(da);
    ops.weight_gradients({{{Address(gradient.data)}, d, a, kM}}, {}), keep(gradient);
    return all;
  };
  const auto want = results(own);
  CHECK(results(with) == want);
  CHECK(calls.made > 0);
}

TEST("cuBLASLt: it is looked for where a variable says, and what is missing is told with what helps") {
  const Folder folder("library-products-none");
  {
    const Variable named("GLOSSA_CUBLASLT", folder.path());
    CHECK_EQ(cublas_lt_places().size(), size_t{3});
    CHECK_EQ(cublas_lt_places()[0], folder / "libcublasLt.so.13");
  }
  for (const char* file : {"/nowhere/libcublasLt.so", "libm.so.6"}) {
    const Variable named("GLOSSA_CUBLASLT", file);
    CHECK(cublas_lt_places() == std::vector<std::string>{file});
    const auto library = open_cublas_lt(nullptr, nullptr, 0, true);
    CHECK_EQ(library.status().code(), "MATMUL_LIBRARY_MISSING");
    CHECK(library.status().message().find(file) != std::string::npos);
    CHECK(library.status().message().find("GLOSSA_CUBLASLT names no cuBLASLt") == 0);
    CHECK_EQ(cublas_lt_found().status().message(), library.status().message());
    // What a user named is used or refused; the own kernels do not take its place unasked.
    std::string warned;
    LibraryProducts::Settings settings{"a card", "", false, [&](const std::string& text) { warned = text; }};
    CudaDevice device("a GPU", 0, 0, 1, smallest_plan(Dtype::bf16));
    CHECK_EQ(device.find_library(true, settings).code(), "MATMUL_LIBRARY_MISSING");
    CHECK(warned.empty());
  }
  if (cublas_lt_found().ok()) return;
  std::string warned;
  CudaDevice device("a GPU", 0, 0, 1, smallest_plan(Dtype::bf16));
  const auto warn = [&](const std::string& text) { warned = text; };
  CHECK(device.find_library(true, {"a card", "", false, warn}).ok());
  CHECK(warned.find("pip install nvidia-cublas") != std::string::npos);
  CHECK_EQ(device.name(), "a GPU, without cuBLASLt");
}
