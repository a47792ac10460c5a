#include "golden/case_files.h"

#include <cmath>
#include <cstring>
#include <limits>

#include "io/read_file.h"

namespace glossa::golden {

Result<CaseTensors> CaseTensors::open(const std::string& path) {
  Result<std::unique_ptr<SafetensorsFile>> file = SafetensorsFile::open(path);
  if (!file.ok()) return file.status();
  CaseTensors c;
  c.path_ = path;
  c.file_ = file.take();
  return c;
}

const StoredTensor* CaseTensors::need(const std::string& name) {
  const StoredTensor* t = file_->find(name);
  if (!t && status_.ok()) status_ = Status("GOLDEN_INVALID", path_ + ": tensor " + name + " is missing");
  return t;
}

std::vector<float> CaseTensors::floats(const std::string& name, int64_t elements) {
  const StoredTensor* t = need(name);
  if (!t) return {};
  if (elements >= 0 && t->elements() != elements) {
    if (status_.ok())
      status_ = Status("GOLDEN_INVALID", path_ + ": tensor " + name + " has " + std::to_string(t->elements()) +
                                             " numbers; the model's has " + std::to_string(elements));
    return {};
  }
  std::vector<float> out(static_cast<size_t>(t->elements()));
  if (Status s = to_float(*t, out.data()); !s.ok() && status_.ok()) status_ = s;
  return out;
}

std::vector<int32_t> CaseTensors::ints(const std::string& name) {
  const StoredTensor* t = need(name);
  if (!t) return {};
  if (t->dtype != "I32") {
    if (status_.ok()) status_ = Status("GOLDEN_INVALID", path_ + ": tensor " + name + " is " + t->dtype + ", not I32");
    return {};
  }
  std::vector<int32_t> out(static_cast<size_t>(t->elements()));
  if (!out.empty()) std::memcpy(out.data(), t->data, out.size() * sizeof(int32_t));
  return out;
}

std::vector<int64_t> CaseTensors::shape(const std::string& name) const {
  const StoredTensor* t = file_->find(name);
  return t ? t->shape : std::vector<int64_t>();
}

Result<Json> read_json(const std::string& path) {
  Result<std::string> content = read_text_file(path);
  if (!content.ok()) return content.status();
  return Json::parse(content.value(), path);
}

double number(const Json& object, const char* key, double otherwise) {
  const Json* value = object.find(key);
  return value && value->kind == Json::Kind::number ? value->number : otherwise;
}

std::string text(const Json& object, const char* key, const std::string& otherwise) {
  const Json* value = object.find(key);
  return value && value->kind == Json::Kind::string ? value->string : otherwise;
}

double worst_difference(const std::vector<float>& a, const std::vector<float>& b) {
  if (a.size() != b.size()) return std::numeric_limits<double>::infinity();
  double worst = 0;
  for (size_t i = 0; i < a.size(); ++i) {
    const double d = std::fabs(static_cast<double>(a[i]) - static_cast<double>(b[i]));
    worst = d <= worst ? worst : d == d ? d : std::numeric_limits<double>::infinity();
  }
  return worst;
}

double relative_difference(const float* a, const float* b, size_t n) {
  double difference = 0, size = 0;
  for (size_t i = 0; i < n; ++i) {
    const double d = static_cast<double>(a[i]) - static_cast<double>(b[i]);
    difference += d * d;
    size += static_cast<double>(b[i]) * static_cast<double>(b[i]);
  }
  if (difference == 0) return 0;
  const double relative = std::sqrt(difference / size);
  return relative == relative ? relative : std::numeric_limits<double>::infinity();
}

void judge(GoldenCase* c) {
  c->state = "pass";
  for (const GoldenMeasure& m : c->measures)
    if (!(m.error <= m.bound)) {
      c->state = "fail";
      c->detail += (c->detail.empty() ? "" : ", ") + m.name + " is out of bounds";
    }
}

GoldenCase failed_case(const std::string& name, const std::string& kind, const Status& status) {
  return {name, kind, "error", status.code() + ": " + status.message(), {}};
}

}  // namespace glossa::golden
