// The kernels of one instruction set. Chosen once by cpuid; GLOSSA_ISA=portable|avx2|avx512|avx512bf16 overrides (an
// instruction set that this processor lacks is refused).
#pragma once
#include <string>
#include <vector>

#include "base/status.h"
#include "ops/adamw/adamw.h"
#include "ops/attention/attention.h"
#include "ops/embedding/embedding.h"
#include "ops/gradnorm/gradnorm.h"
#include "ops/head/head.h"
#include "ops/linear/linear.h"
#include "ops/peak/peak.h"
#include "ops/qkv/qkv.h"
#include "ops/rmsnorm/rmsnorm.h"
#include "ops/sampling/sampling.h"
#include "ops/swiglu/swiglu.h"

namespace glossa {

struct Kernels {
  const char* isa;
  const LinearKernels* linear;
  const RmsNormKernels* rmsnorm;
  const QkvKernels* qkv;
  const AttentionKernels* attention;
  const SwigluKernels* swiglu;
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
