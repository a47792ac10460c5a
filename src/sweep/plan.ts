import { resolve } from 'node:path';
import { GlossaError } from '../base/error.js';
import { exists } from '../base/exists.js';
import type { ResolvedConfig } from '../config/index.js';
import { recordedConfig } from '../inputs/index.js';
import {
  differencesText,
  glossaVersion,
  isUnder,
  readRecord,
  runFolder,
  settingDifferences,
  type Difference,
} from '../run/index.js';
import { absolute, configOf, NEUTRAL } from './config.js';
import type { SweepFile } from './file.js';
import { sweepFolder } from './folder.js';
import { findSweep, type SweepRecord, type SweepRun } from './record.js';
import { isBegun } from './state.js';
import { wantedRuns, type WantedRun } from './wanted.js';

/** What a sweep file asks of a folder, before anything is done. */
export interface SweepPlan {
  record: SweepRecord;
  /** Whether the folder is this sweep's already. */
  known: boolean;
  /** By the index of the run. */
  configs: ReadonlyMap<number, ResolvedConfig>;
  /** Runs that were not in the sweep before. */
  added: SweepRun[];
  /** Runs that have begun as others than they would be now: base, arm or settings were edited. */
  changed: { run: SweepRun; differences: Difference[] }[];
  /** Runs that the sweep no longer asks for; their folders stay. */
  left: SweepRun[];
}

/**
 * Expands a sweep file, checks the config of every run, and compares with what the folder holds. Changes nothing.
 *
 * @param out folder of the sweep; default: `runs/` and its name, in the working folder.
 * @throws GlossaError SWEEP_INVALID and those of `loadConfig`, with line and axis; SWEEP_PLACE where the folder is another
 *   sweep's or holds runs of another origin; SWEEP_CORRUPT.
 */
export async function planSweep(file: SweepFile, out?: string): Promise<SweepPlan> {
  const wanted = wantedRuns(file);
  const dir = resolve(out ?? `runs/${file.spec.name}`);
  if (await exists(runFolder(dir).record))
    throw taken(dir, 'is the folder of a run', 'give --out, or another name in the sweep file');
  const previous = await findSweep(dir);
  const { base } = file;
  const record: SweepRecord = {
    format: 1,
    name: file.spec.name,
    dir,
    file: file.path,
    spec: { ...file.spec, set: absolute(file, file.spec.set) },
    base: { path: base.path ?? null, sha256: base.sha256, config: base.config },
    glossa: glossaVersion(),
    created: previous?.created ?? new Date().toISOString(),
    runs: [],
  };
  const { pairs, left } = match(wanted, previous);
  if (previous && (previous.name !== record.name || (previous.file !== file.path && pairs.every(({ old }) => !old))))
    throw taken(
      dir,
      `is of the sweep ${previous.name} (${previous.file})`,
      'give --out, or another name in the sweep file',
    );
  const taking = new Names([...(previous?.runs ?? [])]);
  const placed = pairs.map(({ want, old }) => {
    const { index, name } = old ?? taking.next(want.name);
    const { arm, seed, values, settings, config } = want;
    return { run: { index, name, arm, seed, values, settings, dir: sweepFolder(dir).run(name) }, config, old };
  });
  record.runs = placed.map(({ run }) => run).sort((a, b) => a.index - b.index);
  const changed: SweepPlan['changed'] = [];
  for (const { run, config } of placed) {
    const differences = await differencesOf(dir, run, config);
    if (differences.length > 0) changed.push({ run, differences });
  }
  return {
    record,
    known: previous !== undefined,
    configs: new Map(placed.map(({ run, config }) => [run.index, config])),
    added: placed.filter(({ old }) => !old).map(({ run }) => run),
    changed,
    left,
  };
}

/**
 * Which run of before each wanted one is: the one of its name, or under another name the one of its config (an axis was added that
 * gives it the value it had).
 */
