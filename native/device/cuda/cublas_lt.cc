#include "device/cuda/cublas_lt.h"

#include <dlfcn.h>
#include <glob.h>

#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <utility>

namespace glossa {
namespace {

// What is used of cublasLt.h, cublas_api.h and library_types.h (CUDA 12 and 13), whose numbers do not change.
using Opaque = void*;  // handle, descriptor, layout, preference
constexpr int kSuccess = 0;
constexpr int kFloat32 = 0, kBfloat16 = 14;                               // cudaDataType
constexpr int kCompute32F = 68;                                           // cublasComputeType_t
constexpr int32_t kTransposed = 1;                                        // CUBLAS_OP_T
constexpr int kTransA = 3, kTransB = 4, kEpilogue = 7, kBiasPointer = 8;  // CUBLASLT_MATMUL_DESC_
constexpr uint32_t kEpilogueBias = 4;                                     // CUBLASLT_EPILOGUE_
constexpr int kMaxWorkspace = 1, kReductionMask = 3;                      // CUBLASLT_MATMUL_PREF_
constexpr int kConfigId = 0, kConfigSplits = 2, kConfigReduction = 3;     // CUBLASLT_ALGO_CONFIG_
// The kernels that were written for Hopper: all have the same bits (docs/cuda.md).
constexpr int32_t kHopperKernels = 66;

struct Heuristic {
  MatmulAlgorithm algorithm;
  size_t workspace;
  int state;
  float waves;
  int reserved[4];
};
static_assert(sizeof(Heuristic) == 64 + 8 + 4 + 4 + 16);

struct Functions {
  int (*cublasLtCreate)(Opaque*);
  int (*cublasLtDestroy)(Opaque);
  size_t (*cublasLtGetVersion)();
  int (*cublasLtMatmul)(Opaque, Opaque desc, const void* alpha, const void* a, Opaque a_layout, const void* b,
                        Opaque b_layout, const void* beta, const void* c, Opaque c_layout, void* d, Opaque d_layout,
                        const void* algorithm, void* workspace, size_t bytes, void* stream);
  int (*cublasLtMatmulAlgoGetHeuristic)(Opaque, Opaque desc, Opaque a, Opaque b, Opaque c, Opaque d, Opaque preference,
                                        int wanted, Heuristic*, int* found);
  int (*cublasLtMatmulAlgoConfigGetAttribute)(const void* algorithm, int, void*, size_t, size_t*);
  int (*cublasLtMatmulDescCreate)(Opaque*, int compute, int scale);
  int (*cublasLtMatmulDescDestroy)(Opaque);
  int (*cublasLtMatmulDescSetAttribute)(Opaque, int, const void*, size_t);
  int (*cublasLtMatrixLayoutCreate)(Opaque*, int type, uint64_t rows, uint64_t columns, int64_t stride);
  int (*cublasLtMatrixLayoutDestroy)(Opaque);
  int (*cublasLtMatmulPreferenceCreate)(Opaque*);
  int (*cublasLtMatmulPreferenceDestroy)(Opaque);
  int (*cublasLtMatmulPreferenceSetAttribute)(Opaque, int, const void*, size_t);

  bool find(void* library) {
    bool all = true;
    auto one = [&](auto& function, const char* name) {
      void* const found = dlsym(library, name);
      std::memcpy(&function, &found, sizeof found);
      all = all && found;
    };
#define GLOSSA_FIND(name) one(name, #name)
    GLOSSA_FIND(cublasLtCreate);
    GLOSSA_FIND(cublasLtDestroy);
    GLOSSA_FIND(cublasLtGetVersion);
    GLOSSA_FIND(cublasLtMatmul);
    GLOSSA_FIND(cublasLtMatmulAlgoGetHeuristic);
    GLOSSA_FIND(cublasLtMatmulAlgoConfigGetAttribute);
    GLOSSA_FIND(cublasLtMatmulDescCreate);
    GLOSSA_FIND(cublasLtMatmulDescDestroy);
    GLOSSA_FIND(cublasLtMatmulDescSetAttribute);
    GLOSSA_FIND(cublasLtMatrixLayoutCreate);
    GLOSSA_FIND(cublasLtMatrixLayoutDestroy);
    GLOSSA_FIND(cublasLtMatmulPreferenceCreate);
    GLOSSA_FIND(cublasLtMatmulPreferenceDestroy);
    GLOSSA_FIND(cublasLtMatmulPreferenceSetAttribute);
#undef GLOSSA_FIND
    return all;
  }
};

class CublasLt final : public MatmulLibrary {
 public:
  CublasLt(const Functions& f, Opaque handle, void* stream, void* workspace, int64_t bytes, bool hopper)
      : f_(f),
        handle_(handle),
        stream_(stream),
        workspace_(workspace),
        bytes_(static_cast<size_t>(bytes)),
        hopper_(hopper) {}
  ~CublasLt() override { f_.cublasLtDestroy(handle_); }

