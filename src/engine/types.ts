import type { RecordBatch } from 'apache-arrow';

/** The engine as TypeScript sees it. Rows of ids lie end to end: row i is `ids[offsets[i] .. offsets[i + 1])`. */

import type { Checksums } from '../base/checksum.js';

export type Dtype = 'float32' | 'bfloat16';
/** Of weights in a file. */
export type StoredDtype = Dtype | 'float16';

/** A row of the engine's table of losses. */
export interface LossRow {
  /** TRL's `loss_type`. */
  name: string;
  /** The settings, by TRL's names, that mean something to this loss and not to every one. */
  reads: string[];
  /** One of them that must be given. */
  needs: string | null;
  /** What its share of clipped ratios or its weight is called; '' where it has none. */
  metric: string;
}

/** Under TRL's names; what is left out has its default, and epsilon_high is epsilon. docs/losses.md has the formulas. */
export interface LossSettings {
  loss_type: string;
  importance_sampling_level?: 'token' | 'sequence'; // token
  epsilon?: number; // 0.2
  epsilon_high?: number;
  delta?: number; // none
  sapo_temperature_pos?: number; // 1
  sapo_temperature_neg?: number; // 1.05
  vespo_k_pos?: number; // 2
  vespo_lambda_pos?: number; // 3
  vespo_k_neg?: number; // 3
  vespo_lambda_neg?: number; // 2
  beta?: number; // 0
  kl_estimator?: 'k1' | 'k2' | 'k3'; // k3
  use_bias_correction_kl?: boolean; // false
  entropy_coef?: number; // 0
  top_entropy_quantile?: number; // 1
  off_policy_mask_threshold?: number; // none
}

export interface EngineOptions {
  /** Of matrix-product operands and of keys and values; master weights, logits and optimizer state are float32. Default float32. */
  dtype?: Dtype;
  /** Default: the cores this process may use (affinity, cgroup quota). */
  threads?: number;
  /** cpu, cuda (the first GPU) or cuda:N. Default: GLOSSA_DEVICE, or cpu. Refused: DEVICE_NOT_BUILT, DEVICE_UNKNOWN, GPU_*. */
  device?: string;
  /**
   * Default false. True: products of a GPU may be cut along k, which is faster for few rows; sampler and trainer then no longer
   * agree to the bit. Nothing to a CPU.
   */
  fast?: boolean;
  /**
   * What of the forward pass is made again in the backward pass instead of kept: nothing, norms and gated units (no product),
   * or whole layers. Default: a CPU none, a GPU cheap. Changes no result.
   */
  recompute?: 'none' | 'cheap' | 'full';
  /** portable, avx2, avx512 or avx512bf16. Default: the best this processor has, or GLOSSA_ISA. */
  isa?: string;
  /**
   * Default false. True: the engine only generates and computes log-probabilities, with the same bits, in about the memory
   * that the weights take in `dtype`; steps, setReference, saving and loadState reject with ENGINE_FROZEN.
   */
  frozen?: boolean;
  /**
   * Which tensors train, by their names in the checkpoint: globs, `*` for any characters and `?` for one. A tensor trains if it
   * matches one without a leading `!` (where there is none: every tensor) and none with it. Default: all. What does not train
   * keeps its bytes, and has no gradient and no optimizer state. Refused: TRAINABLE_UNKNOWN (a pattern that matches nothing),
   * TRAINABLE_NONE (none is left).
   */
  trainable?: readonly string[];
  /**
   * Low-rank adapters, which train alone: the weights are frozen, in the memory of a frozen engine's, and they are the reference
   * too. With them `trainable` must be left out. Refused: LORA_TARGET_UNKNOWN.
   */
  lora?: LoraSettings;
  /**
   * Folder with adapters in PEFT's layout to begin with, instead of fresh ones; without `lora` their settings are taken. Refused:
   * ADAPTER_UNSUPPORTED (more than a plain LoRA), CHECKPOINT_MISMATCH (others than `lora` asks for, or of another model).
   */
  adapter?: string;
  /** Where the base lies when `loadEngine` is given a folder with an adapter. Default: where its adapter_config.json says. */
  base?: string;
  /** What adapter_config.json is to call the base. Default: the folder that it was loaded from. */
  baseName?: string;
  /**
   * Most bytes of keys and values of completions and prompts while sampling, at least 1; what finds no room waits, and no result
   * changes. Default: no limit. Sampling rejects with KV_CACHE_TOO_SMALL where one completion with its prompt takes more.
   */
  kvCacheBytes?: number;
}

