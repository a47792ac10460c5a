// Decoding on a GPU: the host uploads a batch, launches its passes, and reads what they drew from pinned memory when
// the last one is over. In between, a kernel takes every row to its next token. The first pass of a number of rows is
// launched kernel by kernel, which leaves nothing to be allocated, loaded or chosen; from the second on it is a graph.
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
    drawn.token = kResting;
    return;
  }
  bool over = draw.token < 0 || --at.left[row] == 0;
  for (int i = 0; i < stops; ++i) over |= stop_ids[i] == draw.token;
  if (over) {
    s.rows = 0;
    return;
  }
  at.ids[row] = draw.token;
  ++draw.key.position;
  ++s.position0;
  ++s.own0;
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

// The same bytes in pinned memory and on the device.
class Mirror {
 public:
  explicit Mirror(Stream& stream, int64_t bytes = 0) : stream_(stream) { reserve(bytes); }
  ~Mirror() { clear(); }
  Mirror(const Mirror&) = delete;
  Mirror& operator=(const Mirror&) = delete;

  // At least so many; what was there is lost when it grows. Nothing is on its way to or from it.
  void reserve(int64_t bytes) {
    if (bytes <= bytes_) return;
    bytes = std::max(bytes, 2 * bytes_);
    clear();
    device_ = stream_.allocate(bytes);
    try {
      host_ = stream_.allocate_pinned(bytes);
    } catch (...) {
      clear();
      throw;
    }
    bytes_ = bytes;
  }
  Address host() const { return Address(host_); }
  Address device() const { return Address(device_); }
  void upload(int64_t bytes) { stream_.upload(device_, host_, bytes); }
  void download(int64_t from, int64_t bytes) {
    stream_.download((host() + from).as<void>(), (device() + from).as<void>(), bytes);
  }

 private:
  void clear() {
    if (host_) stream_.release_pinned(host_);
    if (device_) stream_.release(device_);
    host_ = device_ = nullptr;
    bytes_ = 0;
  }

  Stream& stream_;
  void *host_ = nullptr, *device_ = nullptr;
  int64_t bytes_ = 0;
};

// What the two sides of the rows' mirror hold.
struct Places {
  GpuDecodeRows rows;
  int32_t* stop_ids;
  int64_t uploaded, drawn, bytes;  // the first so many bytes; where what is drawn begins; all
};
Places places(Address base, int64_t rows, int64_t stops) {
  Carver c(base);
  Places p{};
  p.rows.sequences = c.bytes(rows * static_cast<int64_t>(sizeof(GpuSequence))).as<GpuSequence>();
  p.rows.ids = c.bytes(rows * 4).as<int32_t>();
  p.rows.draws = c.bytes(rows * static_cast<int64_t>(sizeof(Draw))).as<Draw>();
  p.rows.left = c.bytes(rows * 4).as<int32_t>();
  p.rows.pass = c.bytes(rows * 4).as<int32_t>();
  p.stop_ids = c.bytes(stops * 4).as<int32_t>();
  p.uploaded = c.used();
  p.rows.filters = c.bytes(rows * kFilterBytes).as<void>();
  p.drawn = c.used();
  p.rows.drawn = c.bytes(kCudaDecodePasses * rows * static_cast<int64_t>(sizeof(Draw))).as<Draw>();
  p.bytes = c.used();
  return p;
}

class CudaDecoder final : public Decoder {
 public:
  CudaDecoder(Stream& stream, const DecodeRows*& current, DecodeBatch& batch, int64_t rows,
              const std::vector<int32_t>& stop_ids, std::function<void(int64_t)> pass)
      : stream_(stream),
        current_(current),
        batch_(batch),
        capacity_(rows),
        stop_ids_(stop_ids),
        pass_(std::move(pass)),
        mirror_(stream, places({}, rows, stops()).bytes),
        lists_(stream),
        host_(places(mirror_.host(), rows, stops())),
        device_(places(mirror_.device(), rows, stops())),
        on_device_{batch, device_.rows},
        graphs_wanted_(graphs_are_wanted()) {}

