#include "ops/attention/attention_kernels.h"
#include "ops/attention/attention_ref.h"
#include "ops/kernels.h"
#include "ops/test_values.h"
#include "tool/test.h"

using namespace glossa;
using namespace glossa::test;

namespace {

// The keys and values of a sequence in pages, poisoned. Pages lie in no order.
struct Cache {
  QkvShape shape;
  Dtype t;
  int64_t positions;
  std::vector<Elements> memory;  // a page's k, then its v
  std::vector<Address> pages;
  Cache(Dtype t, const QkvShape& shape, int64_t length, int64_t positions)
      : shape(shape), t(t), positions(positions), pages(static_cast<size_t>((length + positions - 1) / positions)) {
    for (size_t i = 0; i < pages.size(); ++i) memory.emplace_back(t, 2 * kv_elements(shape, positions));
    for (size_t i = 0; i < pages.size(); ++i) pages[i] = Address(memory[pages.size() - 1 - i].data());
  }
  Cache(const Cache& o) : shape(o.shape), t(o.t), positions(o.positions), memory(o.memory), pages(o.pages) {
    for (size_t i = 0; i < pages.size(); ++i) pages[i] = Address(memory[pages.size() - 1 - i].data());
  }
  void set(int64_t position, const float* key, const float* value) {
    Elements& page = memory[pages.size() - 1 - static_cast<size_t>(position / positions)];
    const int64_t at = position % positions, width = shape.head_dim;
    for (int64_t h = 0; h < shape.kv_heads; ++h)
      for (int64_t d = 0; d < width; ++d) {
        page.set((h * positions + at / 16 * 16) * width + d * 16 + at % 16, key[h * width + d]);
        page.set(kv_elements(shape, positions) + (h * positions + at) * width + d, value[h * width + d]);
      }
  }
  KvPages view() const { return {pages.data(), positions, 0, kv_elements(shape, positions) * dtype_bytes(t)}; }
};

struct Problem {
  QkvShape shape;
  Dtype t;
  int64_t prefix, rows, ldq, ldo;
  float scale;
  int64_t window = 0;
  std::vector<float> q, k, v, dout;
  Cache prefix_cache, own_cache;

  Problem(const QkvShape& s, Dtype t, int64_t prefix, int64_t rows, uint64_t seed, int64_t prefix_page = 128,
          int64_t own_page = 128)
      : shape(s),
        t(t),
        prefix(prefix),
        rows(rows),
        ldq(s.width()),
        ldo(s.q_width() + 3),
        scale(1 / std::sqrt(static_cast<float>(s.head_dim))),
        q(random_values(seed, rows * ldq, 2)),
        k(random_values(seed + 1, (prefix + rows) * s.kv_width(), 2)),
        v(random_values(seed + 2, (prefix + rows) * s.kv_width())),
        dout(random_values(seed + 3, rows * ldo)),
        prefix_cache(t, s, prefix, prefix_page),
        own_cache(t, s, rows, own_page) {
    for (float& x : k) x = rounded(x, t);
    for (float& x : v) x = rounded(x, t);
    for (int64_t j = 0; j < prefix + rows; ++j) {
      Cache& cache = j < prefix ? prefix_cache : own_cache;
      cache.set(j < prefix ? j : j - prefix, k.data() + j * s.kv_width(), v.data() + j * s.kv_width());
    }
  }
  std::vector<char> scratch() const {
    return std::vector<char>(static_cast<size_t>(attention_scratch_bytes(shape, prefix + rows)));
  }
  std::vector<double> packed_q() const { return packed(q, ldq); }
  std::vector<double> packed(const std::vector<float>& x, int64_t ld) const {
    std::vector<double> y;
    for (int64_t r = 0; r < rows; ++r) y.insert(y.end(), x.begin() + r * ld, x.begin() + r * ld + shape.q_width());
    return y;
  }
};

struct Output {
  Elements out;
  std::vector<float> stats;
};

// Rows [r0, r0 + n) of the problem, given `prefix` keys of its keys as a cache of their own.
Output run_forward(const AttentionKernels& kernels, Problem& p, int64_t r0, int64_t n) {
  Output o{Elements(p.t, n * p.ldo), poison(n * p.shape.heads * 2)};
  std::vector<char> scratch = p.scratch();
  kernels.forward(o.out.data(), p.ldo, o.stats.data(), p.q.data() + r0 * p.ldq, p.ldq, n, r0, p.prefix_cache.view(),
                  p.prefix, p.own_cache.view(), p.shape, p.scale, p.window, p.t, scratch.data());
  return o;
}

std::vector<double> packed_out(const Problem& p, const Elements& out) {
  std::vector<double> y;
  for (int64_t r = 0; r < p.rows; ++r)
    for (int64_t j = 0; j < p.shape.q_width(); ++j) y.push_back(static_cast<double>(out[r * p.ldo + j]));
  return y;
}

const QkvShape kShapes[] = {
    {4, 2, 16, QkNorm::none, 0},  {6, 3, 24, QkNorm::none, 0}, {4, 1, 32, QkNorm::none, 0},
    {3, 3, 64, QkNorm::none, 0},  {7, 1, 64, QkNorm::none, 0}, {4, 2, 128, QkNorm::none, 0},
    {20, 1, 16, QkNorm::none, 0}, {3, 1, 80, QkNorm::none, 0}, {2, 1, 256, QkNorm::none, 0},
};
// Keys that a row sees; 0: all. Shorter than a tile, as long, across tiles, and across the end of the prefix.
const int64_t kWindows[] = {0, 1, 8, 16, 37};
const int64_t kPrefixes[] = {0, 1, 15, 16, 17, 40};

template <class Visit>
void each_problem(Visit visit) {
  uint64_t seed = 100;
  for (Dtype t : {Dtype::f32, Dtype::bf16})
    for (const QkvShape& shape : kShapes)
      for (int64_t prefix : kPrefixes) {
        int64_t rows = 1 + static_cast<int64_t>(philox4x32(seed, 0, 0, 0, 0).v[0] % 77);
        Problem p(shape, t, prefix, rows, ++seed * 10);
        visit(p);
        Problem paged(shape, t, prefix, rows, seed * 10, 16, 48);
        paged.window = kWindows[1 + seed % 4];
        visit(paged);
      }
}

template <class Visit>
void each_isa(Visit visit) {
  for (const std::string& isa : supported_isas()) visit(*kernels_for(isa).value()->attention);
}

}  // namespace

