#include "model/weight_gradients.h"

namespace glossa {

void WeightGradients::add_matrix(int64_t matrix, const Rows& d_c, const Rows& a, int64_t rows) {
  for (const TrainedRows& t : m_.trained.matrices[static_cast<size_t>(matrix)])
    matrices_.push_back({gradient_.at(t.place), d_c.columns(t.row0, t.rows), a, rows});
}

void WeightGradients::add_adapter(int64_t matrix, const LowRankRows& r, const Rows& d_c, const Rows& a, int64_t rows) {
  if (!r.u) return;
  const AdaptedMatrix& w = m_.adapters.matrices[static_cast<size_t>(matrix)];
  matrices_.push_back({gradient_.at(w.a), r.d_u, a, rows});
  for (const AdaptedRows& part : w.parts)
    matrices_.push_back(
        {gradient_.at(part.b), d_c.columns(part.row0, part.rows), r.u.columns(part.column, m_.adapters.rank), rows});
}

void WeightGradients::add_layers(const Activations& a, LayerRange layers, int64_t rows) {
  for (int64_t l = layers.first; l < layers.end; ++l) {
    const LayerRows& b = a.layer(l);
    auto add = [&](MatrixOfLayer which, const Rows& d_c, const Rows& in) {
      const int64_t matrix = l * kMatricesOfLayer + which;
      add_matrix(matrix, d_c, in, rows);
      add_adapter(matrix, b.low_rank[which], d_c, in, rows);
    };
    add(kQkv, b.d_qkv, b.normed1);
    add(kO, b.d_o, b.attention);
    add(kGateUp, b.d_gate_up, b.normed2);
    add(kDown, b.d_down, b.product);
  }
}

void WeightGradients::add_head(const Rows& d_logits, const Rows& normed, int64_t rows) {
  add_matrix(m_.head_matrix(), d_logits, normed, rows);
}

void WeightGradients::add_embedding(const Rows& dx, const int32_t* ids, int64_t rows) {
  if (m_.trained.embedding < 0) return;
  Values table = gradient_.at(m_.trained.embedding);
  if (shared_.rows) {
    places_.clear();
    for (int64_t r = 0; r < rows; ++r) places_.push_back(shared_.place[static_cast<size_t>(ids[r])]);
    ids = places_.data();
    table = shared_.rows;
  }
  embeddings_.push_back({table, dx, ids, rows, m_.config.embedding_multiplier});
}

void WeightGradients::run(Ops& ops) {
  ops.weight_gradients(matrices_, embeddings_);
  matrices_.clear();
  embeddings_.clear();
}

}  // namespace glossa
