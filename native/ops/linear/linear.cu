// Products with weight matrices [n][k] as they lie, and the gradients of these.
#include "device/cuda/cuda_ops.h"
#include "ops/linear/float_tiles.h"
#include "ops/linear/tensor_tiles.h"

namespace glossa {
namespace {

// Blocks that keep all of a large card busy: its processors, and as many again.
constexpr int64_t kManyBlocks = 132, kManySmallBlocks = 2 * kManyBlocks;

template <class T>
Factor<T> factor(const void* data, int64_t stride, int64_t count) {
  constexpr int64_t kEach = 16 / static_cast<int64_t>(sizeof(T));
  const bool packs = stride % kEach == 0 && reinterpret_cast<uintptr_t>(data) % 16 == 0;
  return {static_cast<const T*>(data), stride, static_cast<int>(count), packs};
}
template <class T>
Product<T> product(const MatmulShape& s, const MatmulOperands& o) {
  const bool pairs = s.stride_c % 2 == 0 && reinterpret_cast<uintptr_t>(o.c) % (2 * dtype_bytes(s.out)) == 0;
  return {factor<T>(o.a, s.stride_a, s.m),
          factor<T>(o.b, s.stride_b, s.n),
          {o.c, s.stride_c, o.bias, s.out, s.accumulate, pairs},
          static_cast<int>(s.k)};
}

template <class T, bool DownA, bool DownB>
void launch_tensor(Stream& stream, const char* name, const Product<Bf16>& p) {
  const int64_t blocks = tiles_of(p.a.count, T::kRows) * tiles_of(p.b.count, T::kColumns);
  launch(stream, name, multiply_tensor<T, DownA, DownB>, static_cast<unsigned>(blocks), kTensorThreads, T::kShared, p);
}

// Which tiles: a matter of time alone.
template <bool DownA, bool DownB>
void multiply(Stream& stream, const char* name, const Product<Bf16>& p) {
  const int64_t m = p.a.count, n = p.b.count;
  if constexpr (!DownA && !DownB) {
    if (m <= 64 && tiles_of(n, MediumTiling::kColumns) < kManySmallBlocks) {
      if (m <= 16) return launch_tensor<SmallTiling<16>, DownA, DownB>(stream, name, p);
      if (m <= 32) return launch_tensor<SmallTiling<32>, DownA, DownB>(stream, name, p);
      return launch_tensor<SmallTiling<64>, DownA, DownB>(stream, name, p);
    }
  }
  if (tiles_of(m, LargeTiling::kRows) * tiles_of(n, LargeTiling::kColumns) >= kManyBlocks)
    launch_tensor<LargeTiling, DownA, DownB>(stream, name, p);
  else
    launch_tensor<MediumTiling, DownA, DownB>(stream, name, p);
}
template <bool DownA, bool DownB>
void multiply(Stream& stream, const char* name, const Product<float>& p) {
  const int64_t blocks = tiles_of(p.a.count, kFloatTile) * tiles_of(p.b.count, kFloatTile);
  launch(stream, name, multiply_floats<DownA, DownB>, static_cast<unsigned>(blocks), kFloatThreads, 0, p);
}

// f(std::bool_constant<down_a>, <down_b>): the three ways in which operands lie.
template <class F>
void with_layout(const MatmulShape& s, const F& f) {
  if (s.down_a)
    f(std::true_type{}, std::true_type{});
  else if (s.down_b)
    f(std::false_type{}, std::true_type{});
  else
    f(std::false_type{}, std::false_type{});
}
template <class T>
void own_product(Stream& stream, const char* name, const MatmulShape& s, const MatmulOperands& o) {
  with_layout(s, [&](auto down_a, auto down_b) {
    multiply<decltype(down_a)::value, decltype(down_b)::value>(stream, name, product<T>(s, o));
  });
}

}  // namespace

void CudaOps::multiply(const char* name, Dtype type, const MatmulShape& s, const MatmulOperands& o) {
  if (s.m == 0 || s.k == 0) return;
  if (type == Dtype::f32) return own_product<float>(stream_, name, s, o);
  if (library_ && library_->multiply(s, o)) return;
  own_product<Bf16>(stream_, name, s, o);
}

void CudaOps::use(std::unique_ptr<MatmulLibrary> library, const LibraryProducts::Settings& settings) {
  library_ = std::make_unique<LibraryProducts>(
      stream_, std::move(library),
      [this](const MatmulShape& s, const MatmulOperands& o) { own_product<Bf16>(stream_, "a product's proof", s, o); },
      settings);
}

void CudaOps::linear(const Rows& c, const Rows& a, const Matrix& w, Values bias, bool accumulate, int64_t rows) {
  multiply("linear", w.type,
           {false, false, rows, w.n, w.k, a.stride, w.k, c.stride, c.type, static_cast<bool>(bias), accumulate},
           {a.data.as<void>(), w.forward.as<void>(), bias.data.as<float>(), c.data.as<void>()});
}

void CudaOps::linear_backward(const Rows& da, const Rows& dc, const Matrix& w, bool accumulate, int64_t rows) {
  multiply("linear_backward", w.type,
           {false, true, rows, w.k, w.n, dc.stride, w.k, da.stride, da.type, false, accumulate},
           {dc.data.as<void>(), w.forward.as<void>(), nullptr, da.data.as<void>()});
}

void CudaOps::weight_gradients(const std::vector<MatrixGradient>& matrices,
                               const std::vector<EmbeddingGradient>& embeddings) {
  for (const MatrixGradient& g : matrices)
    multiply("weight_gradients", g.a.type,
             {true, true, g.d_c.width, g.a.width, g.rows, g.d_c.stride, g.a.stride, g.a.width, Dtype::f32, false, true},
             {g.d_c.data.as<void>(), g.a.data.as<void>(), nullptr, g.gradient.data.as<void>()});
  for (const EmbeddingGradient& g : embeddings) embedding_gradient(g);
}

}  // namespace glossa
