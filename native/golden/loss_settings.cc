#include "golden/loss_settings.h"

#include "golden/case_files.h"

namespace glossa::golden {
namespace {

template <size_t n>
int place(const char* const (&names)[n], const std::string& name) {
  for (size_t i = 0; i < n; ++i)
    if (name == names[i]) return static_cast<int>(i);
  return -1;
}

bool computed(const std::string& key, const Json& value) {
  for (const LossNumber& number : loss_numbers())
    if (key == number.name) return value.kind == Json::Kind::number || value.is_null();
  if (key == "loss_type") return find_loss(value.string);
  if (key == "importance_sampling_level") return place(kImportanceLevels, value.string) >= 0;
  if (key == "kl_estimator") return place(kKlEstimators, value.string) >= 0;
  return key == "use_bias_correction_kl" && value.kind == Json::Kind::boolean;
}

}  // namespace

std::string not_computed(const Json& config) {
  for (const auto& [key, value] : config.object)
    if (!computed(key, value)) return key + (value.string.empty() ? "" : " " + value.string) + " is not computed";
  return "";
}

LossSettings loss_settings(const Json& config) {
  LossSettings s;
  s.type = find_loss(text(config, "loss_type", ""));
  for (const LossNumber& n : loss_numbers())
    s.*n.setting = static_cast<float>(number(config, n.name, static_cast<double>(s.*n.setting)));
  s.epsilon_high = static_cast<float>(number(config, "epsilon_high", static_cast<double>(s.epsilon)));
  const Json* corrected = config.find("use_bias_correction_kl");
  s.use_bias_correction_kl = corrected && corrected->boolean;
  s.importance_sampling_level =
      static_cast<ImportanceLevel>(place(kImportanceLevels, text(config, "importance_sampling_level", "token")));
  s.kl_estimator = static_cast<KlEstimator>(place(kKlEstimators, text(config, "kl_estimator", "k3")));
  return s;
}

}  // namespace glossa::golden
