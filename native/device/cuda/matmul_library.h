// A library of products of bfloat16 operands, as far as the engine uses one (cublas_lt.h).
#pragma once
#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "base/dtype.h"

namespace glossa {

// C [m][n] (+)= A B^T (+ bias), float32 sums: number l of row i of A is a[i * stride_a + l], or a[l * stride_a + i]
// where it lies down_a; of column j of C likewise of B.
struct MatmulShape {
  bool down_a, down_b;
  int64_t m, n, k;
  int64_t stride_a, stride_b, stride_c;
  Dtype out;
  bool bias, accumulate;  // never both
};
struct MatmulOperands {
  const void *a, *b;
  const float* bias;
  void* c;
};

// One of the library's ways to make a product, in its own words.
struct MatmulAlgorithm {
  std::array<uint8_t, 64> words{};
  bool operator==(const MatmulAlgorithm&) const = default;
};

class MatmulLibrary {
 public:
  virtual ~MatmulLibrary() = default;
  virtual std::string version() const = 0;
  // What it proposes for a shape, best first: those alone that sum k in one piece; `fast`: all.
  virtual std::vector<MatmulAlgorithm> algorithms(const MatmulShape&, bool fast) = 0;
  // On the stream that it was opened for. False: it does not do this, and nothing has happened.
  virtual bool multiply(const MatmulShape&, const MatmulOperands&, const MatmulAlgorithm&) = 0;
};

}  // namespace glossa
