// Weights in and out: shards, byte-exact round trips, and what a wrong checkpoint is told.
#include "io/weight_files.h"

#include <cmath>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <limits>

#include "engine/test_folder.h"
#include "engine/test_models.h"
#include "golden/golden.h"
#include "io/json.h"
#include "io/safetensors.h"
#include "tool/test.h"

namespace glossa::test {
namespace {

// A checkpoint as a list of tensors that a test may spoil before it is written.
struct Tensor {
  std::string name, dtype;
  std::vector<int64_t> shape;
  std::string bytes;
};

std::vector<Tensor> tensors_of(const std::string& dir) {
  std::vector<Tensor> out;
  const WeightFiles files = WeightFiles::open(dir).take();
  for (const WeightFiles::Entry& e : files.entries())
    out.push_back({e.tensor->name, e.tensor->dtype, e.tensor->shape,
                   std::string(reinterpret_cast<const char*>(e.tensor->data), static_cast<size_t>(e.tensor->bytes))});
  return out;
}

void write(const std::string& path, const std::vector<Tensor>& tensors) {
  std::vector<TensorToWrite> list;
  for (const Tensor& t : tensors) list.push_back({t.name, t.dtype, t.shape, t.bytes.data()});
  const Status s = write_safetensors(path, list, {});
  if (!s.ok()) fail(__FILE__, __LINE__, s.message());
}

bool loads(const std::string& dir) {
  EngineOptions options;
  options.threads = 2;
  options.frozen = true;
  return Engine::load(dir, options).ok();
}

// Loading fails with this code in both kinds of engine, and the message has every part.
void refused(const std::string& dir, const char* code, const std::vector<std::string>& parts) {
  for (bool frozen : {true, false}) {
    EngineOptions options;
    options.threads = 2;
    options.frozen = frozen;
    Result<std::unique_ptr<Engine>> engine = Engine::load(dir, options);
    CHECK(!engine.ok());
    if (engine.ok()) return;
    CHECK_EQ(engine.status().code(), std::string(code));
    for (const std::string& part : parts)
      if (engine.status().message().find(part) == std::string::npos)
        fail(__FILE__, __LINE__, part + " is not in: " + engine.status().message());
  }
}

constexpr int64_t kSmallShard = 40'000;

// A tiny model in shards of kSmallShard bytes.
std::unique_ptr<Engine> save_sharded(const Folder& folder, Family family = Family::qwen2, Dtype type = Dtype::f32) {
  auto engine = tiny_engine(family, Dtype::f32, 2);
  CHECK(engine->save_weights(folder.path(), type, kSmallShard).ok());
  return engine;
}

// Name of the shard with this number.
std::string shard_of(const Folder& folder, int number) {
  const std::string start = "model-0000" + std::to_string(number) + "-of-";
  for (const auto& entry : std::filesystem::directory_iterator(folder.path()))
    if (entry.path().filename().string().rfind(start, 0) == 0) return entry.path().filename().string();
  fail(__FILE__, __LINE__, "no shard " + std::to_string(number));
  return "";
}

void replace(const std::string& path, const std::string& from, const std::string& to) {
  std::string text = bytes_of(path);
  const size_t at = text.find(from);
  CHECK(at != std::string::npos);
  put_bytes(path, text.replace(at, from.size(), to));
}

// Bytes of a line of /proc/self/status; 0 where there is no such thing.
int64_t process_bytes(const char* field) {
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);)
    if (line.rfind(field, 0) == 0) return std::atoll(line.c_str() + std::string(field).size()) * 1024;
  return 0;
}

}  // namespace

