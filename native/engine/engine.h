// The engine: one model, its optimizer, a sampler and a trainer over the same weights. Not thread-safe: one caller at a
// time (the addon runs every call on one native thread). Nothing here knows Node.
#pragma once
#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/dtype.h"
#include "base/status.h"
#include "device/open.h"
#include "loss/loss_sums.h"
#include "model/adapters.h"
#include "model/config.h"
#include "ops/sampling/sampling.h"
#include "ops/support/support.h"

namespace glossa {

struct EngineOptions {
  Dtype dtype = Dtype::f32;  // of GEMM operands and of keys and values; masters, logits, optimizer state are float32
  int threads = 0;           // 0: available_cores()
  std::string isa;           // "": default_kernels()
  Sharing sharing = Sharing::automatic;
  // Only generates and computes log-probabilities, with the same bits, in about the memory that the weights take in
  // dtype: no masters, no transposed matrices. What would train, save or freeze gives ENGINE_FROZEN.
  bool frozen = false;
  // Which tensors train: patterns of their names (trained_part in model/trained.h); none: all. Nothing to a frozen
  // engine but that each must name something.
  std::vector<std::string> trainable;
  // Low-rank adapters, which train alone: the base is frozen, in the memory of a frozen engine's weights, and it is the
  // reference too. Fresh, or those of the folder `adapter` (PEFT's layout), whose settings are taken where lora says
  // none. With them `trainable` must be empty.
  LoraSettings lora;
  std::string adapter;
  // Where the base lies, when a folder with adapters is loaded as a model; "": where its adapter_config.json says.
  std::string base;
  // What adapter_config.json is to call the base; "": the folder that it was loaded from.
  std::string base_name;
  // Most bytes that keys and values of completions and their prompts take while sampling; 0: no limit. Changes no
  // result: what finds no room waits.
  int64_t kv_cache_bytes = 0;

  std::optional<ActivationPlan> activations;  // none: the device's own. Changes no result.

  std::string device_name;                  // DeviceOptions::device
  bool fast = false;                        // DeviceOptions::fast
  Recompute recompute = Recompute::device;  // what of the forward pass; changes no result

