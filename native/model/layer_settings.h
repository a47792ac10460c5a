// Which layers of a config.json see a window of the last keys alone.
#pragma once
#include <functional>
#include <vector>

#include "model/config.h"
#include "model/families.h"
#include "model/settings.h"

namespace glossa {

// Of each layer whether layer_types calls it sliding_attention, or where that is not given, what usual(layer) says.
std::vector<bool> sliding_layers(Settings&, int64_t layers, const std::function<bool(int64_t)>& usual);

// sliding_window; 0 where it is null, `fallback` where it is absent.
int64_t read_window(Settings&, int64_t fallback);

// Gives the layers that slide the window; one of the whole context is none. A layer that slides where the window is 0
// is refused.
void set_windows(Settings&, ModelConfig*, const std::vector<bool>& slides, int64_t window);

// layer_types, for layers told apart by `slides`, and sliding_window, null where none is in use.
void write_windows(const ModelConfig&, const std::function<bool(const LayerAttention&)>& slides, bool in_use,
                   FamilyRow::Lines*);

}  // namespace glossa
