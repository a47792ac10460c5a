// Decoding on a GPU: the host uploads a batch, launches its passes, and reads what they drew from pinned memory when
// the last one is over. In between, a kernel takes every row to its next token. The pinned memory is a ring of a place
// for each look, so that the next batch can be under way while the host reads: its rows go on from what the device
// knows they drew last. The first pass of a number of rows is launched kernel by kernel, which leaves nothing to be
// allocated, loaded or chosen; from the second on it is a graph.
#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <map>
#include <utility>

#include "device/cuda/cuda_ops.h"
#include "device/memory.h"

namespace glossa {
namespace {

constexpr unsigned kThreads = 128;

// What a pass drew goes to its place, and each row to its next token, or to rest.
__global__ void next_tokens(GpuDecodeRows at, const int32_t* stop_ids, int stops, int rows, int capacity) {
  const int row = static_cast<int>(blockIdx.x * blockDim.x + threadIdx.x);
  if (row >= rows) return;
  GpuSequence& s = at.sequences[row];
  Draw& draw = at.draws[row];
  const int pass = at.pass[row]++;
  Draw& drawn = at.drawn[static_cast<int64_t>(pass) * capacity + row];
  drawn = draw;
  if (s.rows == 0) {
    drawn.token = at.last[row] = kResting;
    return;
  }
  bool over = draw.token < 0 || --at.left[row] == 0;
  for (int i = 0; i < stops; ++i) over |= stop_ids[i] == draw.token;
  at.last[row] = over ? kResting : draw.token;
  if (over) {
    s.rows = 0;
    return;
  }
  at.ids[row] = draw.token;
  ++draw.key.position;
  ++s.position0;
  ++s.own0;
}

// Rows that go on from the batch before.
__global__ void go_on(GpuDecodeRows at, int rows) {
  const int row = static_cast<int>(blockIdx.x * blockDim.x + threadIdx.x);
  if (row >= rows || at.from[row] < 0) return;
  const int32_t last = at.last[at.from[row]];
  if (last == kResting)
    at.sequences[row].rows = 0;
  else
    at.ids[row] = last;
}

// So that a few graphs serve all numbers of rows: 16, 32, 64, and multiples of 128, from where on the library's
// products are best.
int64_t filled_up(int64_t rows, int64_t most) {
  int64_t n = 16;
  while (n < rows) n += std::min<int64_t>(n, 128);
  return std::min(n, most);
}

// For looking at a fault: then messages name the kernel.
bool graphs_are_wanted() {
  const char* asked = std::getenv("GLOSSA_CUDA_GRAPHS");
  return !asked || std::strcmp(asked, "0") != 0;
}

// Memory of the device, and as much of it in pinned memory for every look under way.
class Mirror {
 public:
  Mirror(Stream& stream, int64_t looks, int64_t bytes = 0) : stream_(stream), looks_(looks) { reserve(bytes); }
  ~Mirror() { clear(); }
  Mirror(const Mirror&) = delete;
  Mirror& operator=(const Mirror&) = delete;

  // At least so many bytes; what was there is lost when it grows, which waits until nothing is on its way.
  void reserve(int64_t bytes) {
    if (bytes <= bytes_) return;
    bytes = aligned(std::max(bytes, 2 * bytes_));
    clear();
    device_ = stream_.allocate(bytes);
    try {
      host_ = stream_.allocate_pinned(looks_ * bytes);
    } catch (...) {
      clear();
      throw;
    }
    bytes_ = bytes;
  }
  Address host(int64_t look) const { return Address(host_) + look * bytes_; }
  Address device() const { return Address(device_); }
  void upload(int64_t look, int64_t bytes) { stream_.upload(device_, host(look).as<void>(), bytes); }
  void download(int64_t look, int64_t from, int64_t bytes) {
    stream_.download((host(look) + from).as<void>(), (device() + from).as<void>(), bytes);
  }

 private:
  void clear() {
    if (host_) stream_.release_pinned(host_);
    if (device_) stream_.release(device_);
    host_ = device_ = nullptr;
    bytes_ = 0;
  }

