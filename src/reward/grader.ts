import { availableParallelism } from 'node:os';
import { resolve } from 'node:path';
import { GlossaError } from '../base/error.js';
import { scheduleAt } from '../base/schedule.js';
import { isModule, type AnswerMode } from '../answer/index.js';
import type { Asked } from './asked.js';
import { BUILTIN_REWARDS } from './builtin.js';
import { closedError } from './closed.js';
import { isBuiltin } from './grade.js';
import { Grading } from './grading.js';
import { HttpService } from './http/service.js';
import { ModulePool } from './module/pool.js';
import { GradingPool } from './thread_pool.js';
import {
  REWARD_CALLS,
  type GradedCompletion,
  type RewardCalls,
  type RewardSettings,
  type UngradedCompletion,
} from './types.js';
import { ModuleVerdicts } from './verdicts.js';

/** More threads, or processes, gain nothing: a step's batch is graded in milliseconds. */
const MAX_THREADS = 4;
const DEFAULT_TIMEOUT = 10;
const DEFAULT_MEMORY = 2048;

export interface GraderOptions {
  /** Grading threads, and processes for modules. Default: the cores this process may use, at most 4; 0: built-in rewards on the calling thread. */
  threads?: number;
  /** Seconds that a call of a module may take which does not say. Default 10. */
  timeout?: number;
  /** MB that a process of a module may take which does not say, inside the JavaScript heap and outside. Default 2048. */
  memory?: number;
  /** Which answers count: see JudgeOptions. Default flexible. */
  answer?: AnswerMode;
  /** Verifiers of the problems to come; a module that does not load is then found now, and not with its first completion. */
  verifiers?: readonly (string | undefined)[];
}

export interface Grader {
  readonly names: string[];
  /** Of the first step, where they follow a schedule. */
  readonly weights: number[];
  /** The most that a reward is called with at a time. */
  readonly calls: RewardCalls;
  /** Grades the completions of one generation; results are in the order of the inputs. Several may be under way at once. */
  grade(inputs: readonly UngradedCompletion[]): Promise<GradedCompletion[]>;
  /** Begins to grade a generation whose completions come one after the other, in groups of `samples`. */
  begin(samples: number): Pick<Grading, 'add' | 'rest'>;
  /** Stops threads and processes; what is not finished is rejected with GRADER_CLOSED. */
  close(): Promise<void>;
}

/**
 * A grader for the rewards configured. Built-in rewards are pure and run in threads, or, for a small batch, at once on the
 * calling thread. Users' modules run in processes of their own: a call that throws, hangs past the limit, takes too much
 * memory or ends its process leaves null and an entry in `errors` for its completions alone, and a new process goes on.
 *
 * A service is asked by HTTP; what it fails to answer is null and an error in the same way.
 *
 * Errors: REWARD_UNKNOWN (a name that is neither built in nor has a module or url), REWARD_MODULE (a module that does not load),
 * REWARD_SERVICE (a service that does not answer),
 * REWARD_THREAD (a thread that cannot be started), VERIFIER_UNKNOWN, VERIFIER_MODULE (the same of a problem's verifier), GRADER_CLOSED.
 */
export async function createGrader(settings: readonly RewardSettings[], options: GraderOptions = {}): Promise<Grader> {
  const rewards = settings.map(resolveReward);
  const { answer = 'flexible', timeout = DEFAULT_TIMEOUT, memory = DEFAULT_MEMORY } = options;
  const threads = options.threads ?? Math.min(MAX_THREADS, availableParallelism());
  const processes = Math.min(MAX_THREADS, Math.max(1, threads));
  const pool = threads === 0 ? undefined : new GradingPool({ rewards, answer }, threads);
  const verdicts = new ModuleVerdicts({ timeout, memoryBytes: memory * 2 ** 20 }, processes);
  const functions: { asked: Asked; k: number }[] = [];
  let closed = false;
  const close = async () => {
    closed = true;
    await Promise.all([pool?.close(), verdicts.close(), ...functions.map(({ asked }) => asked.close())]);
  };
  const users = rewards.filter((reward) => !isBuiltin(reward));
  // All modules share what there is.
  const processesEach = Math.max(1, Math.floor(processes / users.filter(({ module }) => module !== undefined).length));
  const open = (reward: RewardSettings): Promise<Asked> => {
    const { name, module } = reward;
    if (module === undefined) return HttpService.open(reward);
    const memoryBytes = (reward.memory ?? memory) * 2 ** 20;
    const settings = { kind: 'reward', name, module, timeout: reward.timeout ?? timeout, memoryBytes } as const;
    return ModulePool.open(settings, processesEach);
  };
  try {
    // What does not load is found now.
    for (const reward of users) functions.push({ asked: await open(reward), k: rewards.indexOf(reward) });
    for (const verifier of new Set(options.verifiers)) await verdicts.open(verifier);
  } catch (error) {
    await close();
    throw error;
  }
  const begin = (samples?: number): Grading => {
    if (closed) throw closedError();
    return new Grading({ rewards, answer, pool, verdicts, functions }, samples);
  };
  return {
    names: rewards.map(({ name }) => name),
    weights: rewards.map(({ weight }) => scheduleAt(weight, 0)),
    calls: REWARD_CALLS.findLast((calls) => functions.some(({ asked }) => asked.calls === calls)) ?? 'completion',
    begin,
    close,
    grade: async (inputs) => {
      const grading = begin();
      await grading.add([...inputs.keys()], inputs);
      return grading.rest();
    },
  };
}

/** A name that is not built in and looks like a path is a module. */
function resolveReward(reward: RewardSettings): RewardSettings {
  const { name, module } = reward;
  if (module !== undefined) return { ...reward, module: resolve(module) };
  if (reward.url !== undefined || Object.hasOwn(BUILTIN_REWARDS, name)) return reward;
  if (isModule(name)) return { ...reward, module: resolve(name) };
  throw new GlossaError('REWARD_UNKNOWN', `there is no reward named ${JSON.stringify(name)}`, {
    hint: `Use ${Object.keys(BUILTIN_REWARDS).join(', ')}, or the path of a module with a default export.`,
  });
}