TEST("weight files: a round trip gives the same bytes of every tensor, single and sharded, in every type") {
  for (Family family : kFamilies)
    for (auto [type, name] : {std::pair{Dtype::f32, "F32"}, {Dtype::bf16, "BF16"}, {Dtype::f16, "F16"}})
      for (int64_t shard : {Engine::kShardBytes, kSmallShard}) {
        Folder first("trip-1"), second("trip-2");
        CHECK(tiny_engine(family, Dtype::f32, 1)->save_weights(first.path(), type, shard).ok());
        auto again = Engine::load(first.path(), {});
        CHECK(again.ok());
        if (!again.ok()) return;
        CHECK(again.value()->save_weights(second.path(), type, shard).ok());
        size_t files = 0;
        for (const auto& entry : std::filesystem::directory_iterator(first.path())) {
          const std::string file = entry.path().filename().string();
          if (file != "config.json") CHECK(bytes_of(first / file) == bytes_of(second / file));
          ++files;
        }
        CHECK(shard == kSmallShard ? files > 4 : files == 2);
        for (const Tensor& t : tensors_of(second.path())) CHECK_EQ(t.dtype, std::string(name));
      }
}

TEST("weight files: shards hold at most what was asked, or one tensor, and the index names each of them") {
  Folder folder("shards");
  auto engine = save_sharded(folder);
  CHECK(!std::filesystem::exists(folder / "model.safetensors"));
  const Json index = Json::parse(bytes_of(folder / kIndexFile), "index").take();
  CHECK_EQ(index.find("metadata")->find("total_size")->number, 4.0 * static_cast<double>(engine->info().parameters));
  size_t shards = 0, named = 0;
  for (const auto& entry : std::filesystem::directory_iterator(folder.path())) {
    const std::string name = entry.path().filename().string();
    if (name.find("-of-0000") == std::string::npos) continue;
    ++shards;
    auto file = SafetensorsFile::open(folder / name).take();
    int64_t bytes = 0;
    for (const StoredTensor& t : file->tensors()) {
      bytes += t.bytes;
      CHECK_EQ(index.find("weight_map")->find(t.name)->string, name);
      ++named;
    }
    CHECK(bytes <= kSmallShard || file->tensors().size() == 1);
  }
  CHECK_EQ(named, index.find("weight_map")->object.size());
  CHECK(shards > 3);
  CHECK(std::filesystem::exists(folder / ("model-00001-of-0000" + std::to_string(shards) + ".safetensors")));
}

TEST("weight files: shards and one file give the same model, and saving anew leaves nothing of the old") {
  Folder folder("again");
  auto engine = save_sharded(folder, Family::olmo2);
  auto sharded = Engine::load(folder.path(), {}).take();
  CHECK(engine->parameters() == sharded->parameters());
  CHECK(engine->save_weights(folder.path(), Dtype::f32).ok());
  size_t files = 0;
  for (const auto& entry : std::filesystem::directory_iterator(folder.path())) files += entry.exists();
  CHECK_EQ(files, size_t{2});  // config.json, model.safetensors
  CHECK(Engine::load(folder.path(), {}).take()->parameters() == engine->parameters());
  save_sharded(folder, Family::olmo2);
  CHECK(!std::filesystem::exists(folder / "model.safetensors"));
}

TEST("weight files: where both are there the single file counts, as in Transformers") {
  Folder folder("both"), other("other");
  auto engine = save_sharded(folder);
  std::vector<float> parameters = engine->parameters();
  for (float& w : parameters) w *= 0.5f;
  engine->set_parameters(parameters);
  CHECK(engine->save_weights(other.path(), Dtype::f32).ok());
  std::filesystem::copy(other / "model.safetensors", folder / "model.safetensors");
  CHECK(Engine::load(folder.path(), {}).take()->parameters() == engine->parameters());
}

TEST("weight files: a tied head that is written out must be the embedding") {
  Folder folder("tied");
  CHECK(tiny_engine(Family::qwen2, Dtype::f32, 1)->save_weights(folder.path(), Dtype::f32).ok());
  std::vector<Tensor> tensors = tensors_of(folder.path());
  Tensor head = tensors[0];
  CHECK_EQ(head.name, std::string("model.embed_tokens.weight"));
  head.name = "lm_head.weight";
  tensors.push_back(head);
  write(folder / "model.safetensors", tensors);
  CHECK(loads(folder.path()));
  // Some files hold the tied matrix under the head's name alone.
  write(folder / "model.safetensors", {tensors.begin() + 1, tensors.end()});
  CHECK(loads(folder.path()));
  tensors.back().bytes[7] ^= 1;
  write(folder / "model.safetensors", tensors);
  refused(folder.path(), "CHECKPOINT_MISMATCH", {"lm_head.weight", "embed_tokens", "tie_word_embeddings"});
}

