#include "model/config.h"

#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>

#include "io/json.h"
#include "io/safetensors.h"
#include "tool/test.h"

namespace glossa {
namespace {

std::string get(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  return std::string(std::istreambuf_iterator<char>(in), {});
}

const char* const kSizes = R"("hidden_size":64,"num_hidden_layers":2,"num_attention_heads":4,"num_key_value_heads":2,)"
                           R"("intermediate_size":160,"vocab_size":256,"max_position_embeddings":128)";
std::string config(const std::string& family, const std::string& more = "") {
  return "{\"model_type\":\"" + family + "\"," + kSizes + (more.empty() ? "" : "," + more) + "}";
}
ModelConfig parsed(const std::string& text) {
  auto c = parse_model_config(text, "config.json");
  if (!c.ok()) {
    test::fail(__FILE__, __LINE__, text + ": " + c.status().message());
    return {};
  }
  return c.take();
}
void refused(const std::string& text, const char* code, const char* key) {
  auto c = parse_model_config(text, "x/config.json");
  CHECK(!c.ok());
  if (c.ok()) return;
  if (c.status().code() != code || c.status().message().rfind("x/config.json", 0) != 0 ||
      c.status().message().find(key) == std::string::npos)
    test::fail(
        __FILE__, __LINE__,
        text + " gives " + c.status().code() + " " + c.status().message() + "; expected " + code + " naming " + key);
}

bool same_rope(const RopeConfig& a, const RopeConfig& b) {
  return a.type == b.type && a.theta == b.theta && a.factor == b.factor && a.low_freq_factor == b.low_freq_factor &&
         a.high_freq_factor == b.high_freq_factor && a.original_context == b.original_context;
}

int64_t elements(const TensorSpec& t) {
  int64_t n = 1;
  for (int64_t size : t.shape) n *= size;
  return n;
}

}  // namespace

TEST("config: the four families differ as their blocks do") {
  ModelConfig llama = parsed(config("llama")), qwen2 = parsed(config("qwen2")), qwen3 = parsed(config("qwen3")),
              olmo2 = parsed(config("olmo2"));
  auto norms = [](const ModelConfig& c) {
    std::string which;
    for (const char* norm : c.block.norms) which += norm ? 'x' : '-';
    return which;
  };
  CHECK(llama.family == Family::llama && !llama.block.qkv_bias && llama.block.qk_norm == QkNorm::none);
  CHECK(qwen2.family == Family::qwen2 && qwen2.block.qkv_bias && qwen2.block.qk_norm == QkNorm::none);
  CHECK(qwen3.family == Family::qwen3 && !qwen3.block.qkv_bias && qwen3.block.qk_norm == QkNorm::per_head);
  CHECK(olmo2.family == Family::olmo2 && !olmo2.block.qkv_bias && olmo2.block.qk_norm == QkNorm::whole);
  for (const ModelConfig* c : {&llama, &qwen2, &qwen3}) CHECK_EQ(norms(*c), "x-x-");
  CHECK_EQ(norms(olmo2), "-x-x");
  CHECK_EQ(llama.head_dim, 16);
  CHECK_EQ(qwen3.head_dim, 128);
  CHECK_EQ(llama.rms_eps, 1e-6f);
  CHECK_EQ(olmo2.rms_eps, 1e-5f);
  CHECK(!llama.tied && !qwen2.tied && !qwen3.tied && !olmo2.tied);
  CHECK(llama.rope.type == RopeType::plain && llama.rope.theta == 10000);
}

TEST("config: old and new spellings of the rope settings mean the same") {
  const std::string scaling =
      R"("factor":8.0,"low_freq_factor":1.0,"high_freq_factor":4.0,"original_max_position_embeddings":32)";
  const std::string olds[] = {R"("rope_theta":5e5,"rope_scaling":{"rope_type":"llama3",)" + scaling + "}",
                              R"("rope_theta":5e5,"rope_scaling":{"type":"llama3",)" + scaling + "}"};
  const std::string fresh = R"("rope_parameters":{"rope_theta":5e5,"rope_type":"llama3",)" + scaling + "}";
  for (const std::string& text : {olds[0], olds[1], fresh, fresh + "," + olds[0], fresh + R"(,"rope_theta":500000)",
                                  fresh + R"(,"rope_scaling":null)"}) {
    RopeConfig r = parsed(config("llama", text)).rope;
    CHECK(r.type == RopeType::llama3 && r.theta == 5e5 && r.factor == 8 && r.low_freq_factor == 1 &&
          r.high_freq_factor == 4 && r.original_context == 32);
  }
  const std::string silent = R"("factor":8.0,"low_freq_factor":1.0,"high_freq_factor":4.0})";
  CHECK_EQ(parsed(config("llama", R"("rope_scaling":{"type":"llama3",)" + silent)).rope.original_context, 128.0);
  RopeConfig plain = parsed(config("qwen3", R"("rope_theta":1000000,"rope_scaling":null)")).rope;
  CHECK(plain.type == RopeType::plain && plain.theta == 1e6);
  refused(config("llama", fresh + R"(,"rope_theta":10000)"), "CONFIG_INVALID", "rope_parameters");
  refused(config("llama", R"("rope_parameters":{"rope_theta":5e5},)" + olds[0]), "CONFIG_INVALID", "rope_parameters");
  refused(config("llama", R"("rope_scaling":{"rope_type":"llama3","factor":8.0})"), "CONFIG_INVALID",
          "rope_scaling.low_freq_factor");
  refused(config("llama", R"("rope_scaling":{"rope_type":"yarn","factor":8.0})"), "MODEL_UNSUPPORTED",
          "rope_scaling.rope_type is \"yarn\"");
  for (const char* linear : {R"("rope_scaling":{"type":"linear","factor":2.5})",
                             R"("rope_parameters":{"rope_type":"linear","factor":2.5,"rope_theta":10000})"}) {
    RopeConfig r = parsed(config("llama", linear)).rope;
    CHECK(r.type == RopeType::linear && r.theta == 10000 && r.factor == 2.5);
  }
  refused(config("llama", R"("rope_scaling":{"type":"linear"})"), "CONFIG_INVALID", "rope_scaling.factor");
  refused(config("llama", R"("rope_parameters":{"full_attention":{"rope_theta":1e4}})"), "MODEL_UNSUPPORTED",
          "rope_parameters.full_attention");
  refused(config("llama", R"("rope_parameters":{"rope_theta":1e4,"partial_rotary_factor":0.5})"), "MODEL_UNSUPPORTED",
          "partial_rotary_factor");
  refused(config("llama", R"("rope_parameters":7)"), "CONFIG_INVALID", "rope_parameters");
}

TEST("config: what is not computed is refused by name") {
  const char* u = "MODEL_UNSUPPORTED";
  refused(config("gpt2"), u, "gpt2");
  refused(config("qwen3", R"("layer_types":["full_attention","sliding_attention"])"), u, "layer_types");
  refused(config("llama", R"("hidden_act":"gelu")"), u, "hidden_act");
  for (const char* family : {"llama", "qwen3", "olmo2"})
    refused(config(family, R"("attention_bias":true)"), u, "attention_bias");
  refused(config("llama", R"("mlp_bias":true)"), u, "mlp_bias");
  refused(config("llama", R"("quantization_config":{"bits":4})"), u, "quantization_config");
  refused(config("qwen3", R"("num_experts":8)"), u, "num_experts");
  refused(config("llama", R"("num_local_experts":8)"), u, "num_local_experts");
}

// Keys that each layer sees, and with what rope: "4l 0g" is a window of 4 with the local rope, then all keys with the
// global one.
std::string seen_by_layers(const ModelConfig& c) {
  std::string text;
  for (int64_t l = 0; l < c.layers; ++l) {
    const LayerAttention own = c.attention_of(l);
    text += (l ? " " : "") + std::to_string(own.window) + "gl-"[static_cast<int>(own.rope)];
  }
  return text;
}

// The context is 128 and there are two layers. What is accepted, what is refused and which layers have a window was
// asked of Transformers 5.24.
TEST("config: a sliding window counts where a layer has one that is shorter than the context") {
  for (const char* family : {"llama", "olmo2"})  // whose classes read none of it
    for (const char* more :
         {R"("sliding_window":4)", R"("sliding_window":4,"use_sliding_window":true,"max_window_layers":0)",
          R"("sliding_window":4,"layer_types":["sliding_attention","full_attention"])"})
      CHECK_EQ(seen_by_layers(parsed(config(family, more))), "0g 0g");
  for (const char* family : {"qwen2", "qwen3"}) {
    for (
        auto [more, seen] : {
            std::pair{R"("use_sliding_window":false,"sliding_window":4,"max_window_layers":0)", "0g 0g"},
            {R"("use_sliding_window":true)", "0g 0g"},
            {R"("use_sliding_window":true,"sliding_window":4)", "0g 0g"},
            {R"("use_sliding_window":true,"max_window_layers":0)", "0g 0g"},
            {R"("use_sliding_window":true,"sliding_window":4,"max_window_layers":2)", "0g 0g"},
            {R"("use_sliding_window":true,"sliding_window":4,"max_window_layers":5)", "0g 0g"},
            {R"("use_sliding_window":true,"sliding_window":128,"max_window_layers":0)", "0g 0g"},
            {R"("use_sliding_window":true,"sliding_window":null,"max_window_layers":0)", "0g 0g"},
            {R"("use_sliding_window":true,"sliding_window":4,"max_window_layers":0,"layer_types":["full_attention","full_attention"])",
             "0g 0g"},
            {R"("use_sliding_window":null,"sliding_window":null,"max_window_layers":null,"layer_types":null)", "0g 0g"},
            {R"("use_sliding_window":true,"sliding_window":4,"max_window_layers":1)", "0g 4g"},
            {R"("use_sliding_window":true,"sliding_window":127,"max_window_layers":0)", "127g 127g"},
            {R"("use_sliding_window":true,"sliding_window":4,"layer_types":["sliding_attention","full_attention"])",
             "4g 0g"},
        })
      CHECK_EQ(seen_by_layers(parsed(config(family, more))), seen);
    refused(config(family, R"("layer_types":["full_attention"])"), "CONFIG_INVALID", "layer_types");
    refused(config(family, R"("layer_types":["full_attention","chunked_attention"])"), "MODEL_UNSUPPORTED",
            "chunked_attention");
    refused(config(family, R"("use_sliding_window":true,"sliding_window":0,"max_window_layers":0)"), "CONFIG_INVALID",
            "sliding_window");
  }
}

TEST("config: the layers of the other families see what Transformers lets them see") {
  const std::string four = R"("num_hidden_layers":4,)", sizes = std::string(kSizes);
  auto of = [&](const char* family, const char* more) {
    std::string text = config(family, more);
    return seen_by_layers(parsed(text.replace(text.find(R"("num_hidden_layers":2,)"), 22, four)));
  };
  CHECK_EQ(of("mistral", ""), "0g 0g 0g 0g");  // 4,096 keys are more than the context
  CHECK_EQ(of("mistral", R"("sliding_window":8)"), "8g 8g 8g 8g");
  CHECK_EQ(of("mistral", R"("sliding_window":null)"), "0g 0g 0g 0g");
  CHECK_EQ(of("olmo3", R"("sliding_window":8)"), "8l 8l 8l 0g");
  CHECK_EQ(of("olmo3", R"("sliding_window":8,"layer_types":["full_attention","sliding_attention","full_attention",)"
                       R"("sliding_attention"])"),
           "0g 8l 0g 8l");
  CHECK_EQ(of("smollm3", ""), "0g 0g 0g 0-");
  CHECK_EQ(of("smollm3", R"("no_rope_layer_interval":2)"), "0g 0- 0g 0-");
  CHECK_EQ(of("smollm3", R"("no_rope_layers":[0,1,1,0,1])"), "0- 0g 0g 0-");
  CHECK_EQ(of("smollm3", R"("use_sliding_window":true,"sliding_window":8)"), "0g 0g 0g 8-");
  CHECK_EQ(of("exaone4", R"("sliding_window":8)"), "8g 8g 8g 0-");
  CHECK_EQ(of("exaone4", R"("sliding_window":8,"sliding_window_pattern":2)"), "8g 0- 8g 0-");
  CHECK_EQ(of("exaone4", R"("sliding_window":null,"sliding_window_pattern":null)"), "0g 0g 0g 0g");
  CHECK_EQ(of("granite", ""), "0g 0g 0g 0g");
  CHECK_EQ(of("gemma3_text", R"("sliding_window":8)"), "8l 8l 8l 8l");
  CHECK_EQ(of("gemma3_text", R"("sliding_window":8,"sliding_window_pattern":3)"), "8l 8l 0g 8l");
  CHECK_EQ(of("gemma3_text", R"("sliding_window":200,"sliding_window_pattern":3)"), "0l 0l 0g 0l");
  refused(config("mistral", R"("sliding_window":0)"), "CONFIG_INVALID", "sliding_window");
  refused(config("olmo3", R"("sliding_window":null)"), "MODEL_UNSUPPORTED", "sliding_window");
  refused(config("smollm3", R"("no_rope_layers":[1])"), "CONFIG_INVALID", "no_rope_layers");
  refused(config("smollm3", R"("no_rope_layers":[1,"0"])"), "CONFIG_INVALID", "no_rope_layers");
  refused(config("exaone4", R"("sliding_window_pattern":"LLLG")"), "CONFIG_INVALID", "layer_types");
}

TEST("config: what the other families have of their own") {
  const ModelConfig granite = parsed(config("granite", R"("embedding_multiplier":12.0,"logits_scaling":8,)"
                                                       R"("residual_multiplier":0.22,"attention_multiplier":0.0625)"));
  CHECK_EQ(granite.embedding_multiplier, 12.0f);
  CHECK_EQ(granite.logit_multiplier, 0.125f);
  CHECK_EQ(granite.residual_multiplier, 0.22f);
  CHECK_EQ(granite.score_scale(), 0.0625);
  CHECK_EQ(parsed(config("granite")).score_scale(), 1.0);
  refused(config("granite", R"("logits_scaling":0)"), "CONFIG_INVALID", "logits_scaling");

  const ModelConfig gemma = parsed(config("gemma3_text", R"("query_pre_attn_scalar":64,"rope_scaling":null)"));
  CHECK(gemma.block.activation == Activation::gelu_tanh && gemma.block.norm_offset == 1 && gemma.tied);
  CHECK(gemma.head_dim == 256 && gemma.embedding_multiplier == 8 && gemma.score_scale() == 0.125);
  CHECK(gemma.rope.theta == 1e6 && gemma.local_rope.theta == 1e4);
  for (const char* ropes :
       {R"("rope_theta":5e5,"rope_local_base_freq":2e4,"rope_scaling":{"rope_type":"linear","factor":8.0})",
        R"("rope_parameters":{"full_attention":{"rope_type":"linear","factor":8.0,"rope_theta":5e5},)"
        R"("sliding_attention":{"rope_type":"default","rope_theta":2e4}})"}) {
    const ModelConfig c = parsed(config("gemma3_text", ropes));
    CHECK(same_rope(c.rope, {RopeType::linear, 5e5, 8, 1, 1, 0}));
    CHECK(same_rope(c.local_rope, {RopeType::plain, 2e4, 1, 1, 1, 0}));
  }
  const char* u = "MODEL_UNSUPPORTED";
  refused(config("gemma3_text", R"("final_logit_softcapping":30.0)"), u, "final_logit_softcapping");
  refused(config("gemma3_text", R"("attn_logit_softcapping":50.0)"), u, "attn_logit_softcapping");
  refused(config("gemma3_text", R"("use_bidirectional_attention":true)"), u, "use_bidirectional_attention");
  refused(config("gemma3_text", R"("hidden_activation":"gelu")"), u, "hidden_activation");
  refused(config("gemma3_text", R"("rope_parameters":{"rope_theta":1e6})"), "CONFIG_INVALID",
          "rope_parameters.full_attention");
  refused(config("gemma3"), u, "gemma3_text");  // text and images
  for (const char* family : {"olmo3", "smollm3", "granite", "gemma3_text"})
    refused(config(family, R"("attention_bias":true)"), u, "attention_bias");
  for (const char* family : {"smollm3", "granite"}) refused(config(family, R"("mlp_bias":true)"), u, "mlp_bias");
  for (const char* family : {"mistral", "exaone4"})  // whose classes read neither
    parsed(config(family, R"("attention_bias":true,"mlp_bias":true)"));

  const ModelConfig olmo3 = parsed(config("olmo3", R"("rope_theta":1e6)"));
  CHECK(olmo3.rope.theta == 1e6 && olmo3.local_rope.theta == 1e6);
  CHECK(parsed(config("olmo3")).local_rope.theta == 5e5 && parsed(config("smollm3")).rope.theta == 2e6);
  CHECK(parsed(config("smollm3")).tied && !parsed(config("granite")).tied);
}

TEST("config: what Transformers passes over is passed over, and said where somebody may miss it") {
  for (const char* family : {"qwen2", "qwen3", "olmo2"}) parsed(config(family, R"("mlp_bias":true)"));
  parsed(config("qwen2", R"("attention_bias":true)"));
  for (const char* more :
       {R"("hidden_act":"swish")", R"("pretraining_tp":2)", R"("architectures":null)", R"("attention_dropout":null)",
        R"("rope_scaling":{})", R"("rope_parameters":{})", R"("rope_scaling":{"type":"dynamic","factor":2.0})"}) {
    CHECK(parsed(config("llama", more)).warnings.empty());
    CHECK(parsed(config("llama", more)).rope.type == RopeType::plain);
  }
  for (auto [more, word] : {std::pair{R"("attention_dropout":0.1)", "attention_dropout"},
                            {R"("architectures":["LlamaForSequenceClassification"])", "LlamaForSequenceClassification"},
                            {R"("architectures":["LlamaModel"])", "LlamaModel"}}) {
    const std::vector<std::string> warnings = parsed(config("llama", more)).warnings;
    CHECK_EQ(warnings.size(), size_t{1});
    CHECK(warnings[0].find(word) != std::string::npos);
  }
  refused(config("llama", R"("rope_scaling":{"type":"dynamic","factor":2.0,"original_max_position_embeddings":64})"),
          "MODEL_UNSUPPORTED", "dynamic");
}

TEST("config: sizes are bounded and consistent") {
  const char* bad = "CONFIG_INVALID";
  auto with = [](const std::string& from, const std::string& to) {
    std::string text = config("llama");
    text.replace(text.find(from), from.size(), to);
    return text;
  };
  refused("{", bad, "config.json:1:2");
  refused("[]", bad, "object");
  refused(R"({"hidden_size":64})", bad, "model_type");
  for (const char* key : {"hidden_size", "num_hidden_layers", "num_attention_heads", "num_key_value_heads",
                          "intermediate_size", "vocab_size", "max_position_embeddings"}) {
    std::string text = config("llama"), quoted = std::string("\"") + key + "\":";
    size_t at = text.find(quoted) + quoted.size(), end = text.find_first_of(",}", at);
    for (const char* value : {"0", "-4", "2.5", "\"64\"", "1e30", "[]"})
      refused(text.substr(0, at) + value + text.substr(end), bad, key);
    if (std::string(key) != "num_key_value_heads") refused(text.substr(0, at) + "null" + text.substr(end), bad, key);
  }
  refused(with("\"num_attention_heads\":4", "\"num_attention_heads\":3"), bad, "num_attention_heads");
  refused(with("\"hidden_size\":64", "\"hidden_size\":66"), bad, "hidden_size");
  refused(with("\"vocab_size\":256", "\"vocab_size\":16777216"), bad, "vocab_size");
  refused(config("llama", R"("head_dim":15)"), bad, "head_dim");
  refused(with("\"hidden_size\":64", "\"hidden_size\":4"), bad, "head_dim");
  refused(config("llama", R"("rms_norm_eps":0)"), bad, "rms_norm_eps");
  refused(config("llama", R"("tie_word_embeddings":1)"), bad, "tie_word_embeddings");
  CHECK_EQ(parsed(with("\"num_key_value_heads\":2,", "")).kv_heads, 4);
  CHECK_EQ(parsed(with("\"num_key_value_heads\":2", "\"num_key_value_heads\":null")).kv_heads, 4);
  std::string qwen = config("qwen2");
  qwen.erase(qwen.find("\"num_key_value_heads\":2,"), 24);
  refused(qwen, bad, "num_key_value_heads");
}

TEST("config: fused parameters lie end to end and the vector has no gaps") {
  for (const char* family : {"llama", "qwen2", "qwen3", "olmo2", "gemma3_text"})
    for (const char* tied : {"true", "false"}) {
      ModelConfig c = parsed(config(family, std::string(R"("tie_word_embeddings":)") + tied));
      std::vector<TensorSpec> specs = tensor_specs(c);
      std::map<std::string, size_t> at;
      int64_t offset = 0;
      for (size_t i = 0; i < specs.size(); ++i) {
        CHECK_EQ(specs[i].offset, offset);
        CHECK_EQ(specs[i].offset % 16, 0);
        CHECK(at.emplace(specs[i].name, i).second);
        offset += elements(specs[i]);
      }
      CHECK_EQ(parameter_count(c), offset);
      CHECK_EQ(at.count("lm_head.weight"), c.tied ? 0u : 1u);
      for (const char* layer : {"model.layers.0.", "model.layers.1."}) {
        auto follow = [&](const char* first, const char* second) {
          CHECK_EQ(at[layer + std::string(first)] + 1, at[layer + std::string(second)]);
        };
        follow("self_attn.q_proj.weight", "self_attn.k_proj.weight");
        follow("self_attn.k_proj.weight", "self_attn.v_proj.weight");
        follow("mlp.gate_proj.weight", "mlp.up_proj.weight");
        if (!c.block.qkv_bias) continue;
        follow("self_attn.q_proj.bias", "self_attn.k_proj.bias");
        follow("self_attn.k_proj.bias", "self_attn.v_proj.bias");
      }
    }
}

TEST("config: written out and read back it is the same") {
  const char* llama3 =
      R"("rope_theta":5e5,"rope_scaling":{"rope_type":"llama3","factor":32.0,"low_freq_factor":1.0,)"
      R"("high_freq_factor":4.0,"original_max_position_embeddings":8192},"head_dim":24,"tie_word_embeddings":true)";
  const std::string texts[] = {
      config("llama", llama3),
      config("llama", R"("hidden_act":"gelu_pytorch_tanh","rope_scaling":{"type":"linear","factor":2.0})"),
      config("qwen2"),
      config("qwen3"),
      config("qwen3", R"("use_sliding_window":true,"sliding_window":4,"max_window_layers":1)"),
      config("olmo2"),
      config("mistral", R"("sliding_window":8)"),
      config("mistral", R"("sliding_window":null)"),
      config("olmo3", R"("sliding_window":8,"layer_types":["full_attention","sliding_attention"])"),
      config("smollm3", R"("no_rope_layers":[0,1],"use_sliding_window":true,"sliding_window":8)"),
      config("exaone4", R"("sliding_window":8,"layer_types":["full_attention","sliding_attention"])"),
      config("exaone4", R"("sliding_window":null)"),
      config("granite", R"("embedding_multiplier":12.0,"logits_scaling":8,"residual_multiplier":0.22)"),
      config("gemma3_text", R"("query_pre_attn_scalar":168,"sliding_window":8,"sliding_window_pattern":2)"),
      config("gemma3_text", R"("rope_scaling":{"rope_type":"linear","factor":8.0},"rope_local_base_freq":2e4)")};
  for (const std::string& text : texts) {
    ModelConfig a = parsed(text);
    a.source.clear();  // as one made in code
    std::string written = model_config_json(a, Dtype::f32);
    ModelConfig b = parsed(written);
    b.source.clear();
    CHECK(a.family == b.family && a.hidden == b.hidden && a.layers == b.layers && a.heads == b.heads &&
          a.kv_heads == b.kv_heads && a.head_dim == b.head_dim && a.ffn == b.ffn && a.vocab == b.vocab &&
          a.context == b.context && a.rms_eps == b.rms_eps && a.tied == b.tied &&
          a.block.activation == b.block.activation && a.initializer_range == b.initializer_range);
    CHECK(a.embedding_multiplier == b.embedding_multiplier && a.residual_multiplier == b.residual_multiplier &&
          a.logit_multiplier == b.logit_multiplier);
    CHECK_NEAR(a.score_scale(), b.score_scale(), 1e-15);
    for (int64_t l = 0; l < a.layers; ++l)
      CHECK(a.attention_of(l).window == b.attention_of(l).window && a.attention_of(l).rope == b.attention_of(l).rope);
    CHECK(same_rope(a.rope, b.rope) && same_rope(a.local_rope, b.local_rope));
    CHECK_EQ(written, model_config_json(b, Dtype::f32));
  }
}

TEST("config: what was read is written again as it was, with the type of the weights") {
  const std::string text = config("qwen2", R"("rope_theta":1000000.0,"eos_token_id":[7,9],"torch_dtype":"bfloat16",)"
                                           R"("initializer_range":2e-2,"made_by":{"someone":["\u00e9",null,-0.50]})");
  const std::string written = model_config_json(parsed(text), Dtype::f32);
  for (const char* kept :
       {"\"rope_theta\": 1000000.0", "\"initializer_range\": 2e-2", "-0.50", "\"torch_dtype\": \"float32\""})
    CHECK(written.find(kept) != std::string::npos);
  CHECK(written.find("\"dtype\"") == std::string::npos);
  Json before = Json::parse(text, "a").take(), after = Json::parse(written, "b").take();
  CHECK_EQ(before.object.size(), after.object.size());
  for (size_t i = 0; i < before.object.size(); ++i) {
    CHECK_EQ(before.object[i].name, after.object[i].name);
    if (before.object[i].name != "torch_dtype")
      CHECK_EQ(json_text(before.object[i].value), json_text(after.object[i].value));
  }
  CHECK_EQ(model_config_json(parsed(written), Dtype::f32), written);
  CHECK(model_config_json(parsed(config("llama")), Dtype::f16).find("\"torch_dtype\": \"float16\"") !=
        std::string::npos);
  const std::string both = config("llama", R"("dtype":"float16","torch_dtype":null)");
  const std::string named = model_config_json(parsed(both), Dtype::bf16);
  CHECK(named.find("\"dtype\": \"bfloat16\"") != std::string::npos);
  CHECK(named.find("\"torch_dtype\": \"bfloat16\"") != std::string::npos);
}

// Transformers before 5 reads rope_theta and rope_scaling alone, and would take another rope without a word.
TEST("config: the new spelling of the rope gets the old one beside it, and nothing else changes") {
  const std::string plain = R"("rope_parameters":{"rope_theta":500000.0,"rope_type":"default"})";
  const std::string scaled = R"("rope_parameters":{"rope_theta":5e5,"rope_type":"llama3","factor":8.0,)"
                             R"("low_freq_factor":1.0,"high_freq_factor":4.0,"original_max_position_embeddings":32})";
  for (const std::string& more : {plain, scaled, scaled + R"(,"rope_theta":null,"rope_scaling":null)"}) {
    const std::string text = config("llama", more + R"(,"dtype":"float32")");
    const std::string written = model_config_json(parsed(text), Dtype::f32);
    const Json json = Json::parse(written, "written").take();
    CHECK_EQ(json.find("rope_theta")->number, 5e5);
    const Json* scaling = json.find("rope_scaling");
    CHECK_EQ(scaling != nullptr, more != plain);
    if (scaling) {
      CHECK_EQ(scaling->find("rope_type")->string, std::string("llama3"));
      CHECK_EQ(scaling->find("factor")->number, 8.0);
      CHECK_EQ(scaling->find("original_max_position_embeddings")->number, 32.0);
    }
    CHECK(json.find("torch_dtype") == nullptr);
    CHECK_EQ(model_config_json(parsed(written), Dtype::f32), written);
    // Without the new spelling it is the same rope.
    std::string old = written;
    const size_t at = old.find("\"rope_parameters\"");
    old.replace(at, 17, "\"was_parameters\"");
    const RopeConfig a = parsed(text).rope, b = parsed(old).rope;
    CHECK(a.type == b.type && a.theta == b.theta && a.factor == b.factor && a.original_context == b.original_context);
  }
}

TEST("config: tensor names and shapes are those of the reference checkpoints") {
  const std::string dir = test::repository_path("test/golden/cases");
  for (const char* family : {"exaone4", "gemma3", "granite", "llama", "mistral", "olmo2", "olmo3", "qwen2", "qwen3",
                             "smollm3", "qwen2-window"}) {
    std::string folder = dir + "/model-" + family;
    ModelConfig c = parsed(get(folder + "/config.json"));
    auto file = SafetensorsFile::open(folder + "/model.safetensors");
    CHECK(file.ok());
    if (!file.ok()) continue;
    std::vector<TensorSpec> specs = tensor_specs(c);
    CHECK_EQ(specs.size(), file.value()->tensors().size());
    for (const TensorSpec& spec : specs) {
      const StoredTensor* stored = file.value()->find(spec.name);
      if (!stored || stored->shape != spec.shape) test::fail(__FILE__, __LINE__, folder + ": " + spec.name);
    }
  }
}

// Sizes as published with Mistral 7B, SmolLM3 3B and Gemma 3 1B, and their numbers of parameters.
TEST("config: models of the other families have the published parameter counts") {
  struct Published {
    const char* text;
    int64_t parameters;
  };
  const Published models[] = {
      {R"({"model_type":"mistral","hidden_size":4096,"num_hidden_layers":32,"num_attention_heads":32,)"
       R"("num_key_value_heads":8,"intermediate_size":14336,"vocab_size":32000,"max_position_embeddings":32768})",
       7241732096},
      {R"({"model_type":"smollm3","hidden_size":2048,"num_hidden_layers":36,"num_attention_heads":16,)"
       R"("num_key_value_heads":4,"intermediate_size":11008,"vocab_size":128256,"max_position_embeddings":65536})",
       3075098624},
      {R"({"model_type":"gemma3_text","hidden_size":1152,"num_hidden_layers":26,"num_attention_heads":4,)"
       R"("num_key_value_heads":1,"intermediate_size":6912,"vocab_size":262144,"max_position_embeddings":32768,)"
       R"("sliding_window":512})",
       999885952},
  };
  for (const Published& m : models) CHECK_EQ(parameter_count(parsed(m.text)), m.parameters);
}

TEST("config: real configurations have the published parameter counts") {
  std::string dir = test::shared_path("data/models");
  if (!std::filesystem::is_directory(dir)) SKIP(dir + " is not there");
  const std::map<std::string, int64_t> counts = {{"Llama-3.2-3B-Instruct/config.json", 3212749824},
                                                 {"OLMo-2/config.OLMo-2-0425-1B-Instruct.derived.json", 1484916736},
                                                 {"OLMo-2/config.OLMo-2-1124-13B-Instruct.json", 13716198400},
                                                 {"Qwen2.5/config.Qwen2-1.5B-Instruct.json", 1543714304},
                                                 {"Qwen2.5/config.Qwen2.5-1.5B-Instruct.json", 1543714304},
                                                 {"Qwen2.5/config.Qwen2.5-7B-Instruct.json", 7615616512},
                                                 {"Qwen3/config.Qwen3-4B.json", 4022468096}};
  size_t found = 0;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(dir)) {
    std::string name = entry.path().filename().string();
    if (name.rfind("config", 0) != 0 || entry.path().extension() != ".json") continue;
    std::string key = std::filesystem::relative(entry.path(), dir).string();
    int64_t count = parameter_count(parsed(get(entry.path().string())));
    auto known = counts.find(key);
    if (known == counts.end()) continue;
    ++found;
    CHECK_EQ(key + " " + std::to_string(count), key + " " + std::to_string(known->second));
  }
  CHECK_EQ(found, counts.size());
}

}  // namespace glossa
