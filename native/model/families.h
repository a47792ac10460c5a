// The families of models that are computed, one row each: what their blocks are made of, how their tensors are called,
// how config.json says what the rest of them needs, and what Transformers assumes where that is silent.
#pragma once
#include <string>
#include <utility>
#include <vector>

#include "model/config.h"
#include "model/settings.h"

namespace glossa {

struct FamilyRow {
  Family family;
  const char *model_type, *architecture;
  BlockFeatures block;
  double rms_eps = 1e-6, rope_theta = 1e4;
  // Of a family whose layers with a window have a rope of their own: its base, and the key of that in the old spelling.
  double local_theta = 0;
  const char* local_theta_key = nullptr;  // null: all layers have one rope
  int64_t head_dim = 0;                   // 0: hidden_size / num_attention_heads
  bool kv_heads_follow = false;           // num_key_value_heads defaults to num_attention_heads; else it must be given
  bool tied = false;                      // tie_word_embeddings
  const char* activation_key = "hidden_act";  // the setting that names the activation
  // What is the family's own: reads it into a configuration that holds the sizes and the defaults above, refuses what
  // is not computed and passes over what Transformers' class of the family does not read.
  void (*read)(Settings&, ModelConfig*);
  // The same as settings of a config.json, each with its value as JSON.
  using Lines = std::vector<std::pair<const char*, std::string>>;
  void (*write)(const ModelConfig&, Lines*);
};

const std::vector<FamilyRow>& families();
const FamilyRow& family_row(Family);

}  // namespace glossa
