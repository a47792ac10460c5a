import type { DataSet, Problem } from '../data/types.js';
import { gradedColumns, wrapRollout, writeRolloutFile } from '../rollout/index.js';
import type { Collected } from './collect.js';

/** Writes a generation with what was found out about it: rollouts/NNNNNN.parquet. */
export function writeGeneration(
  path: string,
  batch: Collected,
  rewardNames: readonly string[],
  fileOf: (problem: Problem) => string,
): Promise<void> {
  const { columns, advantages, graded } = batch;
  const rewards = Object.fromEntries(rewardNames.map((name, k) => [name, graded.map((row) => row.rewards[k] ?? null)]));
  return writeRolloutFile(
    path,
    wrapRollout(columns, {
      ...gradedColumns({ ...batch, suite: null, fileOf }),
      reward: advantages.rewards,
      advantage: advantages.advantages,
      rewards,
    }),
  );
}

/** The file that each problem of the training sets was read from. */
export function problemFiles(sets: readonly DataSet[]): (problem: Problem) => string {
  const files = new Map(sets.flatMap(({ problems, settings }) => problems.map((problem) => [problem, settings.path])));
  return (problem) => files.get(problem)!;
}
