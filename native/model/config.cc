#include "model/config.h"

#include <charconv>
#include <cmath>
#include <utility>

#include "io/json.h"

namespace glossa {
namespace {

// What distinguishes the families, and what Transformers assumes where config.json is silent.
struct FamilyRow {
  const char* model_type;
  const char* architecture;
  Family family;
  bool qkv_bias, post_norm;
  QkNorm qk_norm;
  double rms_eps;
  int64_t head_dim;      // 0: hidden_size / num_attention_heads
  bool kv_heads_follow;  // num_key_value_heads defaults to num_attention_heads; else it must be given
  bool windows;          // layers may see a window of keys; elsewhere Transformers reads none of the settings of one
};
constexpr FamilyRow kFamilies[] = {
    {"llama", "LlamaForCausalLM", Family::llama, false, false, QkNorm::none, 1e-6, 0, true, false},
    {"qwen2", "Qwen2ForCausalLM", Family::qwen2, true, false, QkNorm::none, 1e-6, 0, false, true},
    {"qwen3", "Qwen3ForCausalLM", Family::qwen3, false, false, QkNorm::per_head, 1e-6, 128, false, true},
    {"olmo2", "Olmo2ForCausalLM", Family::olmo2, false, true, QkNorm::whole, 1e-5, 0, true, false},
};

constexpr double kDefaultTheta = 10000;

const FamilyRow& family_row(Family family) {
  for (const FamilyRow& row : kFamilies)
    if (row.family == family) return row;
  __builtin_unreachable();
}

std::string shown(const Json& value) {
  switch (value.kind) {
    case Json::Kind::null:
      return "null";
    case Json::Kind::boolean:
      return value.boolean ? "true" : "false";
    case Json::Kind::string:
      return json_quote(value.string);
    case Json::Kind::array:
      return "a list";
    case Json::Kind::object:
      return "an object";
    case Json::Kind::number:
      break;
  }
  char text[32];
  auto end = std::to_chars(text, text + sizeof text, value.number);
  return std::string(text, end.ptr);
}

// Reads settings one by one and remembers the first fault; later reads then give defaults.
class Settings {
 public:
  Settings(const Json& json, std::string where, std::string prefix = "")
      : json_(json), where_(std::move(where)), prefix_(std::move(prefix)) {}

  // The object under `key`, which is there; its faults name the key too and are handed back by adopt.
  Settings inside(const char* key) const { return Settings(*given(key), where_, prefix_ + key + "."); }
  void adopt(const Settings& inner) {
    if (status_.ok()) status_ = inner.status_;
  }

  const Status& status() const { return status_; }
  void invalid(const std::string& key, const std::string& fault) { note("CONFIG_INVALID", key, fault); }
  void unsupported(const std::string& key, const std::string& fault) { note("MODEL_UNSUPPORTED", key, fault); }

  // Null where absent or null: Transformers treats both alike.
  const Json* given(const char* key) const {
    const Json* value = json_.find(key);
    return value && !value->is_null() ? value : nullptr;
  }

  bool is_null(const char* key) const {
    const Json* value = json_.find(key);
    return value && value->is_null();
  }
  const std::string& where() const { return where_; }

  int64_t integer(const char* key, int64_t low, int64_t high, int64_t fallback = -1) {
    const Json* value = given(key);
    if (!value) {
      if (fallback < 0) invalid(key, "is missing");
      return fallback;
    }
    if (value->kind != Json::Kind::number || value->number != std::floor(value->number) ||
        value->number < static_cast<double>(low) || value->number > static_cast<double>(high)) {
      invalid(key, "is " + shown(*value) + "; expected a whole number from " + std::to_string(low) + " to " +
                       std::to_string(high));
      return low;
    }
    return static_cast<int64_t>(value->number);
  }

  // Above `low`, at most `high`.
  double real(const char* key, double low, double high, double fallback) {
    const Json* value = given(key);
    if (!value) return fallback;
    if (value->kind != Json::Kind::number || !(value->number > low) || value->number > high) {
      invalid(key, "is " + shown(*value) + "; expected a number above " + shown_number(low) + ", at most " +
                       shown_number(high));
      return fallback;
    }
    return value->number;
  }

  bool boolean(const char* key, bool fallback) {
    const Json* value = given(key);
    if (!value) return fallback;
    if (value->kind != Json::Kind::boolean) invalid(key, "is " + shown(*value) + "; expected true or false");
    return value->boolean;
  }