export interface LoraSettings {
  /** 1 to 1024. */
  rank: number;
  /** What an adapter gives is multiplied by alpha / rank. */
  alpha: number;
  /** alpha / sqrt(rank) instead; default false. */
  useRslora?: boolean;
  /** Names of linear layers from a dot on (`q_proj`, `layers.0.mlp.up_proj`), or `all-linear`. */
  targets: readonly string[];
  /** Of fresh adapters; default 0. */
  seed?: bigint;
}

export interface EngineInfo {
  /** cpu, cuda or cuda:N. */
  device: string;
  /** What the bits rest on: the instruction set of a CPU, the name of a GPU. */
  isa: string;
  dtype: Dtype;
  family: string;
  threads: number;
  parameters: number;
  matmulParameters: number;
  /** In tensors that train; 0 where frozen. */
  trainableParameters: number;
  vocab: number;
  hidden: number;
  layers: number;
  context: number;
  optimizerStep: number;
  frozen: boolean;
  /** What the model's files hold or ask for and the engine passes over, one sentence each. */
  warnings: string[];
}

export interface JobOptions {
  signal?: AbortSignal;
  /** Called at most ten times a second. `done` and `total` count completions (generate) or rows. */
  onProgress?: (progress: { done: number; total: number; tokens: number }) => void;
}

/** Completions that have ended while others are still sampled. */
export interface Completed {
  /** Of the rollout to come. */
  rows: Int32Array;
  completions: Ragged;
  /** Index of {@link FINISH}. */
  finish: Int8Array;
}

export interface GenerateOptions extends JobOptions {
  /**
   * Called a few times a second with what has ended since, each row once, in no order; what ends last comes with the rollout
   * alone.
   */
  onCompleted?: (completed: Completed) => void;
}

export interface Ragged {
  ids: Int32Array;
  offsets: Int32Array;
}

/** Names of TRL and vLLM. */
export interface SamplingSettings {
  temperature?: number; // default 1; 0 is greedy
  topK?: number; // 0: off
  topP?: number; // 1: off
  minP?: number; // 0: off
}

export type Purpose = 'rollout' | 'eval' | 'sample';

export interface GenerateRequest extends SamplingSettings {
  prompts: Ragged;
  numGenerations: number;
  maxNewTokens: number;
  /** Per prompt, each <= maxNewTokens. */
  budgets?: Int32Array;
  /** Every end-of-sequence id; the id drawn is part of the completion. */
  stopIds: readonly number[];
  /** [vocab], or several such tables end to end: added to the logits before the temperature; -Infinity forbids a token. */
  logitBias?: Float32Array;
  /** Per prompt, which of the tables; -1: none. Default: the first for all. */
  biasOf?: Int32Array;
  /**
   * Default false: log-probabilities and entropies are of the whole vocabulary without bias. True: they are of the law that is
   * drawn from, for a step on them, and where topK, topP or minP are on the rollout has `kept_counts` and `kept_ids`. Rejects
   * with KEPT_IDS_TOO_MANY above 2^28 ids in all.
   */
  ofLaw?: boolean;
  /** Draws are named by (seed, purpose, step, prompt key, sample, position). */
  seed: bigint;
  /** Where it is not a rollout, encoded prompts stay for the next call, as long as the weights stand. */
  purpose: Purpose;
  step: number;
  /** Per prompt; default its row number. */
  promptKeys?: Int32Array;
  /** Most completions in flight; never changes a result. */
  slots?: number;
  /** A permutation of the prompts; never changes a result. */
  admission?: Int32Array;
}

/** 0 stop, 1 length, 2 cancelled. */
export const FINISH = ['stop', 'length', 'cancelled'] as const;
export type Finish = (typeof FINISH)[number];

