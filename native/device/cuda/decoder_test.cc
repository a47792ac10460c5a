// A decoder by itself: what a row is after each pass. In the emulation alone.
#include <cmath>
#include <limits>

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

  DecodeBatch batch;
  int64_t passes = 0;
  Ops& ops = device->all();
  const DrawSettings greedy{{0, 0, 1, 0, 1}, nullptr, 1};
  auto decoder = ops.decoder(batch, kRows, {3, kStop}, [&](int64_t n) {
    ++passes;
    CHECK_EQ(n, kRows);
    ops.sample(logits, greedy, batch.draws.data(), n);
  });
  const Address page = memory;
  for (int64_t rows : {kRows, int64_t{3}}) {
    batch = {};
    batch.passes = kPasses;
    for (int64_t i = 0; i < rows; ++i) {
      batch.sequences.push_back({i, 1, 9, 4, {&page, 64}, {&page, 64}, 5});
      batch.ids.push_back(0);
      batch.left.push_back(i == 1 ? 3 : 100);
      batch.draws.push_back({{0, 0, 0, static_cast<uint32_t>(i), 4}, 0, 0, 0});
    }
    decoder->run();
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
