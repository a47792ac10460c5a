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

Status unknown(const char* key, const std::string& given) {
  return Status("GOLDEN_INVALID",
                std::string(key) + (given.empty() ? " is missing" : " " + given + " is not computed"));
}

}  // namespace

std::string not_computed(const Json& config) {
  for (const auto& [key, value] : config.object)
    if (!computed(key, value)) return key + (value.string.empty() ? "" : " " + value.string) + " is not computed";
  return "";
}

Result<LossSettings> loss_settings(const Json& config) {
  LossSettings s;
  const std::string type = text(config, "loss_type", ""), level = text(config, "importance_sampling_level", "token"),
                    estimator = text(config, "kl_estimator", "k3");
  s.type = find_loss(type);
  if (!s.type) return unknown("loss_type", type);
  if (place(kImportanceLevels, level) < 0) return unknown("importance_sampling_level", level);
  if (place(kKlEstimators, estimator) < 0) return unknown("kl_estimator", estimator);
  for (const LossNumber& n : loss_numbers()) {
    const bool follows = n.setting == &LossSettings::epsilon_high;
    float& x = s.*n.setting;
    x = static_cast<float>(number(config, n.name, static_cast<double>(follows ? s.epsilon : x)));
    if (!(x >= n.least && x <= n.most))
      return Status("GOLDEN_INVALID", std::string(n.name) + " " + std::to_string(x) + " is out of range");
  }
  const Json* corrected = config.find("use_bias_correction_kl");
  s.use_bias_correction_kl = corrected && corrected->boolean;
  s.importance_sampling_level = static_cast<ImportanceLevel>(place(kImportanceLevels, level));
  s.kl_estimator = static_cast<KlEstimator>(place(kKlEstimators, estimator));
  return s;
}

}  // namespace glossa::golden
