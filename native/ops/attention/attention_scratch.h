// What a thread needs beside the operands of a sequence.
#pragma once
#include "ops/attention/attention_kernels.h"

namespace glossa {

int64_t attention_backward_scratch_bytes(const QkvShape& shape, int64_t keys);  // keys: prefix + own

}  // namespace glossa
