#include "model/adapters.h"

#include <algorithm>
#include <cmath>
#include <string_view>

#include "model/model.h"

namespace glossa {
namespace {

constexpr std::string_view kPrefix = "base_model.model.", kA = ".lora_A.weight", kB = ".lora_B.weight",
                           kWeight = ".weight";

// A linear layer: a tensor of two dimensions that is a part of one of the model's matrices.
struct LinearLayer {
  std::string name;  // of its module
  int64_t row0, rows;
};

std::vector<std::vector<LinearLayer>> linear_layers(const Model& m) {
  std::vector<std::vector<LinearLayer>> all(m.matrices.size());
  for (size_t i = 0; i < m.matrices.size(); ++i) {
    if (static_cast<int64_t>(i) == m.head_matrix()) continue;
    const MatrixSpec& w = m.matrices[i];
    for (const TensorSpec& t : m.tensors)
      if (t.offset >= w.offset && t.offset < w.offset + w.n * w.k)
        all[i].push_back({t.name.substr(0, t.name.size() - kWeight.size()), (t.offset - w.offset) / w.k, t.shape[0]});
  }
  return all;
}

bool names(const std::string& target, const std::string& layer) {
  return target == "all-linear" || layer == target || layer.ends_with("." + target);
}

// The last parts of their names, each once.
std::string kinds(const std::vector<std::vector<LinearLayer>>& layers) {
  std::vector<std::string> seen;
  std::string text;
  for (const std::vector<LinearLayer>& of_matrix : layers)
    for (const LinearLayer& l : of_matrix) {
      const std::string kind = l.name.substr(l.name.rfind('.') + 1);
      if (std::find(seen.begin(), seen.end(), kind) != seen.end()) continue;
      text += (seen.empty() ? "" : ", ") + kind;
      seen.push_back(kind);
    }
  return text;
}

Status check(const LoraSettings& s, const std::vector<std::vector<LinearLayer>>& layers) {
  if (s.rank < 1 || s.rank > kMostRank)
    return Status("INVALID_ARGUMENT",
                  "lora.rank: expected 1 to " + std::to_string(kMostRank) + ", not " + std::to_string(s.rank));
  if (!std::isfinite(s.alpha) || s.alpha <= 0 || s.alpha > 1e6)
    return Status("INVALID_ARGUMENT", "lora.alpha: expected a number above 0, at most 1e6");
  auto known = [&](const std::string& target) {
    for (const std::vector<LinearLayer>& of_matrix : layers)
      for (const LinearLayer& l : of_matrix)
        if (names(target, l.name)) return true;
    return false;
  };
  for (const std::string& target : s.targets)
    if (!known(target))
      return Status("LORA_TARGET_UNKNOWN", "lora.targets: the model has no linear layer named \"" + target +
                                               "\" that takes an adapter; those that do are " + kinds(layers) +
                                               " (or all-linear)");
  if (s.targets.empty())
    return Status("LORA_TARGET_UNKNOWN", "lora.targets: there is none; those that there are: " + kinds(layers));
  return {};
}

}  // namespace

float LoraSettings::scale() const {
  const double r = static_cast<double>(rank);
  return static_cast<float>(alpha / (rslora ? std::sqrt(r) : r));
}

std::string adapted_layer(const std::string& tensor) {
  for (std::string_view end : {kA, kB})
    if (tensor.starts_with(kPrefix) && tensor.ends_with(end))
      return tensor.substr(kPrefix.size(), tensor.size() - kPrefix.size() - end.size());
  return "";
}

Result<Adapters> place_adapters(const Model& m, const LoraSettings& s) {
  const std::vector<std::vector<LinearLayer>> layers = linear_layers(m);
  if (Status bad = check(s, layers); !bad.ok()) return bad;
  Adapters all;
  all.rank = s.rank;
  all.scale = s.scale();
  auto add = [&](const std::string& layer, std::string_view end, int64_t rows, int64_t columns) {
    all.tensors.push_back({std::string(kPrefix) + layer + std::string(end), {rows, columns}, all.parameters});
    all.parameters += rows * columns;
    return all.tensors.back().offset;
  };
  for (size_t i = 0; i < layers.size(); ++i) {
    AdaptedMatrix& w = all.matrices.emplace_back();
    std::vector<LinearLayer> adapted;
    std::copy_if(layers[i].begin(), layers[i].end(), std::back_inserter(adapted), [&](const LinearLayer& l) {
      return std::any_of(s.targets.begin(), s.targets.end(), [&](const std::string& t) { return names(t, l.name); });
    });
    w.a = all.parameters;
    for (const LinearLayer& l : adapted) {
      add(l.name, kA, s.rank, m.matrices[i].k);
      w.parts.push_back({l.row0, l.rows, w.width, 0});
      w.width += s.rank;
    }
    for (size_t part = 0; part < adapted.size(); ++part)
      w.parts[part].b = add(adapted[part].name, kB, adapted[part].rows, s.rank);
    all.widest = std::max(all.widest, w.width);
  }
  return all;
}

}  // namespace glossa