/** The columns of a rollout batch as typed arrays over its memory (no copy). Rows in order (prompt, sample). */
export interface RolloutColumns {
  rows: number;
  /** Row of the request's prompts. */
  promptIndex: Int32Array;
  sample: Int32Array;
  /** The prompt of each row, repeated. */
  prompts: Ragged;
  completions: Ragged;
  /** Natural log, at the sampling temperature; aligned with `completions.ids`, as are the entropies (nats). */
  logps: Float32Array;
  entropies: Float32Array;
  /** Where a law with top-k, top-p or min-p was recorded: how many ids each token was drawn from, and these, ascending. */
  keptCounts?: Int32Array;
  keptIds?: Int32Array;
  /** Index of {@link FINISH}. */
  finish: Int8Array;
  /** Optimizer steps the weights had seen. */
  policyStep: Int32Array;
}

export interface SequenceBatch {
  prompts: Ragged;
  completions: Ragged;
}

/** What completions were drawn from beside the temperature; their log-probabilities are taken over the same. */
export interface SamplerLaw {
  /** As of {@link GenerateRequest}; `biasOf` is per row. */
  logitBias?: Float32Array;
  biasOf?: Int32Array;
  /** As of {@link RolloutColumns}; both or neither. */
  keptCounts?: Int32Array;
  keptIds?: Int32Array;
}

export interface LogprobRequest extends SequenceBatch, SamplerLaw {
  temperature?: number;
  microBatchTokens?: number;
  /** The frozen reference instead of the policy. */
  reference?: boolean;
}

export interface OptimizerSettings {
  learningRate: number;
  adamBeta1?: number; // 0.9
  adamBeta2?: number; // 0.999
  adamEpsilon?: number; // 1e-8
  weightDecay?: number; // 0
  /** Kinds of parameters that it acts on: by default matrices and embeddings. */
  weightDecayOn?: { matrices?: boolean; embeddings?: boolean; norms?: boolean; biases?: boolean };
  maxGradNorm?: number; // 1; 0: no clipping
  /** 0 or absent: chosen from memory. Never changes a result. */
  microBatchTokens?: number;
}

export interface GrpoSettings extends OptimizerSettings {
  /** Per row, 0 drops the row's tokens from the loss. */
  lossMask?: Uint8Array;
  loss: LossSettings;
  temperature: number;
  maxCompletionLength: number;
}

export interface GrpoStepRequest extends GrpoSettings {
  /**
   * As `generate` gave it, or rows of it (`slice`), with the column `advantage`, and `ref_logps` where beta is not 0. Ids and
   * log-probabilities are read where they lie until the step ends: their buffers may be transferred or dropped meanwhile, but
   * what is written into them is trained on. `kept_counts` and `kept_ids` are read where they are.
   */
  batch: RecordBatch;
  /** The biases that the completions were drawn with: see {@link SamplerLaw}. */
  logitBias?: Float32Array;
  biasOf?: Int32Array;
}

/** A step as native code is given it: the arrays of its batch. */
export interface GrpoStepArrays extends SequenceBatch, GrpoSettings, SamplerLaw {
  advantages: Float32Array;
  /** Aligned with `completions.ids`, as is `refLogps`. */
  oldLogps: Float32Array;
  refLogps?: Float32Array;
}

export interface SupervisedStepRequest extends SequenceBatch, OptimizerSettings {
  /**
   * Aligned with `completions.ids`: 0 takes a token out of the loss and out of what it is divided by (what others say in a chat).
   * Not with `lossOnPrompt`.
   */
  completionMask?: Uint8Array;
  /** false: loss on completions only (then `prompts` are context); true: on every token after the first. */
  lossOnPrompt?: boolean;
}

export interface StepMetrics {
  loss: number;
  /** Without the entropy bonus. */
  policyLoss: number;
  gradNorm: number;
  learningRate: number;
  entropy: number;
  kl: number;
  clipLowMean: number;
  clipHighMean: number;
  clipRegionMean: number;
  clipLowMin: number;
  clipHighMax: number;
  /** Mean over completions of what their policy gradient was multiplied by (vespo), else 1. */
  weightMean: number;
  /** Share of the tokens with loss that are the most probable ones; of supervised steps alone, else 0. */
  tokenAccuracy: number;
  logpMaxAbsDiff: number;
  lossTokens: number;
  tokens: number;
  microBatches: number;
  flops: number;
  forwardSeconds: number;
  backwardSeconds: number;
  optimizerSeconds: number;
}

