#include "ops/qkv/qkv.h"

#include <algorithm>

#include "ops/kernels.h"
#include "ops/qkv/qkv_ref.h"
#include "ops/test_values.h"
#include "tool/test.h"

using namespace glossa;
using namespace glossa::test;

namespace {

const RopeConfig kPlain = {RopeType::plain, 10000, 0, 0, 0, 0};
const RopeConfig kLlama3 = {RopeType::llama3, 10000, 8, 1, 4, 64};
constexpr int64_t kPositions = 128, kPage = 32;

struct Problem {
  QkvShape shape;
  int64_t rows, position0, own0;
  std::vector<float> qkv, q_norm, k_norm, table;
  RopeConfig rope;
  bool rotates = true;

  Problem(QkNorm norm, int64_t heads, int64_t kv_heads, int64_t head_dim, int64_t rows, int64_t position0, int64_t own0,
          const RopeConfig& rope)
      : shape{heads, kv_heads, head_dim, norm, 1e-6f}, rows(rows), position0(position0), own0(own0), rope(rope) {
    const auto seed = static_cast<uint64_t>(head_dim * 100 + rows);
    qkv = random_values(seed, rows * shape.width(), 2);
    q_norm = random_values(seed + 1, norm == QkNorm::whole ? shape.q_width() : head_dim);
    k_norm = random_values(seed + 2, norm == QkNorm::whole ? shape.kv_width() : head_dim);
    table.resize(static_cast<size_t>(kPositions * head_dim));
    rope_table(table.data(), rope, head_dim, kPositions);
  }
  int64_t pages() const { return (own0 + rows) / kPage + 1; }
  const RopeConfig* rotation() const { return rotates ? &rope : nullptr; }
  const float* rotary_table() const { return rotates ? table.data() : nullptr; }
  int64_t page_elements() const { return 2 * kv_elements(shape, kPage); }
};

struct Written {
  std::vector<float> qkv, rstd_q, rstd_k, raw;
  Elements cache;  // pages end to end
};

void forward(const QkvKernels& kernels, const Problem& p, Dtype t, Written* w, int64_t r, int64_t rows, float* raw) {
  const QkvShape& s = p.shape;
  std::vector<Address> pages;
  for (int64_t i = 0; i < p.pages(); ++i)
    pages.push_back(Address(w->cache.data()) + i * p.page_elements() * dtype_bytes(t));
  const KvPages own = {pages.data(), kPage, 0, kv_elements(s, kPage) * dtype_bytes(t)};
  const bool norm = s.qk_norm != QkNorm::none;
  kernels.forward(w->qkv.data() + r * s.width(), own, t, p.own0 + r, p.rotary_table(), p.position0 + r, rows, s,
                  norm ? p.q_norm.data() : nullptr, norm ? p.k_norm.data() : nullptr, w->rstd_q.data() + r * s.rstd_q(),
                  w->rstd_k.data() + r * s.rstd_k(), raw);
}

Written run_forward(const QkvKernels& kernels, const Problem& p, Dtype t) {
  const QkvShape& s = p.shape;
  Written w{p.qkv, poison(p.rows * s.rstd_q()), poison(p.rows * s.rstd_k()),
            poison(p.rows * (s.q_width() + s.kv_width())), Elements(t, p.pages() * p.page_elements())};
  forward(kernels, p, t, &w, 0, p.rows, w.raw.data());
  return w;
}
int64_t key_at(const Problem& p, int64_t h, int64_t position, int64_t d) {
  const int64_t at = position % kPage;
  return position / kPage * p.page_elements() + (h * kPage + at / 16 * 16) * p.shape.head_dim + d * 16 + at % 16;
}
int64_t value_at(const Problem& p, int64_t h, int64_t position, int64_t d) {
  return position / kPage * p.page_elements() + kv_elements(p.shape, kPage) +
         (h * kPage + position % kPage) * p.shape.head_dim + d;
}

template <class Visit>
void each_problem(Visit visit) {
  for (QkNorm norm : {QkNorm::none, QkNorm::per_head, QkNorm::whole})
    for (const RopeConfig& rope : {kPlain, kLlama3}) {
      visit(Problem(norm, 4, 2, 16, 21, 0, 0, rope));
      visit(Problem(norm, 6, 3, 24, 5, 40, 14, rope));
      visit(Problem(norm, 2, 2, 32, 1, 77, 16, rope));
      visit(Problem(norm, 3, 1, 64, 18, 3, 3, rope));
      visit(Problem(norm, 4, 2, 128, 3, 17, 31, rope));
      Problem offset(norm, 2, 1, 256, 4, 11, 5, rope);
      offset.shape.norm_offset = 1;
      offset.rotates = rope.type == RopeType::plain;
      visit(offset);
    }
}
template <class Visit>
void each_isa(Visit visit) {
  for (const std::string& isa : supported_isas()) visit(*kernels_for(isa).value()->qkv);
}

}  // namespace

