// The kernels of one instruction set. Chosen once by cpuid; GLOSSA_ISA=portable|avx2|avx512|avx512bf16 overrides (an
// instruction set that this processor lacks is refused).
#pragma once
#include <string>
#include <vector>

#include "base/status.h"
#include "ops/adamw/adamw_kernels.h"
#include "ops/attention/attention_kernels.h"
#include "ops/embedding/embedding_kernels.h"
#include "ops/glu/glu_kernels.h"
#include "ops/gradnorm/gradnorm_kernels.h"
#include "ops/head/head_kernels.h"
#include "ops/linear/linear_kernels.h"
#include "ops/peak/peak.h"
#include "ops/qkv/qkv_kernels.h"
#include "ops/rmsnorm/rmsnorm_kernels.h"
#include "ops/sampling/sampling_kernels.h"

namespace glossa {

struct Kernels {
  const char* isa;
  const LinearKernels* linear;
  const RmsNormKernels* rmsnorm;
  const QkvKernels* qkv;
  const AttentionKernels* attention;
  const GluKernels* glu;
  const EmbeddingKernels* embedding;
  const HeadKernels* head;
  const SamplingKernels* sampling;
  const AdamWKernels* adamw;
  const GradNormKernels* gradnorm;
  const PeakKernels* peak;
};

std::vector<std::string> supported_isas();               // best last
Result<const Kernels*> kernels_for(const std::string&);  // by name; error if unknown or not supported here
Result<const Kernels*> default_kernels();                // best, or GLOSSA_ISA

}  // namespace glossa
