import { relative } from 'node:path';
import { fieldMeasure, lossSet, type Field, type Metrics } from '../metrics/index.js';
import { atKs, finalStep, type EvaluationRow, type MetricsLine, type RunGlance, type RunState } from '../run/index.js';
import { heldOutName, methodOf, type Method } from './supervised.js';

/** A run in a list of runs. */
export interface RunOverview {
  kind: 'run';
  /** Its folder, from the one that was listed. */
  path: string;
  dir: string;
  name: string;
  method: Method;
  /** `stopped`: by its sweep, which compares runs early and ends hopeless ones. */
  state: RunState | 'stopped';
  /** Of the failure, where it failed. */
  code: string | null;
  error: string | null;
  /** Optimizer steps made, and asked for. */
  step: number;
  max_steps: number | null;
  /** Step whose weights final/ holds, of a finished run. */
  final_step: number | null;
  /** Of the training prompts or examples. */
  languages: readonly string[];
  /** Path or hub name of the model it began with, or `lab` and its size. */
  model: string | null;
  seed: number;
  /** ISO 8601. */
  started: string;
  ended: string | null;
  /** Seconds since its start. */
  age: number;
  /** Seconds since its metrics were last written. */
  idle: number;
  glossa: string;
  host: string | null;
  commit: string | null;
  /** Last line of metrics.jsonl. */
  metrics: Metrics;
  /** Sets of `sft.eval`, at the last step that they were measured at. */
  held_out: readonly HeldOutLoss[];
  /** Of the last step that was evaluated. */
  evaluations: readonly EvaluationRow[];
  config: unknown;
}

export interface HeldOutLoss {
  set: string;
  step: number;
  loss: number | null;
  perplexity: number | null;
}

/** @param from Folder that paths are told from. @param now Milliseconds since 1970. */
export function overview(
  { dir, record, state, line, heldOut, evaluations, touched }: RunGlance,
  from: string,
  now: number,
): RunOverview {
  const { model, grpo, sft } = (record.config ?? {}) as SomeConfig;
  const since = (time: number) => (Number.isFinite(time) ? Math.max(0, Math.round((now - time) / 1000)) : 0);
  return {
    kind: 'run',
    path: relative(from, dir) || '.',
    dir,
    name: record.name,
    method: methodOf(record.config),
    state,
    code: state === 'failed' ? (record.error?.code ?? null) : null,
    error: state === 'failed' ? (record.error?.message ?? null) : null,
    step: line?.step ?? 0,
    max_steps: (sft ?? grpo)?.max_steps ?? null,
    final_step: finalStep(record) ?? null,
    languages: record.languages ?? [],
    model: modelName(model),
    seed: record.seed,
    started: record.started,
    ended: state === 'running' ? null : (record.ended ?? null),
    age: since(Date.parse(record.started)),
    idle: since(touched),
    glossa: record.machine.glossa,
    host: record.machine.host ?? null,
    commit: record.machine.commit ?? null,
    metrics: line ?? {},
    held_out: heldOut ? heldOutLosses(heldOut) : [],
    evaluations,
    config: record.config,
  };
}

function heldOutLosses(line: MetricsLine): HeldOutLoss[] {
  const values: Readonly<Record<string, number | null | undefined>> = line;
  return Object.keys(line).flatMap((name) => {
    const set = lossSet(name);
    if (set === undefined) return [];
    return [
      {
        ...{ set, step: line.step },
        ...{ loss: values[name] ?? null, perplexity: values[heldOutName(set, 'perplexity')] ?? null },
      },
    ];
  });
}

export interface SomeConfig {
  model?: { path?: string; lab?: { size?: string }; init?: { config?: unknown } };
  grpo?: { max_steps?: number };
  /** Of supervised fine-tuning. */
  sft?: { max_steps?: number };
}

/** Path or hub name of the model that a config begins with, or `lab` and its size. */
export function modelName(model: SomeConfig['model']): string | null {
  if (model?.path !== undefined) return model.path;
  if (model?.lab) return `lab ${model.lab.size ?? 'tiny'}`;
  return model?.init ? 'random weights' : null;
}

const OWN = [
  ...([
    'path',
    'dir',
    'name',
    'method',
    'state',
    'code',
    'step',
    'max_steps',
    'final_step',
    'languages',
    'model',
    'seed',
    'started',
    'ended',
  ] as const),
  ...(['age', 'idle', 'glossa', 'host', 'commit'] as const),
];

/** What a name says of a run: a text, a number, a list; undefined where the run has nothing of that name. */
export function valueOf(run: RunOverview, name: string): unknown {
  const own = OWN.find((each) => each === name);
  if (own !== undefined) return run[own];
  const figures = new Map<string, unknown>(figuresOf(run));
  return figures.has(name) ? figures.get(name) : settingOf(run.config, name);
}

/** Every name that {@link valueOf} knows of a run, but for settings. */
export function namesOf(run: RunOverview): string[] {
  return [...OWN, ...figuresOf(run).map(([name]) => name)];
}

const FIELDS: readonly Field[] = [
  'accuracy',
  'clipped_ratio',
  'target_wr',
  'target_wr_rewarded',
  'en_wr',
  'other_wr',
  'mean_length',
];

/** Names of metrics.jsonl; a measure's field for its name there; of the last evaluation, whichever step it was after. */
function figuresOf({ metrics, held_out: heldOut, evaluations }: RunOverview): [string, number | null | undefined][] {
  const { step: _step, ...line } = metrics as Record<string, number | null>;
  const suites = new Map(
    evaluations.map(({ suite }) => [suite, evaluations.filter((row) => row.suite === suite).length]),
  );
  return [
    ...FIELDS.map((field): [string, number | null | undefined] => [field, line[fieldMeasure(field).name]]),
    ...Object.entries(line),
    ...heldOut.flatMap(({ set, loss, perplexity }): [string, number | null][] => [
      [heldOutName(set, 'loss'), loss],
      [heldOutName(set, 'perplexity'), perplexity],
    ]),
    ...evaluations.flatMap((row) =>
      [...FIELDS, ...atKs(row)].map((field): [string, number | null | undefined] => [
        `eval_${row.suite}/${suites.get(row.suite)! > 1 ? `${row.language}/` : ''}${field}`,
        row[field as keyof EvaluationRow] as number | null | undefined,
      ]),
    ),
  ].filter(([, value]) => value !== undefined);
}

/** `grpo.temperature`, `rewards.0.weight`, `rewards[0].weight`, or by the entry's name `rewards.language.weight`. */
export function settingOf(config: unknown, name: string): unknown {
  return name
    .replaceAll(/\[(\d+)\]/g, '.$1')
    .split('.')
    .reduce<unknown>((at, key) => {
      if (typeof at !== 'object' || at === null) return undefined;
      if (Array.isArray(at) && !/^\d+$/.test(key))
        return at.find((each: { name?: unknown } | null) => each?.name === key);
      return Object.hasOwn(at, key) ? (at as Record<string, unknown>)[key] : undefined;
    }, config);
}
