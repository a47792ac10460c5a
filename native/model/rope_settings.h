// The rotary embedding of a config.json, in the old spelling (rope_theta, rope_scaling) and the new (rope_parameters).
// Both may stand there if they agree.
#pragma once
#include "model/settings.h"
#include "ops/qkv/qkv.h"

namespace glossa {

// The one rope of all layers. `theta` holds where none is given.
RopeConfig read_rope(Settings&, double theta, int64_t context);

// The ropes of layers with and without a window. In the new spelling each has an object of its own; in the old,
// rope_theta and rope_scaling are those of layers without one, and `local_theta_key` names the base of the others.
struct LayerRopes {
  RopeConfig global, local;
};
LayerRopes read_layer_ropes(Settings&, double theta, const char* local_theta_key, double local_theta, int64_t context);

// The old spelling of a rope's scaling as JSON; empty where it has none.
std::string scaling_text(const RopeConfig&);

}  // namespace glossa
