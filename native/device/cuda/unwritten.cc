#pragma GCC diagnostic ignored "-Wunused-parameter"
#include <cstdio>
#include <cstdlib>
#include "device/cuda/cuda_ops.h"
namespace glossa {
namespace { [[noreturn]] void no(const char* w) { std::fprintf(stderr, "unwritten: %s\n", w); std::abort(); } }
__attribute__((weak)) void CudaOps::logps(const Rows& logits, float inv_temperature, const int32_t* targets, float* logps, float* entropies, int64_t rows) { no("logps"); }
__attribute__((weak)) void CudaOps::token_losses(const Rows& d_logits, const Rows& logits, const TokenLosses&, int64_t rows) { no("token_losses"); }
__attribute__((weak)) void CudaOps::sample(const Rows& logits, const DrawSettings&, Draw*, int64_t rows) { no("sample"); }
}