function match(
  wanted: readonly WantedRun[],
  previous: SweepRecord | undefined,
): { pairs: { want: WantedRun; old: SweepRun | undefined }[]; left: SweepRun[] } {
  if (!previous) return { pairs: wanted.map((want) => ({ want, old: undefined })), left: [] };
  const free = new Map(previous.runs.map((run) => [run.name, run]));
  const found = new Map<WantedRun, SweepRun>();
  const take = (want: WantedRun, old: SweepRun | undefined) => {
    if (!old) return;
    found.set(want, old);
    free.delete(old.name);
  };
  for (const want of wanted) take(want, free.get(want.name));
  const lost = wanted.filter((want) => !found.has(want));
  if (lost.length > 0 && free.size > 0) {
    const byConfig = new Map([...free.values()].map((run) => [previousKey(previous, run), run]));
    for (const want of lost) {
      const old = byConfig.get(keyOf(want.config));
      take(want, old && free.get(old.name));
    }
  }
  return { pairs: wanted.map((want) => ({ want, old: found.get(want) })), left: [...free.values()] };
}

/** What a config says of a run's results. */
function keyOf({
  threads: _1,
  kv_cache_gb: _2,
  recompute: _3,
  run: _4,
  checkpoint: _5,
  ...config
}: ResolvedConfig): string {
  const { cache: _6, ...model } = config.model;
  return JSON.stringify({ ...config, model });
}

/** None where this version does not read the config. */
function previousKey(previous: SweepRecord, run: SweepRun): string {
  try {
    return keyOf(configOf(previous, run));
  } catch {
    return run.name;
  }
}

/** Gives new runs indices and names that no run of the sweep has had. */
class Names {
  private readonly names: Set<string>;
  private index: number;

  constructor(runs: readonly SweepRun[]) {
    this.names = new Set(runs.map(({ name }) => name.toLowerCase()));
    this.index = runs.reduce((next, run) => Math.max(next, run.index + 1), 0);
  }

  next(wanted: string): { index: number; name: string } {
    let name = wanted;
    for (let i = 2; this.names.has(name.toLowerCase()); i++) name = `${wanted}-${String(i)}`;
    this.names.add(name.toLowerCase());
    return { index: this.index++, name };
  }
}

/** Where things lie may change: another machine, a hub's cache. A run's own record of its inputs tells whether they are the same. */
const PLACES = /(^model\.(path|init)|\.path$|\.module$|\.verifier$|^prompt\.template)/;

/**
 * In what a run that has begun is otherwise than the sweep asks now.
 *
 * @throws GlossaError SWEEP_PLACE where the run in the folder was not started by this sweep.
 */
async function differencesOf(dir: string, run: SweepRun, config: ResolvedConfig): Promise<Difference[]> {
  if (!(await isBegun(run.dir))) return [];
  const record = await readRecord(run.dir).catch((error: unknown) => {
    if (error instanceof GlossaError && error.code === 'RUN_CORRUPT') return undefined;
    throw error;
  });
  // It fails by itself and says why; the others go on.
  if (!record) return [];
  const recorded = recordedConfig(record, run.dir);
  const differences = settingDifferences(recorded, withCountedSteps(config, recorded)).filter(
    ({ what }) => !isUnder(what, NEUTRAL) && !PLACES.test(what),
  );
  if (differences.length > 0 && record.asked?.config !== sweepFolder(dir).config(run.name))
    throw taken(
      run.dir,
      `holds a run that is not this sweep's\n${differencesText(differences)}`,
      'move it away, or give --out',
    );
  return differences;
}

/** A run by epochs has noted how many steps they are. */
function withCountedSteps(config: ResolvedConfig, { sft: made }: ResolvedConfig): ResolvedConfig {
  const { sft } = config;
  return sft && made ? { ...config, sft: { ...sft, max_steps: sft.max_steps ?? made.max_steps } } : config;
}

const taken = (dir: string, message: string, hint: string): GlossaError =>
  new GlossaError('SWEEP_PLACE', `${dir} ${message}`, { hint });
