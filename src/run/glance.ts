import { stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { namesIn } from '../base/folder.js';
import { lossSet } from '../metrics/index.js';
import type { EvaluationRow } from './evaluation.js';
import { runFolder, stepOf } from './folder.js';
import { lastMetrics } from './metrics.js';
import { readEvaluation } from './read.js';
import { readRecord, type RunRecord } from './record.js';
import { stateOf, type RunState } from './standing.js';
import type { MetricsLine } from './types.js';

/** What little of a run's folder says how far it is: as fast for a run of a million steps as for one of ten. */
export interface RunGlance {
  dir: string;
  record: RunRecord;
  state: RunState;
  /** The last line of metrics.jsonl. */
  line?: MetricsLine;
  /** Of supervised fine-tuning, the last one that has held-out losses. */
  heldOut?: MetricsLine;
  /** Of the last step that was evaluated. */
  evaluations: EvaluationRow[];
  /** When its metrics or else its record were last written, in milliseconds since 1970. */
  touched: number;
}

/** @throws GlossaError RUN_NOT_FOUND, RUN_CORRUPT, IO_ERROR. */
export async function glanceAt(dir: string): Promise<RunGlance> {
  const folder = runFolder(resolve(dir));
  const record = await readRecord(folder.dir);
  const [state, line, heldOut, evaluations, touched] = await Promise.all([
    stateOf(folder.dir, record),
    lastMetrics(folder.metrics),
    measuresExamples(record) ? lastMetrics(folder.metrics, hasHeldOutLoss) : undefined,
    lastEvaluations(folder.evaluations),
    touchedAt([folder.metrics, folder.record]),
  ]);
  return {
    ...{ dir: folder.dir, record, state, evaluations, touched },
    ...(line && { line }),
    ...(heldOut && { heldOut }),
  };
}

function measuresExamples({ config }: RunRecord): boolean {
  const { sft } = (config ?? {}) as { sft?: { eval?: unknown } };
  return Array.isArray(sft?.eval) && sft.eval.length > 0;
}

const hasHeldOutLoss = (line: MetricsLine): boolean => Object.keys(line).some((name) => lossSet(name) !== undefined);

async function lastEvaluations(dir: string): Promise<EvaluationRow[]> {
  const names = (await namesIn(dir)).filter((name) => name.endsWith('.json') && stepOf(name) !== undefined).sort();
  const last = names.at(-1);
  if (last === undefined) return [];
  const files = names.filter((name) => stepOf(name) === stepOf(last));
  return (await Promise.all(files.map((name) => readEvaluation(join(dir, name))))).flatMap(({ rows }) => rows);
}

async function touchedAt(paths: readonly string[]): Promise<number> {
  for (const path of paths) {
    const found = await stat(path).catch(() => undefined);
    if (found) return found.mtimeMs;
  }
  return NaN;
}
