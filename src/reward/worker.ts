import { parentPort, workerData } from 'node:worker_threads';
import { loadRewardModule, messageOf } from './custom.js';
import type { AnswerMode } from '../answer/index.js';
import { gradeBuiltin, gradeCompletion, type LoadedReward } from './grade.js';
import type { GradedCompletion, RewardSettings, UngradedCompletion } from './types.js';

/** What a grading thread is started with. */
export interface WorkerStart {
  rewards: readonly RewardSettings[];
  answer: AnswerMode;
  /** Two int32: the row and the reward about to be called, so that the parent can name what hung. */
  calling: SharedArrayBuffer;
}
/** Rows to grade; `failed` lists rewards of the first row that hung or ended a thread before. */
export interface WorkerTask {
  rows: readonly UngradedCompletion[];
  failed: ReadonlyMap<number, string>;
}
/** `ready` or `unusable` once after the start; then `graded` for each row in order, or for all at once. */
export type WorkerReply =
  | { kind: 'ready' }
  | { kind: 'unusable'; code: string; message: string; hint: string | undefined }
  | { kind: 'graded'; graded: GradedCompletion[] };

const port = parentPort!;
const { rewards: settings, answer, calling } = workerData as WorkerStart;
const place = new Int32Array(calling);
const reply = (message: WorkerReply): void => port.postMessage(message);

try {
  const rewards: LoadedReward[] = [];
  for (const { name, module } of settings) {
    rewards.push(module === undefined ? { name } : { name, custom: await loadRewardModule(module) });
  }
  const custom = rewards.some((reward) => reward.custom !== undefined);
  port.on('message', (task: WorkerTask) => void (custom ? gradeEach(task, rewards) : gradeAll(task, rewards)));
  reply({ kind: 'ready' });
} catch (thrown) {
  const { code = 'REWARD_MODULE', message, hint } = thrown as { code?: string; message: string; hint?: string };
  reply({ kind: 'unusable', code, message: message ?? messageOf(thrown), hint });
}

function gradeAll(task: WorkerTask, rewards: readonly LoadedReward[]): void {
  reply({ kind: 'graded', graded: task.rows.map((row) => gradeBuiltin(row, rewards, answer)) });
}

/** Row by row, so that what was graded before a user's function hangs is not lost. */
async function gradeEach(task: WorkerTask, rewards: readonly LoadedReward[]): Promise<void> {
  for (const [row, input] of task.rows.entries()) {
    const failed = row === 0 ? task.failed : new Map<number, string>();
    const graded = await gradeCompletion(input, rewards, answer, failed, (k) => {
      Atomics.store(place, 0, row);
      Atomics.store(place, 1, k);
    });
    reply({ kind: 'graded', graded: [graded] });
  }
}
