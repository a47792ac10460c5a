import { timeSpent } from '../analysis/index.js';
import { GlossaError } from '../base/error.js';
import { readText } from '../base/read_file.js';
import { optimizerSteps, type ResolvedConfig } from '../config/index.js';
import type { EngineInfo, MemoryPlan } from '../engine/types.js';
import { recordedConfig } from '../inputs/index.js';
import {
  claimRun,
  describeMachine,
  differencesText,
  glossaVersion,
  inputDifferences,
  isModelOnly,
  readingDifferences,
  settingDifferences,
  type Difference,
  type MetricsLine,
  type RunClaim,
  type RunInputs,
  type RunRecord,
} from '../run/index.js';
import { warner } from './events.js';
import type { TrainOptions, TrainResult } from './options.js';
import { openParts, type Parts } from './parts.js';
import { learningRate } from './schedule.js';
import { drive, recordedPlan } from './train.js';

/** How a run is to go on. */
export interface Change {
  config: ResolvedConfig;
  /** The overrides of this time; kept in run.json. */
  set: string[];
  /** What the config has otherwise than the run's, beyond what a resumed run may change. */
  differences?: Difference[];
}

export interface ResumeOptions extends TrainOptions {
  /** Go on although something is otherwise than when the run was started; run.json notes what. */
  acceptChanges?: boolean;
}

export type ResumeResult = TrainResult & {
  /** The run had finished before: nothing was done. */
  already?: boolean;
};

/**
 * Goes on with a run from its newest whole checkpoint (from the beginning where there is none yet). What it writes is what
 * the unbroken run would have written, bit for bit, but for timings; where something is otherwise than at the start (files,
 * instruction set, version, config), that is said and nothing is done, unless it is accepted.
 *
 * @param change makes the config to go on with from the one the run was started with.
 * @throws GlossaError RUN_NOT_FOUND, RUN_CORRUPT, RUN_LOCKED, RUN_CHANGED, CHECKPOINT_CORRUPT, CHECKPOINT_MISSING,
 *   CONFIG_RESUME, and as `train` does.
 */
export async function resume(
  dir: string,
  change: (config: ResolvedConfig, record: RunRecord) => Change | Promise<Change>,
  options: ResumeOptions = {},
): Promise<ResumeResult> {
  const claim = await claimRun(dir, warner(options.tell), options.stop);
  let parts: Parts | undefined;
  try {
    const asked = await going(claim, change, options);
    if (asked.kind === 'finished') {
      await claim.sweep();
      return finishedBefore(claim);
    }
    parts = await openToGoOn(claim, asked, options);
    const run = await claim.rewind(nextRecord(claim, asked, parts));
    return await drive(run, parts, claim.checkpoint, options);
  } finally {
    await parts?.close();
    await claim.release();
  }
}

/**
 * Opens everything as {@link resume} would and changes nothing.
 *
 * @returns the step after which the run would go on, and the last one; `finished`: there is nothing left to do.
 */
export async function checkResume(
  dir: string,
  change: (config: ResolvedConfig, record: RunRecord) => Change | Promise<Change>,
  options: ResumeOptions = {},
): Promise<{ step: number; maxSteps: number; finished: boolean }> {
  const claim = await claimRun(dir, warner(options.tell), options.stop);
  try {
    const asked = await going(claim, change, options);
    const step = stepOf(claim);
    if (asked.kind === 'finished') return { step, maxSteps: step, finished: true };
    await (await openToGoOn(claim, asked, options)).close();
    return { step, maxSteps: stepsOf(asked.config), finished: false };
  } finally {
    await claim.release();
  }
}

interface GoingOn {
  kind: 'on';
  config: ResolvedConfig;
  set: string[];
  record: RunRecord;
  /** What is known to be otherwise before anything is opened; more is added then. */
  differences: Difference[];
}

/** A run that was begun has as many as its record says. */
const stepsOf = (config: ResolvedConfig): number => optimizerSteps(config)!;
const stepsSetting = ({ sft }: ResolvedConfig): string => `${sft ? 'sft' : 'grpo'}.max_steps`;

const stepOf = ({ checkpoint }: RunClaim): number => checkpoint?.state.step ?? 0;

