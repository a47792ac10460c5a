#include "ops/kernels.h"

#include <cstdlib>

#define GLOSSA_OP(isa, Type, name) \
  namespace glossa::isa {          \
  extern const Type name;          \
  }
#define GLOSSA_OPS(isa)                               \
  GLOSSA_OP(isa, LinearKernels, linear_kernels)       \
  GLOSSA_OP(isa, RmsNormKernels, rmsnorm_kernels)     \
  GLOSSA_OP(isa, QkvKernels, qkv_kernels)             \
  GLOSSA_OP(isa, AttentionKernels, attention_kernels) \
  GLOSSA_OP(isa, GluKernels, glu_kernels)             \
  GLOSSA_OP(isa, EmbeddingKernels, embedding_kernels) \
  GLOSSA_OP(isa, HeadKernels, head_kernels)           \
  GLOSSA_OP(isa, SamplingKernels, sampling_kernels)   \
  GLOSSA_OP(isa, AdamWKernels, adamw_kernels)         \
  GLOSSA_OP(isa, GradNormKernels, gradnorm_kernels)   \
  GLOSSA_OP(isa, PeakKernels, peak_kernels)
#define GLOSSA_TABLE(isa)                                                                                             \
  {                                                                                                                   \
#isa, &isa::linear_kernels, &isa::rmsnorm_kernels, &isa::qkv_kernels, &isa::attention_kernels, &isa::glu_kernels, \
        &isa::embedding_kernels, &isa::head_kernels, &isa::sampling_kernels, &isa::adamw_kernels,                     \
        &isa::gradnorm_kernels, &isa::peak_kernels                                                                    \
  }

GLOSSA_OPS(portable)
#if defined(__x86_64__) && !defined(GLOSSA_PORTABLE_ONLY)
GLOSSA_OPS(avx2)
GLOSSA_OPS(avx512)
GLOSSA_OPS(avx512bf16)
#endif

namespace glossa {
namespace {

struct Row {
  Kernels kernels;
  bool (*supported)();
};

// __builtin_cpu_supports also asks the operating system whether it saves the wide registers.
const Row kRows[] = {
    {GLOSSA_TABLE(portable), [] { return true; }},
#if defined(__x86_64__) && !defined(GLOSSA_PORTABLE_ONLY)
    {GLOSSA_TABLE(avx2), [] { return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma"); }},
    {GLOSSA_TABLE(avx512),
     [] {
       return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") && __builtin_cpu_supports("avx512f") &&
              __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vl") &&
              __builtin_cpu_supports("avx512dq");
     }},
    {GLOSSA_TABLE(avx512bf16),
     [] {
       return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") && __builtin_cpu_supports("avx512f") &&
              __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vl") &&
              __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512bf16");
     }},
#endif
};

}  // namespace

std::vector<std::string> supported_isas() {
  std::vector<std::string> names;
  for (const Row& row : kRows)
    if (row.supported()) names.push_back(row.kernels.isa);
  return names;
}

Result<const Kernels*> kernels_for(const std::string& isa) {
  bool known = false;
  for (const Row& row : kRows) {
    if (isa != row.kernels.isa) continue;
    if (row.supported()) return &row.kernels;
    known = true;
  }
  std::string choices;
  for (const std::string& name : supported_isas()) choices += (choices.empty() ? "" : ", ") + name;
  return Status(known ? "ISA_UNSUPPORTED" : "ISA_UNKNOWN",
                "instruction set \"" + isa +
                    (known ? "\" is not supported by this processor" : "\" is not known here") +
                    "; choose one of: " + choices);
}

Result<const Kernels*> default_kernels() {
  const char* forced = std::getenv("GLOSSA_ISA");
  if (!forced || !*forced) return kernels_for(supported_isas().back());
  Result<const Kernels*> kernels = kernels_for(forced);
  if (kernels.ok()) return kernels;
  return Status(kernels.status().code(), "environment variable GLOSSA_ISA: " + kernels.status().message());
}

}  // namespace glossa
