import { join } from 'node:path';
import type { ResolvedConfig } from '../config/index.js';
import type { DataSet, Problem } from '../data/types.js';
import { measuredPeak } from '../engine/index.js';
import { LANGUAGES, type Language } from '../language/types.js';
import { createGrader, type Grader } from '../reward/index.js';
import type { FoundCheckpoint, Run } from '../run/index.js';
import { checkBudget } from './budget.js';
import { engineOptions, openModel, type OpenModel } from './model.js';
import { openReference, type Reference } from './reference.js';
import { loadSource } from './sources.js';
import type { TrainOptions } from './train.js';

/** What a run trains with, all of it open. */
export interface Parts extends Inputs {
  run: Run;
  config: ResolvedConfig;
  model: OpenModel;
  reference: Reference | undefined;
  grader: Grader;
  /** Grades held-out suites, which are judged on answers alone. */
  suiteGrader: Grader;
  /** flop/s of all threads in this number type, measured now. */
  peak: number;
}

export interface Inputs {
  train: readonly DataSet[];
  /** Of the training problems, in the order of {@link LANGUAGES}. */
  languages: readonly Language[];
  suites: readonly { name: string; file: string; problems: readonly Problem[] }[];
}

/** Opens model (from the checkpoint, where there is one), data, graders and reference; closes what is open if one fails. */
export async function openParts(
  run: Run,
  config: ResolvedConfig,
  checkpoint: FoundCheckpoint | undefined,
  { abort, tell }: TrainOptions,
): Promise<Parts> {
  const model = await openModel(config, {
    lab: run.record.lab,
    ...(checkpoint && { from: checkpoint.dir }),
    ...(abort && { signal: abort }),
    onPretrain: (progress) => tell?.({ type: 'pretrain', progress }),
  });
  const opened: { close(): Promise<void> }[] = [{ close: () => model.engine.dispose() }];
  const keep = <T extends { close(): Promise<void> } | undefined>(part: T): T => {
    if (part) opened.push(part);
    return part;
  };
  try {
    if (checkpoint) await model.engine.loadState(join(checkpoint.dir, 'state.safetensors'));
    const inputs = await openData(config, model);
    const grading = { answer: config.answer, ...(config.threads > 0 && { threads: config.threads }) };
    const grader = keep(await createGrader(config.rewards, grading));
    const suiteGrader = keep(await createGrader([{ name: 'accuracy', weight: 1 }], grading));
    const reference = keep(await openReference(run, config, model.engine, checkpoint !== undefined));
    const peak = measuredPeak(engineOptions(config));
    await run.update({ model: model.engine.info(), languages: [...inputs.languages] });
    return { run, config, model, reference, grader, suiteGrader, peak, ...inputs };
  } catch (error) {
    for (const part of opened.reverse()) await part.close();
    throw error;
  }
}

export async function closeParts({ model, reference, grader, suiteGrader }: Parts): Promise<void> {
  await grader.close();
  await suiteGrader.close();
  await reference?.close();
  await model.engine.dispose();
}

/** Reads all problems, and checks that each fits the model's context with its budget. */
export async function openData(config: ResolvedConfig, { engine, tokenizer, labDir }: OpenModel): Promise<Inputs> {
  const { grpo, eval: evaluation, prompt, data } = config;
  const train = await Promise.all(data.train.map((source) => loadSource(source, labDir)));
  const suites = await Promise.all(
    data.eval.map(async (source) => {
      const { problems, settings } = await loadSource(source, labDir);
      return { name: source.name, file: settings.path, problems };
    }),
  );
  const limits = { context: engine.info().context, tokenizer, prompt };
  for (const { problems } of train)
    await checkBudget(problems, grpo.max_completion_length, limits, 'grpo.max_completion_length');
  for (const { problems } of suites)
    await checkBudget(problems, evaluation.max_completion_length, limits, 'eval.max_completion_length');
  const drawn = new Set(train.flatMap(({ problems }) => problems.map((problem) => problem.language)));
  return { train, languages: LANGUAGES.filter((language) => drawn.has(language)), suites };
}

/** Problems of all training sets. */
export function problemCount({ train }: Inputs): number {
  return train.reduce((sum, { problems }) => sum + problems.length, 0);
}