async function going(
  claim: RunClaim,
  change: Parameters<typeof resume>[1],
  options: ResumeOptions,
): Promise<GoingOn | { kind: 'finished' }> {
  const warn = warner(options.tell);
  const record = options.acceptChanges ? (claim.edited ?? claim.record) : claim.record;
  const before = recordedConfig(record, claim.folder.dir, { edited: record === claim.edited });
  const { config, set, differences = [] } = await change(before, record);
  const step = stepOf(claim);
  const steps = stepsOf(config);
  if (step > steps)
    throw new GlossaError(
      'CONFIG_RESUME',
      `${stepsSetting(config)} ${String(steps)}: the run has made ${String(step)} steps`,
      {
        hint: `name ${String(step)} to end it there, or more`,
      },
    );
  if (record.status === 'finished' && (step === steps || isStoppedFor(record, before, config))) {
    const changed = [...editedDifferences(claim), ...differences];
    if (changed.length > 0 && !options.acceptChanges) throw changedError(claim, changed);
    return { kind: 'finished' };
  }
  for (const damage of claim.damage) warn(`${claim.folder.dir}: ${damage}`);
  const { template } = config.prompt;
  if (template && (await readText(template.path).catch(() => undefined)) !== template.text)
    warn(`${template.path} has changed or is gone; the run goes on with the template's text that it was begun with`);
  const schedule = scheduleNote(before, config, step);
  if (schedule !== undefined) warn(schedule);
  return { kind: 'on', config, set, record, differences: [...recordDifferences(claim), ...differences] };
}

/** Whether the run ended by a condition that is what it was, with no more steps to make. */
function isStoppedFor({ stopped }: RunRecord, before: ResolvedConfig, after: ResolvedConfig): boolean {
  const asked = ({ stop, grpo }: ResolvedConfig) => ({ stop, steps: grpo.max_steps });
  return stopped !== undefined && settingDifferences(asked(before), asked(after)).length === 0;
}

/** What somebody has changed in run.json. */
function editedDifferences({ record, edited }: RunClaim): Difference[] {
  if (!edited) return [];
  const changed = settingDifferences(record, edited).map((one) => ({ ...one, what: `run.json: ${one.what}` }));
  return changed.length > 0 ? changed : [{ what: 'run.json', then: 'as glossa wrote it', now: 'changed' }];
}

/** What the run's own folder tells of changes. */
function recordDifferences(claim: RunClaim): Difference[] {
  const { record, checkpoint, missing } = claim;
  const found = editedDifferences(claim);
  if (record.inputs === undefined)
    found.push({
      what: 'run.json',
      then: 'of an earlier version, which did not note what a run is made from',
      now: 'nothing to compare with',
    });
  found.push(...readingDifferences({ written: record.config, read: recordedConfig(record, claim.folder.dir) }));
  if (checkpoint && isModelOnly(checkpoint.state))
    found.push({
      what: `${checkpoint.dir} (checkpoint.save_only_model; AdamW would begin anew)`,
      then: 'float32 weights and the state of AdamW',
      now: 'rounded weights without it',
    });
  if (checkpoint && record.languagePaidOn === undefined)
    found.push(...paidOtherwise(recordedConfig(record, claim.folder.dir)));
  if (missing.length > 0)
    found.push({
      what: 'metrics.jsonl',
      then: `a line for each of ${String(stepOf(claim))} steps`,
      now: `${String(missing.length)} without, the first of step ${String(missing[0])}`,
    });
  return found;
}

/** Earlier versions paid for all words, whoever thought with them. */
function paidOtherwise({ rewards }: ResolvedConfig): Difference[] {
  return rewards
    .filter(({ name, module, url }) => /^language(_gated)?$/.test(name) && module === undefined && url === undefined)
    .map(({ name }) => ({
      what: `what the reward ${name} pays for`,
      then: name === 'language' ? 'all words, as language_plain does' : 'all words',
      now: 'the words of the reasoning',
    }));
}

async function openToGoOn(claim: RunClaim, asked: GoingOn, options: ResumeOptions): Promise<Parts> {
  const { record, config } = asked;
  const note = (differences: readonly Difference[]) => {
    asked.differences.push(...differences);
    if (asked.differences.length > 0 && !options.acceptChanges) throw changedError(claim, asked.differences);
  };
  return openParts(config, {
    ...options,
    checkpoint: claim.checkpoint,
    lab: record.lab,
    check: ({ engine }, files) => {
      note([...inputsChanged(record, files), ...machineChanged(record, engine.info())]);
    },
    checkPlan: (plan) => {
      note(planChanged(record, plan));
    },
  });
}

/** The gradients of a GPU depend on how rows are cut into micro-batches, which follows its memory; a CPU's do not. */
export function planChanged({ plan: then }: Pick<RunRecord, 'plan'>, now: MemoryPlan): Difference[] {
  if (!now.room || !then) return [];
  const changed = (what: string, before: number, after: number): Difference[] =>
    before === after ? [] : [{ what, then: String(before), now: String(after) }];
  return [
    ...changed('rows of the widest micro-batch', then.microBatchRows, now.microBatchRows),
    // Rows of the step to come may be cut otherwise where the widest are not. An earlier version did not note it.
    ...changed('rows that a micro-batch may take', then.microBatchTokens ?? now.microBatchTokens, now.microBatchTokens),
  ];
}

