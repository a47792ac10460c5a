#include "model/weight_gradients.h"

namespace glossa {

void WeightGradients::add_layers(const Activations& a, int64_t rows) {
  for (int64_t l = 0; l < m_.config.layers; ++l) {
    const LayerRows& b = a.layer(l);
    const LayerOffsets& o = m_.layers[static_cast<size_t>(l)];
    matrices_.push_back({gradient_.at(o.qkv), b.d_qkv, b.normed1, rows});
    matrices_.push_back({gradient_.at(o.o), b.d_o, b.attention, rows});
    matrices_.push_back({gradient_.at(o.gate_up), b.d_gate_up, b.normed2, rows});
    matrices_.push_back({gradient_.at(o.down), b.d_down, b.product, rows});
  }
}

void WeightGradients::add_head(const Rows& d_logits, const Rows& normed, int64_t rows) {
  matrices_.push_back({gradient_.at(m_.head), d_logits, normed, rows});
}

void WeightGradients::add_embedding(const Rows& dx, const int32_t* ids, int64_t rows) {
  Values table = gradient_.at(m_.embedding);
  if (shared_.rows) {
    places_.clear();
    for (int64_t r = 0; r < rows; ++r) places_.push_back(shared_.place[static_cast<size_t>(ids[r])]);
    ids = places_.data();
    table = shared_.rows;
  }
  embeddings_.push_back({table, dx, ids, rows});
}

void WeightGradients::run(Ops& ops) {
  ops.weight_gradients(matrices_, embeddings_);
  matrices_.clear();
  embeddings_.clear();
}

}  // namespace glossa