TEST("weight files: a tied head may be a copy of the embedding in another type") {
  Folder folder("tied-types");
  auto engine = tiny_engine(Family::qwen2, Dtype::f32, 1);
  CHECK(engine->save_weights(folder.path(), Dtype::f32).ok());
  std::vector<Tensor> tensors = tensors_of(folder.path());
  const Tensor embedding = tensors[0];
  auto as = [&](const char* name, const char* dtype) {
    Tensor t{name, dtype, embedding.shape, ""};
    for (size_t i = 0; i < embedding.bytes.size(); i += 4) {
      float x;
      std::memcpy(&x, embedding.bytes.data() + i, 4);
      const uint16_t half = std::string(dtype) == "BF16" ? to_bf16(x) : to_f16(x);
      const double wide = static_cast<double>(x);
      if (std::string(dtype) == "F64")
        t.bytes.append(reinterpret_cast<const char*>(&wide), 8);
      else
        t.bytes.append(reinterpret_cast<const char*>(&half), 2);
    }
    return t;
  };
  for (const char* dtype : {"F16", "BF16", "F64"}) {
    tensors.push_back(as("lm_head.weight", dtype));
    write(folder / "model.safetensors", tensors);
    auto loaded = Engine::load(folder.path(), {});
    CHECK(loaded.ok());
    if (loaded.ok()) {
      CHECK(loaded.value()->parameters() == engine->parameters());
      CHECK(loaded.value()->info().warnings.empty());
    }
    // The embedding rounded, the head as it was.
    tensors[0] = as("model.embed_tokens.weight", dtype);
    tensors.back() = embedding;
    tensors.back().name = "lm_head.weight";
    write(folder / "model.safetensors", tensors);
    CHECK(loads(folder.path()));
    tensors.pop_back();
    tensors[0] = embedding;
  }
  tensors.push_back(as("lm_head.weight", "F16"));
  tensors.back().bytes[1] ^= 1;
  write(folder / "model.safetensors", tensors);
  refused(folder.path(), "CHECKPOINT_MISMATCH", {"lm_head.weight", "embed_tokens", "tie_word_embeddings"});
  tensors.back() = {"lm_head.weight", "F32", {1}, "1234"};
  write(folder / "model.safetensors", tensors);
  refused(folder.path(), "CHECKPOINT_MISMATCH", {"lm_head.weight", "[1]"});
}

TEST("weight files: names may lack the prefix of the base model or have it twice, and weights be float64") {
  Folder folder("prefix");
  auto engine = tiny_engine(Family::qwen3, Dtype::f32, 1);
  CHECK(engine->save_weights(folder.path(), Dtype::f32).ok());
  const std::vector<Tensor> good = tensors_of(folder.path());
  auto with = [&](auto change) {
    std::vector<Tensor> tensors = good;
    for (Tensor& t : tensors) change(t);
    write(folder / "model.safetensors", tensors);
    auto loaded = Engine::load(folder.path(), {});
    CHECK(loaded.ok());
    if (loaded.ok()) CHECK(loaded.value()->parameters() == engine->parameters());
  };
  auto bare = [](Tensor& t) {
    if (t.name.rfind("model.", 0) == 0) t.name = t.name.substr(6);
  };
  with(bare);
  with([&](Tensor& t) {
    if (t.name.find("norm") != std::string::npos) bare(t);
  });
  with([](Tensor& t) { t.name = "model." + t.name; });
  with([](Tensor& t) {
    std::string wide;
    for (size_t i = 0; i < t.bytes.size(); i += 4) {
      float x;
      std::memcpy(&x, t.bytes.data() + i, 4);
      const double y = static_cast<double>(x);
      wide.append(reinterpret_cast<const char*>(&y), 8);
    }
    t.dtype = "F64";
    t.bytes = wide;
  });
  std::vector<Tensor> tensors = good;
  tensors.push_back(good[1]);
  bare(tensors.back());
  write(folder / "model.safetensors", tensors);
  refused(folder.path(), "CHECKPOINT_MISMATCH", {good[1].name, "twice", tensors.back().name});
  tensors = good;
  for (Tensor& t : tensors) t.name = "_orig_mod." + t.name;
  write(folder / "model.safetensors", tensors);
  refused(folder.path(), "CHECKPOINT_MISMATCH", {"missing", "_orig_mod."});
}

