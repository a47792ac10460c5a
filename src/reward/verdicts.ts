import { isModule, verifierOf, VERIFIER_NAMES, type Verdict } from '../answer/index.js';
import { GlossaError } from '../base/error.js';
import type { CallError, Called, GradingBatch } from './asked.js';
import { ModulePool } from './module/pool.js';
import type { ProcessSettings } from './module/process.js';
import type { UngradedCompletion, VerifierInput } from './types.js';

/** What a verifier's module said of a completion; null where it could not be asked. */
export interface ModuleVerdict extends Verdict {
  error?: CallError;
}

type Limits = Pick<ProcessSettings, 'timeout' | 'memoryBytes'>;

/** Users' verifiers: modules in processes of their own, which start when the first completion of theirs comes. */
export class ModuleVerdicts {
  readonly #pools = new Map<string, Promise<ModulePool>>();
  readonly #settings: Limits;
  readonly #processes: number;

  constructor(settings: Limits, processes: number) {
    this.#settings = settings;
    this.#processes = processes;
  }

  /** The processes of a verifier; undefined of one of glossa's own. Errors: VERIFIER_UNKNOWN, VERIFIER_MODULE. */
  async open(verifier: string | undefined): Promise<ModulePool | undefined> {
    if (verifierOf(verifier)) return undefined;
    if (!isModule(verifier!)) throw unknownVerifier(verifier!);
    let pool = this.#pools.get(verifier!);
    if (pool === undefined)
      this.#pools.set(
        verifier!,
        (pool = ModulePool.open(
          { ...this.#settings, kind: 'verifier', name: verifier!, module: verifier! },
          this.#processes,
        )),
      );
    return pool;
  }

  /** Verdicts of the completions whose verifier is a module; undefined of the others. Errors: as those of open. */
  async judge(inputs: readonly UngradedCompletion[], batch: GradingBatch): Promise<(ModuleVerdict | undefined)[]> {
    const verdicts = new Array<ModuleVerdict | undefined>(inputs.length);
    for (const verifier of new Set(inputs.map(({ problem }) => problem.verifier))) {
      const pool = await this.open(verifier);
      if (pool === undefined) continue;
      const rows = [...inputs.keys()].filter((row) => inputs[row]!.problem.verifier === verifier);
      const called = await pool.call(
        rows.map((row) => [verifierInput(inputs[row]!)]),
        batch,
      );
      rows.forEach((row, i) => {
        verdicts[row] = verdictOf(called[i]![0]!);
      });
    }
    return verdicts;
  }

  async close(): Promise<void> {
    // One that did not start has nothing to close, and was told where it was opened.
    await Promise.all(
      [...this.#pools.values()].map((pool) => pool.then((open) => open.close()).catch(() => undefined)),
    );
  }
}

function verifierInput({ problem, completion, finish }: UngradedCompletion): VerifierInput {
  return { problem, completion, finish };
}

function verdictOf(called: Called): ModuleVerdict {
  if ('error' in called) return { correct: null, answer: null, strict: null, error: called.error };
  return { correct: called.value === null ? null : called.value === 1, answer: null, strict: null };
}

function unknownVerifier(name: string): GlossaError {
  return new GlossaError('VERIFIER_UNKNOWN', `there is no verifier named ${JSON.stringify(name)}`, {
    hint: `use ${VERIFIER_NAMES.join(', ')}, or the path of a module with a default export`,
  });
}
