#pragma GCC diagnostic ignored "-Wunused-parameter"
#include <cstdio>
#include <cstdlib>
#include "device/cuda/cuda_ops.h"
namespace glossa {
namespace { [[noreturn]] void no(const char* w) { std::fprintf(stderr, "unwritten: %s\n", w); std::abort(); } }
__attribute__((weak)) void CudaOps::embed(const Rows& x, const EmbeddingTable&, const int32_t* ids, int64_t rows) { no("embed"); }
__attribute__((weak)) void CudaOps::rmsnorm(const Rows& y, Values rstd, const Rows& x, const RmsNorm&, int64_t rows) { no("rmsnorm"); }
__attribute__((weak)) void CudaOps::rmsnorm_add(const Rows& out, Values rstd, const Rows& residual, const Rows& x, const RmsNorm&, int64_t rows) { no("rmsnorm_add"); }
__attribute__((weak)) void CudaOps::rmsnorm_backward(const Rows& dx, bool accumulate, int64_t partial, const Rows& dy, const Rows& x, const RmsNorm&, Values rstd, const RowsOfSequences&) { no("rmsnorm_backward"); }
__attribute__((weak)) void CudaOps::glu(const Rows& product, const Rows& gate_up, Activation, int64_t rows) { no("glu"); }
__attribute__((weak)) void CudaOps::glu_backward(const Rows& d_gate_up, const Rows& d_product, const Rows& gate_up, Activation, int64_t rows) { no("glu_backward"); }
__attribute__((weak)) void CudaOps::logps(const Rows& logits, float inv_temperature, const int32_t* targets, float* logps, float* entropies, int64_t rows) { no("logps"); }
__attribute__((weak)) void CudaOps::token_losses(const Rows& d_logits, const Rows& logits, const TokenLosses&, int64_t rows) { no("token_losses"); }
__attribute__((weak)) void CudaOps::sample(const Rows& logits, const DrawSettings&, Draw*, int64_t rows) { no("sample"); }
__attribute__((weak)) void CudaOps::add_partials(Values gradient, Values partials, int64_t blocks, int64_t block_size, const std::vector<PartialSum>&) { no("add_partials"); }
__attribute__((weak)) void CudaOps::add_rows(Values table, const std::vector<int32_t>& places, const Rows& rows) { no("add_rows"); }
__attribute__((weak)) void CudaOps::sum_squares(Values, const std::vector<Stretch>&, double* sums) { no("sum_squares"); }
__attribute__((weak)) void CudaOps::adamw(Values w, Values m, Values v, Values gradient, const std::vector<Stretch>&, const AdamWStep&) { no("adamw"); }
__attribute__((weak)) void CudaOps::embedding_gradient(const EmbeddingGradient&) { no("embedding_gradient"); }
}
