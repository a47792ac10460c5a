// Products with weight matrices [n][k] as they lie, and the gradients of these.
#include "device/cuda/cuda_ops.h"
#include "ops/linear/float_tiles.h"
#include "ops/linear/tensor_tiles.h"

namespace glossa {
namespace {

// Blocks that keep all of a large card busy: its processors, and as many again.
constexpr int64_t kManyBlocks = 132, kManySmallBlocks = 2 * kManyBlocks;

template <class T>
Factor<T> factor(const Rows& r, int64_t count) {
  constexpr int64_t kEach = 16 / static_cast<int64_t>(sizeof(T));
  const bool packs = r.stride % kEach == 0 && reinterpret_cast<uintptr_t>(r.data.as<T>()) % 16 == 0;
  return {r.data.as<T>(), r.stride, static_cast<int>(count), packs};
}
ProductResult result(const Rows& c, Values bias, bool accumulate) {
  const bool pairs =
      c.stride % 2 == 0 && reinterpret_cast<uintptr_t>(c.data.as<void>()) % (2 * dtype_bytes(c.type)) == 0;
  return {c.data.as<void>(), c.stride, bias.data.as<float>(), c.type, accumulate, pairs};
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

Rows rows_of(const Matrix& w) {
  return {w.forward, w.type, w.k, w.k};
}

}  // namespace

void CudaOps::linear(const Rows& c, const Rows& a, const Matrix& w, Values bias, bool accumulate, int64_t rows) {
  if (rows == 0) return;
  with_type(w.type, [&](auto t) {
    using T = decltype(t);
    multiply<false, false>(
        stream_, "linear",
        Product<T>{factor<T>(a, rows), factor<T>(rows_of(w), w.n), result(c, bias, accumulate), static_cast<int>(w.k)});
  });
}

void CudaOps::linear_backward(const Rows& da, const Rows& dc, const Matrix& w, bool accumulate, int64_t rows) {
  if (rows == 0) return;
  with_type(w.type, [&](auto t) {
    using T = decltype(t);
    multiply<false, true>(
        stream_, "linear_backward",
        Product<T>{factor<T>(dc, rows), factor<T>(rows_of(w), w.k), result(da, {}, accumulate), static_cast<int>(w.n)});
  });
}

void CudaOps::weight_gradients(const std::vector<MatrixGradient>& matrices,
                               const std::vector<EmbeddingGradient>& embeddings) {
  for (const MatrixGradient& g : matrices) {
    if (g.rows == 0) continue;
    const int64_t n = g.d_c.width, k = g.a.width;
    with_type(g.a.type, [&](auto t) {
      using T = decltype(t);
      multiply<true, true>(stream_, "weight_gradients",
                           Product<T>{factor<T>(g.d_c, n), factor<T>(g.a, k),
                                      result({g.gradient.data, Dtype::f32, k, k}, {}, true), static_cast<int>(g.rows)});
    });
  }
  for (const EmbeddingGradient& g : embeddings) embedding_gradient(g);
}

}  // namespace glossa