TEST("qkv: the rotary table agrees with the reference's angles") {
  for (const RopeConfig& rope : {kPlain, kLlama3, RopeConfig{RopeType::llama3, 500000, 32, 1, 4, 8192},
                                 RopeConfig{RopeType::linear, 1e6, 8, 1, 1, 0}})
    for (int64_t head_dim : {16, 24, 128}) {
      std::vector<float> table = poison(kPositions * head_dim);
      rope_table(table.data(), rope, head_dim, kPositions);
      for (int64_t p = 0; p < kPositions; ++p)
        for (int64_t i = 0; i < head_dim / 2; ++i) {
          double angle = ref::rope_angle(rope, head_dim, i, p);
          CHECK_NEAR(table[p * head_dim + i], std::cos(angle), 1e-7);
          CHECK_NEAR(table[p * head_dim + head_dim / 2 + i], std::sin(angle), 1e-7);
        }
    }
}

// Inverse frequencies printed by transformers 5.18 (ROPE_INIT_FUNCTIONS["llama3"], float32).
TEST("qkv: llama3 scaling gives transformers' inverse frequencies") {
  struct Known {
    int64_t i;
    double frequency;
  };
  const Known large[] = {{0, 1},
                         {1, 0.814617217},
                         {20, 0.0165604409},
                         {28, 0.00321144611},
                         {29, 0.00211840682},
                         {30, 0.00129054801},
                         {31, 0.000762541255},
                         {32, 0.000429556705},
                         {33, 0.00022276341},
                         {34, 9.70828623e-05},
                         {35, 2.38905304e-05},
                         {36, 1.94616387e-05},
                         {40, 8.57025589e-06},
                         {63, 7.67231469e-08}};
  const RopeConfig llama32 = {RopeType::llama3, 500000, 32, 1, 4, 8192};
  std::vector<float> table = poison(8 * 128);
  rope_table(table.data(), llama32, 128, 8);
  for (const Known& known : large) {
    CHECK_NEAR(table[7 * 128 + 64 + known.i] / std::sin(7 * known.frequency), 1, 2e-6);
    CHECK_NEAR(table[7 * 128 + known.i], std::cos(7 * known.frequency), 1e-6);
  }
  const Known small[] = {{0, 1},
                         {1, 0.244384587},
                         {2, 0.0130422562},
                         {3, 0.00395284733},
                         {4, 0.00124999997},
                         {5, 0.000395284733},
                         {6, 0.000125000006},
                         {7, 3.95284733e-05}};
  rope_table(table.data(), kLlama3, 16, 8);
  for (const Known& known : small) CHECK_NEAR(table[7 * 16 + 8 + known.i] / std::sin(7 * known.frequency), 1, 2e-6);
}

TEST("qkv: forward agrees with the reference and writes its own positions only") {
  each_problem([](const Problem& p) {
    const QkvShape& s = p.shape;
    std::vector<double> q(static_cast<size_t>(p.rows * s.q_width())), k(static_cast<size_t>(p.rows * s.kv_width())),
        v = k;
    ref::qkv_forward(q.data(), k.data(), v.data(), to_double(p.qkv).data(), p.position0, p.rows, s, p.rotation(),
                     to_double(p.q_norm).data(), to_double(p.k_norm).data());
    each_isa([&](const QkvKernels& kernels) {
      for (Dtype t : {Dtype::f32, Dtype::bf16}) {
        Written w = run_forward(kernels, p, t);
        std::vector<float> got_q, got_k, got_v;
        for (int64_t r = 0; r < p.rows; ++r) {
          got_q.insert(got_q.end(), w.qkv.begin() + r * s.width(), w.qkv.begin() + r * s.width() + s.q_width());
          for (int64_t h = 0; h < s.kv_heads; ++h)
            for (int64_t d = 0; d < s.head_dim; ++d) {
              got_k.push_back(w.cache[key_at(p, h, p.own0 + r, d)]);
              got_v.push_back(w.cache[value_at(p, h, p.own0 + r, d)]);
            }
        }
        const double bound = t == Dtype::f32 ? 2e-6 : 0.52 * epsilon_of(t);
        CHECK_NEAR(worst_error(got_q, q), 0, 2e-6);
        CHECK_NEAR(worst_error(got_k, k), 0, bound);
        CHECK_NEAR(worst_error(got_v, v), 0, bound);
        int64_t written = 0;
        for (int64_t i = 0; i < w.cache.size(); ++i) written += !std::isnan(w.cache[i]);
        CHECK_EQ(written, 2 * p.rows * s.kv_width());
        if (s.qk_norm == QkNorm::none) continue;
        for (int64_t r = 0; r < p.rows; ++r)
          CHECK(same_bits(w.raw.data() + r * (s.q_width() + s.kv_width()), p.qkv.data() + r * s.width(),
                          s.q_width() + s.kv_width()));
      }
    });
  });
}

TEST("qkv: a row alone has the same bits as in a block of rows") {
  each_problem([](const Problem& p) {
    each_isa([&](const QkvKernels& kernels) {
      for (Dtype t : {Dtype::f32, Dtype::bf16}) {
        Written whole = run_forward(kernels, p, t);
        Written alone{p.qkv, whole.rstd_q, whole.rstd_k, {}, Elements(t, whole.cache.size())};
        for (int64_t r = p.rows - 1; r >= 0; --r) forward(kernels, p, t, &alone, r, 1, nullptr);
        CHECK(same_bits(alone.qkv, whole.qkv));
        CHECK(alone.cache == whole.cache);
        CHECK(same_bits(alone.rstd_q, whole.rstd_q));
        CHECK(same_bits(alone.rstd_k, whole.rstd_k));
      }
    });
  });
}