TEST("weight files: tensors that the model has no place for are named in a warning") {
  Folder folder("extra");
  auto engine = tiny_engine(Family::llama, Dtype::f32, 1);
  CHECK(engine->save_weights(folder.path(), Dtype::f32).ok());
  std::vector<Tensor> tensors = tensors_of(folder.path());
  const std::string nan("\0\0\xc0\x7f", 4);
  for (const char* name :
       {"v_head.summary.weight", "score.weight", "model.layers.2.mlp.up_proj.weight", "model.mtp.norm"})
    tensors.push_back({name, "F32", {1}, nan});
  tensors.push_back({"counter", "I64", {1}, "12345678"});
  tensors.push_back({"model.layers.0.self_attn.rotary_emb.inv_freq", "F32", {1}, "1234"});
  write(folder / "model.safetensors", tensors);
  for (bool frozen : {false, true}) {
    EngineOptions options;
    options.frozen = frozen;
    auto loaded = Engine::load(folder.path(), options);
    CHECK(loaded.ok());
    if (!loaded.ok()) return;
    const std::vector<std::string> warnings = loaded.value()->info().warnings;
    CHECK_EQ(warnings.size(), size_t{1});
    for (const std::string& part :
         std::vector<std::string>{folder.path(), "v_head.summary.weight", "score.weight",
                                  "model.layers.2.mlp.up_proj.weight", "model.mtp.norm", "counter"})
      CHECK(warnings[0].find(part) != std::string::npos);
    if (!frozen) CHECK(loaded.value()->parameters() == engine->parameters());
  }
}

TEST("weight files: a tensor that is missing, of another shape or type, NaN or infinite is named") {
  Folder folder("spoilt");
  CHECK(tiny_engine(Family::llama, Dtype::f32, 1)->save_weights(folder.path(), Dtype::f32).ok());
  const std::string path = folder / "model.safetensors";
  const std::vector<Tensor> good = tensors_of(folder.path());
  size_t at = 0;
  while (good[at].name != "model.layers.1.mlp.up_proj.weight") ++at;
  auto spoilt = [&](const char* code, const std::vector<std::string>& parts, auto change) {
    std::vector<Tensor> tensors = good;
    change(tensors);
    write(path, tensors);
    refused(folder.path(), code, parts);
  };
  const std::string name = good[at].name;
  spoilt("CHECKPOINT_MISMATCH", {path, name, "missing"},
         [&](std::vector<Tensor>& t) { t.erase(t.begin() + static_cast<int64_t>(at)); });
  spoilt("CHECKPOINT_MISMATCH", {path, name, "[48, 72]", "[72, 48]"}, [&](std::vector<Tensor>& t) {
    t[at].shape = {48, 72};
  });
  spoilt("CHECKPOINT_MISMATCH", {path, name, "I32"}, [&](std::vector<Tensor>& t) { t[at].dtype = "I32"; });
  for (auto [value, word] : {std::pair{std::numeric_limits<float>::quiet_NaN(), "NaN"},
                             {std::numeric_limits<float>::infinity(), "infinite"},
                             {-std::numeric_limits<float>::infinity(), "infinite"}})
    spoilt("CHECKPOINT_NONFINITE", {path, name, word, "element 1000"},
           [&, bad = value](std::vector<Tensor>& t) { std::memcpy(t[at].bytes.data() + 4000, &bad, 4); });
  spoilt("CHECKPOINT_NONFINITE", {"model.norm.weight", "NaN", "element 3"}, [&](std::vector<Tensor>& t) {
    for (Tensor& one : t)
      if (one.name == "model.norm.weight") std::memcpy(one.bytes.data() + 12, "\xff\xff\xff\xff", 4);
  });
}