  std::string version() const override { return std::to_string(f_.cublasLtGetVersion()); }

  std::vector<MatmulAlgorithm> algorithms(const MatmulShape& s, bool fast) override {
    constexpr int kWanted = 16;
    std::vector<MatmulAlgorithm> usable;
    const Descriptors d(f_, s, nullptr);
    Opaque preference = nullptr;
    if (!d.ok() || f_.cublasLtMatmulPreferenceCreate(&preference) != kSuccess) return usable;
    const uint32_t schemes = fast ? 7 : 0;  // CUBLASLT_REDUCTION_SCHEME_MASK, _NONE
    Heuristic found[kWanted];
    int count = 0;
    if (f_.cublasLtMatmulPreferenceSetAttribute(preference, kMaxWorkspace, &bytes_, sizeof bytes_) == kSuccess &&
        f_.cublasLtMatmulPreferenceSetAttribute(preference, kReductionMask, &schemes, sizeof schemes) == kSuccess &&
        f_.cublasLtMatmulAlgoGetHeuristic(handle_, d.desc, d.a, d.b, d.c, d.c, preference, kWanted, found, &count) ==
            kSuccess)
      for (int i = 0; i < count; ++i)
        if (found[i].state == kSuccess && found[i].workspace <= bytes_ && (fast || in_one_piece(found[i].algorithm)))
          usable.push_back(found[i].algorithm);
    f_.cublasLtMatmulPreferenceDestroy(preference);
    return usable;
  }

  bool multiply(const MatmulShape& s, const MatmulOperands& o, const MatmulAlgorithm& algorithm) override {
    const Descriptors d(f_, s, o.bias);
    const float alpha = 1, beta = s.accumulate ? 1 : 0;
    return d.ok() && f_.cublasLtMatmul(handle_, d.desc, &alpha, o.b, d.a, o.a, d.b, &beta, o.c, d.c, o.c, d.c,
                                       algorithm.words.data(), workspace_, bytes_, stream_) == kSuccess;
  }

 private:
  // Its matrices go down the columns, so it makes C^T = B A^T: what it calls A is B here.
  struct Descriptors {
    Descriptors(const Functions& f, const MatmulShape& s, const float* bias) : f(f) {
      const int out = s.out == Dtype::f32 ? kFloat32 : kBfloat16;
      const int32_t turn = kTransposed;
      auto set = [&](int what, const void* value, size_t bytes) {
        good = good && f.cublasLtMatmulDescSetAttribute(desc, what, value, bytes) == kSuccess;
      };
      auto layout = [&](Opaque& x, int type, int64_t rows, int64_t columns, int64_t stride) {
        good = good && f.cublasLtMatrixLayoutCreate(&x, type, static_cast<uint64_t>(rows),
                                                    static_cast<uint64_t>(columns), stride) == kSuccess;
      };
      good = f.cublasLtMatmulDescCreate(&desc, kCompute32F, kFloat32) == kSuccess;
      if (!s.down_b) set(kTransA, &turn, sizeof turn);
      if (s.down_a) set(kTransB, &turn, sizeof turn);
      if (s.bias) {
        set(kEpilogue, &kEpilogueBias, sizeof kEpilogueBias);
        set(kBiasPointer, &bias, sizeof bias);
      }
      layout(a, kBfloat16, s.down_b ? s.n : s.k, s.down_b ? s.k : s.n, s.stride_b);
      layout(b, kBfloat16, s.down_a ? s.m : s.k, s.down_a ? s.k : s.m, s.stride_a);
      layout(c, out, s.n, s.m, s.stride_c);
    }
    ~Descriptors() {
      for (Opaque x : {a, b, c})
        if (x) f.cublasLtMatrixLayoutDestroy(x);
      if (desc) f.cublasLtMatmulDescDestroy(desc);
    }
    Descriptors(const Descriptors&) = delete;
    Descriptors& operator=(const Descriptors&) = delete;
    bool ok() const { return good; }

    const Functions& f;
    bool good = false;
    Opaque desc = nullptr, a = nullptr, b = nullptr, c = nullptr;
  };

  bool in_one_piece(const MatmulAlgorithm& algorithm) const {
    int32_t id = -1, splits = 0;
    uint32_t scheme = 1;
    auto get = [&](int what, void* to) {
      size_t written = 0;
      return f_.cublasLtMatmulAlgoConfigGetAttribute(algorithm.words.data(), what, to, 4, &written) == kSuccess;
    };
    return get(kConfigId, &id) && get(kConfigSplits, &splits) && get(kConfigReduction, &scheme) && splits <= 1 &&
           scheme == 0 && (!hopper_ || id == kHopperKernels);
  }

