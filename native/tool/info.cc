// `glossa-native info`: what this build and this machine offer.
#include <cstdio>
#include <thread>

#include "base/thread_pool.h"
#include "device/open.h"
#include "ops/kernels.h"
#include "tool/command.h"

COMMAND("info", "[--peak]", "compiler, instruction sets, cores; with --peak the measured ceilings") {
  using namespace glossa;
#if defined(__clang__)
  std::printf("compiler          clang %s\n", __clang_version__);
#else
  std::printf("compiler          gcc %s\n", __VERSION__);
#endif
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
  std::printf("                  with a sanitizer: no figure of this build means anything\n");
#endif
  std::printf("instruction sets ");
  for (const std::string& isa : supported_isas()) std::printf(" %s", isa.c_str());
  Result<const Kernels*> chosen = default_kernels();
  if (!chosen.ok()) {
    std::printf("\n");
    std::fprintf(stderr, "%s\n", chosen.status().message().c_str());
    return 2;
  }
  const Kernels& kernels = *chosen.value();
  const int cores = available_cores();
  std::printf("\nin use            %s\n", kernels.isa);
  std::printf("cores             %d of %u\n", cores, std::thread::hardware_concurrency());
  std::printf("GPUs              %s\n", gpu_state().c_str());
  if (!args.has("--peak")) return 0;
  for (int threads : {1, cores}) {
    std::printf("peak, %2d thread%s  float32 %.1f GFLOP/s, bfloat16 %.1f GFLOP/s, memory read %.1f GB/s\n", threads,
                threads == 1 ? " " : "s", measured_peak_flops(kernels, Dtype::f32, threads) / 1e9,
                measured_peak_flops(kernels, Dtype::bf16, threads) / 1e9,
                measured_read_bandwidth(kernels, threads) / 1e9);
    if (cores == 1) break;
  }
  return 0;
}
