#include "device/cpu/cpu_ops.h"

namespace glossa {

void CpuOps::sample(const Rows& logits, const DrawSettings& s, Draw* draws, int64_t rows) {
  crew_.run(rows, [&](int64_t i, int worker) {
    const float* row = logits.at(i).data.as<float>();
    Draw& d = draws[i];
    d.token = kernels_.sampling->draw(row, logits.width, s.logit_bias, s.sampling, d.key,
                                      reinterpret_cast<float*>(crew_.scratch(worker)));
    if (d.token < 0) return;
    float stats[2];
    kernels_.head->logp_row(row, logits.width, s.inv_temperature, d.token, &d.logp, &d.entropy, stats);
  });
}

}  // namespace glossa
