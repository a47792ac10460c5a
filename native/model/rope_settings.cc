#include "model/rope_settings.h"

#include "model/json_number.h"

namespace glossa {
namespace {

bool equal(const RopeConfig& a, const RopeConfig& b) {
  return a.type == b.type && a.theta == b.theta && a.factor == b.factor && a.low_freq_factor == b.low_freq_factor &&
         a.high_freq_factor == b.high_freq_factor && a.original_context == b.original_context;
}

RopeConfig plain(double theta) {
  return {RopeType::plain, theta, 1, 1, 1, 0};
}

// The settings of one object. `theta` holds where it does not give its own.
RopeConfig read_object(Settings& in, double theta, int64_t context) {
  RopeConfig rope = plain(in.real("rope_theta", 0, 1e12, theta));
  const std::string type = in.text("rope_type", in.text("type", "default").c_str());
  auto need = [&](const char* key) {
    if (!in.given(key)) in.invalid(key, "is missing; rope type " + type + " needs it");
  };
  if (type == "llama3") {
    rope.type = RopeType::llama3;
    for (const char* key : {"factor", "low_freq_factor", "high_freq_factor"}) need(key);
    rope.factor = in.real("factor", 0, 1e6, 1);
    rope.low_freq_factor = in.real("low_freq_factor", 0, 1e6, 1);
    rope.high_freq_factor = in.real("high_freq_factor", 0, 1e6, 4);
    rope.original_context = static_cast<double>(in.integer("original_max_position_embeddings", 1, 1 << 24, context));
    if (!(rope.low_freq_factor < rope.high_freq_factor))
      in.invalid("low_freq_factor", "must be below high_freq_factor");
  } else if (type == "linear") {
    rope.type = RopeType::linear;
    need("factor");
    rope.factor = in.real("factor", 0, 1e6, 1);
  } else if (type == "dynamic" && in.integer("original_max_position_embeddings", 1, 1 << 24, context) >= context) {
    // Up to the context, and nothing here goes beyond it, a dynamic rope is the default one.
  } else if (type != "default") {
    in.unsupported("rope_type", "is " + json_quote(type) + "; computed here are default, linear and llama3");
  }
  if (in.real("partial_rotary_factor", 0, 1, 1) != 1)
    in.unsupported("partial_rotary_factor", "is not 1; partial rotation is not computed here");
  return rope;
}

// False, with a fault, where what stands under `key` is no object.
bool is_object(Settings& in, const char* key) {
  const Json& value = *in.given(key);
  if (value.kind == Json::Kind::object) return true;
  in.invalid(key, "is " + shown(value) + "; expected an object");
  return false;
}

// Read under `key`, which is there.
RopeConfig read_under(Settings& in, const char* key, double theta, int64_t context) {
  if (!is_object(in, key)) return plain(theta);
  Settings inner = in.inside(key);
  const RopeConfig rope = read_object(inner, theta, context);
  for (const auto& [name, value] : inner.json().object)
    if (value.kind == Json::Kind::object) inner.unsupported(name, "gives one kind of layer its own rope");
  in.adopt(inner);
  return rope;
}

void refuse_partial(Settings& in) {
  if (in.real("partial_rotary_factor", 0, 1, 1) != 1)
    in.unsupported("partial_rotary_factor", "is not 1; partial rotation is not computed here");
}

// The new spelling's rope against what the old one says of it, where that stands there too.
void compare_old(Settings& in, const RopeConfig& rope, int64_t context) {
  bool agree = in.real("rope_theta", 0, 1e12, rope.theta) == rope.theta;
  if (in.given("rope_scaling") && !equal(rope, read_under(in, "rope_scaling", rope.theta, context))) agree = false;
  if (!agree)
    in.invalid("rope_parameters", "disagrees with rope_theta and rope_scaling; remove one of the two spellings");
}

// Kinds of layers as they are called there.
const char *const kGlobal = "full_attention", *const kLocal = "sliding_attention";

}  // namespace

RopeConfig read_rope(Settings& in, double theta, int64_t context) {
  const double given_theta = in.real("rope_theta", 0, 1e12, theta);
  refuse_partial(in);
  if (!in.given("rope_parameters")) {
    if (!in.given("rope_scaling")) return plain(given_theta);
    return read_under(in, "rope_scaling", given_theta, context);
  }
  const RopeConfig rope = read_under(in, "rope_parameters", given_theta, context);
  compare_old(in, rope, context);
  return rope;
}

LayerRopes read_layer_ropes(Settings& in, double theta, const char* local_theta_key, double local_theta,
                            int64_t context) {
  const double given_theta = in.real("rope_theta", 0, 1e12, theta);
  const double given_local = in.real(local_theta_key, 0, 1e12, local_theta);
  LayerRopes ropes{plain(given_theta), plain(given_local)};
  refuse_partial(in);
  if (!in.given("rope_parameters")) {
    if (in.given("rope_scaling")) ropes.global = read_under(in, "rope_scaling", given_theta, context);
    return ropes;
  }
  if (!is_object(in, "rope_parameters")) return ropes;
  Settings both = in.inside("rope_parameters");
  if (!both.json().object.empty() && !both.given(kGlobal) && !both.given(kLocal))
    both.invalid(kGlobal, std::string("is missing; layers of each kind, ") + kGlobal + " and " + kLocal +
                              ", have a rope of their own");
  if (both.given(kGlobal)) ropes.global = read_under(both, kGlobal, given_theta, context);
  if (both.given(kLocal)) ropes.local = read_under(both, kLocal, given_local, context);
  in.adopt(both);
  compare_old(in, ropes.global, context);
  return ropes;
}

std::string scaling_text(const RopeConfig& rope) {
  if (rope.type == RopeType::plain) return "";
  if (rope.type == RopeType::linear) return "{\"factor\": " + json_number(rope.factor) + ", \"rope_type\": \"linear\"}";
  return "{\"factor\": " + json_number(rope.factor) + ", \"high_freq_factor\": " + json_number(rope.high_freq_factor) +
         ", \"low_freq_factor\": " + json_number(rope.low_freq_factor) +
         ", \"original_max_position_embeddings\": " + std::to_string(static_cast<int64_t>(rope.original_context)) +
         ", \"rope_type\": \"llama3\"}";
}

}  // namespace glossa
