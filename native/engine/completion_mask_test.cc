// Supervised rows in which some tokens have no loss: the turns of others in a chat.
#include <algorithm>
#include <cstring>

#include "device/memory.h"
#include "engine/test_models.h"
#include "tool/test.h"

namespace glossa::test {
namespace {

TrainSettings supervised() {
  TrainSettings s;
  s.loss.type = find_loss("supervised");
  s.learning_rate = 1e-3f;
  return s;
}

// About two in three tokens; the second row loses all of its own.
std::vector<uint8_t> some_tokens(const TestBatch& b) {
  std::vector<uint8_t> mask;
  for (uint32_t i = 0; i < b.completions.ids.size(); ++i) mask.push_back(uniform(17, i) < 0.65f);
  std::fill(mask.begin() + b.completions.offsets[1], mask.begin() + b.completions.offsets[2], uint8_t{0});
  return mask;
}

std::vector<int32_t> whole_row(const TestBatch& b, int64_t row) {
  const Ragged prompts = b.prompts.view(), completions = b.completions.view();
  std::vector<int32_t> ids(prompts.ids + prompts.offsets[row], prompts.ids + prompts.offsets[row + 1]);
  ids.insert(ids.end(), completions.ids + completions.offsets[row], completions.ids + completions.offsets[row + 1]);
  return ids;
}

template <class T>
bool same_bits(const std::vector<T>& a, const std::vector<T>& b) {
  return a.size() == b.size() && std::memcmp(a.data(), b.data(), a.size() * sizeof(T)) == 0;
}

}  // namespace

TEST("completion mask: loss, tokens and accuracy are those of the tokens that are left") {
  for (Family family : {Family::qwen2, Family::gemma3}) {
    auto engine = tiny_engine(family, Dtype::f32, 2);
    const int64_t vocab = engine->info().vocab;
    TestBatch b = test_batch(5, 2, vocab);
    std::vector<uint8_t> mask = some_tokens(b);
    // Each row but the second ends with its most probable token, and learns it.
    for (int64_t row = 0; row < b.prompts.view().rows; ++row) {
      if (row == 1) continue;
      const std::vector<int32_t> ids = whole_row(b, row);
      const int64_t n = static_cast<int64_t>(ids.size());
      const std::vector<float> logits = engine->logits(ids.data(), n).take();
      const float* last = logits.data() + (n - 2) * vocab;
      const size_t at = static_cast<size_t>(b.completions.offsets[row + 1] - 1);
      b.completions.ids[at] = static_cast<int32_t>(std::max_element(last, last + vocab) - last);
      mask[at] = 1;
    }
    Result<Logprobs> logprobs = engine->logprobs(b.view().sequences, {}, {});
    CHECK(logprobs.ok());
    if (!logprobs.ok()) return;
    double sum = 0, entropy = 0, top = 0, n = 0;
    for (int64_t row = 0; row < b.prompts.view().rows; ++row) {
      const Ragged completions = b.completions.view();
      const std::vector<int32_t> ids = whole_row(b, row);
      const int64_t before = b.prompts.view().length(row);
      const std::vector<float> logits = engine->logits(ids.data(), static_cast<int64_t>(ids.size())).take();
      for (int64_t t = 0; t < completions.length(row); ++t) {
        const size_t at = static_cast<size_t>(completions.offsets[row] + t);
        if (!mask[at]) continue;
        const float* first = logits.data() + (before + t - 1) * vocab;
        top += std::max_element(first, first + vocab) - first == ids[static_cast<size_t>(before + t)];
        sum -= static_cast<double>(logprobs.value().logps[at]);
        entropy += static_cast<double>(logprobs.value().entropies[at]);
        ++n;
      }
    }
    TrainBatch batch = b.view();
    batch.completion_mask = mask.data();
    std::vector<float> gradient;
    Result<TrainMetrics> m = engine->gradients(batch, supervised(), &gradient);
    CHECK(m.ok());
    if (!m.ok()) return;
    CHECK(top > 0 && top < n);
    CHECK_EQ(m.value().loss_tokens, static_cast<int64_t>(n));
    CHECK_NEAR(m.value().loss, sum / n, 1e-5);
    CHECK_NEAR(m.value().entropy, entropy / n, 1e-5);
    CHECK_NEAR(m.value().token_accuracy, top / n, 1e-12);
  }
}

TEST("completion mask: one that leaves every token is the same bits as none") {
  auto engine = tiny_engine(Family::llama, Dtype::f32, 2);
  const TestBatch b = test_batch(4, 2, engine->info().vocab);
  const std::vector<uint8_t> all(b.completions.ids.size(), 1);
  TrainBatch batch = b.view();
  std::vector<float> none, ones;
  const double loss = engine->gradients(batch, supervised(), &none).value().loss;
  batch.completion_mask = all.data();
  CHECK_EQ(engine->gradients(batch, supervised(), &ones).value().loss, loss);
  CHECK(same_bits(none, ones));
}

// What stands before a token that has loss is read whoever said it: a row cut at its last such token learns the same.
TEST("completion mask: tokens behind the last one that has loss change nothing") {
  auto engine = tiny_engine(Family::qwen3, Dtype::f32, 2);
  TestBatch whole, cut;
  std::vector<uint8_t> of_whole, of_cut;
  for (uint32_t i = 0; i < 4; ++i) {
    const std::vector<int32_t> prompt = random_ids(i, 3 + i, engine->info().vocab),
                               completion = random_ids(40 + i, 12, engine->info().vocab);
    whole.prompts.add(prompt);
    cut.prompts.add(prompt);
    whole.completions.add(completion);
    cut.completions.add({completion.begin(), completion.begin() + 8});
    for (int t = 0; t < 12; ++t) of_whole.push_back(t < 8 && t % 3 != 1);
    for (int t = 0; t < 8; ++t) of_cut.push_back(t % 3 != 1);
  }
  TrainBatch a = whole.view(), b = cut.view();
  a.completion_mask = of_whole.data();
  b.completion_mask = of_cut.data();
  std::vector<float> x, y;
  const Result<TrainMetrics> of_a = engine->gradients(a, supervised(), &x),
                             of_b = engine->gradients(b, supervised(), &y);
  CHECK(of_a.ok() && of_b.ok());
  CHECK_EQ(of_a.value().loss, of_b.value().loss);
  double difference = 0, size = 0;
  for (size_t i = 0; i < x.size(); ++i) {
    difference += std::pow(static_cast<double>(x[i]) - static_cast<double>(y[i]), 2);
    size += std::pow(static_cast<double>(x[i]), 2);
  }
  CHECK(size > 0);
  CHECK(std::sqrt(difference / size) < 1e-6);
}

TEST("completion mask: a step is the same bits for every micro-batch size and number of threads") {
  Memory::poison = true;
  for (Dtype dtype : {Dtype::f32, Dtype::bf16}) {
    std::vector<float> first;
    for (int threads : {1, 3})
      for (int64_t tokens : {int64_t{1}, int64_t{70}, int64_t{0}}) {
        auto engine = tiny_engine(Family::llama, dtype, threads);
        const TestBatch b = test_batch(6, 2, engine->info().vocab);
        const std::vector<uint8_t> mask = some_tokens(b);
        TrainBatch batch = b.view();
        batch.completion_mask = mask.data();
        TrainSettings s = supervised();
        s.micro_batch_tokens = tokens;
        for (int step = 0; step < 2; ++step) CHECK(engine->train_step(batch, s, {}).ok());
        if (first.empty()) first = engine->parameters();
        CHECK(same_bits(engine->parameters(), first));
      }
  }
  Memory::poison = false;
}

TEST("completion mask: what leaves no token, and losses that are not supervised, are refused") {
  auto engine = tiny_engine(Family::llama, Dtype::f32, 1);
  const TestBatch b = test_batch(2, 2, engine->info().vocab);
  const std::vector<uint8_t> none(b.completions.ids.size(), 0), all(b.completions.ids.size(), 1);
  TrainBatch batch = b.view();
  batch.completion_mask = none.data();
  const std::vector<float> before = engine->parameters();
  CHECK_EQ(std::string(engine->train_step(batch, supervised(), {}).status().code()), std::string("BATCH_EMPTY"));
  batch.completion_mask = all.data();
  TrainSettings grpo = supervised();
  grpo.loss.type = find_loss("grpo");
  CHECK_EQ(std::string(engine->train_step(batch, grpo, {}).status().code()), std::string("INVALID_ARGUMENT"));
  TrainSettings everything = supervised();
  everything.loss_on_prompt = true;
  CHECK_EQ(std::string(engine->train_step(batch, everything, {}).status().code()), std::string("INVALID_ARGUMENT"));
  CHECK(same_bits(engine->parameters(), before));
}

}  // namespace glossa::test