function inputsChanged({ inputs }: RunRecord, now: RunInputs): Difference[] {
  if (!inputs) return [];
  // Of the model at the start only what was read again is compared; where it is gone, nothing.
  const model = now.model.length === 0 ? [] : inputs.model.filter(isAmong(now.model));
  return [...inputDifferences(inputs.files, now.files), ...inputDifferences(model, now.model)];
}

const isAmong = (files: RunInputs['model']) => {
  const weightsRead = files.some(({ setting }) => setting.endsWith('.safetensors'));
  // The adapter of the start has gone on in the checkpoint.
  return ({ setting }: RunInputs['model'][number]) =>
    !setting.startsWith('model.adapter: ') && (weightsRead || !setting.endsWith('.safetensors'));
};

const INSTRUCTION_SET = 'instruction set';

export function machineChanged(
  { machine, model }: Pick<RunRecord, 'machine' | 'model'>,
  now: Pick<EngineInfo, 'device' | 'isa'>,
): Difference[] {
  const found: Difference[] = [];
  if (machine.glossa !== glossaVersion())
    found.push({ what: 'version of glossa', then: machine.glossa, now: glossaVersion() });
  if (model && model.isa !== now.isa)
    found.push({ what: now.device.startsWith('cuda') ? 'GPU' : INSTRUCTION_SET, then: model.isa, now: now.isa });
  return found;
}

function changedError({ folder, record }: RunClaim, differences: readonly Difference[]): GlossaError {
  const isa = differences.some(({ what }) => what === INSTRUCTION_SET);
  return new GlossaError(
    'RUN_CHANGED',
    `${folder.dir}: not everything is as it was when the run was started, so it would not be the run that it says it is\n${differencesText(differences)}`,
    {
      hint: `put it back${isa ? ` (GLOSSA_ISA=${record.model!.isa} asks for that instruction set)` : ''}, or start a new run; --accept-changes goes on all the same, and run.json notes what had changed`,
    },
  );
}

function nextRecord(claim: RunClaim, { record, config, set, differences }: GoingOn, parts: Parts): RunRecord {
  const { error: _error, ended: _ended, stopped: _stopped, final: _final, ...rest } = record;
  const accepted = differences.map(({ what, then, now }) => `${what}: ${then} -> ${now}`);
  const note = { step: stepOf(claim), at: new Date().toISOString(), set, ...(accepted.length > 0 && { accepted }) };
  return {
    ...rest,
    ...(claim.lost.length > 0 && !config.sft && { seconds: (record.seconds ?? 0) + secondsOf(claim.lost) }),
    config,
    status: 'running',
    saved: stepOf(claim),
    resumed: [...record.resumed, note],
    machine: describeMachine(),
    model: parts.model.engine.info(),
    plan: recordedPlan(parts.memory.plan),
    languages: [...parts.languages],
    languagePaidOn: 'reasoning',
    inputs: { files: parts.files.files, model: record.inputs?.model ?? parts.files.model },
  };
}

/** What was spent on steps that a process had written when it was killed, and that will be made again. */
function secondsOf(lines: readonly MetricsLine[]): number {
  const { steps, evaluate, save } = timeSpent(lines);
  return steps + evaluate + save;
}

function finishedBefore({ folder, checkpoint }: RunClaim): ResumeResult {
  return {
    dir: folder.dir,
    status: 'finished',
    step: checkpoint!.state.step,
    checkpoint: checkpoint!.dir,
    already: true,
  };
}

/** What a change of max_steps does to the learning rates; undefined where it is not changed. */
function scheduleNote(before: ResolvedConfig, after: ResolvedConfig, done: number): string | undefined {
  const [from, to] = [stepsOf(before), stepsOf(after)];
  if (from === to) return undefined;
  const text = `${stepsSetting(after)} was ${String(from)} and is now ${String(to)}`;
  const { lr_scheduler_type: type } = after.optimizer;
  if (type === 'constant') return `${text}; the learning rate is constant, so the schedule stays what it was`;
  const rate = (config: ResolvedConfig, steps: number) => learningRate(done, config.optimizer, steps).toPrecision(3);
  return `${text}: the ${type} schedule now ends there. Step ${String(done + 1)} has the learning rate ${rate(after, to)}, where it would have been ${rate(before, from)}; the steps up to ${String(done)} were made with the old schedule, so this is not the run that ${String(to)} steps from the start would have given`;
}