  const Functions f_;
  const Opaque handle_;
  void* const stream_;
  void* const workspace_;
  const size_t bytes_;
  const bool hopper_;
};

constexpr const char* kNames[] = {"libcublasLt.so.13", "libcublasLt.so.12", "libcublasLt.so"};

void add_matches(std::vector<std::string>& to, const std::string& pattern) {
  glob_t found;
  if (glob(pattern.c_str(), 0, nullptr, &found) == 0)
    for (size_t i = 0; i < found.gl_pathc; ++i) to.emplace_back(found.gl_pathv[i]);
  globfree(&found);
}

std::string set(const char* variable) {
  const char* const value = std::getenv(variable);
  return value ? value : "";
}

constexpr const char* kVariable = "GLOSSA_CUBLASLT";

}  // namespace

bool cublas_lt_is_named() {
  return !set(kVariable).empty();
}

std::vector<std::string> cublas_lt_places() {
  std::vector<std::string> places;
  if (const std::string named = set(kVariable); !named.empty()) {
    std::error_code ignored;
    if (!std::filesystem::is_directory(named, ignored)) return {named};
    for (const char* name : kNames) places.push_back(named + "/" + name);
    return places;
  }
  for (const char* name : kNames) {
    places.emplace_back(name);
    for (const char* home : {"CUDA_HOME", "CUDA_PATH"})
      if (const std::string folder = set(home); !folder.empty()) add_matches(places, folder + "/lib64/" + name);
    add_matches(places, std::string("/usr/local/cuda*/lib64/") + name);
    std::vector<std::string> prefixes = {"/usr/lib", "/usr/local/lib", "/opt/*/lib"};
    if (const std::string home = set("HOME"); !home.empty()) prefixes.push_back(home + "/.local/lib");
    for (const char* environment : {"VIRTUAL_ENV", "CONDA_PREFIX"})
      if (const std::string prefix = set(environment); !prefix.empty()) prefixes.push_back(prefix + "/lib");
    for (const std::string& prefix : prefixes)
      for (const char* packages : {"/python3*/site-packages", "/python3*/dist-packages"})
        for (const char* folder : {"/nvidia/cu13/lib/", "/nvidia/cublas/lib/"})
          add_matches(places, prefix + packages + folder + name);
  }
  return places;
}

namespace {

// use(functions, file) of one place after the other, until it takes one. Never closed: it holds state of the process.
template <class Use>
Status first_library(const Use& use) {
  std::string tried;
  for (const std::string& place : cublas_lt_places()) {
    void* const library = dlopen(place.c_str(), RTLD_NOW | RTLD_LOCAL);
    const char* const said = library ? nullptr : dlerror();
    Functions f{};
    if (library && f.find(library) && use(f)) return {};
    std::error_code ignored;
    const bool there = std::filesystem::exists(place, ignored);
    tried += tried.empty() ? "" : ", ";
    tried += there && said ? said : place;
    if (library) tried += " (it does not open)";
  }
  if (cublas_lt_is_named())
    return Status("MATMUL_LIBRARY_MISSING", "GLOSSA_CUBLASLT names no cuBLASLt (" + tried +
                                                "): name the library's file or its folder, or unset the variable");
  return Status("MATMUL_LIBRARY_MISSING",
                "no cuBLASLt (" + tried +
                    "); own kernels are used, which are slower. Install the CUDA toolkit or "
                    "`pip install nvidia-cublas`, or set GLOSSA_CUBLASLT to the library or its folder");
}

}  // namespace

Result<std::string> cublas_lt_found() {
  std::string found;
  const Status status = first_library([&](const Functions& f) {
    const size_t v = f.cublasLtGetVersion();
    Dl_info where{};
    void* address = nullptr;
    std::memcpy(&address, &f.cublasLtGetVersion, sizeof address);
    found =
        "cuBLASLt " + std::to_string(v / 10000) + "." + std::to_string(v / 100 % 100) + "." + std::to_string(v % 100);
    if (dladdr(address, &where) && where.dli_fname) found += ", " + std::string(where.dli_fname);
    return true;
  });
  if (!status.ok()) return status;
  return found;
}

Result<std::unique_ptr<MatmulLibrary>> open_cublas_lt(void* stream, void* workspace, int64_t workspace_bytes,
                                                      bool hopper) {
  std::unique_ptr<MatmulLibrary> opened;
  const Status status = first_library([&](const Functions& f) {
    Opaque handle = nullptr;
    if (f.cublasLtCreate(&handle) != kSuccess) return false;
    opened = std::make_unique<CublasLt>(f, handle, stream, workspace, workspace_bytes, hopper);
    return true;
  });
  if (!status.ok()) return status;
  return Result<std::unique_ptr<MatmulLibrary>>(std::move(opened));
}

}  // namespace glossa