TEST("weight files: shards that are cut off, missing or doubled are named") {
  Folder folder("broken");
  save_sharded(folder);
  const std::string third = shard_of(folder, 3), shard = folder / shard_of(folder, 2);
  const std::string good = bytes_of(shard);
  put_bytes(shard, good.substr(0, good.size() - 4));
  refused(folder.path(), "CHECKPOINT_TRUNCATED", {shard, "tensor"});
  put_bytes(shard, good.substr(0, 20));
  refused(folder.path(), "CHECKPOINT_TRUNCATED", {shard});
  std::filesystem::remove(shard);
  refused(folder.path(), "CHECKPOINT_MISSING", {shard, kIndexFile, "tensor"});
  std::filesystem::copy(folder / third, shard);
  refused(folder.path(), "CHECKPOINT_MISMATCH", {shard, third, "also in"});
  put_bytes(shard, good);
  CHECK(loads(folder.path()));
  std::filesystem::remove(folder / kIndexFile);
  refused(folder.path(), "CHECKPOINT_MISSING", {folder.path(), kIndexFile, kSingleFile});
  put_bytes(folder / "pytorch_model.bin", "pickle");
  refused(folder.path(), "CHECKPOINT_MISSING", {"pytorch_model.bin", "safe_serialization"});
}

TEST("weight files: an index names the shards, and the shards say what is in them") {
  Folder folder("disagree");
  auto engine = save_sharded(folder);
  const std::string index = folder / kIndexFile, good = bytes_of(index);
  auto same = [&] {
    auto loaded = Engine::load(folder.path(), {});
    CHECK(loaded.ok());
    if (loaded.ok()) CHECK(loaded.value()->parameters() == engine->parameters());
    put_bytes(index, good);
  };
  // A tied head that is in no file, a tensor that is not named, one that is said to lie elsewhere.
  replace(index, "\"weight_map\": {", "\"weight_map\": {\n    \"lm_head.weight\": \"" + shard_of(folder, 2) + "\",");
  same();
  const size_t line = good.find("    \"model.layers.0.mlp.down_proj.weight\""), end = good.find('\n', line) + 1;
  put_bytes(index, good.substr(0, line) + good.substr(end));
  same();
  replace(index, "\"model.embed_tokens.weight\": \"model-00001", "\"model.embed_tokens.weight\": \"model-00002");
  same();
  // A tensor that is needed and in no shard: the message names the shard where it should be.
  const std::string first = folder / shard_of(folder, 1);
  std::vector<Tensor> tensors;
  auto file = SafetensorsFile::open(first).take();
  for (const StoredTensor& t : file->tensors())
    if (t.name != "model.embed_tokens.weight")
      tensors.push_back(
          {t.name, t.dtype, t.shape, std::string(reinterpret_cast<const char*>(t.data), static_cast<size_t>(t.bytes))});
  tensors.push_back({"something", "F32", {1}, "1234"});
  write(first, tensors);
  refused(folder.path(), "CHECKPOINT_MISMATCH", {first, "model.embed_tokens.weight", "missing", "something"});
}

TEST("weight files: an index that is broken or points elsewhere is refused before anything is opened") {
  Folder folder("index");
  save_sharded(folder);
  const std::string index = folder / kIndexFile;
  auto with = [&](const std::string& text) {
    put_bytes(index, text);
    refused(folder.path(), "CHECKPOINT_CORRUPT", {index});
  };
  for (const char* broken :
       {"", "{", "[]", "null", "{}", R"({"weight_map":{}})", R"({"weight_map":[]})", R"({"weight_map":{"a":1}})",
        R"({"weight_map":{"a":"b.safetensors","a":"b.safetensors"}})"})
    with(broken);
  for (const char* place : {"../x.safetensors", "/etc/x.safetensors", "a/b.safetensors", "..\\\\x.safetensors", "",
                            ".safetensors", "model.bin", "x.safetensors\\u0000", "a\\u0000.safetensors"}) {
    with(std::string(R"({"weight_map":{"evil.weight":")") + place + "\"}}");
    refused(folder.path(), "CHECKPOINT_CORRUPT", {"evil.weight"});
  }
}

