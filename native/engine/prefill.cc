#include "engine/prefill.h"

#include <algorithm>

namespace glossa {

bool prefill(Ops& ops, const Model& m, const Weights& w, const Activations& a, int64_t activation_rows,
             const std::vector<Prefill>& missing, const JobControl& control) {
  std::vector<SequenceRows> rows;
  std::vector<int32_t> ids;
  auto run = [&] {
    if (rows.empty()) return;
    ops.embed(a.x_first(), w.table(), ids.data(), static_cast<int64_t>(ids.size()));
    forward_layers(ops, m, w, a, rows.data(), static_cast<int64_t>(rows.size()), true);
    rows.clear();
    ids.clear();
  };
  for (const Prefill& sequence : missing) {
    for (int64_t at = 0; at < sequence.length;) {
      SequenceRows s{};
      s.row0 = static_cast<int64_t>(ids.size());
      s.rows = std::min(activation_rows - s.row0, sequence.length - at);
      s.position0 = sequence.position0 + at;
      s.own0 = at;
      s.own = sequence.own;
      s.prefix = sequence.prefix;
      s.prefix_length = sequence.prefix_length;
      rows.push_back(s);
      ids.insert(ids.end(), sequence.ids + at, sequence.ids + at + s.rows);
      at += s.rows;
      if (static_cast<int64_t>(ids.size()) < activation_rows) continue;
      if (is_cancelled(control)) return false;
      run();
    }
  }
  run();
  return true;
}

}  // namespace glossa