TEST("attention: forward agrees with the reference and unused capacity never reaches a result") {
  each_problem([](Problem& p) {
    std::vector<double> want(static_cast<size_t>(p.rows * p.shape.q_width()));
    std::vector<double> q = p.packed_q(), k = to_double(p.k), v = to_double(p.v);
    ref::attention_forward(want.data(), q.data(), k.data(), v.data(), p.rows, p.prefix, p.shape,
                           static_cast<double>(p.scale), p.window);
    each_isa([&](const AttentionKernels& kernels) {
      Output o = run_forward(kernels, p, 0, p.rows);
      CHECK_NEAR(worst_error(packed_out(p, o.out), want), 0, p.t == Dtype::f32 ? 3e-6 : 0.6 * epsilon_of(p.t));
      for (int64_t r = 0; r < p.rows; ++r)  // what lies between rows is left alone
        CHECK(std::isnan(o.out[r * p.ldo + p.shape.q_width()]));
    });
  });
}

TEST("attention: statistics are the maximum and the sum of exponentials of the scaled scores") {
  Problem p({4, 2, 32, QkNorm::none, 0}, Dtype::f32, 17, 21, 7);
  each_isa([&](const AttentionKernels& kernels) {
    Output o = run_forward(kernels, p, 0, p.rows);
    for (int64_t r = 0; r < p.rows; ++r)
      for (int64_t h = 0; h < p.shape.heads; ++h) {
        std::vector<double> s;
        for (int64_t j = 0; j <= p.prefix + r; ++j) {
          s.push_back(0);
          for (int64_t d = 0; d < 32; ++d)
            s.back() += static_cast<double>(p.scale) * static_cast<double>(p.q[r * p.ldq + h * 32 + d]) *
                        static_cast<double>(p.k[(j * 2 + h / 2) * 32 + d]);
        }
        double most = s[0], sum = 0;
        for (double x : s) most = std::fmax(most, x);
        for (double x : s) sum += std::exp(x - most);
        CHECK_NEAR(o.stats[(r * 4 + h) * 2], most, 1e-5);
        CHECK_NEAR(o.stats[(r * 4 + h) * 2 + 1], sum, 1e-4);
      }
  });
}

TEST("attention: a row decoded alone has the same bits as the row of a block, whatever the block") {
  each_problem([](Problem& p) {
    each_isa([&](const AttentionKernels& kernels) {
      Output whole = run_forward(kernels, p, 0, p.rows);
      for (int64_t n : {1, 2, 3, 5, 13})
        for (int64_t r0 = 0; r0 < p.rows; r0 += n) {
          const int64_t count = std::min<int64_t>(n, p.rows - r0);
          Output part = run_forward(kernels, p, r0, count);
          const int64_t bytes = dtype_bytes(p.t);
          const char* a = static_cast<const char*>(whole.out.data()) + r0 * p.ldo * bytes;
          CHECK(same_bits(a, static_cast<const char*>(part.out.data()), count * p.ldo * bytes));
          CHECK(same_bits(whole.stats.data() + r0 * p.shape.heads * 2, part.stats.data(), count * p.shape.heads * 2));
        }
    });
  });
}

