// How attention is cut up. Block sizes never change a result (see the order of additions in attention.h), only speed.
#pragma once
#include <cstdint>

#include "ops/qkv/qkv_kernels.h"

namespace glossa {

// A query is one head of one row. All heads that share a kv head are taken together, and as many rows as fit.
constexpr int64_t kForwardQueries = 8, kBackwardQueries = 16;
constexpr int64_t kForwardHeads = 2;  // kv heads taken together when there is one row

inline constexpr int64_t rows_per_block(int64_t group, int64_t queries) {
  return group < queries ? queries / group : 1;
}
inline constexpr int64_t queries_per_block(int64_t group, int64_t queries) {
  return rows_per_block(group, queries) * group;
}
// Scores of one query: the prefix's and the own tiles of 16 side by side.
inline constexpr int64_t padded_keys(int64_t keys) {
  return (keys + 15) / 16 * 16 + 16;
}

// Positions of a page of keys and values that grows with its sequence: long enough that the next page's head costs the
// product of a row little, short enough to hold little that is not used.
constexpr int64_t kKvPage = 64;

// Pages that a prefix and own keys may touch, both at their ends.
inline constexpr int64_t most_terms(int64_t keys) {
  return keys / 16 + 4;
}
constexpr int64_t kTermBytes = 32;  // of Terms in attention_tiles.h

}  // namespace glossa
