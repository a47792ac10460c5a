import type { RecordBatch } from 'apache-arrow';
import type { Checksums } from '../base/checksum.js';
import { GlossaError } from '../base/error.js';
import { isErrorCode } from '../base/error_codes.js';
import type { NativeBinding, NativeEngine, NativeJob } from './binding.js';
import { rolloutBatch } from './rollout_batch.js';
import { grpoStepArrays } from './rollout_columns.js';
import type {
  Engine,
  EngineInfo,
  GenerateOptions,
  GenerateRequest,
  GrpoStepRequest,
  JobOptions,
  LogprobRequest,
  PlannedRun,
  StepMetrics,
  StoredDtype,
  SupervisedStepRequest,
} from './types.js';

const CANCELLED = 2; // FINISH index

/** What went wrong in native code, as a GlossaError with the same code. Anything else passes through. */
export function fromNative(error: unknown): unknown {
  if (error instanceof GlossaError || !(error instanceof Error)) return error;
  const code = (error as { code?: unknown }).code;
  return isErrorCode(code) ? new GlossaError(code, error.message, { cause: error }) : error;
}

function aborted(what: string): GlossaError {
  return new GlossaError('ABORTED', `${what} was aborted`);
}

/** The engine of the addon with AbortSignal, typed errors and a safe end. */
export class AddonEngine implements Engine {
  readonly #binding: NativeBinding;
  readonly #native: NativeEngine;
  #disposing: Promise<void> | undefined;

  constructor(binding: NativeBinding, native: NativeEngine) {
    this.#binding = binding;
    this.#native = native;
  }

  info(): EngineInfo {
    try {
      return this.#native.info();
    } catch (error) {
      throw fromNative(error);
    }
  }

  async generate(request: GenerateRequest, job: GenerateOptions = {}): Promise<RecordBatch> {
    const columns = await this.#run('generate', job, (options) => this.#native.generate(request, options));
    // A cancelled rollout is an incomplete sample of the policy: nobody may train on it by accident.
    if (job.signal?.aborted === true && columns.finish.includes(CANCELLED)) throw aborted('generate');
    return rolloutBatch(columns);
  }

  logprobs(request: LogprobRequest, job: JobOptions = {}): Promise<{ logps: Float32Array; entropies: Float32Array }> {
    return this.#run('logprobs', job, (options) => this.#native.logprobs(request, options));
  }

  async grpoStep(request: GrpoStepRequest, job: JobOptions = {}): Promise<StepMetrics> {
    const arrays = grpoStepArrays(request);
    return this.#run('grpoStep', job, (options) => this.#native.grpoStep(arrays, options));
  }

  supervisedStep(request: SupervisedStepRequest, job: JobOptions = {}): Promise<StepMetrics> {
    return this.#run('supervisedStep', job, (options) => this.#native.supervisedStep(request, options));
  }

  reserve(run: PlannedRun): Promise<void> {
    return this.#run('reserve', {}, () => this.#native.reserve(run));
  }

  measuredPeak(): Promise<number> {
    return this.#run('measuredPeak', {}, () => this.#native.measuredPeak());
  }

  setReference(): Promise<void> {
    return this.#run('setReference', {}, () => this.#native.setReference());
  }

  saveWeights(dir: string, onDisk: StoredDtype = 'float32', shardBytes?: number): Promise<Checksums> {
    return this.#run('saveWeights', {}, () => this.#native.saveWeights(dir, onDisk, shardBytes));
  }

  saveAdapter(dir: string): Promise<Checksums> {
    return this.#run('saveAdapter', {}, () => this.#native.saveAdapter(dir));
  }

  saveCheckpoint(dir: string, shardBytes?: number): Promise<Checksums> {
    return this.#run('saveCheckpoint', {}, () => this.#native.saveCheckpoint(dir, shardBytes));
  }

  loadState(path: string): Promise<void> {
    return this.#run('loadState', {}, () => this.#native.loadState(path));
  }

  dispose(): Promise<void> {
    this.#disposing ??= this.#native.dispose();
    return this.#disposing;
  }

  async #run<T>(
    what: string,
    { signal, onProgress, onCompleted }: GenerateOptions,
    call: (job: NativeJob) => Promise<T>,
  ): Promise<T> {
    if (signal?.aborted === true) throw aborted(what);
    const token = new this.#binding.CancelToken();
    const job: NativeJob = { cancel: token };
    let thrown: { error: unknown } | undefined;
    const told =
      <E>(tell: (event: E) => void) =>
      (event: E): void => {
        if (thrown !== undefined) return;
        try {
          tell(event);
        } catch (error) {
          // The caller's own failure stops the job and is what its promise rejects with.
          thrown = { error };
          token.cancel();
        }
      };
    if (onProgress !== undefined) job.onProgress = told(onProgress);
    if (onCompleted !== undefined) job.onCompleted = told(onCompleted);
    const cancel = (): void => {
      token.cancel();
    };
    signal?.addEventListener('abort', cancel, { once: true });
    try {
      const result = await call(job);
      if (thrown !== undefined) throw thrown.error;
      return result;
    } catch (error) {
      if (thrown !== undefined) throw thrown.error;
      const failure = fromNative(error);
      throw failure instanceof GlossaError && failure.code === 'CANCELLED' ? aborted(what) : failure;
    } finally {
      signal?.removeEventListener('abort', cancel);
    }
  }
}
