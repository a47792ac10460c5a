#include "ops/attention/attention_kernels.h"
#include "ops/attention/attention_ref.h"
#include "ops/kernels.h"
#include "ops/test_values.h"
#include "tool/test.h"

using namespace glossa;
using namespace glossa::test;

namespace {

struct Block {  // a KvBlock with its memory, poisoned
  Elements k, v;
  int64_t capacity;
  Block(Dtype t, const QkvShape& shape, int64_t length, int64_t spare)
      : k(t, kv_elements(shape, kv_capacity(length) + spare)),
        v(t, kv_elements(shape, kv_capacity(length) + spare)),
        capacity(kv_capacity(length) + spare) {}
  void set(const QkvShape& s, int64_t position, const float* key, const float* value) {
    for (int64_t h = 0; h < s.kv_heads; ++h)
      for (int64_t d = 0; d < s.head_dim; ++d) {
        k.set((h * capacity + position / 16 * 16) * s.head_dim + d * 16 + position % 16, key[h * s.head_dim + d]);
        v.set((h * capacity + position) * s.head_dim + d, value[h * s.head_dim + d]);
      }
  }
  KvBlock view() { return capacity ? KvBlock{k.data(), v.data(), capacity} : KvBlock{nullptr, nullptr, 0}; }
};

struct Problem {
  QkvShape shape;
  Dtype t;
  int64_t prefix, rows, ldq, ldo;
  float scale;
  std::vector<float> q, k, v, dout;
  Block prefix_block, own_block;

  Problem(const QkvShape& s, Dtype t, int64_t prefix, int64_t rows, uint64_t seed)
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
        prefix_block(t, s, prefix, 0),
        own_block(t, s, rows, 16) {
    for (float& x : k) x = rounded(x, t);
    for (float& x : v) x = rounded(x, t);
    for (int64_t j = 0; j < prefix + rows; ++j) {
      Block& block = j < prefix ? prefix_block : own_block;
      block.set(s, j < prefix ? j : j - prefix, k.data() + j * s.kv_width(), v.data() + j * s.kv_width());
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

// Rows [r0, r0 + n) of the problem, given `prefix` keys of its keys as a block of their own.
Output run_forward(const AttentionKernels& kernels, Problem& p, int64_t r0, int64_t n) {
  Output o{Elements(p.t, n * p.ldo), poison(n * p.shape.heads * 2)};
  std::vector<char> scratch = p.scratch();
  kernels.forward(o.out.data(), p.ldo, o.stats.data(), p.q.data() + r0 * p.ldq, p.ldq, n, r0, p.prefix_block.view(),
                  p.prefix, p.own_block.view(), p.shape, p.scale, p.t, scratch.data());
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
    {20, 1, 16, QkNorm::none, 0}, {3, 1, 80, QkNorm::none, 0},
};
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
                           static_cast<double>(p.scale));
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

TEST("attention: a row does not read the keys and values of later rows") {
  for (Dtype t : {Dtype::f32, Dtype::bf16}) {
    Problem p({4, 2, 32, QkNorm::none, 0}, t, 5, 40, 11);
    Problem cut = p;
    const std::vector<float> nan = poison(p.shape.kv_width());
    for (int64_t j = 23; j < p.rows; ++j) cut.own_block.set(p.shape, j, nan.data(), nan.data());
    each_isa([&](const AttentionKernels& kernels) {
      Output a = run_forward(kernels, p, 0, p.rows), b = run_forward(kernels, cut, 0, p.rows);
      CHECK(same_bits(static_cast<const char*>(a.out.data()), static_cast<const char*>(b.out.data()),
                      23 * p.ldo * dtype_bytes(t)));
    });
  }
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
  std::vector<double> q = to_double(random_values(1, rows * shape.q_width(), 2));
  std::vector<double> k = to_double(random_values(2, (first + rows) * shape.kv_width(), 2));
  std::vector<double> v = to_double(random_values(3, (first + rows) * shape.kv_width()));
  std::vector<double> dout = to_double(random_values(4, rows * shape.q_width())), out(q.size());
  std::vector<double> dq(q.size()), dk(k.size()), dv(v.size());
  auto loss = [&] {
    ref::attention_forward(out.data(), q.data(), k.data(), v.data(), rows, first, shape, 0.4);
    double sum = 0;
    for (size_t i = 0; i < out.size(); ++i) sum += out[i] * dout[i];
    return sum;
  };
  ref::attention_backward(dq.data(), dk.data(), dv.data(), dout.data(), q.data(), k.data(), v.data(), rows, first,
                          shape, 0.4);
  CHECK_NEAR(gradient_error(q, dq, loss), 0, 1e-8);
  CHECK_NEAR(gradient_error(k, dk, loss), 0, 1e-8);
  CHECK_NEAR(gradient_error(v, dv, loss), 0, 1e-8);
}

TEST("attention: backward agrees with the reference") {
  each_problem([](Problem& p) {
    const QkvShape& s = p.shape;
    const int64_t keys = p.prefix + p.rows;
    std::vector<double> q = p.packed_q(), k = to_double(p.k), v = to_double(p.v), dout = p.packed(p.dout, p.ldo);
    std::vector<double> dq(q.size()), dk(k.size()), dv(v.size());
    ref::attention_backward(dq.data(), dk.data(), dv.data(), dout.data(), q.data(), k.data(), v.data(), p.rows,
                            p.prefix, s, static_cast<double>(p.scale));
    each_isa([&](const AttentionKernels& kernels) {
      Output o = run_forward(kernels, p, 0, p.rows);
      std::vector<float> got_dq = poison(p.rows * p.ldq);
      std::vector<float> dk_own = poison(kv_elements(s, p.own_block.capacity)), dv_own = dk_own;
      std::vector<float> dk_prefix = poison(kv_elements(s, p.prefix_block.capacity)), dv_prefix = dk_prefix;
      std::vector<char> scratch = p.scratch();
      kernels.backward(got_dq.data(), p.ldq, dk_own.data(), dv_own.data(), dk_prefix.data(), dv_prefix.data(),
                       p.dout.data(), o.out.data(), p.ldo, o.stats.data(), p.q.data(), p.ldq, p.rows,
                       p.prefix_block.view(), p.prefix, p.own_block.view(), s, p.scale, p.t, scratch.data());
      auto gathered = [&](const std::vector<float>& prefix, const std::vector<float>& own) {
        std::vector<double> x;
        for (int64_t j = 0; j < keys; ++j)
          for (int64_t h = 0; h < s.kv_heads; ++h)
            for (int64_t d = 0; d < s.head_dim; ++d) {
              const bool mine = j >= p.prefix;
              const int64_t at =
                  h * (mine ? p.own_block.capacity : p.prefix_block.capacity) + (mine ? j - p.prefix : j);
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