  DeviceOptions device() const { return {threads, isa, sharing, activations, device_name, dtype, fast, recompute}; }
};

struct EngineInfo {
  std::string device;  // EngineOptions::device_name
  std::string isa;     // what the bits rest on: of a CPU the instruction set, of a GPU its name
  std::string dtype, family;
  int threads;
  int64_t parameters, matmul_parameters;  // the second counts the head once and the embedding not
  int64_t trainable_parameters;           // 0: frozen
  int64_t vocab, hidden, layers, context;
  int64_t optimizer_step;
  int64_t resident_bytes;  // weights in all their forms, moments, gradients, and what calls share and keep
  bool frozen;
  // What the model's files hold or ask for and the engine passes over.
  std::vector<std::string> warnings;
};

// Completions that have ended while others are still sampled: rows of the rollout to come, each once.
struct Completed {
  std::vector<int32_t> rows;
  std::vector<int32_t> ids, offsets{0};
  std::vector<int8_t> finish;
};

// Long calls look at `cancelled` between steps of work and report progress; a generation also what is completed, some
// of it (what ends last comes with the rollout alone). All may be null.
struct JobControl {
  const std::atomic<bool>* cancelled = nullptr;
  std::function<void(int64_t done, int64_t total, int64_t tokens)> progress;
  std::function<void(Completed&&)> completed;
};

// Rows of ids end to end: row i is ids[offsets[i] .. offsets[i + 1]).
struct Ragged {
  const int32_t* ids = nullptr;
  const int32_t* offsets = nullptr;
  int64_t rows = 0;
  int64_t length(int64_t i) const { return offsets[i + 1] - offsets[i]; }
};

// Ids that a generation records at most: 1 GiB of them.
inline constexpr int64_t kMostKept = int64_t{1} << 28;

struct GenerateRequest {
  Ragged prompts;                        // each at least 1 id
  int64_t num_generations = 1;           // completions of each prompt (G)
  const int32_t* prompt_keys = nullptr;  // per prompt: the `prompt` word of the draw key; null: its row number
  int32_t max_new_tokens = 0;
  const int32_t* budgets = nullptr;  // per prompt, <= max_new_tokens; or null
  std::vector<int32_t> stop_ids;     // every end-of-sequence id; the stop id itself is part of the completion
  // [biases][vocab] or null, and which of them each prompt takes (-1: none; null: the first).
  const float* logit_bias = nullptr;
  int32_t biases = 1;
  const int32_t* bias_of = nullptr;
  // Log-probabilities and entropies are those of the law that is drawn from, for a step on them; where top-k, top-p or
  // min-p are on, what they keep is recorded. Not at temperature 0.
  bool of_law = false;
  int64_t most_kept = kMostKept;  // tests lower it
  SamplingSettings sampling{};
  uint32_t purpose = 0, step = 0;
  // Encoded prompts stay for the next call. Not worth it where the weights move before that: memory that was just read
  // is the fastest.
  bool keep_prompts = true;
  int32_t slots = 0;  // most completions in flight; 0: chosen. Never changes a result.
  // Tokens that completions get between two looks at them, on a device that goes on by itself; 0: chosen. Never changes
  // a result.
  int32_t look_every = 0;
  // Looks under way at a time on such a device, which goes on while the host looks; 0: chosen. Never changes a result.
  int32_t looks = 0;
  const int32_t* admission = nullptr;  // a permutation of prompts: order of admission (tests shuffle it); or null
};

enum class Finish : int8_t { stop = 0, length = 1, cancelled = 2 };

// Rows in order (prompt, sample), whatever the order they finished in.
struct Rollout {
  std::vector<int32_t> prompt_index, sample;
  std::vector<int32_t> prompt_ids, prompt_offsets;  // rows + 1 offsets; the prompt repeated for every row
  std::vector<int32_t> completion_ids, completion_offsets;
  std::vector<float> logps, entropies;  // aligned with completion_ids
  // Of a generation of_law with a filter on: of each token how many ids were kept, and these, ascending, end to end.
  std::vector<int32_t> kept_counts, kept_ids;
  std::vector<int8_t> finish;
  std::vector<int32_t> policy_step;
  double prefill_seconds = 0, decode_seconds = 0;
  // Whose keys and values were computed as a prompt's: every prompt's but its last, once; none where an earlier call
  // left them. And of completions that had given theirs back (kv_cache_bytes).
  int64_t prefill_tokens = 0, recomputed_tokens = 0;
};

// What completions were drawn from, beside the temperature. Log-probabilities, entropies, loss and gradient are over
// the same support (ops/support/support.h).
struct SamplerLaw {
  Biases biases;
  const int32_t* bias_of = nullptr;      // a row; -1: none; null: the first
  const int32_t* kept_counts = nullptr;  // aligned with completions.ids; null: every token was kept
  const int32_t* kept_ids = nullptr;     // end to end
  int64_t kept = 0;                      // of them
};

struct SequenceBatch {  // completions of prompts; consecutive rows with the same prompt ids may share its computation
  Ragged prompts, completions;
  SamplerLaw law{};
};
struct LogprobSettings {
  float temperature = 1;
  int64_t micro_batch_tokens = 0;  // 0: chosen
  bool reference = false;          // the frozen reference instead of the policy
};
struct Logprobs {
  std::vector<float> logps, entropies;  // aligned with completions.ids
};

// Which kinds of parameters weight decay acts on. A matrix is what has two dimensions and is not the embedding (a head
// that is tied to it is the embedding).
struct Decayed {
  bool matrices = true, embeddings = true, norms = false, biases = false;
};

struct TrainSettings {
  LossSettings loss{};
  float temperature = 1;
  int64_t max_completion_length = 0;  // dr_grpo's constant
  float learning_rate = 0, adam_beta1 = 0.9f, adam_beta2 = 0.999f, adam_epsilon = 1e-8f, weight_decay = 0;
  Decayed decayed{};
  float max_grad_norm = 1;         // <= 0: no clipping (the norm is still computed)
  int64_t micro_batch_tokens = 0;  // 0: chosen; a unit (rows sharing one prompt) is never split. Changes no result.
  bool loss_on_prompt = false;     // supervised only: every token after the first carries loss
};
struct TrainBatch {
  SequenceBatch sequences;
  const float* advantages = nullptr;   // per row (GRPO)
  const float* old_logps = nullptr;    // aligned with completions.ids (GRPO)
  const float* ref_logps = nullptr;    // aligned with completions.ids; needed when beta != 0
  const uint8_t* loss_mask = nullptr;  // per row: 0 drops the row's tokens from the loss (mask_truncated_completions)
  // Aligned with completions.ids, supervised only: 0 takes a token out of the loss and out of what it is divided by
  // (the turns of others in a chat).
  const uint8_t* completion_mask = nullptr;
};
struct TrainMetrics : LossMetrics {
  double grad_norm = 0, learning_rate = 0;
  double logp_max_abs_diff = 0;  // max |logp - old_logp| over loss tokens: 0 at the first update, by design
  int64_t tokens = 0, micro_batches = 0;
  // 6 x matmul parameters x tokens really computed (prompt rows without the head's share); of what does not train, what
  // is computed of it
  double flops = 0;
  double forward_seconds = 0, backward_seconds = 0, optimizer_seconds = 0;
};

struct WrittenFile {
  std::string name, sha256;  // in the folder it was written to; hexadecimal digits
};
using WrittenFiles = std::vector<WrittenFile>;

struct PlannedRun;  // engine/memory_plan.h

class Engine {
 public:
  // Fresh weights: normal(0, initializer_range) by Philox, norms 1, biases 0; the same bits for the same seed.
  static Result<std::unique_ptr<Engine>> create(const ModelConfig&, uint64_t seed, const EngineOptions&);
  // A Hugging Face folder: config.json and model.safetensors, or shards with model.safetensors.index.json. Codes: those
  // of parse_model_config, WeightFiles::open and CheckpointSource. A folder with adapter_config.json is its base with
  // these adapters; ADAPTER_BASE_MISSING where that is not there.
  static Result<std::unique_ptr<Engine>> load(const std::string& dir, const EngineOptions&);
  ~Engine();