  Stream& stream_;
  const int64_t looks_;
  void *host_ = nullptr, *device_ = nullptr;
  int64_t bytes_ = 0;  // of the device
};

// What the sides of the rows' mirror hold.
struct Places {
  GpuDecodeRows rows;
  int32_t* stop_ids;
  int64_t uploaded, drawn, kept, bytes;  // the first so many bytes; where what is drawn and what is kept begin; all
};
Places places(Address base, int64_t rows, int64_t stops, int64_t kept_words) {
  Carver c(base);
  Places p{};
  p.rows.sequences = c.bytes(rows * static_cast<int64_t>(sizeof(GpuSequence))).as<GpuSequence>();
  p.rows.ids = c.bytes(rows * 4).as<int32_t>();
  p.rows.draws = c.bytes(rows * static_cast<int64_t>(sizeof(Draw))).as<Draw>();
  p.rows.left = c.bytes(rows * 4).as<int32_t>();
  p.rows.pass = c.bytes(rows * 4).as<int32_t>();
  p.rows.from = c.bytes(rows * 4).as<int32_t>();
  p.stop_ids = c.bytes(stops * 4).as<int32_t>();
  p.uploaded = c.used();
  p.rows.last = c.bytes(rows * 4).as<int32_t>();
  p.rows.filters = c.bytes(rows * kFilterBytes).as<void>();
  p.drawn = c.used();
  p.rows.drawn = c.bytes(kCudaDecodePasses * rows * static_cast<int64_t>(sizeof(Draw))).as<Draw>();
  p.kept = c.used();
  p.rows.kept = c.bytes(kCudaDecodePasses * rows * kept_words * 4).as<uint32_t>();
  p.bytes = c.used();
  return p;
}

class CudaDecoder final : public Decoder {
 public:
  CudaDecoder(Stream& stream, const DecodeRows*& current, int64_t rows, int64_t looks, int64_t kept_words,
              const std::vector<int32_t>& stop_ids, DecodePass pass)
      : stream_(stream),
        current_(current),
        capacity_(rows),
        kept_words_(kept_words),
        stop_ids_(stop_ids),
        pass_(std::move(pass)),
        mirror_(stream, looks, places({}, rows, stops(), kept_words).bytes),
        lists_(stream, looks),
        device_(places(mirror_.device(), rows, stops(), kept_words)),
        graphs_wanted_(graphs_are_wanted()) {
    for (int64_t i = 0; i < looks; ++i)
      looks_.push_back({places(mirror_.host(i), rows, stops(), kept_words).rows, 0, {}});
    for (Look& look : looks_) look.over = std::make_unique<Mark>(stream);
  }

  void start(DecodeBatch& batch) override {
    const int64_t rows = batch.rows(), filled = filled_up(rows, capacity_);
    const size_t at = begun_++ % looks_.size();
    Look& look = looks_[at];
    look.rows = rows;
    upload(batch, static_cast<int64_t>(at), rows, filled);
    fill_up(batch, filled);
    if (std::any_of(look.host.from, look.host.from + rows, [](int32_t from) { return from >= 0; }))
      launch(stream_, "go_on", go_on, blocks(rows), kThreads, 0, device_.rows, rows);
    for (int64_t i = 0; i < batch.passes; ++i) pass(batch, filled);
    mirror_.download(static_cast<int64_t>(at), device_.drawn,
                     batch.passes * capacity_ * static_cast<int64_t>(sizeof(Draw)));
    if (kept_words_ > 0)
      mirror_.download(static_cast<int64_t>(at), device_.kept, batch.passes * capacity_ * kept_words_ * 4);
    look.over->set();
  }

  void finish(DecodeBatch& batch) override {
    const Look& look = looks_[finished_++ % looks_.size()];
    look.over->wait();
    batch.draws.resize(static_cast<size_t>(batch.passes * look.rows));
    for (int64_t i = 0; i < batch.passes; ++i)
      std::copy_n(look.host.drawn + i * capacity_, look.rows, batch.draws.begin() + i * look.rows);
    batch.kept.resize(static_cast<size_t>(batch.passes * look.rows * kept_words_));
    for (int64_t i = 0; kept_words_ > 0 && i < batch.passes; ++i)
      std::copy_n(look.host.kept + i * capacity_ * kept_words_, look.rows * kept_words_,
                  batch.kept.begin() + i * look.rows * kept_words_);
  }

 private:
  // A place of the ring.
  struct Look {
    GpuDecodeRows host;
    int64_t rows;
    std::unique_ptr<Mark> over;
  };
  static unsigned blocks(int64_t rows) { return static_cast<unsigned>((rows + kThreads - 1) / kThreads); }
  int64_t stops() const { return static_cast<int64_t>(stop_ids_.size()); }

