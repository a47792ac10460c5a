import { join } from 'node:path';
import type { EvaluationRow, MetricsLine } from '../../src/run/index.js';
import { sweepSchema } from '../../src/sweep/schema.js';
import type { SweepRecord, SweepRun } from '../../src/sweep/index.js';
import { evaluation, makeRun, type MadeRun } from '../report/runs.js';

type Asked = Pick<SweepRun, 'name' | 'seed' | 'values'> & { arm?: string };

/** A sweep of these runs; their folders are not there. */
export function madeSweep(dir: string, runs: readonly Asked[], spec: object = {}): SweepRecord {
  return {
    format: 1,
    name: 'made',
    dir,
    file: join(dir, 'made.yaml'),
    spec: sweepSchema.parse({ base: {}, ...spec }),
    base: { path: null, sha256: '0', config: {} },
    glossa: '0',
    created: '2026-01-01T00:00:00.000Z',
    runs: runs.map(({ arm = null, ...run }, index) => ({
      ...run,
      arm,
      index,
      settings: run.values,
      dir: join(dir, 'runs', run.name),
    })),
  };
}

/** A run of `accuracies.length` steps on Korean prompts, evaluated at its end. */
export function koreanRun(
  accuracies: readonly number[],
  words: readonly (number | null)[],
  more: MadeRun = {},
): MadeRun {
  const metrics = accuracies.map((accuracy, i): MetricsLine => ({
    step: i + 1,
    accuracy,
    reward: 2 * accuracy,
    'language/target_wr': words[i]!,
    'language/rewarded/target_wr': words[i]!,
    step_time: 0.25,
  }));
  const last: EvaluationRow = evaluation([accuracies.length, 'test', 'ko'], {
    accuracy: accuracies.at(-1)!,
    target_wr: words.at(-1)!,
  });
  metrics.at(-1)!['eval_test/accuracy'] = last.accuracy;
  return {
    languages: ['ko'],
    config: { grpo: { max_steps: accuracies.length } },
    metrics,
    evaluations: [last],
    ...more,
  };
}

/** Makes the folder of a run of the sweep. */
export async function begin(sweep: SweepRecord, name: string, made: MadeRun): Promise<void> {
  await makeRun(sweep.runs.find((run) => run.name === name)!.dir, made);
}
