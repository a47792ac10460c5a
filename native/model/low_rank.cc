#include "model/low_rank.h"

namespace glossa {

void make_low_rank(Ops& ops, const Model& m, const Weights& w, int64_t matrix, const LowRankRows& r, const Rows& x,
                   int64_t row, int64_t rows) {
  const AdapterMatrices& adapter = w.adapter(matrix);
  if (!r.u || adapter.b.empty()) return;  // a reference is the base alone
  ops.linear(r.wide.at(row), x, adapter.a, {}, false, rows);
  ops.scale(r.u.at(row), r.wide.at(row), m.adapters.scale, rows);
}

void add_low_rank(Ops& ops, const Model& m, const Weights& w, int64_t matrix, const LowRankRows& r, const Rows& y,
                  const Rows& x, int64_t row, int64_t rows) {
  make_low_rank(ops, m, w, matrix, r, x, row, rows);
  const AdapterMatrices& adapter = w.adapter(matrix);
  if (!r.u || adapter.b.empty()) return;
  const Rows u = r.u.at(row);
  const std::vector<AdaptedRows>& parts = m.adapters.matrices[static_cast<size_t>(matrix)].parts;
  for (size_t i = 0; i < parts.size(); ++i)
    ops.linear(y.columns(parts[i].row0, parts[i].rows), u.columns(parts[i].column, m.adapters.rank), adapter.b[i], {},
               true, rows);
}

void add_low_rank_backward(Ops& ops, const Model& m, const Weights& w, int64_t matrix, const LowRankRows& r,
                           const Rows& dx, const Rows& dy, int64_t row, int64_t rows) {
  if (!r.u) return;
  const AdapterMatrices& adapter = w.adapter(matrix);
  const Rows wide = r.wide.at(row), d_u = r.d_u.at(row);
  const std::vector<AdaptedRows>& parts = m.adapters.matrices[static_cast<size_t>(matrix)].parts;
  for (size_t i = 0; i < parts.size(); ++i)
    ops.linear_backward(wide.columns(parts[i].column, m.adapters.rank), dy.columns(parts[i].row0, parts[i].rows),
                        adapter.b[i], false, rows);
  ops.scale(d_u, wide, m.adapters.scale, rows);
  ops.linear_backward(dx, d_u, adapter.a, true, rows);
}

}  // namespace glossa
