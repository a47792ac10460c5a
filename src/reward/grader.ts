import { availableParallelism } from 'node:os';
import { resolve } from 'node:path';
import { GlossaError } from '../base/error.js';
import { isModule, type AnswerMode } from '../answer/index.js';
import { BUILTIN_REWARDS } from './builtin.js';
import { closedError } from './closed.js';
import { gradeBuiltin, rewardInput, type JudgedCompletion } from './grade.js';
import { ModulePool, type GradingBatch } from './module_pool.js';
import { GradingPool } from './thread_pool.js';
import type { GradedCompletion, RewardSettings, UngradedCompletion } from './types.js';
import { ModuleVerdicts } from './verdicts.js';

/** Characters of a batch up to which it is graded on the calling thread: about 5 ms of work, less than waking threads up. */
const INLINE_CHARACTERS = 40_000;
/** More threads, or processes, gain nothing: a step's batch is graded in milliseconds. */
const MAX_THREADS = 4;
const DEFAULT_TIMEOUT_MS = 10_000;
const DEFAULT_MEMORY_MB = 2048;

export interface GraderOptions {
  /** Grading threads, and processes for modules. Default: the cores this process may use, at most 4; 0: built-in rewards on the calling thread. */
  threads?: number;
  /** How long a module may take for one completion, in milliseconds. Default 10,000. */
  timeoutMs?: number;
  /** Memory that a process of modules may take, inside the JavaScript heap and outside, in MB. Default 2048. */
  memoryMb?: number;
  /** Which answers count: see JudgeOptions. Default flexible. */
  answer?: AnswerMode;
  /** Verifiers of the problems to come; a module that does not load is then found now, and not with its first completion. */
  verifiers?: readonly (string | undefined)[];
}

export interface Grader {
  readonly names: string[];
  readonly weights: number[];
  /**
   * Grades completions; results are in the order of the inputs. Several calls may be under way at once; those of one `batch`
   * share what a batch may lose of processes.
   */
  grade(inputs: readonly UngradedCompletion[], batch?: GradingBatch): Promise<GradedCompletion[]>;
  /** Stops threads and processes; batches not finished are rejected with GRADER_CLOSED. */
  close(): Promise<void>;
}

/**
 * A grader for the rewards configured. Built-in rewards are pure and run in threads, or, for a small batch, at once on the
 * calling thread. Users' modules run in processes of their own: a call that throws, hangs past the limit, takes too much
 * memory or ends its process leaves null and an entry in `errors` for that completion alone, and a new process goes on.
 *
 * Errors: REWARD_UNKNOWN (a name that is neither built in nor has a module), REWARD_MODULE (a module that does not load),
 * REWARD_THREAD (a thread that cannot be started), VERIFIER_UNKNOWN, VERIFIER_MODULE (the same of a problem's verifier), GRADER_CLOSED.
 */
export async function createGrader(settings: readonly RewardSettings[], options: GraderOptions = {}): Promise<Grader> {
  const rewards = settings.map(resolveReward);
  const answer = options.answer ?? 'flexible';
  const threads = options.threads ?? Math.min(MAX_THREADS, availableParallelism());
  const pool = new GradingPool({ rewards, answer }, threads);
  const custom = rewards.flatMap(({ module }, k) => (module === undefined ? [] : [{ module, k }]));
  const processes = Math.min(MAX_THREADS, Math.max(1, threads));
  const { timeoutMs = DEFAULT_TIMEOUT_MS, memoryMb = DEFAULT_MEMORY_MB } = options;
  const limits = { timeoutMs, memoryBytes: memoryMb * 2 ** 20 };
  const verdicts = new ModuleVerdicts(limits, processes);
  const modules =
    custom.length === 0
      ? undefined
      : new ModulePool({ ...limits, kind: 'reward', modules: custom.map(({ module }) => module) }, processes);
  let closed = false;
  const close = async () => {
    closed = true;
    await Promise.all([pool.close(), modules?.close(), verdicts.close()]);
  };
  try {
    // A module that does not load is found now.
    await modules?.start();
    for (const verifier of new Set(options.verifiers)) await verdicts.open(verifier);
  } catch (error) {
    await close();
    throw error;
  }

  async function grade(given: readonly UngradedCompletion[], batch?: GradingBatch): Promise<GradedCompletion[]> {
    if (closed) throw closedError();
    const judged = await verdicts.judge(given, batch);
    const inputs = given.map((input, row): JudgedCompletion => {
      const verdict = judged[row];
      if (verdict === undefined) return input;
      const { correct, answer, strict } = verdict;
      return { ...input, verdict: { correct, answer, strict } };
    });
    const characters = inputs.reduce((sum, { completion }) => sum + completion.length, 0);
    const inline = characters <= INLINE_CHARACTERS || threads === 0;
    const graded = inline ? inputs.map((input) => gradeBuiltin(input, rewards, answer)) : await pool.grade(inputs);
    judged.forEach((verdict, row) => {
      if (verdict?.error) graded[row]!.errors.push({ reward: given[row]!.problem.verifier!, ...verdict.error });
    });
    if (modules === undefined) return graded;
    const called = await modules.call(
      inputs.map((input, row) => rewardInput(input, graded[row]!)),
      batch,
    );
    called.forEach((results, row) => {
      for (const [i, result] of results.entries()) {
        const { k } = custom[i]!;
        if ('value' in result) graded[row]!.rewards[k] = result.value;
        else graded[row]!.errors.push({ reward: rewards[k]!.name, ...result.error });
      }
    });
    return graded;
  }

  return {
    names: rewards.map(({ name }) => name),
    weights: rewards.map(({ weight }) => weight),
    grade,
    close,
  };
}

/** A name that is not built in and looks like a path is a module. */
function resolveReward(reward: RewardSettings): RewardSettings {
  const { name, weight, module } = reward;
  if (module !== undefined) return { name, weight, module: resolve(module) };
  if (Object.hasOwn(BUILTIN_REWARDS, name)) return { name, weight };
  if (isModule(name)) return { name, weight, module: resolve(name) };
  throw new GlossaError('REWARD_UNKNOWN', `there is no reward named ${JSON.stringify(name)}`, {
    hint: `Use ${Object.keys(BUILTIN_REWARDS).join(', ')}, or the path of a module with a default export.`,
  });
}
