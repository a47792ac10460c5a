#include "device/cpu/cpu_ops.h"

namespace glossa {
namespace {

NormOperand operand(const RmsNorm& norm) {
  return {norm.weight.data.as<float>(), norm.eps, norm.offset, norm.scale};
}

}  // namespace

void CpuOps::rmsnorm(const Rows& y, Values rstd, const Rows& x, const RmsNorm& norm, int64_t rows) {
  crew_.by_rows(rows, [&](int64_t r, int64_t n) {
    kernels_.rmsnorm->forward(y.at(r).data.as<void>(), y.type, rstd.at(r).data.as<float>(), x.at(r).data.as<float>(),
                              operand(norm), n, x.width);
  });
}

void CpuOps::rmsnorm_add(const Rows& out, Values rstd, const Rows& residual, const Rows& x, const RmsNorm& norm,
                         int64_t rows) {
  crew_.by_rows(rows, [&](int64_t r, int64_t n) {
    kernels_.rmsnorm->forward_add(out.at(r).data.as<float>(), rstd.at(r).data.as<float>(),
                                  residual.at(r).data.as<float>(), x.at(r).data.as<float>(), operand(norm), n, x.width);
  });
}

void CpuOps::rmsnorm_backward(const Rows& dx, bool accumulate, int64_t partial, const Rows& dy, const Rows& x,
                              const RmsNorm& norm, Values rstd, const RowsOfSequences& over) {
  crew_.run(over.count, [&](int64_t i, int) {
    const SequenceRows& s = over.sequences[i];
    const int64_t from = std::max(over.row0, s.row0), to = std::min(over.row0 + over.rows, s.row0 + s.rows);
    if (from >= to) return;
    kernels_.rmsnorm->backward(dx.at(from - over.row0).data.as<float>(), accumulate,
                               partial < 0 ? nullptr : over.gradients[i].partial.at(partial).data.as<float>(),
                               dy.at(from - over.row0).data.as<float>(), x.at(from).data.as<float>(), operand(norm),
                               rstd.at(from).data.as<float>(), to - from, x.width);
  });
}

}  // namespace glossa
