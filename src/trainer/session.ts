import { mkdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { GlossaError } from '../base/error.js';
import type { ResolvedConfig } from '../config/index.js';
import { promptOrder } from '../data/index.js';
import type { DataSet, Problem } from '../data/types.js';
import { loadEngine, measuredPeak } from '../engine/index.js';
import type { Engine, EngineInfo, JobOptions } from '../engine/types.js';
import { evaluate } from '../eval/index.js';
import { createGrader, type Grader } from '../reward/index.js';
import {
  writeCheckpoint,
  type CheckpointState,
  type FoundCheckpoint,
  type MetricsLine,
  type Run,
} from '../run/index.js';
import { checkBudget } from './budget.js';
import { collect, type Collected, type CollectContext } from './collect.js';
import type { Phase, Tell } from './events.js';
import { guardRewards } from './guards.js';
import { metricsLine } from './line.js';
import { engineOptions, openModel, type OpenModel } from './model.js';
import { writeEvaluationRows, writeGeneration } from './rollouts.js';
import { isDue } from './schedule.js';
import { loadSource } from './sources.js';
import type { TrainOptions, TrainResult } from './train.js';
import { update } from './update.js';

type Progress = Omit<CheckpointState, 'format' | 'files'>;

interface Parts {
  run: Run;
  config: ResolvedConfig;
  model: OpenModel;
  reference: Engine | undefined;
  grader: Grader;
  train: readonly DataSet[];
  suites: readonly { name: string; problems: readonly Problem[] }[];
  /** flop/s of all threads in this number type, measured now. */
  peak: number;
}

/**
 * One process's part of a run: from a checkpoint (or the start) to the end or an interruption. Everything it draws is named
 * by the seed and counters, so the checkpoint carries counters and weights only. Checkpoints lie between generations: in the
 * middle of one its completions would have to be carried too.
 */
export class Session {
  private readonly order: (index: number) => Problem;
  private readonly info: EngineInfo;
  private readonly context: CollectContext;
  private savedAt: number;
  /** Files being written while the engine computes; awaited before a checkpoint counts. */
  private writing: Promise<void> = Promise.resolve();

  private constructor(
    private readonly parts: Parts,
    private progress: Progress,
    private readonly options: TrainOptions,
  ) {
    this.order = promptOrder([...parts.train], BigInt(parts.config.seed));
    this.info = parts.model.engine.info();
    this.savedAt = progress.step > 0 ? progress.step : -1;
    const { config, model, grader, reference } = parts;
    this.context = {
      config,
      engine: model.engine,
      tokenizer: model.tokenizer,
      grader,
      ...(config.grpo.beta > 0 && { reference: async (batch) => this.referenceLogps(reference, batch) }),
    };
  }

  static async open(
    run: Run,
    config: ResolvedConfig,
    checkpoint: FoundCheckpoint | undefined,
    options: TrainOptions,
  ): Promise<Session> {
    const { abort, tell } = options;
    const model = await openModel(config, {
      ...(checkpoint && { from: checkpoint.dir }),
      ...(abort && { signal: abort }),
      onPretrain: (progress) => tell?.({ type: 'pretrain', progress }),
    });
    let reference: Engine | undefined;
    let grader: Grader | undefined;
    try {
      if (checkpoint) await model.engine.loadState(join(checkpoint.dir, 'state.safetensors'));
      reference = await openReference(run, config, model, checkpoint);
      const { train, suites } = await openData(config, model);
      grader = await createGrader(config.rewards, config.threads > 0 ? { threads: config.threads } : {});
      const peak = await measuredPeak(engineOptions(config));
      await run.update({ model: model.engine.info() });
      const start = checkpoint?.state ?? { step: 0, numTokens: 0, promptsDrawn: 0, zeroRewardSteps: 0 };
      const { step, numTokens, promptsDrawn, zeroRewardSteps } = start;
      for (const { skipped, settings } of train) {
        if (skipped.length > 0)
          tell?.({
            type: 'warning',
            message: `${settings.path}: ${String(skipped.length)} bad rows skipped, the first at line ${String(skipped[0]!.line)}: ${skipped[0]!.reason}`,
          });
      }
      tell?.({
        type: 'start',
        dir: run.folder.dir,
        step,
        maxSteps: config.grpo.max_steps,
        parameters: model.engine.info().parameters,
        problems: count(train),
      });
      return new Session(
        { run, config, model, reference, grader, train, suites, peak },
        { step, numTokens, promptsDrawn, zeroRewardSteps },
        options,
      );
    } catch (error) {
      await grader?.close();
      await reference?.dispose();
      await model.engine.dispose();
      throw error;
    }
  }

  async run(): Promise<TrainResult> {
    const { config } = this.parts;
    const { max_steps: maxSteps } = config.grpo;
    if (this.progress.step === 0 && config.eval.at_start && this.parts.suites.length > 0) {
      await this.parts.run.metrics.append({ step: 0, ...(await this.evaluate(0)) });
    }
    while (this.progress.step < maxSteps && !this.options.stop?.aborted) {
      const before = this.progress.step;
      await this.generation();
      if (isDue(config.checkpoint.every, before, this.progress.step)) await this.save();
    }
    await this.save();
    const { step } = this.progress;
    return {
      dir: this.parts.run.folder.dir,
      status: step < maxSteps ? 'interrupted' : 'finished',
      step,
      checkpoint: this.savedAt > 0 ? this.parts.run.folder.checkpoint(this.savedAt) : undefined,
    };
  }

  async close(): Promise<void> {
    const { model, grader, reference } = this.parts;
    await this.writing.catch(() => undefined);
    await grader.close();
    await reference?.dispose();
    await model.engine.dispose();
  }

  /** One generation and the optimizer steps it is used for. */
  private async generation(): Promise<void> {
    const { config, grader, run } = this.parts;
    const { grpo } = config;
    const start = this.progress;
    const problems = Array.from({ length: grpo.prompts_per_step }, (_, i) => this.order(start.promptsDrawn + i));
    const batch = await collect(problems, start.step, this.context, this.job('generate', start.step + 1));
    const guarded = guardRewards(batch, start.zeroRewardSteps, config, start.step + 1, (message) =>
      this.options.tell?.({ type: 'warning', message }),
    );
    const generationIndex = start.promptsDrawn / grpo.prompts_per_step;
    await this.writing;
    const rowsPerStep = batch.columns.rows / grpo.steps_per_generation;
    const promptsDrawn = start.promptsDrawn + grpo.prompts_per_step;
    const cycle = grpo.steps_per_generation * grpo.num_iterations;
    let numTokens = start.numTokens;
    for (let k = 0; k < cycle; k++) {
      const range = [
        (k % grpo.steps_per_generation) * rowsPerStep,
        ((k % grpo.steps_per_generation) + 1) * rowsPerStep,
      ] as const;
      const step = start.step + k + 1;
      const began = performance.now();
      const training = this.step(batch, range, step);
      // The file is put together and written while the engine computes.
      if (k === 0 && config.rollouts.every > 0 && generationIndex % config.rollouts.every === 0) {
        this.writeInBackground(writeGeneration(run.folder.rollout(step), batch, grader.names));
      }
      const metrics = await training;
      numTokens += tokensOf(batch, range);
      const line = metricsLine(batch, range, metrics, {
        step,
        rewardNames: grader.names,
        numTokens,
        epoch: promptsDrawn / count(this.parts.train),
        beta: grpo.beta,
        info: this.info,
        peak: this.parts.peak,
        first: k === 0,
        trainSeconds: (performance.now() - began) / 1e3,
        errors: guarded.errors,
      });
      if (k === 0 && metrics.logpMaxAbsDiff !== 0) {
        this.options.tell?.({
          type: 'warning',
          message: `step ${String(step)}: sampler and trainer differ by ${String(metrics.logpMaxAbsDiff)} in a log-probability; it must be 0 (run glossa doctor --self-test)`,
        });
      }
      Object.assign(line, await this.evaluateIfDue(step, k === cycle - 1));
      await run.metrics.append(line);
      this.options.tell?.({ type: 'step', line, maxSteps: grpo.max_steps });
    }
    this.progress = { step: start.step + cycle, numTokens, promptsDrawn, zeroRewardSteps: guarded.zeroRewardSteps };
  }

  private async step(batch: Collected, range: readonly [number, number], step: number) {
    const { model, config } = this.parts;
    try {
      return await update(model.engine, batch, range, config, step - 1, this.job('train', step));
    } catch (error) {
      if (!(error instanceof GlossaError) || error.code !== 'NONFINITE') throw error;
      // The engine left weights and optimizer as they were, so between generations they are still the last good state.
      const good = step - 1 === this.progress.step && step > 1;
      if (good) await this.save();
      throw new GlossaError('NONFINITE', `step ${String(step)}: ${error.message}`, {
        cause: error,
        hint: `${good ? `the state after step ${String(step - 1)} is saved; ` : ''}go on with a smaller step, for example: glossa train --resume ${this.parts.run.folder.dir} --set optimizer.learning_rate=${String(config.optimizer.learning_rate / 10)}`,
      });
    }
  }

  private async evaluateIfDue(step: number, boundary: boolean): Promise<Record<string, number | null>> {
    const { config, suites } = this.parts;
    const { every, at_end: atEnd } = config.eval;
    if (suites.length === 0) return {};
    const last = step === config.grpo.max_steps && boundary;
    return isDue(every, step - 1, step) || (last && atEnd) ? this.evaluate(step) : {};
  }

  private async evaluate(step: number): Promise<Record<string, number | null>> {
    const { config, model, suites, run } = this.parts;
    const figures: Record<string, number | null> = {};
    const grader = await createGrader([{ name: 'accuracy', weight: 1 }], { threads: 1 });
    try {
      for (const { name, problems } of suites) {
        const evaluation = await evaluate(
          { engine: model.engine, tokenizer: model.tokenizer, grader },
          problems,
          {
            suite: name,
            step,
            seed: config.seed,
            prompt: config.prompt,
            numSamples: config.eval.num_samples,
            temperature: config.eval.temperature,
            topP: config.eval.top_p,
            maxCompletionLength: config.eval.max_completion_length,
          },
          this.job('evaluate', step),
        );
        await run.writeEvaluation({ step, suite: name, rows: evaluation.rows });
        await writeEvaluationRows(run.folder.evaluationRows(step, name), problems, evaluation);
        for (const row of evaluation.rows) {
          const prefix = `eval_${name}${evaluation.rows.length > 1 ? `/${row.language}` : ''}`;
          for (const key of ['accuracy', 'target_wr', 'target_wr_rewarded', 'en_wr'] as const)
            figures[`${prefix}/${key}`] = row[key];
        }
        this.options.tell?.({ type: 'evaluation', rows: evaluation.rows });
      }
    } finally {
      await grader.close();
    }
    return figures;
  }

  private async save(): Promise<void> {
    const { run, model, config } = this.parts;
    const { step } = this.progress;
    await this.writing;
    if (step === this.savedAt || step === 0) return;
    this.options.tell?.({ type: 'phase', phase: 'save', step, done: 0, total: 1 });
    await run.metrics.sync();
    const dir = await writeCheckpoint(
      run.folder,
      this.progress,
      {
        tokenizerDir: model.tokenizerDir,
        save: async (target) => {
          await model.engine.saveWeights(target, 'float32');
          await model.engine.saveState(join(target, 'state.safetensors'));
        },
      },
      config.checkpoint.keep,
    );
    this.savedAt = step;
    this.options.tell?.({ type: 'checkpoint', dir, step });
  }

  private async referenceLogps(
    reference: Engine | undefined,
    batch: { prompts: Collected['prompts']; completions: Collected['completions'] },
  ): Promise<Float32Array> {
    const { config, model } = this.parts;
    const settings = {
      ...batch,
      temperature: config.grpo.temperature,
      microBatchTokens: config.optimizer.micro_batch_tokens,
    };
    const { logps } = reference
      ? await reference.logprobs(settings)
      : await model.engine.logprobs({ ...settings, reference: true });
    return logps;
  }

  private writeInBackground(work: Promise<void>): void {
    this.writing = Promise.all([this.writing, work]).then(() => undefined);
    this.writing.catch(() => undefined); // told where it is awaited
  }

  private job(phase: Phase, step: number): JobOptions {
    const { tell, abort } = this.options;
    return {
      ...(abort && { signal: abort }),
      ...(tell && {
        onProgress: ({ done, total }: { done: number; total: number }) => {
          tell({ type: 'phase', phase, step, done, total });
        },
      }),
    };
  }
}

/**
 * The reference of a new run is frozen inside the engine and its weights are kept in the run's folder; a resumed run computes
 * the same log-probabilities with a second engine on those weights.
 */
async function openReference(
  run: Run,
  config: ResolvedConfig,
  model: OpenModel,
  checkpoint: FoundCheckpoint | undefined,
): Promise<Engine | undefined> {
  if (config.grpo.beta === 0) return undefined;
  const dir = run.folder.reference;
  if (checkpoint) return loadEngine(dir, engineOptions(config));
  const temporary = `${dir}.tmp`;
  await rm(temporary, { recursive: true, force: true });
  await rm(dir, { recursive: true, force: true });
  await mkdir(temporary, { recursive: true });
  await model.engine.saveWeights(temporary, 'float32');
  await rename(temporary, dir);
  await model.engine.setReference();
  return undefined;
}

/** Reads all problems, and checks that each fits the model's context with its budget. */
export async function openData(
  config: ResolvedConfig,
  { engine, tokenizer, labDir }: OpenModel,
): Promise<Pick<Parts, 'train' | 'suites'>> {
  const { grpo, eval: evaluation, prompt, data } = config;
  const train = await Promise.all(data.train.map((source) => loadSource(source, labDir)));
  const suites = await Promise.all(
    data.eval.map(async (source) => ({ name: source.name, problems: (await loadSource(source, labDir)).problems })),
  );
  const limits = { context: engine.info().context, tokenizer, prompt };
  for (const { problems } of train)
    checkBudget(problems, grpo.max_completion_length, limits, 'grpo.max_completion_length');
  for (const { problems } of suites)
    checkBudget(problems, evaluation.max_completion_length, limits, 'eval.max_completion_length');
  return { train, suites };
}

const count = (sets: readonly DataSet[]): number => sets.reduce((sum, { problems }) => sum + problems.length, 0);

/** Prompt and completion tokens of rows [start, end), each row's prompt counted, as TRL does. */
function tokensOf({ prompts, completions }: Collected, [start, end]: readonly [number, number]): number {
  return prompts.offsets[end]! - prompts.offsets[start]! + completions.offsets[end]! - completions.offsets[start]!;
}
