import type { Checksums } from '../base/checksum.js';
import type {
  Completed,
  EngineInfo,
  EngineOptions,
  GenerateRequest,
  GrpoStepArrays,
  LogprobRequest,
  LossRow,
  MemoryPlan,
  PlannedRun,
  RolloutColumns,
  StepMetrics,
  StoredDtype,
  SupervisedStepRequest,
} from './types.js';

/** The flag behind an AbortSignal. */
export interface CancelToken {
  cancel(): void;
}

/** The last argument of every long call. */
export interface NativeJob {
  cancel?: CancelToken;
  onProgress?: (progress: { done: number; total: number; tokens: number }) => void;
  /** Of `generate` alone. */
  onCompleted?: (completed: Completed) => void;
}

/**
 * One engine and its thread. Calls are run one after the other in the order they are made. Wrong arguments throw at once
 * (`INVALID_ARGUMENT`); every failure is an Error with a `code`. Results are views over native memory. Typed arrays are copied
 * before a call returns, so they may be changed or transferred at once; but ids and log-probabilities that lie in such
 * a result's memory are held and read there until the call settles. They may be transferred too; what is written to them is seen.
 */
export interface NativeEngine {
  info(): EngineInfo;
  generate(request: GenerateRequest, job?: NativeJob): Promise<RolloutColumns>;
  logprobs(request: LogprobRequest, job?: NativeJob): Promise<{ logps: Float32Array; entropies: Float32Array }>;
  grpoStep(request: GrpoStepArrays, job?: NativeJob): Promise<StepMetrics>;
  /** Where `grpoStep` would read each array of this request. For tests of zero copy. */
  grpoAddresses(
    request: GrpoStepArrays,
  ): Record<'promptIds' | 'completionIds' | 'advantages' | 'oldLogps' | 'refLogps', bigint>;
  supervisedStep(request: SupervisedStepRequest, job?: NativeJob): Promise<StepMetrics>;
  reserve(run: PlannedRun): Promise<void>;
  measuredPeak(): Promise<number>;
  setReference(): Promise<void>;
  saveWeights(dir: string, onDisk: StoredDtype, shardBytes?: number): Promise<Checksums>;
  saveAdapter(dir: string): Promise<Checksums>;
  saveCheckpoint(dir: string, shardBytes?: number): Promise<Checksums>;
  loadState(path: string): Promise<void>;
  dispose(): Promise<void>;
}

/** One folder of reference results: what was compared, the worst error and what it may be. */
export interface GoldenCase {
  name: string;
  kind: 'model' | 'loss' | 'train';
  state: 'pass' | 'fail' | 'skip' | 'error';
  /** Why it was skipped or failed. */
  detail: string;
  measures: { name: string; error: number; bound: number }[];
}

/** What glossa.node exports, all of it; native/addon/module.cc is the other side. */
export interface NativeBinding {
  nativeInfo(): { isas: string[]; devices: string[]; gpu: string; cores: number; losses: LossRow[] };
  measuredPeak(options?: EngineOptions): number;
  planMemory(configJson: string, run: PlannedRun, options?: EngineOptions): MemoryPlan;
  createEngine(configJson: string, seed: bigint, options?: EngineOptions): Promise<NativeEngine>;
  loadEngine(dir: string, options?: EngineOptions): Promise<NativeEngine>;
  runGolden(dir: string, options?: EngineOptions): Promise<GoldenCase[]>;
  /** The address of a typed array's first element. For tests of zero copy. */
  bufferAddress(array: ArrayBufferView): bigint;
  NativeEngine: { prototype: NativeEngine };
  CancelToken: new () => CancelToken;
}

/** The names above, for the check against the real exports when the addon is loaded. */
export const BINDING_NAMES = [
  'nativeInfo',
  'measuredPeak',
  'planMemory',
  'createEngine',
  'loadEngine',
  'runGolden',
  'bufferAddress',
  'NativeEngine',
  'CancelToken',
] as const satisfies readonly (keyof NativeBinding)[];

export const NATIVE_ENGINE_NAMES = [
  'info',
  'generate',
  'logprobs',
  'grpoStep',
  'grpoAddresses',
  'supervisedStep',
  'reserve',
  'measuredPeak',
  'setReference',
  'saveWeights',
  'saveAdapter',
  'saveCheckpoint',
  'loadState',
  'dispose',
] as const satisfies readonly (keyof NativeEngine)[];

// A name that is in an interface but not in its list does not compile.
type Listed<All, List extends readonly unknown[]> = Exclude<All, List[number]> extends never ? true : never;
true satisfies Listed<keyof NativeBinding, typeof BINDING_NAMES>;
true satisfies Listed<keyof NativeEngine, typeof NATIVE_ENGINE_NAMES>;
