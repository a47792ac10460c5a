import { resolve } from 'node:path';
import { isTiming, lessIsBetter, lossSet, type Metrics } from '../metrics/index.js';
import {
  finalStep,
  readRecord,
  readRun,
  runFolder,
  stateOf,
  type EvaluationRow,
  type MetricsLine,
  type RunRecord,
  type RunState,
} from '../run/index.js';
import { collapse, smooth, SMOOTHING } from './collapse.js';
import { halfLife } from './half_life.js';
import { modelName, type SomeConfig } from './overview.js';
import { extremes, known, pointsOf, type KnownPoint } from './points.js';
import { methodOf, type Method } from './supervised.js';
import { throughput, timeSpent, type Throughput, type TimeSpent } from './throughput.js';

/** What a run came to: summary.json. docs/metrics.md, "Summary", says what each key means. */
export interface Summary {
  format: 1;
  name: string;
  method: Method;
  status: RunState;
  error: { code: string; message: string } | null;
  seed: number;
  /** ISO 8601. */
  started: string;
  ended: string | null;
  /** Steps after which it was gone on with. */
  resumed: number[];
  versions: { glossa: string; commit: string | null; node: string | null; native: string | null };
  machine: {
    host: string | null;
    platform: string | null;
    cpu: string | null;
    cores: number | null;
    memory_gb: number | null;
  };
  /** `source`: path or hub name, or `lab` and its size; `isa`: instruction set, or the GPU's name. */
  model: {
    source: string | null;
    parameters: number | null;
    trainable_parameters: number | null;
    device: string | null;
    dtype: string;
    isa: string;
  } | null;
  plan: RunRecord['plan'] | null;
  languages: readonly string[];
  /** `final`: step whose weights final/ holds, of a finished run. */
  steps: { made: number; planned: number | null; final: number | null };
  /** The last value of every metric but timings. */
  final: Metrics;
  best: Record<string, KnownPoint>;
  /** By language of the training prompts; nothing of supervised fine-tuning. */
  target_wr_rewarded: Record<
    string,
    { start: KnownPoint | null; end: KnownPoint | null; collapse_step: number | null; half_life: number | null }
  >;
  /** Of each suite the last time it was evaluated. */
  evaluations: EvaluationRow[];
  throughput: Throughput;
  time: TimeSpent;
}

/**
 * Reads a run's folder, whatever has become of it, and sums it up. Two runs of one seed have the same summary but for `started`,
 * `ended`, `resumed`, `throughput`, `time` and, on another machine, what it says of that.
 *
 * @param ending What run.json is about to say, where the process that holds its lock says how it ends.
 * @throws GlossaError RUN_NOT_FOUND, RUN_CORRUPT, IO_ERROR.
 */
export async function summaryOf(dir: string, ending?: RunRecord): Promise<Summary> {
  const folder = runFolder(resolve(dir));
  const record = ending ?? (await readRecord(folder.dir));
  const { metrics: lines, evaluations } = await readRun(folder.dir);
  const status = ending?.status ?? (await stateOf(folder.dir, record));
  const { model, machine, config } = record;
  const settings = (config ?? {}) as SomeConfig;
  return {
    format: 1,
    name: record.name,
    method: methodOf(config),
    status,
    error: status === 'failed' ? (record.error ?? null) : null,
    seed: record.seed,
    started: record.started,
    ended: status === 'running' ? null : (record.ended ?? null),
    resumed: record.resumed.map(({ step }) => step),
    versions: {
      glossa: machine.glossa,
      commit: machine.commit ?? null,
      node: machine.node ?? null,
      native: machine.native?.version ?? null,
    },
    machine: {
      host: machine.host ?? null,
      platform: machine.platform ?? null,
      cpu: machine.cpu ?? null,
      cores: machine.cores ?? null,
      memory_gb: machine.memoryGb ?? null,
    },
    model: model
      ? {
          source: modelName(settings.model),
          parameters: model.parameters ?? null,
          trainable_parameters: model.trainableParameters ?? null,
          device: model.device ?? null,
          dtype: model.dtype,
          isa: model.isa,
        }
      : null,
    plan: record.plan ?? null,
    languages: record.languages ?? [],
    steps: {
      made: lines.at(-1)?.step ?? 0,
      planned: (settings.sft ?? settings.grpo)?.max_steps ?? null,
      final: finalStep(record) ?? null,
    },
    final: lastValues(lines),
    best: bestOf(lines),
    target_wr_rewarded: settings.sft ? {} : fallen(lines, record.languages ?? []),
    evaluations: lastOfSuites(evaluations),
    throughput: throughput(lines),
    time: timeSpent(lines),
  };
}

export const summaryText = (summary: Summary): string => `${JSON.stringify(summary, null, 2)}\n`;

/** Of each name the last value that it has: an evaluation's stands on the line of its step alone. */
function lastValues(lines: readonly MetricsLine[]): Metrics {
  const all = Object.assign({}, ...lines) as Record<string, number | null>;
  return Object.fromEntries(Object.entries(all).filter(([name]) => name !== 'step' && !isTiming(name)));
}

/**
 * Measures of the training prompts of which the greatest is best; of the held-out suites, every share under these fields. Of a held-out
 * loss the least is best.
 */
const BEST = ['reward', 'accuracy'] as const;
const BEST_HELD_OUT = ['accuracy', 'target_wr', 'target_wr_rewarded', 'avg@', 'maj@', 'pass@'];

/** Training figures are means of the last five steps: one batch is luck. */
function bestOf(lines: readonly MetricsLine[]): Summary['best'] {
  const names = [...new Set(lines.flatMap((line) => Object.keys(line)))];
  const heldOut = names.filter(
    (name) =>
      lossSet(name) !== undefined ||
      (name.startsWith('eval_') && BEST_HELD_OUT.some((field) => name.split('/').at(-1)!.startsWith(field))),
  );
  return Object.fromEntries(
    [
      ...BEST.map(
        (name) =>
          [
            name,
            smooth(
              pointsOf(
                lines.filter(({ step }) => step > 0),
                name,
              ),
              SMOOTHING,
            ),
          ] as const,
      ),
      ...heldOut.map((name) => [name, pointsOf(lines, name)] as const),
    ].flatMap(([name, points]) => {
      const found = extremes(known(points));
      if (!found) return [];
      return [[name, lessIsBetter(name) ? found.lowest : found.highest] as const];
    }),
  );
}

function fallen(lines: readonly MetricsLine[], languages: readonly string[]): Summary['target_wr_rewarded'] {
  const trained = lines.filter(({ step }) => step > 0);
  return Object.fromEntries(
    languages.map((language) => {
      const group = languages.length > 1 ? `language/${language}` : 'language';
      const points = pointsOf(trained, `${group}/rewarded/target_wr`);
      const { start, end, step } = collapse(points);
      return [language, { start, end, collapse_step: step, half_life: halfLife(points) }];
    }),
  );
}

function lastOfSuites(rows: readonly EvaluationRow[]): EvaluationRow[] {
  const last = new Map<string, number>();
  for (const { suite, step } of rows) last.set(suite, Math.max(step, last.get(suite) ?? 0));
  return rows.filter(({ suite, step }) => step === last.get(suite));
}
