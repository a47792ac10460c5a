#include "model/trained.h"

#include <algorithm>
#include <cctype>
#include <cstdlib>
#include <string_view>

#include "model/model.h"

namespace glossa {
namespace {

bool matches(std::string_view pattern, std::string_view name) {
  constexpr size_t kNone = std::string_view::npos;
  size_t p = 0, n = 0, star = kNone, retry = 0;
  while (n < name.size()) {
    if (p < pattern.size() && pattern[p] == '*') {
      star = p++;
      retry = n;
    } else if (p < pattern.size() && (pattern[p] == '?' || pattern[p] == name[n])) {
      ++p, ++n;
    } else if (star != kNone) {
      p = star + 1;
      n = ++retry;
    } else {
      return false;
    }
  }
  return pattern.find_first_not_of('*', p) == kNone;
}

// The model's names, with `*` for the number of a layer: a list short enough to read.
std::string kinds(const Model& m) {
  std::vector<std::string> seen;
  std::string text;
  for (const TensorSpec& t : m.tensors) {
    std::string kind;
    for (const char c : t.name) {
      if (!std::isdigit(static_cast<unsigned char>(c)))
        kind += c;
      else if (kind.back() != '*')
        kind += '*';
    }
    if (std::find(seen.begin(), seen.end(), kind) != seen.end()) continue;
    text += (seen.empty() ? "" : ", ") + kind;
    seen.push_back(kind);
  }
  return text;
}

Result<std::vector<bool>> chosen(const Model& m, const std::vector<std::string>& patterns) {
  const bool only = std::any_of(patterns.begin(), patterns.end(), [](const std::string& p) { return p[0] != '!'; });
  std::vector<bool> trains(m.tensors.size(), !only), frozen(m.tensors.size());
  for (const std::string& pattern : patterns) {
    const bool no = pattern[0] == '!';
    bool any = false;
    for (size_t i = 0; i < m.tensors.size(); ++i) {
      if (!matches(std::string_view(pattern).substr(no), m.tensors[i].name)) continue;
      (no ? frozen : trains)[i] = any = true;
    }
    if (!any)
      return Status("TRAINABLE_UNKNOWN", "trainable: no tensor of the model is named \"" + pattern.substr(no) +
                                             "\"; its tensors are " + kinds(m));
  }
  for (size_t i = 0; i < trains.size(); ++i) trains[i] = trains[i] && !frozen[i];
  if (std::find(trains.begin(), trains.end(), true) == trains.end())
    return Status("TRAINABLE_NONE",
                  "trainable: these patterns leave no tensor that trains; the model's tensors are " + kinds(m));
  return trains;
}

// A stretch of a parameter that trains: from its own element `within` on, at `place` in the trained vector.
struct Part {
  int64_t within, size, place;
};

// The parts of elements [offset, offset + size) of the flat vector that train; neighbours are one.
std::vector<Part> parts_of(const Trained& t, int64_t offset, int64_t size) {
  std::vector<Part> parts;
  for (size_t i = 0; i < t.tensors.size(); ++i) {
    const int64_t within = t.masters[i] - offset, n = element_count(t.tensors[i]);
    if (within < 0 || within >= size) continue;
    if (!parts.empty() && parts.back().within + parts.back().size == within)
      parts.back().size += n;
    else
      parts.push_back({within, n, t.tensors[i].offset});
  }
  return parts;
}

void place_matrices(const Model& m, Trained* t) {
  for (const MatrixSpec& w : m.matrices) {
    std::vector<TrainedRows>& rows = t->matrices.emplace_back();
    for (const Part& p : parts_of(*t, w.offset, w.n * w.k)) rows.push_back({p.within / w.k, p.size / w.k, p.place});
  }
  const std::vector<Part> embedding = parts_of(*t, m.embedding, m.config.vocab * m.config.hidden);
  if (!embedding.empty()) t->embedding = embedding.front().place;
}

void place_sums(const Model& m, Trained* t) {
  std::vector<int64_t> places;  // of the model's vectors
  for (const VectorSpec& v : m.vectors) {
    const std::vector<Part> parts = parts_of(*t, v.offset, v.size);
    places.push_back(parts.empty() ? -1 : t->partial_size);
    for (const Part& p : parts) t->sums.push_back({p.place, t->partial_size + p.within, p.size});
    if (!parts.empty()) t->partial_size += v.size;
  }
  t->partial_size = (t->partial_size + 15) / 16 * 16;
  auto place = [&](int64_t offset) {
    for (size_t i = 0; i < places.size(); ++i)
      if (m.vectors[i].offset == offset) return places[i];
    return int64_t{-1};
  };
  for (const LayerOffsets& o : m.layers) {
    LayerPartials p{place(o.qkv_bias), place(o.q_norm), place(o.k_norm), {}};
    for (size_t i = 0; i < p.norms.size(); ++i) p.norms[i] = place(o.norms[i]);
    t->partials.push_back(p);
  }
  t->final_norm_partial = place(m.final_norm);
}

// Where the backward pass ends.
void place_end(const Model& m, Trained* t) {
  constexpr std::string_view kLayer = "model.layers.";
  t->first_layer = t->embedding < 0 ? m.config.layers : 0;
  for (const TensorSpec& s : t->tensors)
    if (s.name.starts_with(kLayer))
      t->first_layer = std::min<int64_t>(t->first_layer, std::atoll(s.name.c_str() + kLayer.size()));
  t->past_head = t->first_layer < m.config.layers || t->final_norm_partial >= 0;
}

void count_work(const Model& m, Trained* t) {
  for (size_t i = 0; i < m.matrices.size(); ++i) {
    const bool head = static_cast<int64_t>(i) == m.head_matrix();
    t->crossed.push_back(head ? t->past_head : static_cast<int64_t>(i) / kMatricesOfLayer >= t->first_layer);
    int64_t rows = t->crossed[i] ? m.matrices[i].n : 0;
    for (const TrainedRows& r : t->matrices[i]) rows += r.rows;
    (head ? t->backward_of_head_row : t->backward_of_row) += rows * m.matrices[i].k;
  }
}

}  // namespace

Trained trained_adapters(const Model& m) {
  Trained t;
  t.tensors = m.adapters.tensors;
  for (const TensorSpec& s : t.tensors) t.masters.push_back(s.offset);
  t.parameters = m.adapters.parameters;
  t.matrices.resize(m.matrices.size());
  t.first_layer = m.config.layers;
  for (size_t i = m.matrices.size(); i-- > 0;)
    if (m.adapters.matrices[i].width > 0) t.first_layer = static_cast<int64_t>(i) / kMatricesOfLayer;
  t.partials.assign(m.layers.size(), {-1, -1, -1, {-1, -1, -1, -1}});
  count_work(m, &t);
  t.backward_of_row += 2 * m.adapters.parameters;
  return t;
}

Result<Trained> trained_part(const Model& m, const std::vector<std::string>& patterns) {
  Result<std::vector<bool>> trains = chosen(m, patterns);
  if (!trains.ok()) return trains.status();
  Trained t;
  for (size_t i = 0; i < m.tensors.size(); ++i) {
    if (!trains.value()[i]) continue;
    t.masters.push_back(m.tensors[i].offset);
    t.tensors.push_back(m.tensors[i]);
    t.tensors.back().offset = t.parameters;
    t.parameters += element_count(m.tensors[i]);
  }
  place_matrices(m, &t);
  place_sums(m, &t);
  place_end(m, &t);
  count_work(m, &t);
  return t;
}

}  // namespace glossa