TEST("weight files: a value that float16 cannot hold is named and leaves the files as they were") {
  Folder folder("range");
  auto engine = tiny_engine(Family::llama, Dtype::f32, 1);
  CHECK(engine->save_weights(folder.path(), Dtype::f16).ok());
  const std::string before = bytes_of(folder / "model.safetensors");
  std::vector<float> parameters = engine->parameters();
  parameters[3] = 1e6f;
  engine->set_parameters(parameters);
  const Status s = engine->save_weights(folder.path(), Dtype::f16).status();
  CHECK_EQ(s.code(), std::string("CHECKPOINT_RANGE"));
  CHECK(s.message().find("model.embed_tokens.weight") != std::string::npos);
  CHECK(bytes_of(folder / "model.safetensors") == before);
  CHECK(engine->save_weights(folder.path(), Dtype::bf16).ok());
}

const char* const kReferenceModels[] = {"exaone4", "gemma3", "granite", "llama",   "mistral",     "olmo2",
                                        "olmo3",   "qwen2",  "qwen3",   "smollm3", "qwen2-window"};

TEST("weight files: reference models saved in shards and loaded again are within their bounds") {
  const std::string cases = repository_path("test/golden/cases");
  Folder folder("golden-again");
  for (const char* family : kReferenceModels) {
    const std::string name = std::string("model-") + family, dir = folder / name;
    std::filesystem::create_directories(dir);
    CHECK(Engine::load(cases + "/" + name, {}).take()->save_weights(dir, Dtype::f32, 20000).ok());
    CHECK(std::filesystem::exists(dir + "/" + kIndexFile));
    std::filesystem::copy(cases + "/" + name + "/reference.safetensors", dir + "/reference.safetensors");
  }
  const std::vector<GoldenCase> results = run_golden(folder.path(), {}).take();
  CHECK_EQ(results.size(), std::size(kReferenceModels));
  for (const GoldenCase& c : results)
    if (c.state != "pass") fail(__FILE__, __LINE__, c.name + " " + c.state + ": " + c.detail);
}

TEST("weight files: loading takes little more memory than the weights in the compute type") {
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
  SKIP("the sanitizer's own memory would be measured");
#endif
  if (process_bytes("VmHWM:") == 0 || !std::ofstream("/proc/self/clear_refs").is_open())
    SKIP("this system does not tell a process its peak memory");
  Folder folder("peak");
  ModelConfig config = tiny_config(Family::qwen2);
  config.hidden = 768;
  config.heads = 12;
  config.head_dim = 64;
  config.ffn = 3072;
  config.vocab = 40000;
  config.layers = 6;
  const std::vector<TensorSpec> specs = tensor_specs(config);
  const std::string zeros(static_cast<size_t>(config.vocab * config.hidden * 4), '\0');
  std::vector<TensorToWrite> tensors;
  for (const TensorSpec& t : specs) tensors.push_back({t.name, "F32", t.shape, zeros.data()});
  CHECK(write_safetensors(folder / kSingleFile, tensors, {}).ok());
  put_bytes(folder / "config.json", model_config_json(config, Dtype::f32));

  for (Dtype dtype : {Dtype::bf16, Dtype::f32}) {
    EngineOptions options;
    options.dtype = dtype;
    options.threads = 2;
    options.frozen = true;
    std::ofstream("/proc/self/clear_refs") << "5";  // the peak counts from here
    const int64_t before = process_bytes("VmRSS:");
    Result<std::unique_ptr<Engine>> engine = Engine::load(folder.path(), options);
    const double taken = static_cast<double>(process_bytes("VmHWM:") - before);
    CHECK(engine.ok());
    const double weights = static_cast<double>(parameter_count(config) * dtype_bytes(dtype));
    if (!(taken > 0.8 * weights && taken < 1.15 * weights))
      fail(__FILE__, __LINE__, std::to_string(taken / weights) + " times the weights");
  }
}

}  // namespace glossa::test
