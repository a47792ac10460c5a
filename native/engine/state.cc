#include "engine/state.h"

#include <algorithm>

namespace glossa {

void EngineState::need_positions(int64_t n) {
  if (n <= model.rope_positions) return;
  const ModelConfig& c = model.config;
  const int64_t positions = std::max(n, std::min(c.context, std::max<int64_t>(2 * model.rope_positions, 256)));
  std::vector<float> table(static_cast<size_t>(positions * c.head_dim));
  rope_table(table.data(), c.rope, c.head_dim, positions);
  model.rope_positions = 0;
  rope.reserve(positions * c.head_dim * 4);
  device->upload(rope.data(), table.data(), positions * c.head_dim * 4);
  model.rope = {rope.data()};
  model.rope_positions = positions;
}

void EngineState::need_moments() {
  if (optimizer.m.data()) return;
  const int64_t bytes = model.trained.parameters * 4;
  Memory m(*device), v(*device);
  for (Memory* moments : {&m, &v}) {
    moments->reserve(bytes);
    device->fill(moments->data(), 0, bytes);
  }
  optimizer.m = std::move(m);
  optimizer.v = std::move(v);
}

int64_t EngineState::resident_bytes() const {
  int64_t bytes = policy.bytes() + reference.bytes() + device->reserved_bytes();
  for (const Memory* memory : {&master, &optimizer.m, &optimizer.v, &arena, &gradient, &rope}) bytes += memory->bytes();
  return bytes;
}

}  // namespace glossa
