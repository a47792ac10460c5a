#include "device/cpu/cpu_ops.h"

namespace glossa {

void CpuOps::sum_squares(Values x, const std::vector<Stretch>& stretches, double* sums) {
  crew_.run(static_cast<int64_t>(stretches.size()), [&](int64_t i, int) {
    const Stretch& s = stretches[static_cast<size_t>(i)];
    sums[i] = kernels_.gradnorm->sum_squares(x.at(s.offset).data.as<float>(), s.size);
  });
}

void CpuOps::adamw(Values w, Values m, Values v, Values gradient, const std::vector<Stretch>& stretches,
                   const AdamWStep& step) {
  crew_.run(static_cast<int64_t>(stretches.size()), [&](int64_t i, int) {
    const Stretch& s = stretches[static_cast<size_t>(i)];
    AdamWStep mine = step;
    mine.weight_decay = s.weight_decay;
    kernels_.adamw->update(w.at(s.masters).data.as<float>(), m.at(s.offset).data.as<float>(),
                           v.at(s.offset).data.as<float>(), gradient.at(s.offset).data.as<float>(), s.size, mine);
  });
}

}  // namespace glossa
