import { join, resolve } from 'node:path';
import { GlossaError } from '../base/error.js';
import { checkLearningRate, type ResolvedConfig } from '../config/index.js';
import type { Problems } from '../data/types.js';
import type { MemoryPlan } from '../engine/types.js';
import {
  gpuAdvice,
  longestForm,
  hashInputs,
  openData,
  openModel,
  plannedRun,
  planOf,
  promptSizes,
  shortOfMemory,
  takenOf,
  trainsAdapters,
  type Inputs,
  type OpenModel,
  type PlannedMemory,
} from '../inputs/index.js';
import { decodingLaw, type DecodingLaw } from '../decoding/index.js';
import { createGrader, type Grader } from '../reward/index.js';
import { openExamples, type Examples } from '../sft/index.js';
import type { LabSettings } from '../lab/index.js';
import { isModelOnly, runFolder, type FoundCheckpoint, type RunInputs } from '../run/index.js';
import { warner } from './events.js';
import type { TrainOptions } from './options.js';

/** What a run trains with: open and checked, and nothing of it written yet. */
export interface Parts extends Inputs {
  config: ResolvedConfig;
  model: OpenModel;
  /** Memory that the engine will need at most. */
  memory: PlannedMemory;
  /** Files that all this was read from. */
  files: RunInputs;
  grader: Grader;
  /** What is added to the logits of completions; undefined: nothing. */
  decoding: DecodingLaw | undefined;
  /** Of held-out suites: with processes of its own, so that what a module remembers in training is of training. */
  suiteGrader: Grader;
  /** Of supervised fine-tuning, which has no problems to train on. */
  examples?: Examples | undefined;
  close(): Promise<void>;
}

export interface PartsOptions extends Pick<TrainOptions, 'stop' | 'abort' | 'tell'> {
  /** To go on from; else the model of the config. */
  checkpoint?: FoundCheckpoint | undefined;
  /** Recipe of the lab model, where the run was started with one. */
  lab?: LabSettings | undefined;
  /** Looks at the model and the files before they are read. */
  check?: (model: OpenModel, files: RunInputs) => void;
  /** Looks at the plan. */
  checkPlan?: (plan: MemoryPlan) => void;
}

const NOT_BITWISE =
  'fast: products may be cut along k, so this run is not bitwise: the log-probabilities of sampler and trainer differ by rounding, and a resumed run need not have the bits of an unbroken one';

/** Opens model, data and graders; closes what is open if one fails. */
export async function openParts(
  asked: ResolvedConfig,
  { checkpoint, lab, check, checkPlan, stop, abort, tell }: PartsOptions,
): Promise<Parts> {
  const warn = warner(tell);
  if (asked.fast && asked.device.startsWith('cuda')) warn(NOT_BITWISE);
  const signals = [stop, abort].filter((signal) => signal !== undefined);
  const model = await openModel(asked, {
    lab,
    ...(checkpoint && { from: checkpoint.dir }),
    ...(asked.model.init && { baseName: runFolder(resolve(asked.run.dir)).base }),
    // There is nothing to save yet.
    ...(signals.length > 0 && { signal: AbortSignal.any(signals) }),
    onPretrain: (progress) => tell?.({ type: 'pretrain', progress }),
    warn,
  });
  const opened: { close(): Promise<void> }[] = [{ close: () => model.engine.dispose() }];
  const close = async () => {
    for (const part of opened.splice(0).reverse()) await part.close();
  };
  const keep = <T extends { close(): Promise<void> }>(part: T): T => {
    opened.push(part);
    return part;
  };
  try {
    const hasState = checkpoint !== undefined && !isModelOnly(checkpoint.state);
    if (hasState) await model.engine.loadState(join(checkpoint.dir, 'state.safetensors'));
    const files = await hashInputs(asked, {
      labDir: model.labDir,
      weights: !checkpoint || trainsAdapters(asked),
      adapter: !checkpoint,
    });
    check?.(model, files);
    const problems = await openData(asked, model, { resumed: checkpoint !== undefined });
    const examples =
      asked.sft &&
      (await openExamples({ ...asked, sft: asked.sft }, model, {
        suites: problems.suites,
        resumed: checkpoint !== undefined,
      }));
    const config = examples ? withSteps(asked, examples) : asked;
    const inputs = examples ? { ...problems, languages: examples.languages } : problems;
    [...problems.remarks, ...(examples?.remarks ?? [])].forEach(warn);
    const decoding = await decodingOf(config, model, inputs);
    const memory = await reserveMemory(
      config,
      model,
      { ...inputs, examples },
      { hasState, resumed: checkpoint !== undefined },
    );
    checkPlan?.(memory.plan);
    const short = await shortOfMemory(memory);
    if (short !== undefined) warn(short);
    const grading = { answer: config.answer, ...(config.threads > 0 && { threads: config.threads }) };
    const verifiersOf = (sets: readonly { problems: Problems }[]) => [
      // Those of a set are all judged alike.
      ...new Set(sets.map(({ problems }) => problems.at(0)!.verifier)),
    ];
    const { train, suites } = inputs;
    const grader = keep(await createGrader(config.rewards, { ...grading, verifiers: verifiersOf(train) }));
    const suiteGrader =
      suites.length === 0
        ? grader
        : keep(await createGrader(config.rewards, { ...grading, verifiers: verifiersOf(suites) }));
    return { config, model, memory, files, decoding, grader, suiteGrader, examples, close, ...inputs };
  } catch (error) {
    await close();
    throw error;
  }
}