TEST("attention: the size of a page changes no bit, forward or backward") {
  uint64_t seed = 900;
  for (Dtype t : {Dtype::f32, Dtype::bf16})
    for (const QkvShape& shape : kShapes)
      for (int64_t prefix : {0, 70})
        each_isa([&](const AttentionKernels& kernels) {
          struct Bits {
            Elements out;
            std::vector<float> stats, dq, dk_own, dv_own, dk_prefix, dv_prefix;
            bool operator==(const Bits& o) const {
              return out == o.out && same_bits(stats, o.stats) && same_bits(dq, o.dq) && same_bits(dk_own, o.dk_own) &&
                     same_bits(dv_own, o.dv_own) && same_bits(dk_prefix, o.dk_prefix) &&
                     same_bits(dv_prefix, o.dv_prefix);
            }
          };
          auto run = [&](int64_t prefix_page, int64_t own_page, int64_t window) {
            Problem p(shape, t, prefix, 67, seed, prefix_page, own_page);
            p.window = window;
            Output o = run_forward(kernels, p, 0, p.rows);
            Bits b{o.out, o.stats, poison(p.rows * p.ldq), poison(kv_elements(shape, kv_capacity(p.rows))), {}, {}, {}};
            b.dv_own = b.dk_own;
            b.dk_prefix = b.dv_prefix = poison(kv_elements(shape, kv_capacity(prefix)));
            std::vector<char> scratch = p.scratch();
            kernels.backward(b.dq.data(), p.ldq, b.dk_own.data(), b.dv_own.data(), b.dk_prefix.data(),
                             b.dv_prefix.data(), p.dout.data(), o.out.data(), p.ldo, o.stats.data(), p.q.data(), p.ldq,
                             p.rows, p.prefix_cache.view(), p.prefix, p.own_cache.view(), shape, p.scale, p.window, t,
                             scratch.data());
            return b;
          };
          for (int64_t window : {0, 40}) {
            const Bits whole = run(80, 80, window);
            CHECK(whole == run(16, 16, window));
            CHECK(whole == run(64, 16, window));
            CHECK(whole == run(32, 64, window));
          }
        });
}

TEST("attention: a row does not read the keys and values of later rows") {
  for (Dtype t : {Dtype::f32, Dtype::bf16}) {
    Problem p({4, 2, 32, QkNorm::none, 0}, t, 5, 40, 11);
    Problem cut = p;
    const std::vector<float> nan = poison(p.shape.kv_width());
    for (int64_t j = 23; j < p.rows; ++j) cut.own_cache.set(j, nan.data(), nan.data());
    each_isa([&](const AttentionKernels& kernels) {
      Output a = run_forward(kernels, p, 0, p.rows), b = run_forward(kernels, cut, 0, p.rows);
      CHECK(same_bits(static_cast<const char*>(a.out.data()), static_cast<const char*>(b.out.data()),
                      23 * p.ldo * dtype_bytes(t)));
    });
  }
}

TEST("attention: a row does not read what lies before the tiles of its window") {
  for (Dtype t : {Dtype::f32, Dtype::bf16}) {
    Problem p({4, 2, 32, QkNorm::none, 0}, t, 48, 70, 17);
    p.window = 20;
    Problem cut = p;
    const std::vector<float> nan = poison(p.shape.kv_width());
    for (int64_t j = 0; j < p.prefix; ++j) cut.prefix_cache.set(j, nan.data(), nan.data());
    for (int64_t j = 0; j < 16; ++j) cut.own_cache.set(j, nan.data(), nan.data());
    each_isa([&](const AttentionKernels& kernels) {
      Output a = run_forward(kernels, p, 36, 34), b = run_forward(kernels, cut, 36, 34);
      CHECK(same_bits(static_cast<const char*>(a.out.data()), static_cast<const char*>(b.out.data()),
                      34 * p.ldo * dtype_bytes(t)));
    });
  }
}

TEST("attention: a window that reaches every key has the bits of none") {
  Problem p({6, 3, 24, QkNorm::none, 0}, Dtype::f32, 17, 50, 19), wide = p;
  wide.window = 67;
  each_isa([&](const AttentionKernels& kernels) {
    CHECK(run_forward(kernels, p, 0, p.rows).out == run_forward(kernels, wide, 0, p.rows).out);
  });
}