export interface Engine {
  info(): EngineInfo;
  /** The rollout as an Arrow record batch over native memory: columns of `SAMPLED_FIELDS`, rows in order (prompt, sample). */
  generate(request: GenerateRequest, job?: GenerateOptions): Promise<RecordBatch>;
  logprobs(request: LogprobRequest, job?: JobOptions): Promise<{ logps: Float32Array; entropies: Float32Array }>;
  /** @throws GlossaError `ROLLOUT_INVALID` where the batch lacks a column or its lists do not line up. */
  grpoStep(request: GrpoStepRequest, job?: JobOptions): Promise<StepMetrics>;
  supervisedStep(request: SupervisedStepRequest, job?: JobOptions): Promise<StepMetrics>;
  /**
   * Takes now, in one piece, what the plan of a run says of a GPU's memory beside the weights, which have one of their own; once.
   * Nothing on a CPU. Rejects with OUT_OF_MEMORY where it is not there, naming the plan's largest terms.
   */
  reserve(run: PlannedRun): Promise<void>;
  /** As {@link measuredPeak}, of this engine's device in its number type; 0 where a GPU has no room to measure it. */
  measuredPeak(): Promise<number>;
  /** Freezes the present policy as the reference (beta != 0). */
  setReference(): Promise<void>;
  /**
   * Writes config.json and model.safetensors into an existing folder; above `shardBytes` (default 4e9) shards
   * model-00001-of-0000N.safetensors with their index. Adapters are merged into them. `onDisk`: default float32.
   *
   * @returns The SHA-256 of every file written, made while it was written.
   */
  saveWeights(dir: string, onDisk?: StoredDtype, shardBytes?: number): Promise<Checksums>;
  /** Writes adapter_config.json and adapter_model.safetensors, PEFT's layout, of an engine with adapters. */
  saveAdapter(dir: string): Promise<Checksums>;
  /**
   * Writes all that training goes on from: the weights in float32 as `saveWeights` does, which are the masters, and
   * state.safetensors with both moments and the step count. With adapters these alone, as `saveAdapter` does.
   *
   * @returns The SHA-256 of every file written.
   */
  saveCheckpoint(dir: string, shardBytes?: number): Promise<Checksums>;
  /**
   * Goes on from a state.safetensors. The masters are the float32 weights in its folder, or lie in the file itself, as
   * earlier versions wrote it. After an error nothing has changed.
   */
  loadState(path: string): Promise<void>;
  /** Frees native memory; later calls reject with ENGINE_DISPOSED. Waits for the call in progress. */
  dispose(): Promise<void>;
}

// Exported by src/engine/index.ts:
//   createEngine(configJson: string, seed: bigint, options?: EngineOptions): Promise<Engine>
//   loadEngine(dir: string, options?: EngineOptions): Promise<Engine>
//   runGolden(dir: string, options?: EngineOptions): Promise<GoldenCase[]>
//   nativeInfo(): NativeInfo

/** Completions of one generation, every prompt and completion of the greatest length. */
export interface PlannedGeneration {
  prompts: number;
  samples: number;
  promptTokens: number;
  newTokens: number;
  slots?: number;
  /** Ids of a token that are recorded at most (`ofLaw` with topK, topP or minP). Default 0: none are. */
  kept?: number;
}

/** What a run asks of its engine. Without `step` it only samples. */
export interface PlannedRun {
  /** Of training and of evaluation; the largest counts. */
  generations: PlannedGeneration[];
  step?: PlannedGeneration;
  microBatchTokens?: number;
  reference?: boolean;
  /** Bytes of a GPU that is planned for and need not be here (device cuda). Default: of the one that is. */
  gpuMemory?: number;
}

export interface MemoryPlan {
  /**
   * `shared`: of the memory that sampling, log-probabilities and micro-batches use one after the other. `ofHost`: of the
   * host's memory, where the device has its own.
   */
  terms: { name: string; bytes: number; shared: boolean; ofHost: boolean }[];
  /** Bytes on the device that computes; of what is shared, the greatest. */
  total: number;
  /** Bytes of the engine on the host, where the device has its own memory; else 0. */
  host: number;
  /** Of a GPU's memory: bytes in all, and what a start may take now. */
  room?: { total: number; free: number };
  /** Of the widest micro-batch. */
  microBatchRows: number;
  /** Rows that a micro-batch may take: the setting, or what was chosen, which on a GPU follows the card's memory. */
  microBatchTokens: number;
}