  EngineInfo info() const;
  const ModelConfig& config() const;

  Result<Rollout> generate(const GenerateRequest&, const JobControl&);
  Result<Logprobs> logprobs(const SequenceBatch&, const LogprobSettings&, const JobControl&);
  // One optimizer step on the whole batch. On error (non-finite loss or gradient: NONFINITE, naming the tensor) or
  // cancellation the weights and the optimizer state are those before the call.
  Result<TrainMetrics> train_step(const TrainBatch&, const TrainSettings&, const JobControl&);
  // Loss and gradients without a step: for tests and golden cases. Gradients laid out as parameters(); 0 of what
  // does not train.
  Result<TrainMetrics> gradients(const TrainBatch&, const TrainSettings&, std::vector<float>* out);
  // Logits [rows of the sequence][vocab] of one sequence of ids, for tests and golden cases.
  Result<std::vector<float>> logits(const int32_t* ids, int64_t n);

  // reserve_run (engine/memory_plan.h): once, before the first call.
  Status reserve(const PlannedRun&);
  // Device::measured_flops, in the type of the weights.
  Result<double> measured_flops() const;

  Status set_reference();  // freezes the present policy as the reference
  bool has_reference() const;

  // Flat float32 masters, laid out as tensors() say: tensor_specs, or the adapters alone. Empty where frozen.
  std::vector<float> parameters() const;
  const std::vector<TensorSpec>& tensors() const;
  // All weights of an engine with adapters, these merged into them: tensor_specs layout. The base is read again from
  // where it came.
  Result<std::vector<float>> merged() const;
  void set_parameters(const std::vector<float>&);
  // Files are written, fsynced and renamed into place.
  static constexpr int64_t kShardBytes = 4'000'000'000;
  // config.json and model.safetensors, or shards of at most shard_bytes (> 0) with their index. Adapters are merged.
  Result<WrittenFiles> save_weights(const std::string& dir, Dtype on_disk, int64_t shard_bytes = kShardBytes) const;
  // The adapters alone, in PEFT's layout.
  Result<WrittenFiles> save_adapter(const std::string& dir) const;
  // All that training goes on from: the weights in float32, which are the masters, and state.safetensors: moments,
  // step. With adapters these alone, in PEFT's layout, instead of the weights.
  Result<WrittenFiles> save_checkpoint(const std::string& dir, int64_t shard_bytes = kShardBytes) const;
  // Masters, moments and step of a state.safetensors; the masters are the weights beside it, or lie in the file itself,
  // as earlier versions wrote it. On error nothing has changed.
  Status load_state(const std::string& path);

 private:
  Engine();
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace glossa