  void upload(const DecodeBatch& batch, int64_t look, int64_t rows, int64_t filled) {
    auto own_keys = [&](size_t i) { return batch.sequences[i].own0 + std::min<int64_t>(batch.passes, batch.left[i]); };
    const size_t n = static_cast<size_t>(rows);
    int64_t pages = 0;
    for (size_t i = 0; i < n; ++i) {
      const SequenceRows& s = batch.sequences[i];
      pages += pages_of(s.own, own_keys(i)) + pages_of(s.prefix, s.prefix_length);
    }
    lists_.reserve(pages * static_cast<int64_t>(sizeof(Address)));
    int64_t used = 0;
    auto list = [&](const KvCache& cache, int64_t keys) {
      const int64_t at = used, count = pages_of(cache, keys);
      std::copy_n(cache.pages, count, lists_.host(look).as<Address>() + at);
      used += count;
      return GpuPages{lists_.device().as<Address>() + at, cache.positions};
    };
    const GpuDecodeRows& to = looks_[static_cast<size_t>(look)].host;
    for (size_t i = 0; i < n; ++i) {
      const SequenceRows& s = batch.sequences[i];
      to.sequences[i] = {
          s.row0, 1, s.position0, s.own0, s.prefix_length, list(s.own, own_keys(i)), list(s.prefix, s.prefix_length)};
    }
    std::fill(to.sequences + rows, to.sequences + filled, GpuSequence{});
    std::copy_n(batch.ids.begin(), rows, to.ids);
    std::fill(to.ids + rows, to.ids + filled, 0);
    std::copy_n(batch.draws.begin(), rows, to.draws);
    std::copy_n(batch.left.begin(), rows, to.left);
    std::fill(to.pass, to.pass + filled, 0);
    std::copy_n(batch.from.begin(), rows, to.from);
    std::copy(stop_ids_.begin(), stop_ids_.end(), places(mirror_.host(look), capacity_, stops(), kept_words_).stop_ids);
    lists_.upload(look, used * static_cast<int64_t>(sizeof(Address)));
    mirror_.upload(look, device_.uploaded);
  }

  // With rows that rest.
  static void fill_up(DecodeBatch& batch, int64_t rows) {
    const size_t n = static_cast<size_t>(rows);
    batch.ids.resize(n);
    batch.draws.resize(n);
    // A place that stands for the device's own: no pass writes there.
    if (batch.kept_words > 0) batch.kept.resize(1);
    while (batch.sequences.size() < n) {
      SequenceRows s{};
      s.row0 = static_cast<int64_t>(batch.sequences.size());
      s.rows = 1;
      batch.sequences.push_back(s);
    }
  }

  void pass(DecodeBatch& batch, int64_t rows) {
    const auto [at, first] = graphs_.try_emplace(rows);
    if (first || !graphs_wanted_) return launch_all(batch, rows);
    if (!at->second) at->second = std::make_unique<Graph>(stream_, kName, [&] { launch_all(batch, rows); });
    at->second->launch();
  }

  void launch_all(DecodeBatch& batch, int64_t rows) {
    struct Current {
      const DecodeRows*& place;
      ~Current() { place = nullptr; }
    };
    const DecodeRows on_device{batch, device_.rows, capacity_};
    current_ = &on_device;
    const Current current{current_};
    pass_(batch, rows);
    launch(stream_, "next_tokens", next_tokens, blocks(rows), kThreads, 0, device_.rows, device_.stop_ids, stops(),
           rows, capacity_);
  }

  static constexpr const char* kName =
      "a pass of decoding that was launched as one (GLOSSA_CUDA_GRAPHS=0 launches its kernels one by one)";

  Stream& stream_;
  const DecodeRows*& current_;
  const int64_t capacity_, kept_words_;
  const std::vector<int32_t> stop_ids_;
  const DecodePass pass_;
  Mirror mirror_, lists_;
  const Places device_;
  std::vector<Look> looks_;
  size_t begun_ = 0, finished_ = 0;
  const bool graphs_wanted_;
  std::map<int64_t, std::unique_ptr<Graph>> graphs_;  // by rows; none yet where these had one pass
};

}  // namespace

const int32_t* CudaOps::on_device(const int32_t* ids, int64_t rows) {
  return pass_ && ids == pass_->batch.ids.data() ? pass_->rows.ids : staging_.put(ids, rows);
}
const GpuSequence* CudaOps::on_device(const SequenceRows* sequences, int64_t count) {
  return pass_ && sequences == pass_->batch.sequences.data() ? pass_->rows.sequences
                                                             : table_.upload(stream_, sequences, count);
}

std::unique_ptr<Decoder> CudaOps::decoder(int64_t rows, int64_t looks, int64_t kept_words,
                                          const std::vector<int32_t>& stop_ids, DecodePass pass) {
  return std::make_unique<CudaDecoder>(stream_, pass_, rows, looks, kept_words, stop_ids, std::move(pass));
}

}  // namespace glossa