TEST("attention: large scores neither overflow nor lose the row") {
  Problem p({2, 1, 16, QkNorm::none, 0}, Dtype::f32, 3, 20, 13);
  for (float& x : p.q) x *= 300;
  std::vector<double> want(static_cast<size_t>(p.rows * p.shape.q_width()));
  std::vector<double> q = p.packed_q(), k = to_double(p.k), v = to_double(p.v);
  ref::attention_forward(want.data(), q.data(), k.data(), v.data(), p.rows, p.prefix, p.shape,
                         static_cast<double>(p.scale));
  each_isa([&](const AttentionKernels& kernels) {
    // scores of some hundreds carry an absolute error of some 1e-5 into the exponent
    CHECK_NEAR(worst_error(packed_out(p, run_forward(kernels, p, 0, p.rows).out), want), 0, 1e-3);
  });
}

TEST("attention: the reference's gradients are central differences") {
  const QkvShape shape = {4, 2, 6, QkNorm::none, 0};
  const int64_t rows = 5, first = 3;
  for (int64_t window : {0, 1, 4}) {
    std::vector<double> q = to_double(random_values(1, rows * shape.q_width(), 2));
    std::vector<double> k = to_double(random_values(2, (first + rows) * shape.kv_width(), 2));
    std::vector<double> v = to_double(random_values(3, (first + rows) * shape.kv_width()));
    std::vector<double> dout = to_double(random_values(4, rows * shape.q_width())), out(q.size());
    std::vector<double> dq(q.size()), dk(k.size()), dv(v.size());
    auto loss = [&] {
      ref::attention_forward(out.data(), q.data(), k.data(), v.data(), rows, first, shape, 0.4, window);
      double sum = 0;
      for (size_t i = 0; i < out.size(); ++i) sum += out[i] * dout[i];
      return sum;
    };
    ref::attention_backward(dq.data(), dk.data(), dv.data(), dout.data(), q.data(), k.data(), v.data(), rows, first,
                            shape, 0.4, window);
    CHECK_NEAR(gradient_error(q, dq, loss), 0, 1e-8);
    CHECK_NEAR(gradient_error(k, dk, loss), 0, 1e-8);
    CHECK_NEAR(gradient_error(v, dv, loss), 0, 1e-8);
  }
}

TEST("attention: backward agrees with the reference") {
  each_problem([](Problem& p) {
    const QkvShape& s = p.shape;
    const int64_t keys = p.prefix + p.rows;
    std::vector<double> q = p.packed_q(), k = to_double(p.k), v = to_double(p.v), dout = p.packed(p.dout, p.ldo);
    std::vector<double> dq(q.size()), dk(k.size()), dv(v.size());
    ref::attention_backward(dq.data(), dk.data(), dv.data(), dout.data(), q.data(), k.data(), v.data(), p.rows,
                            p.prefix, s, static_cast<double>(p.scale), p.window);
    each_isa([&](const AttentionKernels& kernels) {
      Output o = run_forward(kernels, p, 0, p.rows);
      std::vector<float> got_dq = poison(p.rows * p.ldq);
      std::vector<float> dk_own = poison(kv_elements(s, kv_capacity(p.rows))), dv_own = dk_own;
      std::vector<float> dk_prefix = poison(kv_elements(s, kv_capacity(p.prefix))), dv_prefix = dk_prefix;
      std::vector<char> scratch = p.scratch();
      kernels.backward(got_dq.data(), p.ldq, dk_own.data(), dv_own.data(), dk_prefix.data(), dv_prefix.data(),
                       p.dout.data(), o.out.data(), p.ldo, o.stats.data(), p.q.data(), p.ldq, p.rows,
                       p.prefix_cache.view(), p.prefix, p.own_cache.view(), s, p.scale, p.window, p.t, scratch.data());
      auto gathered = [&](const std::vector<float>& prefix, const std::vector<float>& own) {
        std::vector<double> x;
        for (int64_t j = 0; j < keys; ++j)
          for (int64_t h = 0; h < s.kv_heads; ++h)
            for (int64_t d = 0; d < s.head_dim; ++d) {
              const bool mine = j >= p.prefix;
              const int64_t at = h * kv_capacity(mine ? p.rows : p.prefix) + (mine ? j - p.prefix : j);
              x.push_back(static_cast<double>((mine ? own : prefix)[static_cast<size_t>(at * s.head_dim + d)]));
            }
        return x;
      };
      // bfloat16 outputs enter D = sum(dout * out) rounded
      const double bound = p.t == Dtype::f32 ? 1e-5 : 0.02;
      CHECK_NEAR(worst_error(p.packed(got_dq, p.ldq), dq), 0, bound);
      CHECK_NEAR(worst_error(gathered(dk_prefix, dk_own), dk), 0, bound);
      CHECK_NEAR(worst_error(gathered(dv_prefix, dv_own), dv), 0, p.t == Dtype::f32 ? 1e-5 : 1e-5);
      CHECK(std::isnan(got_dq[static_cast<size_t>(s.q_width())]));
    });
  });
}
