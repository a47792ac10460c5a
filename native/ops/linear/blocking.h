// Block sizes of the weight gradient that decide how much scratch it needs, whatever the instruction set.
#pragma once
#include <stdint.h>

namespace glossa {

constexpr int64_t kOuterSteps = 256;           // steps of tokens in a block: one float32 token, or two of bfloat16
constexpr int64_t kOuterTiles = 16;            // tiles of rows packed at a time
constexpr int64_t kMostRowsOfOuterTask = 416;  // of the result
constexpr int64_t kWidestLane = 16;            // words of a packed step of a tile, at most

}  // namespace glossa
