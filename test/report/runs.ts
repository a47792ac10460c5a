import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  readRun,
  runFolder,
  writeRecord,
  type EvaluationRow,
  type MetricsLine,
  type RunSummary,
} from '../../src/run/index.js';
import type { Language } from '../../src/language/types.js';

/** A run's folder as training leaves it, but for rollouts and weights. */
export interface MadeRun {
  status?: RunSummary['status'];
  languages?: Language[];
  config?: object;
  metrics?: MetricsLine[];
  evaluations?: EvaluationRow[];
}

export async function makeRun(dir: string, made: MadeRun): Promise<RunSummary> {
  const run = runFolder(dir);
  await mkdir(run.evaluations, { recursive: true });
  await mkdir(run.rollouts, { recursive: true });
  await writeRecord(run, {
    format: 2,
    name: 'made',
    config: made.config ?? {},
    status: made.status ?? 'finished',
    ...(made.languages && { languages: made.languages }),
    seed: 1,
    started: '2026-01-01T00:00:00.000Z',
    resumed: [],
    machine: {
      glossa: '0',
      node: '0',
      platform: 'none',
      cpu: 'none',
      cores: 1,
      memoryGb: 1,
      native: { path: '', version: '', isas: [] },
    },
  });
  await writeFile(run.metrics, (made.metrics ?? []).map((line) => `${JSON.stringify(line)}\n`).join(''));
  const files = new Map<string, EvaluationRow[]>();
  for (const row of made.evaluations ?? []) {
    const path = run.evaluation(row.step, row.suite);
    files.set(path, [...(files.get(path) ?? []), row]);
  }
  for (const [path, rows] of files)
    await writeFile(path, JSON.stringify({ step: rows[0]!.step, suite: rows[0]!.suite, rows }));
  return readRun(join(dir));
}

export function evaluation(
  [step, suite, language]: [number, string, Language],
  values: Partial<EvaluationRow> & { accuracy: number },
): EvaluationRow {
  return {
    step,
    suite,
    language,
    target_wr: null,
    target_wr_rewarded: null,
    en_wr: null,
    other_wr: null,
    mean_length: 10,
    clipped_ratio: 0,
    n: 100,
    ...values,
  };
}
