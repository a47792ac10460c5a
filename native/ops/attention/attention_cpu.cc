#include "base/simd.h"
#include "ops/attention/attention_blocks.h"
#include "ops/attention/attention_kernels.h"
#include "ops/attention/attention_tiles.h"

namespace glossa::GLOSSA_ISA {
namespace {

inline int lanes_at(int64_t j, int64_t n) {
  return static_cast<int>(n - j < kLanes ? n - j : kLanes);
}
inline int64_t tiles_of(int64_t keys) {
  return (keys + kLanes - 1) / kLanes;
}

// Hands out arrays that start on a cache line.
struct Scratch {
  char* at;
  explicit Scratch(void* p) : at(reinterpret_cast<char*>((reinterpret_cast<uintptr_t>(p) + 63) & ~uintptr_t{63})) {}
  template <class T = float>
  T* take(int64_t n) {
    T* p = reinterpret_cast<T*>(at);
    at += (n * static_cast<int64_t>(sizeof(T)) + 63) / 64 * 64;
    return p;
  }
};

// The keys and values of one kv head in one page; those of the next head lie `next` elements on.
template <class T>
struct Head {
  const T* k;
  const T* v;
  int64_t next;
  Head(const KvPage& page, int64_t head, int64_t width)
      : k(static_cast<const T*>(page.k) + head * page.positions * width),
        v(static_cast<const T*>(page.v) + head * page.positions * width),
        next(page.positions * width) {}
};

// Of a run of keys that begins at position `start` of a sequence, the first that a row at `row` sees.
inline int64_t first_seen(int64_t window, int64_t row, int64_t start) {
  const int64_t first = window > 0 ? row + 1 - window - start : 0;
  return first > 0 ? first : 0;
}
// The keys [first, end) of a run; first <= end.
struct Seen {
  int64_t first, end;
  Seen(int64_t first, int64_t end) : first(first < end ? first : end), end(end) {}
  int64_t tile() const { return first == end ? end : first / kLanes * kLanes; }  // where its first tile begins
};

// Calls visit(head, position, keys) for the keys [from, to) of a sequence, page by page.
template <class T, class Visit>
inline void visit_pages(const KvPages& pages, int64_t from, int64_t to, int64_t head, int64_t width, Visit visit) {
  for (int64_t at = from, n; at < to; at += n) {
    const int64_t page = at / pages.positions, left = (page + 1) * pages.positions - at;
    n = left < to - at ? left : to - at;
    visit(Head<T>(pages.at(page), head, width), at, n);
  }
}

// The terms of the keys [from, to), whose weights lie from `w` on.
template <class T>
inline void add_terms(Terms<T>* terms, int64_t* count, const float* w, const KvPages& pages, int64_t from, int64_t to,
                      int64_t head, int64_t width) {
  visit_pages<T>(pages, from, to, head, width, [&](const Head<T>& part, int64_t at, int64_t n) {
    terms[(*count)++] = {w + (at - from), part.v + at % pages.positions * width, n, part.next};
  });
}

// A run of a query's scores, in tiles from `tile` on, of which it sees some.
struct Scores {
  float* s;
  int64_t tile;
  Seen seen;
};
// Calls visit(tile, first lane in use, end of those) for the tiles of both runs.
template <class Visit>
inline void visit_tiles(const Scores (&runs)[2], Visit visit) {
  for (const Scores& run : runs)
    for (int64_t j = run.tile; j < run.seen.end; j += kLanes)
      visit(run.s + j, run.seen.first - j, lanes_at(j, run.seen.end));
}
inline vf keep(vf v, int lanes, float other) {
  return lanes == kLanes ? v : select(lane_index() < splat_int(lanes), v, splat(other));
}
// `other` before lane `first`, which may be negative.
inline vf keep_from(vf v, int64_t first, float other) {
  if (first <= 0) return v;
  return select(lane_index() < splat_int(static_cast<int32_t>(first < kLanes ? first : kLanes)), splat(other), v);
}

// Scores become unnormalised weights exp(s - max); those of lanes not in use become 0. stat: {max, sum}.
inline void softmax(const Scores (&runs)[2], float* stat) {
  vf most = splat(-__builtin_inff());
  visit_tiles(runs, [&](float* p, int64_t first, int lanes) {
    vf v = keep_from(keep(load(p), lanes, -__builtin_inff()), first, -__builtin_inff());
    store(p, v);
    most = max(most, v);
  });
  stat[0] = reduce_max(most);
  const vf top = splat(stat[0]);
  vf sum = splat(0);
  visit_tiles(runs, [&](float* p, int64_t, int) {
    vf w = exp_nonpositive(load(p) - top);
    store(p, w);
    sum = sum + w;
  });
  stat[1] = reduce_sum(sum);
}

// Copies `group` heads of `rows` rows, times `factor`, to [rows * group][width].
inline void gather(float* to, const float* from, int64_t ld, int64_t rows, int64_t n, float factor) {
  for (int64_t r = 0; r < rows; ++r, from += ld, to += n)
    for (int64_t j = 0; j < n; j += kLanes) {
      int lanes = lanes_at(j, n);
      store_some(to + j, load_some(from + j, lanes) * factor, lanes);
    }
}

template <class T>
void forward_rows(T* out, int64_t ldo, float* stats, const float* q, int64_t ldq, int64_t rows, int64_t own0,
                  const KvPages& prefix_pages, int64_t prefix, const KvPages& own_pages, const QkvShape& shape,
                  float scale, int64_t window, void* memory) {
  const int64_t width = shape.head_dim, group = shape.heads / shape.kv_heads;
  const int64_t step = rows_per_block(group, kForwardQueries), most = kForwardHeads * step * group;
  const int64_t own_at = tiles_of(prefix) * kLanes, ld = own_at + tiles_of(own0 + rows) * kLanes;
  Scratch scratch(memory);
  float *x = scratch.take(most * width), *sum = scratch.take(most * width), *s = scratch.take(most * ld);
  float* stat = scratch.take(most * 2);
  Terms<T>* terms = scratch.take<Terms<T>>(most_terms(prefix + own0 + rows));
  for (int64_t h = 0, heads; h < shape.kv_heads; h += heads) {
    // a small row alone has too few chains to hide the latency of an addition: two kv heads then go together
    heads = rows == 1 && shape.kv_heads - h >= 2 && pairs(group, width) ? 2 : 1;
    for (int64_t r0 = 0; r0 < rows; r0 += step) {
      const int64_t n = rows - r0 < step ? rows - r0 : step, queries = n * group;
      const int64_t common = own0 + r0 + 1;  // own keys that every row of the block sees; row i sees i more
      // what row i sees of both runs; what a row of the block does not see of the first one's tiles has a weight of 0
      auto seen_prefix = [&](int64_t i) { return Seen(first_seen(window, prefix + own0 + r0 + i, 0), prefix); };
      auto seen_own = [&](int64_t i) { return Seen(first_seen(window, own0 + r0 + i, 0), common + i); };
      const int64_t prefix_tile = seen_prefix(0).tile(), own_tile = seen_own(0).tile();
      gather(x, q + r0 * ldq + h * group * width, ldq, n, heads * group * width, scale);
      auto scores = [&](const KvPages& pages, int64_t from, int64_t to, float* at) {
        visit_pages<T>(pages, from, to, h, width, [&](const Head<T>& part, int64_t key, int64_t count) {
          const T* tiles = part.k + key % pages.positions * width;
          for (int64_t k = 0; k < heads; ++k)
            dot_products(at + k * queries * ld + key, ld, x + k * queries * width, queries, tiles + k * part.next,
                         tiles_of(count), width);
        });
      };
      scores(prefix_pages, prefix_tile, prefix, s);
      scores(own_pages, own_tile, common + n - 1, s + own_at);
      for (int64_t i = 0; i < heads * queries; ++i) {
        const int64_t row = i % queries / group;
        softmax({{s + i * ld, prefix_tile, seen_prefix(row)}, {s + i * ld + own_at, own_tile, seen_own(row)}},
                stat + 2 * i);
      }

      int64_t count = 0;
      add_terms(terms, &count, s + prefix_tile, prefix_pages, prefix_tile, prefix, h, width);
      add_terms(terms, &count, s + own_at + own_tile, own_pages, own_tile, common, h, width);
      const Strides strides = {ld, 1, width, width, queries * ld, queries * width, true};
      const Strides continued = {ld, 1, width, width, 0, 0, false};
      if (heads == 2) {
        weighted_sums<2>(queries, sum, Series<T>{terms, count}, strides, width);
      } else {
        weighted_sums<1>(queries, sum, Series<T>{terms, count}, strides, width);
      }
      for (int64_t i = 1; i < n; ++i) {
        count = 0;
        add_terms(terms, &count, s + i * group * ld + own_at + common, own_pages, common, common + i, h, width);
        weighted_sums<1>(group, sum + i * group * width, Series<T>{terms, count}, continued, width);
      }

      for (int64_t i = 0; i < heads * queries; ++i) {
        const int64_t row = heads == 2 ? r0 : r0 + i / group, head = h * group + (heads == 2 ? i : i % group);
        const vf factor = splat(1.0f / stat[2 * i + 1]);
        for (int64_t j = 0; j < width; j += kLanes) {
          int lanes = lanes_at(j, width);
          store_some(out + row * ldo + head * width + j, load_some(sum + i * width + j, lanes) * factor, lanes);
        }
        if (stats) memcpy(stats + (row * shape.heads + head) * 2, stat + 2 * i, 2 * sizeof(float));
      }
    }
  }
}

void forward(void* out, int64_t ldo, float* stats, const float* q, int64_t ldq, int64_t rows, int64_t own0,
             const KvPages& prefix, int64_t prefix_length, const KvPages& own, const QkvShape& shape, float scale,
             int64_t window, Dtype t, void* scratch) {
  if (t == Dtype::f32) {
    forward_rows(static_cast<float*>(out), ldo, stats, q, ldq, rows, own0, prefix, prefix_length, own, shape, scale,
                 window, scratch);
  } else {
    forward_rows(static_cast<uint16_t*>(out), ldo, stats, q, ldq, rows, own0, prefix, prefix_length, own, shape, scale,
                 window, scratch);
  }
}

// One kv head's keys and values as the backward pass wants them, in float32: prefix tiles, then own tiles; what is not
// in use is 0.
struct Copies {
  float* key_tiles;    // [tiles][width][16]
  float* value_tiles;  // [tiles][width][16]
  float* key_rows;     // [tiles * 16][width]
};
template <class T>
void copy_page(const Copies& to, int64_t at, const Head<T>& head, int64_t keys, int64_t width) {
  for (int64_t j = 0; j < keys; j += kLanes) {
    const int used = lanes_at(j, keys);
    for (int64_t d = 0; d < width; d += kLanes) {
      const int lanes = lanes_at(d, width);
      const T *tile = head.k + j * width + d * kLanes, *row = head.v + j * width + d;
      float *key_tile = to.key_tiles + (at + j) * width + d * kLanes, *key_row = to.key_rows + (at + j) * width + d;
      float* value_tile = to.value_tiles + (at + j) * width + d * kLanes;
      vf k[kLanes], v[kLanes];
#pragma GCC unroll 1
      for (int i = 0; i < kLanes; ++i) {
        k[i] = i < lanes ? keep(load_row(tile + i * kLanes), used, 0) : splat(0);
        v[i] = i < used ? load_some(row + i * width, lanes) : splat(0);
        if (i < lanes) store(key_tile + i * kLanes, k[i]);
      }
      transpose(k);
      transpose(v);
#pragma GCC unroll 1
      for (int i = 0; i < kLanes; ++i) {
        store_some(key_row + i * width, k[i], lanes);
        if (i < lanes) store(value_tile + i * kLanes, v[i]);
      }
    }
  }
}

// With w = softmax weights, D = sum(dout * out): dv = w dout, ds = w (dout . v - D), dq = scale ds k, dk = ds (scale
// q).
template <class T>
void backward_rows(float* dq, int64_t lddq, float* dk_own, float* dv_own, float* dk_prefix, float* dv_prefix,
                   const float* dout, const T* out, int64_t ldo, const float* stats, const float* q, int64_t ldq,
                   int64_t rows, const KvPages& prefix_pages, int64_t prefix, const KvPages& own_pages,
                   const QkvShape& shape, float scale, int64_t window, void* memory) {
  const int64_t width = shape.head_dim, group = shape.heads / shape.kv_heads;
  const int64_t step = rows_per_block(group, kBackwardQueries), most = step * group;
  const int64_t own_at = tiles_of(prefix) * kLanes, ld = own_at + tiles_of(rows) * kLanes;
  Scratch scratch(memory);
  float *x = scratch.take(most * width), *g = scratch.take(most * width);
  float *w = scratch.take(most * ld), *ds = scratch.take(most * ld);
  const Copies copies = {scratch.take(ld * width), scratch.take(ld * width), scratch.take(ld * width)};
  for (int64_t h = 0; h < shape.kv_heads; ++h) {
    auto copy = [&](int64_t to, const KvPages& pages, int64_t keys) {
      visit_pages<T>(pages, 0, keys, h, width,
                     [&](const Head<T>& part, int64_t at, int64_t n) { copy_page(copies, to + at, part, n, width); });
    };
    copy(0, prefix_pages, prefix);
    copy(own_at, own_pages, rows);
    float *dk[2] = {dk_prefix, dk_own}, *dv[2] = {dv_prefix, dv_own};
    const int64_t length[2] = {prefix, rows}, capacity[2] = {kv_capacity(prefix), kv_capacity(rows)};
    for (int b = 0; b < 2; ++b) {
      if (length[b] == 0) continue;
      dk[b] += h * capacity[b] * width;
      dv[b] += h * capacity[b] * width;
      memset(dk[b], 0, static_cast<size_t>(length[b] * width) * sizeof(float));
      memset(dv[b], 0, static_cast<size_t>(length[b] * width) * sizeof(float));
    }
    for (int64_t r0 = 0; r0 < rows; r0 += step) {
      const int64_t n = rows - r0 < step ? rows - r0 : step, queries = n * group;
      const int64_t own = r0 + n, used = own_at + tiles_of(own) * kLanes;
      // the tiles that the block's first row sees of both runs, which lie end to end; later rows see no earlier one
      const int64_t prefix_tile = Seen(first_seen(window, prefix + r0, 0), prefix).tile();
      const int64_t own_tile = Seen(first_seen(window, r0, 0), r0 + 1).tile();
      const int64_t from = prefix_tile < prefix ? prefix_tile : own_at + own_tile;
      gather(x, q + r0 * ldq + h * group * width, ldq, n, group * width, scale);
      gather(g, dout + r0 * ldo + h * group * width, ldo, n, group * width, 1);
      const int64_t tiles = (used - from) / kLanes;
      dot_products(w + from, ld, x, queries, copies.key_tiles + from * width, tiles, width);
      dot_products(ds + from, ld, g, queries, copies.value_tiles + from * width, tiles, width);
      for (int64_t i = 0; i < queries; ++i) {
        const int64_t row = r0 + i / group, head = h * group + i % group;
        const float* stat = stats + (row * shape.heads + head) * 2;
        vf dot = splat(0);
        for (int64_t j = 0; j < width; j += kLanes) {
          int lanes = lanes_at(j, width);
          dot = fma(load_some(g + i * width + j, lanes), load_some(out + row * ldo + head * width + j, lanes), dot);
        }
        const vf top = splat(stat[0]), factor = splat(1.0f / stat[1]), d = splat(reduce_sum(dot));
        for (int64_t j = from; j < used; j += kLanes) {
          const int64_t left = j < own_at ? prefix - j : row + 1 - (j - own_at);
          const int64_t first = j < own_at ? first_seen(window, prefix + row, j) : first_seen(window, row, j - own_at);
          const int lanes = static_cast<int>(left < 0 ? 0 : left < kLanes ? left : kLanes);
          float *wj = w + i * ld + j, *dj = ds + i * ld + j;
          vf p = keep_from(keep(exp_nonpositive(load(wj) - top) * factor, lanes, 0), first, 0);
          store(wj, p);
          store(dj, keep_from(keep(p * (load(dj) - d), lanes, 0), first, 0));
        }
      }
      const Strides over_queries = {1, ld, width, width, 0, 0, false}, over_keys = {ld, 1, width, width, 0, 0, true};
      for (int b = 0; b < 2; ++b) {
        const int64_t first = b == 0 ? prefix_tile : own_tile, at = b == 0 ? first : own_at + first;
        const int64_t keys = (b == 0 ? prefix : own) - first;
        const Terms<float> of_keys = {ds + at, x, queries, 0}, of_values = {w + at, g, queries, 0};
        weighted_sums<1>(keys, dk[b] + first * width, Series<float>{&of_keys, 1}, over_queries, width);
        weighted_sums<1>(keys, dv[b] + first * width, Series<float>{&of_values, 1}, over_queries, width);
      }
      const int64_t own_from = own_at + own_tile;
      const Terms<float> of_queries[] = {
          {ds + prefix_tile, copies.key_rows + prefix_tile * width, prefix - prefix_tile, 0},
          {ds + own_from, copies.key_rows + own_from * width, own - own_tile, 0}};
      weighted_sums<1>(queries, x, Series<float>{of_queries, 2}, over_keys, width);
      for (int64_t i = 0; i < n; ++i)
        gather(dq + (r0 + i) * lddq + h * group * width, x + i * group * width, 0, 1, group * width, scale);
    }
  }
}

void backward(float* dq, int64_t lddq, float* dk_own, float* dv_own, float* dk_prefix, float* dv_prefix,
              const float* dout, const void* out, int64_t ldo, const float* stats, const float* q, int64_t ldq,
              int64_t rows, const KvPages& prefix, int64_t prefix_length, const KvPages& own, const QkvShape& shape,
              float scale, int64_t window, Dtype t, void* scratch) {
  if (t == Dtype::f32) {
    backward_rows(dq, lddq, dk_own, dv_own, dk_prefix, dv_prefix, dout, static_cast<const float*>(out), ldo, stats, q,
                  ldq, rows, prefix, prefix_length, own, shape, scale, window, scratch);
  } else {
    backward_rows(dq, lddq, dk_own, dv_own, dk_prefix, dv_prefix, dout, static_cast<const uint16_t*>(out), ldo, stats,
                  q, ldq, rows, prefix, prefix_length, own, shape, scale, window, scratch);
  }
}

}  // namespace

extern const AttentionKernels attention_kernels;
const AttentionKernels attention_kernels = {forward, backward};

}  // namespace glossa::GLOSSA_ISA
