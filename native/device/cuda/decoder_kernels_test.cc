// A decoder by itself: what a row is after each pass. In the emulation alone.
#include <cmath>
#include <limits>

#include "device/cuda/emulation.h"
#include "device/open.h"
#include "tool/test.h"

using namespace glossa;
using namespace glossa::test;

TEST("decoder: a row goes on to its next token until a stop id, its budget's end or nothing to draw, and then rests") {
  constexpr int64_t kVocab = 16, kRows = 4, kPasses = 5;
  constexpr int32_t kStop = 7;
  DeviceOptions options;
  options.device = "emulated-cuda";
  const std::unique_ptr<Device> device = open_device(options, 0).take();
  // The greatest logit of each row is the token that it draws, pass after pass.
  std::vector<float> x(kRows * kVocab);
  const int32_t drawn[kRows] = {kStop, 2, 1, -1};
  for (int64_t i = 0; i < kRows; ++i) x[static_cast<size_t>(i * kVocab + std::max(drawn[i], 0))] = 1;
  x[3 * kVocab] = std::numeric_limits<float>::quiet_NaN();
  const int64_t bytes = static_cast<int64_t>(x.size()) * 4;
  const Address memory = device->allocate(bytes);
  device->upload(memory, x.data(), bytes);
  const Rows logits{memory, Dtype::f32, kVocab, kVocab};

  int64_t passes = 0;
  Ops& ops = device->all();
  const DrawSettings greedy{{0, 0, 1, 0, 1}, nullptr, 1};
  auto decoder = ops.decoder(kRows, 2, 0, {3, kStop}, [&](DecodeBatch& batch, int64_t n) {
    ++passes;
    CHECK_EQ(n, kRows);
    ops.sample(logits, greedy, batch.draws.data(), n);
  });
  const Address page = memory;
  for (int64_t rows : {kRows, int64_t{3}}) {
    DecodeBatch batch;
    batch.passes = kPasses;
    batch.from.assign(static_cast<size_t>(rows), -1);
    for (int64_t i = 0; i < rows; ++i) {
      batch.sequences.push_back({i, 1, 9, 4, {&page, 64}, {&page, 64}, 5});
      batch.ids.push_back(0);
      batch.left.push_back(i == 1 ? 3 : 100);
      batch.draws.push_back({{0, 0, 0, static_cast<uint32_t>(i), 4}, 0, 0, 0});
    }
    decoder->start(batch);
    decoder->finish(batch);
    CHECK_EQ(batch.draws.size(), static_cast<size_t>(kPasses * rows));
    for (int64_t p = 0; p < kPasses; ++p)
      for (int64_t i = 0; i < rows; ++i) {
        const Draw& d = batch.draws[static_cast<size_t>(p * rows + i)];
        const bool over = i == 2 ? false : p >= (i == 1 ? 3 : 1);
        CHECK_EQ(d.token, over ? kResting : drawn[i]);
        if (!over) CHECK_EQ(static_cast<int64_t>(d.key.position), 4 + p);
        CHECK_EQ(static_cast<int64_t>(d.key.sample), i);
      }
  }
  CHECK_EQ(passes, 2);  // the second one recorded, and made again from there on
  decoder.reset();
  device->release(memory, bytes);
}

TEST("decoder: rows go on from the batch before while the host has not seen it, and those that were over there rest") {
  constexpr int64_t kVocab = 8, kRows = 4;
  DeviceOptions options;
  options.device = "emulated-cuda";
  const std::unique_ptr<Device> device = open_device(options, 0).take();
  const Address memory = device->allocate(kRows * kVocab * 4);
  const Rows logits{memory, Dtype::f32, kVocab, kVocab};
  // Row i draws what it was given, and one more: its logits are those of its id.
  std::vector<float> table(kVocab * kVocab);
  for (size_t id = 0; id < kVocab; ++id) table[id * kVocab + (id + 1) % kVocab] = 1;
  const Address masters = device->allocate(kVocab * kVocab * 4);
  device->upload(masters, table.data(), kVocab * kVocab * 4);
  const EmbeddingTable embedding{Dtype::f32, kVocab, {masters}, {}, {}, 1};
  for (bool late : {false, true}) {
    emulation::gpu().late = late;
    Ops& ops = device->all();
    auto decoder = ops.decoder(kRows, 3, 0, {5}, [&](DecodeBatch& batch, int64_t n) {
      ops.embed(logits, embedding, batch.ids.data(), n);
      ops.sample(logits, {{0, 0, 1, 0, 1}, nullptr, 1}, batch.draws.data(), n);
    });
    const Address page = memory;
    // Rows of ids, or of those that they go on from.
    auto batch_of = [&](const std::vector<int32_t>& ids, const std::vector<int32_t>& from, int32_t left) {
      DecodeBatch b;
      b.passes = 2;
      b.ids = ids;
      b.from = from;
      for (int64_t i = 0; i < static_cast<int64_t>(ids.size()); ++i) {
        b.sequences.push_back({i, 1, 9, 4, {&page, 64}, {&page, 64}, 5});
        b.left.push_back(left);
        b.draws.push_back({{0, 0, 0, static_cast<uint32_t>(i), 4}, 0, 0, 0});
      }
      return b;
    };
    auto tokens = [&](DecodeBatch& b) {
      decoder->finish(b);
      std::vector<int32_t> drawn;
      for (const Draw& d : b.draws) drawn.push_back(d.token);
      return drawn;
    };
    using Drawn = std::vector<int32_t>;
    DecodeBatch first = batch_of({0, 3, 4, 6}, {-1, -1, -1, -1}, 9);
    decoder->start(first);
    DecodeBatch second = batch_of({7, 7, 7, 2}, {3, 1, 0, -1}, 3);
    decoder->start(second);
    DecodeBatch third = batch_of({7, 7}, {2, 3}, 1);
    decoder->start(third);
    CHECK(tokens(first) == (Drawn{1, 4, 5, 7, 2, 5, kResting, 0}));
    DecodeBatch fourth = batch_of({4, 7}, {-1, 0}, 9);
    decoder->start(fourth);
    CHECK(tokens(second) == (Drawn{1, kResting, 3, 3, 2, kResting, 4, 4}));
    CHECK(tokens(third) == (Drawn{5, 5, kResting, kResting}));
    CHECK(tokens(fourth) == (Drawn{5, kResting, kResting, kResting}));
  }
  emulation::gpu().late = false;
  device->release(memory, kRows * kVocab * 4);
  device->release(masters, kVocab * kVocab * 4);
}