TEST("qkv: the reference's gradients are central differences") {
  for (QkNorm norm : {QkNorm::none, QkNorm::per_head, QkNorm::whole}) {
    const QkvShape s = {4, 2, 6, norm, 1e-3f, norm == QkNorm::per_head ? 1.0f : 0.0f};
    const RopeConfig* rope = norm == QkNorm::none ? nullptr : &kLlama3;
    const int64_t rows = 3;
    std::vector<double> x = to_double(random_values(1, rows * s.width(), 2));
    std::vector<double> q_norm = to_double(random_values(2, norm == QkNorm::whole ? s.q_width() : s.head_dim));
    std::vector<double> k_norm = to_double(random_values(3, norm == QkNorm::whole ? s.kv_width() : s.head_dim));
    std::vector<double> dq = to_double(random_values(4, rows * s.q_width()));
    std::vector<double> dk = to_double(random_values(5, rows * s.kv_width()));
    std::vector<double> dv = to_double(random_values(6, rows * s.kv_width()));
    std::vector<double> q(dq.size()), k(dk.size()), v(dv.size());
    auto loss = [&] {
      ref::qkv_forward(q.data(), k.data(), v.data(), x.data(), 9, rows, s, rope, q_norm.data(), k_norm.data());
      double sum = 0;
      for (size_t i = 0; i < q.size(); ++i) sum += q[i] * dq[i];
      for (size_t i = 0; i < k.size(); ++i) sum += k[i] * dk[i] + v[i] * dv[i];
      return sum;
    };
    std::vector<double> dx(x.size()), dq_norm(q_norm.size()), dk_norm(k_norm.size());
    ref::qkv_backward(dx.data(), dq_norm.data(), dk_norm.data(), dq.data(), dk.data(), dv.data(), x.data(), 9, rows, s,
                      rope, q_norm.data(), k_norm.data());
    CHECK_NEAR(gradient_error(x, dx, loss), 0, 1e-8);
    CHECK_NEAR(gradient_error(q_norm, dq_norm, loss), 0, 1e-8);
    CHECK_NEAR(gradient_error(k_norm, dk_norm, loss), 0, 1e-8);
  }
}

TEST("qkv: backward agrees with the reference and adds to the norms' gradients") {
  each_problem([](const Problem& p) {
    const QkvShape& s = p.shape;
    std::vector<float> dq = random_values(1, p.rows * s.q_width()), dk = random_values(2, p.rows * s.kv_width());
    std::vector<float> dv = random_values(3, p.rows * s.kv_width());
    const int64_t qn = static_cast<int64_t>(p.q_norm.size()), kn = static_cast<int64_t>(p.k_norm.size());
    const std::vector<float> start_q = random_values(4, qn), start_k = random_values(5, kn);
    std::vector<double> want(p.qkv.size()), want_q = to_double(start_q), want_k = to_double(start_k);
    ref::qkv_backward(want.data(), want_q.data(), want_k.data(), to_double(dq).data(), to_double(dk).data(),
                      to_double(dv).data(), to_double(p.qkv).data(), p.position0, p.rows, s, p.rotation(),
                      to_double(p.q_norm).data(), to_double(p.k_norm).data());
    each_isa([&](const QkvKernels& kernels) {
      Written w = run_forward(kernels, p, Dtype::f32);
      std::vector<float> dqkv = poison(p.rows * s.width()), got_q = start_q, got_k = start_k;
      const int64_t capacity = kv_capacity(p.own0 + p.rows);
      std::vector<float> dk_block = poison(kv_elements(s, capacity)), dv_block = dk_block;
      for (int64_t r = 0; r < p.rows; ++r) {
        std::copy_n(dq.begin() + r * s.q_width(), s.q_width(), dqkv.begin() + r * s.width());
        for (int64_t h = 0; h < s.kv_heads; ++h)
          for (int64_t d = 0; d < s.head_dim; ++d) {
            const auto at = static_cast<size_t>((h * capacity + p.own0 + r) * s.head_dim + d);
            const auto from = static_cast<size_t>((r * s.kv_heads + h) * s.head_dim + d);
            dk_block[at] = dk[from];
            dv_block[at] = dv[from];
          }
      }
      kernels.backward(dqkv.data(), dk_block.data(), dv_block.data(), capacity, p.own0, p.rotary_table(), p.position0,
                       p.rows, s, p.q_norm.data(), p.k_norm.data(), w.rstd_q.data(), w.rstd_k.data(), w.raw.data(),
                       got_q.data(), got_k.data());
      CHECK_NEAR(worst_error(dqkv, want), 0, 3e-6);
      CHECK_NEAR(worst_error(got_q, want_q), 0, 3e-6);
      CHECK_NEAR(worst_error(got_k, want_k), 0, 3e-6);
    });
  });
}