  std::string text(const char* key, const char* fallback) {
    const Json* value = given(key);
    if (!value) return fallback;
    if (value->kind != Json::Kind::string) invalid(key, "is " + shown(*value) + "; expected a text");
    return value->string;
  }

 private:
  static std::string shown_number(double x) {
    Json value;
    value.kind = Json::Kind::number;
    value.number = x;
    return shown(value);
  }
  void note(const char* code, const std::string& key, const std::string& fault) {
    if (status_.ok()) status_ = Status(code, where_ + ": " + prefix_ + key + " " + fault);
  }
  const Json& json_;
  std::string where_, prefix_;
  Status status_;
};

bool equal(const RopeConfig& a, const RopeConfig& b) {
  return a.type == b.type && a.theta == b.theta && a.factor == b.factor && a.low_freq_factor == b.low_freq_factor &&
         a.high_freq_factor == b.high_freq_factor && a.original_context == b.original_context;
}

// One object of rope settings, whichever key it stands under. `theta` holds where the object does not give its own.
RopeConfig read_rope_object(Settings& settings, const char* key, double theta, int64_t context) {
  RopeConfig rope{RopeType::plain, theta, 1, 1, 1, 0};
  const Json& object = *settings.given(key);
  if (object.kind != Json::Kind::object) {
    settings.invalid(key, "is " + shown(object) + "; expected an object");
    return rope;
  }
  Settings in = settings.inside(key);
  rope.theta = in.real("rope_theta", 0, 1e12, theta);
  std::string type = in.text("rope_type", in.text("type", "default").c_str());
  if (type == "llama3") {
    rope.type = RopeType::llama3;
    for (const char* needed : {"factor", "low_freq_factor", "high_freq_factor"})
      if (!in.given(needed)) in.invalid(needed, "is missing; rope type llama3 needs it");
    rope.factor = in.real("factor", 0, 1e6, 1);
    rope.low_freq_factor = in.real("low_freq_factor", 0, 1e6, 1);
    rope.high_freq_factor = in.real("high_freq_factor", 0, 1e6, 4);
    rope.original_context = static_cast<double>(in.integer("original_max_position_embeddings", 1, 1 << 24, context));
    if (!(rope.low_freq_factor < rope.high_freq_factor))
      in.invalid("low_freq_factor", "must be below high_freq_factor");
  } else if (type == "dynamic" && in.integer("original_max_position_embeddings", 1, 1 << 24, context) >= context) {
    // Up to the context, and nothing here goes beyond it, a dynamic rope is the default one.
  } else if (type != "default") {
    in.unsupported("rope_type", "is " + json_quote(type) + "; computed here are default and llama3");
  }
  for (const auto& [inner, value] : object.object)
    if (value.kind == Json::Kind::object) in.unsupported(inner, "gives one kind of layer its own rope");
  if (in.real("partial_rotary_factor", 0, 1, 1) != 1)
    in.unsupported("partial_rotary_factor", "is not 1; partial rotation is not computed here");
  settings.adopt(in);
  return rope;
}

// Old spelling: rope_theta and rope_scaling; new: rope_parameters. Both may stand there if they agree.
RopeConfig read_rope(Settings& settings, int64_t context) {
  double theta = settings.real("rope_theta", 0, 1e12, kDefaultTheta);
  if (settings.real("partial_rotary_factor", 0, 1, 1) != 1)
    settings.unsupported("partial_rotary_factor", "is not 1; partial rotation is not computed here");
  bool parameters = settings.given("rope_parameters"), scaling = settings.given("rope_scaling");
  if (!parameters && !scaling) return {RopeType::plain, theta, 1, 1, 1, 0};
  if (!parameters) return read_rope_object(settings, "rope_scaling", theta, context);
  RopeConfig rope = read_rope_object(settings, "rope_parameters", theta, context);
  bool agree = !settings.given("rope_theta") || theta == rope.theta;
  if (scaling && !equal(rope, read_rope_object(settings, "rope_scaling", rope.theta, context))) agree = false;
  if (!agree)
    settings.invalid("rope_parameters", "disagrees with rope_theta and rope_scaling; remove one of the two spellings");
  return rope;
}

// Features that Transformers would compute and this program does not. What its class of the family does not read is
// passed over.
void refuse_uncomputed(Settings& settings, const FamilyRow& row) {
  for (const char* key : {"quantization_config", "num_experts", "num_local_experts", "num_experts_per_tok"})
    if (settings.given(key)) settings.unsupported(key, "is set; quantised weights and experts are not computed here");
  if (row.family != Family::qwen2 && settings.boolean("attention_bias", false))
    settings.unsupported("attention_bias", "is true; of these families only qwen2 has attention biases here");
  if (row.family == Family::llama && settings.boolean("mlp_bias", false))
    settings.unsupported("mlp_bias", "is true; MLP biases are not computed here");
  std::string activation = settings.text("hidden_act", "silu");
  if (activation != "silu" && activation != "swish")
    settings.unsupported("hidden_act", "is " + json_quote(activation) + "; computed here is silu");
}

// The settings that change nothing here and may still be missed.
std::vector<std::string> warnings_of(Settings& settings, const FamilyRow& row) {
  std::vector<std::string> warnings;
  auto warn = [&](const std::string& what) { warnings.push_back(settings.where() + ": " + what); };
  if (settings.real("attention_dropout", -1, 1, 0) != 0)
    warn("attention_dropout is not 0; nothing is dropped out here, as where a model is used and not trained");
  const Json* names = settings.given("architectures");
  if (names && names->kind != Json::Kind::array) settings.invalid("architectures", "is not a list");
  if (names)
    for (const Json& name : names->array)
      if (name.kind != Json::Kind::string || name.string != row.architecture)
        warn("architectures holds " + shown(name) + "; the model is taken as " + row.architecture);
  return warnings;
}

// Layers that see the last keys alone. As in Transformers they are those that layer_types names, or where that is not
// given all from max_window_layers on, and with use_sliding_window only; a window of the whole context is none.
void refuse_windows(Settings& settings, int64_t layers, int64_t context) {
  const bool in_use = settings.boolean("use_sliding_window", false) && !settings.is_null("sliding_window");
  const int64_t window = in_use ? settings.integer("sliding_window", 1, int64_t{1} << 40, 4096) : 0;
  const int64_t first = settings.integer("max_window_layers", 0, int64_t{1} << 40, 28);
  const Json* types = settings.given("layer_types");
  if (types && (types->kind != Json::Kind::array || static_cast<int64_t>(types->array.size()) != layers))
    return settings.invalid("layer_types", "is not a list of num_hidden_layers, " + std::to_string(layers));
  for (int64_t i = 0; i < layers; ++i) {
    const Json* type = types ? &types->array[static_cast<size_t>(i)] : nullptr;
    const bool slides = type ? type->kind == Json::Kind::string && type->string == "sliding_attention" : i >= first;
    if (type && (!slides || !in_use) && (type->kind != Json::Kind::string || type->string != "full_attention"))
      settings.unsupported("layer_types", "holds " + shown(*type) + "; computed here is full_attention");
    if (in_use && slides && window < context)
      settings.unsupported("use_sliding_window", "asks for attention to the last " + std::to_string(window) +
                                                     " tokens in layer " + std::to_string(i) +
                                                     ", which is not computed here; with max_position_embeddings of "
                                                     "at most as many it would be full attention");
  }
}

// The shortest text that gives this float or double back: 1e-06, not 9.999999974752427e-07. Never a bare integer,
// because Transformers wants these settings as floats.
template <class T>
std::string number(T x) {
  char buffer[32];
  auto end = std::to_chars(buffer, buffer + sizeof buffer, x);
  std::string text(buffer, end.ptr);
  return text.find_first_of(".e") == std::string::npos ? text + ".0" : text;
}

const char* torch_type(Dtype t) {
  return t == Dtype::f32 ? "float32" : t == Dtype::bf16 ? "bfloat16" : "float16";
}

// The old spelling of a rope that is scaled; empty where it is not.
std::string scaling_text(const RopeConfig& rope) {
  if (rope.type != RopeType::llama3) return "";
  return "{\"factor\": " + number(rope.factor) + ", \"high_freq_factor\": " + number(rope.high_freq_factor) +
         ", \"low_freq_factor\": " + number(rope.low_freq_factor) +
         ", \"original_max_position_embeddings\": " + std::to_string(static_cast<int64_t>(rope.original_context)) +
         ", \"rope_type\": \"llama3\"}";
}

void set(Json* object, const char* name, const std::string& text) {
  Json value = Json::parse(text, name).take();
  for (auto& [key, old] : object->object)
    if (key == name) {
      old = std::move(value);
      return;
    }
  object->object.push_back({name, std::move(value)});
}

// The text a configuration was read from with the type of the weights, under the names that it has there already, and
// with the old spelling of the rope where only the new one stands: without it Transformers before 5 takes another rope
// and says nothing.
std::string with_type(const ModelConfig& c, Dtype on_disk) {
  Json json = Json::parse(c.source, "config.json").take();
  const std::string type = json_quote(torch_type(on_disk));
  const bool told = json.find("dtype") != nullptr;
  if (told) set(&json, "dtype", type);
  if (!told || json.find("torch_dtype")) set(&json, "torch_dtype", type);  // the older one, which all versions read
  auto lacks = [&json](const char* name) { return !json.find(name) || json.find(name)->is_null(); };
  if (!lacks("rope_parameters")) {
    if (lacks("rope_theta")) set(&json, "rope_theta", number(c.rope.theta));
    const std::string scaling = scaling_text(c.rope);
    if (lacks("rope_scaling") && !scaling.empty()) set(&json, "rope_scaling", scaling);
  }
  return json_text(json) + "\n";
}

}  // namespace

Result<ModelConfig> parse_model_config(const std::string& text, const std::string& where) {
  Result<Json> json = Json::parse(text, where);
  if (!json.ok()) return Status("CONFIG_INVALID", json.status().message());
  if (json.value().kind != Json::Kind::object) return Status("CONFIG_INVALID", where + ": expected an object");
  Settings in(json.value(), where);

  std::string type = in.text("model_type", "");
  const FamilyRow* row = nullptr;
  std::string known;
  for (const FamilyRow& candidate : kFamilies) {
    if (type == candidate.model_type) row = &candidate;
    known += (known.empty() ? "" : ", ") + std::string(candidate.model_type);
  }
  if (!row) {
    if (type.empty())
      in.invalid("model_type", "is missing; expected one of " + known);
    else
      in.unsupported("model_type", "is " + json_quote(type) + "; expected one of " + known);
    return in.status();
  }
  refuse_uncomputed(in, *row);

  ModelConfig c{};
  c.warnings = warnings_of(in, *row);
  c.family = row->family;
  c.qkv_bias = row->qkv_bias;
  c.post_norm = row->post_norm;
  c.qk_norm = row->qk_norm;
  c.hidden = in.integer("hidden_size", 1, 1 << 17);
  c.layers = in.integer("num_hidden_layers", 1, 1 << 12);
  c.heads = in.integer("num_attention_heads", 1, 1 << 12);
  // Where the key is absent Qwen's classes assume 32 heads whatever num_attention_heads is; null means as many as
  // heads.
  const Json* kv = json.value().find("num_key_value_heads");
  c.kv_heads = in.integer("num_key_value_heads", 1, 1 << 12, row->kv_heads_follow || kv ? c.heads : -1);
  c.ffn = in.integer("intermediate_size", 1, 1 << 20);
  c.vocab = in.integer("vocab_size", 1, (1 << 24) - 1);
  c.context = in.integer("max_position_embeddings", 1, 1 << 24);
  if (!in.status().ok()) return in.status();
  if (row->windows) refuse_windows(in, c.layers, c.context);

  bool divided = !in.given("head_dim") && row->head_dim == 0;
  if (divided && c.hidden % c.heads != 0)
    in.invalid("hidden_size", "is " + std::to_string(c.hidden) + ", not a multiple of num_attention_heads, " +
                                  std::to_string(c.heads) + "; or give head_dim");
  c.head_dim = in.integer("head_dim", 2, 1 << 12, divided ? c.hidden / c.heads : row->head_dim);
  if (c.head_dim % 2 != 0 || c.head_dim == 0)
    in.invalid("head_dim", "is " + std::to_string(c.head_dim) + "; rotary embedding needs an even number");
  if (c.heads % c.kv_heads != 0)
    in.invalid("num_attention_heads", "is " + std::to_string(c.heads) + ", not a multiple of num_key_value_heads, " +
                                          std::to_string(c.kv_heads));
  c.rms_eps = static_cast<float>(in.real("rms_norm_eps", 0, 1, row->rms_eps));
  c.initializer_range = static_cast<float>(in.real("initializer_range", 0, 1, 0.02));
  c.tied = in.boolean("tie_word_embeddings", false);
  c.rope = read_rope(in, c.context);
  if (!in.status().ok()) return in.status();
  c.source = text;
  return c;
}

std::string model_config_json(const ModelConfig& c, Dtype on_disk) {
  if (!c.source.empty()) return with_type(c, on_disk);
  const FamilyRow& row = family_row(c.family);
  const std::string scaling = scaling_text(c.rope);
  std::string theta = number(c.rope.theta);
  std::vector<std::pair<const char*, std::string>> lines = {
      {"architectures", "[" + json_quote(row.architecture) + "]"},
      {"attention_dropout", "0.0"},
      // Said outright: where they are absent some families have defaults of their own.
      {"bos_token_id", "null"},
      {"eos_token_id", "null"},
      {"pad_token_id", "null"},
      {"head_dim", std::to_string(c.head_dim)},
      {"hidden_act", "\"silu\""},
      {"hidden_size", std::to_string(c.hidden)},
      {"initializer_range", number(c.initializer_range)},
      {"intermediate_size", std::to_string(c.ffn)},
      {"max_position_embeddings", std::to_string(c.context)},
      {"model_type", json_quote(row.model_type)},
      {"num_attention_heads", std::to_string(c.heads)},
      {"num_hidden_layers", std::to_string(c.layers)},
      {"num_key_value_heads", std::to_string(c.kv_heads)},
      {"rms_norm_eps", number(c.rms_eps)},
      {"rope_parameters", (scaling.empty() ? "{\"rope_type\": \"default\"" : scaling.substr(0, scaling.size() - 1)) +
                              ", \"rope_theta\": " + theta + "}"},
      {"rope_scaling", scaling.empty() ? "null" : scaling},
      {"rope_theta", theta},
      {"tie_word_embeddings", c.tied ? "true" : "false"},
      {"torch_dtype", json_quote(torch_type(on_disk))},
      {"vocab_size", std::to_string(c.vocab)},
  };
  if (c.family != Family::qwen2) lines.emplace_back("attention_bias", "false");
  if (row.windows) lines.emplace_back("use_sliding_window", "false");
  std::string out = "{\n";
  for (size_t i = 0; i < lines.size(); ++i)
    out += "  " + json_quote(lines[i].first) + ": " + lines[i].second + (i + 1 < lines.size() ? ",\n" : "\n");
  return out + "}\n";
}

std::vector<TensorSpec> tensor_specs(const ModelConfig& c) {
  std::vector<TensorSpec> specs;
  int64_t offset = 0;
  auto matrix = [&](const std::string& name, int64_t rows, int64_t cols) {
    specs.push_back({name, {rows, cols}, offset});
    offset += rows * cols;
  };
  auto vector = [&](const std::string& name, int64_t n) {
    specs.push_back({name, {n}, offset});
    offset += n;
  };
  int64_t q = c.heads * c.head_dim, kv = c.kv_heads * c.head_dim;
  matrix("model.embed_tokens.weight", c.vocab, c.hidden);
  for (int64_t i = 0; i < c.layers; ++i) {
    std::string layer = "model.layers." + std::to_string(i) + ".", attention = layer + "self_attn.";
    if (!c.post_norm) vector(layer + "input_layernorm.weight", c.hidden);
    matrix(attention + "q_proj.weight", q, c.hidden);
    matrix(attention + "k_proj.weight", kv, c.hidden);
    matrix(attention + "v_proj.weight", kv, c.hidden);
    if (c.qkv_bias) {
      vector(attention + "q_proj.bias", q);
      vector(attention + "k_proj.bias", kv);
      vector(attention + "v_proj.bias", kv);
    }
    if (c.qk_norm != QkNorm::none) {
      bool whole = c.qk_norm == QkNorm::whole;
      vector(attention + "q_norm.weight", whole ? q : c.head_dim);
      vector(attention + "k_norm.weight", whole ? kv : c.head_dim);
    }
    matrix(attention + "o_proj.weight", c.hidden, q);
    vector(layer + "post_attention_layernorm.weight", c.hidden);
    if (c.post_norm) vector(layer + "post_feedforward_layernorm.weight", c.hidden);
    matrix(layer + "mlp.gate_proj.weight", c.ffn, c.hidden);
    matrix(layer + "mlp.up_proj.weight", c.ffn, c.hidden);
    matrix(layer + "mlp.down_proj.weight", c.hidden, c.ffn);
  }
  vector("model.norm.weight", c.hidden);
  if (!c.tied) matrix("lm_head.weight", c.vocab, c.hidden);
  return specs;
}

int64_t parameter_count(const ModelConfig& config) {
  const TensorSpec last = tensor_specs(config).back();
  int64_t elements = 1;
  for (int64_t extent : last.shape) elements *= extent;
  return last.offset + elements;
}

}  // namespace glossa