  void run() override {
    const int64_t rows = batch_.rows(), filled = filled_up(rows, capacity_);
    upload(rows, filled);
    fill_up(filled);
    for (int64_t i = 0; i < batch_.passes; ++i) pass(filled);
    mirror_.download(device_.drawn, batch_.passes * capacity_ * static_cast<int64_t>(sizeof(Draw)));
    stream_.wait();
    batch_.draws.resize(static_cast<size_t>(batch_.passes * rows));
    for (int64_t i = 0; i < batch_.passes; ++i)
      std::copy_n(host_.rows.drawn + i * capacity_, rows, batch_.draws.begin() + i * rows);
  }

 private:
  int64_t stops() const { return static_cast<int64_t>(stop_ids_.size()); }

  void upload(int64_t rows, int64_t filled) {
    auto own_keys = [&](size_t i) {
      return batch_.sequences[i].own0 + std::min<int64_t>(batch_.passes, batch_.left[i]);
    };
    const size_t n = static_cast<size_t>(rows);
    int64_t pages = 0;
    for (size_t i = 0; i < n; ++i) {
      const SequenceRows& s = batch_.sequences[i];
      pages += pages_of(s.own, own_keys(i)) + pages_of(s.prefix, s.prefix_length);
    }
    lists_.reserve(pages * static_cast<int64_t>(sizeof(Address)));
    int64_t used = 0;
    auto list = [&](const KvCache& cache, int64_t keys) {
      const int64_t at = used, count = pages_of(cache, keys);
      std::copy_n(cache.pages, count, lists_.host().as<Address>() + at);
      used += count;
      return GpuPages{lists_.device().as<Address>() + at, cache.positions};
    };
    const GpuDecodeRows& to = host_.rows;
    for (size_t i = 0; i < n; ++i) {
      const SequenceRows& s = batch_.sequences[i];
      to.sequences[i] = {
          s.row0, 1, s.position0, s.own0, s.prefix_length, list(s.own, own_keys(i)), list(s.prefix, s.prefix_length)};
    }
    std::fill(to.sequences + rows, to.sequences + filled, GpuSequence{});
    std::copy_n(batch_.ids.begin(), rows, to.ids);
    std::fill(to.ids + rows, to.ids + filled, 0);
    std::copy_n(batch_.draws.begin(), rows, to.draws);
    std::copy_n(batch_.left.begin(), rows, to.left);
    std::fill(to.pass, to.pass + filled, 0);
    std::copy(stop_ids_.begin(), stop_ids_.end(), host_.stop_ids);
    lists_.upload(used * static_cast<int64_t>(sizeof(Address)));
    mirror_.upload(device_.uploaded);
  }

  // With rows that rest.
  void fill_up(int64_t rows) {
    const size_t n = static_cast<size_t>(rows);
    batch_.ids.resize(n);
    batch_.draws.resize(n);
    while (batch_.sequences.size() < n) {
      SequenceRows s{};
      s.row0 = static_cast<int64_t>(batch_.sequences.size());
      s.rows = 1;
      batch_.sequences.push_back(s);
    }
  }

  void pass(int64_t rows) {
    const auto [at, first] = graphs_.try_emplace(rows);
    if (first || !graphs_wanted_) return launch_all(rows);
    if (!at->second) at->second = std::make_unique<Graph>(stream_, kName, [&] { launch_all(rows); });
    at->second->launch();
  }

  void launch_all(int64_t rows) {
    struct Current {
      const DecodeRows*& place;
      ~Current() { place = nullptr; }
    };
    current_ = &on_device_;
    const Current current{current_};
    pass_(rows);
    launch(stream_, "next_tokens", next_tokens, static_cast<unsigned>((rows + kThreads - 1) / kThreads), kThreads, 0,
           device_.rows, device_.stop_ids, stops(), rows, capacity_);
  }

  static constexpr const char* kName =
      "a pass of decoding that was launched as one (GLOSSA_CUDA_GRAPHS=0 launches its kernels one by one)";

  Stream& stream_;
  const DecodeRows*& current_;
  DecodeBatch& batch_;
  const int64_t capacity_;
  const std::vector<int32_t> stop_ids_;
  const std::function<void(int64_t)> pass_;
  Mirror mirror_, lists_;
  Places host_, device_;
  const DecodeRows on_device_;
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

std::unique_ptr<Decoder> CudaOps::decoder(DecodeBatch& batch, int64_t rows, const std::vector<int32_t>& stop_ids,
                                          std::function<void(int64_t)> pass) {
  return std::make_unique<CudaDecoder>(stream_, pass_, batch, rows, stop_ids, std::move(pass));
}

}  // namespace glossa
