// Launches that are recorded and made again. In the emulation alone.
#include <memory>
#include <new>

#include "device/cuda/stream.h"
#include "tool/test.h"

using namespace glossa;
using namespace glossa::test;

namespace {

// to = from + what the host gave.
__global__ void add(int32_t* to, const int32_t* from, int32_t given) {
  if (threadIdx.x == 0) *to = *from + given;
}

struct Memory {
  Stream stream{0};
  int32_t* at = static_cast<int32_t*>(stream.allocate(256));
  ~Memory() { stream.release(at); }
  int32_t read(int i) {
    int32_t x = 0;
    stream.download(&x, at + i, 4);
    stream.wait();
    return x;
  }
  void write(int i, int32_t x) { stream.upload(at + i, &x, 4); }
};

std::string refusal(Stream& stream, const std::function<void()>& calls) {
  try {
    Graph(stream, "a test", calls);
  } catch (const GpuFault& fault) {
    return fault.what();
  }
  return "nothing was refused";
}

}  // namespace

TEST("stream: a mark is passed when all before it has happened, and nothing that comes after it need have") {
  Memory m;
  auto* const pinned = static_cast<int32_t*>(m.stream.allocate_pinned(64));
  for (int i = 0; i < 3; ++i) pinned[i] = 0;
  Mark first(m.stream), second(m.stream);
  emulation::gpu().late = true;
  int32_t given = 4;
  m.stream.upload(m.at, &given, 4);
  given = 0;  // ordinary memory was taken along
  launch(m.stream, "add", add, 1, 32, 0, m.at + 1, m.at, 1);
  m.stream.download(pinned, m.at + 1, 4);
  first.set();
  pinned[8] = 7;
  m.stream.upload(m.at, pinned + 8, 4);
  launch(m.stream, "add", add, 1, 32, 0, m.at + 1, m.at, 1);
  m.stream.download(pinned + 1, m.at + 1, 4);
  second.set();
  CHECK_EQ(pinned[0], 0);
  first.wait();
  CHECK_EQ(pinned[0], 5);
  CHECK_EQ(pinned[1], 0);
  pinned[8] = 9;  // pinned memory is read when its turn comes
  second.wait();
  CHECK_EQ(pinned[1], 10);
  first.wait();
  emulation::gpu().late = false;
  CHECK(refusal(m.stream, [&] { second.set(); }).find("where launches are recorded") != std::string::npos);
  m.stream.release_pinned(pinned);
}

TEST("graph: what was recorded is made again, with the device's memory as it is then and the host's as it was") {
  Memory m;
  int32_t given = 5;
  Graph graph(m.stream, "a test", [&] {
    launch(m.stream, "add", add, 1, 32, 0, m.at + 1, m.at, given);
    m.stream.copy(m.at + 2, m.at + 1, 4);
    m.stream.fill(m.at + 3, 0xff, 4);
  });
  CHECK_EQ(m.read(1), 0);
  CHECK_EQ(m.read(3), 0);
  given = 100;
  for (int32_t x : {1, 10}) {
    m.write(0, x);
    graph.launch();
    CHECK_EQ(m.read(1), x + 5);
    CHECK_EQ(m.read(2), x + 5);
    CHECK_EQ(m.read(3), -1);
  }
}

TEST("graph: memory, copies from and to the host and waits cannot be recorded, and the stream goes on") {
  Memory m;
  int32_t x = 0;
  const std::function<void()> refused[] = {
      [&] { m.stream.allocate(64); },        [&] { m.stream.allocate_pinned(64); },   [&] { m.stream.wait(); },
      [&] { m.stream.upload(m.at, &x, 4); }, [&] { m.stream.download(&x, m.at, 4); },
  };
  for (const auto& calls : refused) {
    const std::string said = refusal(m.stream, [&] {
      launch(m.stream, "add", add, 1, 32, 0, m.at + 1, m.at, 3);
      calls();
    });
    CHECK(said.find("a graph cannot hold it") != std::string::npos);
    CHECK_EQ(m.read(1), 0);
  }
  CHECK(refusal(m.stream, [&] { launch(m.stream, "add", add, 1, 32, 0, m.at + 1, m.at, 3); }) == "nothing was refused");
  launch(m.stream, "add", add, 1, 32, 0, m.at + 1, m.at, 3);
  CHECK_EQ(m.read(1), 3);
}
