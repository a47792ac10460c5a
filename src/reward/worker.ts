import { parentPort, workerData } from 'node:worker_threads';
import type { AnswerMode } from '../answer/index.js';
import { gradeBuiltin, type JudgedCompletion } from './grade.js';
import type { GradedCompletion, RewardSettings } from './types.js';

/** What a grading thread is started with. */
export interface WorkerStart {
  rewards: readonly RewardSettings[];
  answer: AnswerMode;
}
/** Answers rows to grade with their grades. */
export type WorkerTask = readonly JudgedCompletion[];
export type WorkerReply = GradedCompletion[];

const { rewards, answer } = workerData as WorkerStart;
parentPort!.on('message', (rows: WorkerTask) => {
  parentPort!.postMessage(rows.map((row) => gradeBuiltin(row, rewards, answer)));
});
