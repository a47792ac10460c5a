#include "engine/state.h"

#include <algorithm>

namespace glossa {

void EngineState::need_positions(int64_t n) {
  if (n <= model.rope_positions) return;
  const ModelConfig& c = model.config;
  const int64_t positions = std::max(n, std::min(c.context, std::max<int64_t>(2 * model.rope_positions, 256)));
  const int64_t size = positions * c.head_dim;
  struct Table {
    const RopeConfig& rope;
    Values* place;
  };
  std::vector<Table> tables;
  if (c.has_rope(LayerRope::global)) tables.push_back({c.rope, &model.global_rope});
  if (c.has_rope(LayerRope::local)) tables.push_back({c.local_rope, &model.local_rope});
  std::vector<float> numbers(static_cast<size_t>(size));
  model.rope_positions = 0;
  rope.reserve(static_cast<int64_t>(tables.size()) * size * 4);
  for (size_t i = 0; i < tables.size(); ++i) {
    rope_table(numbers.data(), tables[i].rope, c.head_dim, positions);
    *tables[i].place = Values{rope.data()}.at(static_cast<int64_t>(i) * size);
    device->upload(tables[i].place->data, numbers.data(), size * 4);
  }
  model.rope_positions = positions;
}

void EngineState::reserve_for_sampling(int64_t arena_bytes) {
  if (arena.bytes() - arena_bytes > kSpareArena) arena.clear();
  arena.reserve(arena_bytes);
}

void EngineState::make_room_for_training() {
  if (kv->bytes() > kSparePages) kv->release(kSparePages);
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
  int64_t bytes = policy.bytes() + reference.bytes() + device->reserved_bytes() + kv->bytes();
  for (const Memory* memory : {&master, &optimizer.m, &optimizer.v, &arena, &gradient, &rope}) bytes += memory->bytes();
  return bytes;
}

}  // namespace glossa