/** @throws GlossaError as decodingLaw, before anything is drawn. */
function decodingOf(
  { decoding }: ResolvedConfig,
  { engine, tokenizer }: OpenModel,
  { train, suites }: Inputs,
): Promise<DecodingLaw | undefined> {
  const evaluated = decoding.in_eval ? suites : [];
  const languages = new Set([
    ...train.flatMap((set) => set.languages),
    ...evaluated.flatMap(({ problems }) => problems.map(({ language }) => language)),
  ]);
  return decodingLaw(decoding, { tokenizer, vocab: engine.info().vocab }, [...languages]);
}

/** The config with the steps that its epochs make. @throws GlossaError CONFIG_IMPOSSIBLE. */
function withSteps(config: ResolvedConfig, { steps, count }: Examples): ResolvedConfig {
  const [fault] = checkLearningRate(config.optimizer, steps, 'the steps of the epochs,');
  if (fault)
    throw new GlossaError(fault.code, `${fault.path.join('.')}: ${fault.message} (${String(count)} examples)`, {
      hint: 'warm up or fall for fewer, or train for more with sft.num_train_epochs or sft.max_steps',
    });
  return { ...config, sft: { ...config.sft!, max_steps: steps } };
}

/**
 * Plans what the engine will take, and takes it where that is a GPU's memory.
 *
 * @throws GlossaError where the engine would refuse what the run asks of it, such as KV_CACHE_TOO_SMALL; OUT_OF_MEMORY with
 *   settings that would fit.
 */
async function reserveMemory(
  config: ResolvedConfig,
  model: OpenModel,
  { train, suites, examples }: Inputs & Pick<Parts, 'examples'>,
  { hasState, resumed }: { hasState: boolean; resumed: boolean },
): Promise<PlannedMemory> {
  const sets = { train: train.map(({ problems }) => problems), suites };
  const sizes = {
    ...(await promptSizes(sets, model.tokenizer, longestForm(config))),
    example: examples?.longest,
  };
  const plan = planOf(model.configJson, config, sizes);
  const replan = (changed: ResolvedConfig) => planOf(model.configJson, changed, sizes, plan.room?.total);
  const memory = { plan, config, replan, hasState };
  try {
    const run = plannedRun(config, sizes);
    // Of a resumed run, and where it moves, the reference has an engine of its own.
    await model.engine.reserve(resumed || config.grpo.sync_ref_model ? { ...run, reference: false } : run);
  } catch (error) {
    throw withMemoryAdvice(error, memory);
  }
  return memory;
}

/** An OUT_OF_MEMORY of a GPU, with the plan's largest terms and the settings that would fit. */
export function withMemoryAdvice(error: unknown, memory: PlannedMemory): unknown {
  const { plan, hasState } = memory;
  if (!(error instanceof GlossaError) || error.code !== 'OUT_OF_MEMORY' || !plan.room) return error;
  const available = plan.room.free + takenOf(plan, hasState);
  return new GlossaError('OUT_OF_MEMORY', error.message, { cause: error, hint: gpuAdvice(memory, available) });
}
