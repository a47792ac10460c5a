import { join, resolve } from 'node:path';
import { GlossaError } from '../base/error.js';
import { namesIn } from '../base/folder.js';
import { readText } from '../base/read_file.js';
import { evaluationSchema, type EvaluationFile } from './evaluation.js';
import { runFolder } from './folder.js';
import { readMetrics } from './metrics.js';
import { readRecord } from './record.js';
import type { RunSummary } from './types.js';

/** Everything of a run that a report shows, but the rollouts. @throws GlossaError RUN_NOT_FOUND, RUN_CORRUPT. */
export async function readRun(dir: string): Promise<RunSummary> {
  const run = runFolder(resolve(dir));
  const record = await readRecord(run.dir);
  return {
    name: record.name,
    dir: run.dir,
    config: record.config,
    status: record.status,
    ...(record.languages && { languages: record.languages }),
    metrics: await readMetrics(run.metrics),
    evaluations: await readEvaluations(run.evaluations),
  };
}

async function readEvaluations(dir: string): Promise<RunSummary['evaluations']> {
  const rows: RunSummary['evaluations'] = [];
  for (const name of (await namesIn(dir)).filter((each) => /^\d+-.*\.json$/.test(each)).sort())
    rows.push(...(await readEvaluation(join(dir, name))).rows);
  return rows;
}

/** eval/NNNNNN-<suite>.json. @throws GlossaError RUN_CORRUPT. */
export async function readEvaluation(path: string): Promise<EvaluationFile> {
  try {
    return evaluationSchema.parse(JSON.parse(await readText(path)));
  } catch (error) {
    throw new GlossaError('RUN_CORRUPT', `${path}: not an evaluation`, {
      cause: error,
      hint: 'restore the file, or delete it',
    });
  }
}
