import { join } from 'node:path';
import { timed } from '../base/timeline.js';
import { originOf } from '../data/index.js';
import type { Problem } from '../data/types.js';
import { lossRow } from '../engine/index.js';
import type { EngineInfo, JobOptions, StepMetrics } from '../engine/types.js';
import { problemCount } from '../inputs/index.js';
import { openLevers, type Levers } from '../levers/index.js';
import type { Metrics } from '../metrics/index.js';
import {
  checkpointSteps,
  readMetrics,
  type CheckpointState,
  type FoundCheckpoint,
  type MetricsLine,
  type Run,
} from '../run/index.js';
import { isNonfinite, withAdvice } from './advice.js';
import { BreakdownWatch, breakdownMessage } from './breakdown.js';
import { collect, type Collected } from './collect.js';
import { warner, type Phase } from './events.js';
import { FidelityAlarms } from './fidelity.js';
import { guardRewards } from './guards.js';
import { metricsLine } from './line.js';
import { hasLevels } from './levels.js';
import { jobOf, type TrainOptions, type TrainResult } from './options.js';
import type { Parts } from './parts.js';
import { BestValue } from './best_value.js';
import { StopConditions, type StopReason } from './stop_conditions.js';
import { openReference, type Reference } from './reference.js';
import { writeGeneration } from './rollouts.js';
import { Saver } from './saver.js';
import { isDue, learningRate } from './schedule.js';
import { TRAINER, tellUpdate } from './spans.js';
import { ThoughtWatch } from './thought_watch.js';
import { evaluateSuites } from './suites.js';
import { update } from './update.js';
import { writeFinalWeights } from './weights.js';

type Progress = Pick<CheckpointState, 'step' | 'numTokens' | 'promptsDrawn' | 'zeroRewardSteps'>;
type Range = readonly [start: number, end: number];

/**
 * One process's part of a run: from a checkpoint (or the start) to the end or an interruption. Everything it draws is named
 * by the seed and counters, so the checkpoint carries counters and weights only. Checkpoints lie between generations: in the
 * middle of one its completions would have to be carried too.
 */
export class Session {
  private readonly order: (index: number) => Problem;
  private readonly info: EngineInfo;
  private readonly saver: Saver;
  private readonly warn: (message: string) => void;
  private readonly watch = new BreakdownWatch();
  private readonly fidelity: FidelityAlarms;
  private readonly thoughts = new ThoughtWatch();
  private readonly stop: StopConditions;
  private readonly best: BestValue | undefined;
  private readonly opened = performance.now();
  /** Of the processes that had the run before. */
  private readonly secondsBefore: number;
  /** Why the run ends after the steps made so far, where a condition is met. */
  private ending: StopReason | undefined;
  /** Files being written while the engine computes; awaited before a checkpoint counts. */
  private writing: Promise<void> = Promise.resolve();
  /** Seconds that the checkpoint took which no step has told of yet. */
  private saveSeconds: number | undefined;

  private constructor(
    private readonly run: Run,
    private readonly parts: Parts,
    private readonly reference: Reference | undefined,
    private readonly levers: Levers,
    private progress: Progress,
    /** flop/s of the device in this number type, measured when the session began; 0: not known. */
    private readonly peak: number,
    private readonly options: TrainOptions,
    /** Lines of metrics.jsonl so far. */
    before: readonly MetricsLine[],
  ) {
    this.warn = warner(options.tell);
    this.order = parts.order;
    this.fidelity = new FidelityAlarms(parts.languages);
    this.info = parts.model.engine.info();
    this.saver = new Saver(run, parts, progress.step, options.tell);
    this.stop = new StopConditions(parts.config.stop);
    const { best } = parts.config.checkpoint;
    this.best = best && new BestValue(best.metric, { greaterIsBetter: best.greater_is_better });
    this.secondsBefore = run.record.seconds ?? 0;
    for (const line of before) {
      this.stop.look(line);
      this.note(line);
    }
  }

  /** The parts stay open when the session is closed. */
  static async open(
    run: Run,
    parts: Parts,
    checkpoint: FoundCheckpoint | undefined,
    options: TrainOptions,
  ): Promise<Session> {
    const { config, model } = parts;
    const { step, numTokens, promptsDrawn, zeroRewardSteps } = checkpoint?.state ?? {
      step: 0,
      numTokens: 0,
      promptsDrawn: 0,
      zeroRewardSteps: 0,
    };
    const warn = warner(options.tell);
    const reference = await openReference(run, config, model.engine, { from: checkpoint?.state, warn });
    const progress = { step, numTokens, promptsDrawn, zeroRewardSteps };
    const levers = openLevers(config, checkpoint?.state.levers, warn);
    const lines = await readMetrics(run.folder.metrics);
    const peak = await model.engine.measuredPeak();
    const session = new Session(run, parts, reference, levers, progress, peak, options, lines);
    model.warnings.forEach(warn);
    options.tell?.({
      type: 'start',
      dir: run.dir,
      step,
      maxSteps: config.grpo.max_steps,
      parameters: session.info.parameters,
      trainableParameters: session.info.trainableParameters,
      problems: problemCount(parts),
      languages: parts.languages,
    });
    return session;
  }

  /** Trains to the end, or until `stop` is aborted; the state is saved in either case. */
  async train(): Promise<TrainResult> {
    const { run, saver } = this;
    const { config, suites, model } = this.parts;
    const maxSteps = config.grpo.max_steps;
    const stopped = () => this.options.stop?.aborted === true;
    if (this.progress.step === 0 && config.eval.at_start && suites.length > 0 && !stopped()) {
      const line = { step: 0, ...(await this.evaluate(0)) };
      await run.metrics.append(line);
      this.stop.look(line);
      this.note(line);
    }
    this.ending = this.stop.met(this.seconds);
    while (this.progress.step < maxSteps && !stopped() && !this.ending) {
      const before = this.progress.step;
      const improved = await this.generation();
      if (improved || isDue(config.checkpoint.every, before, this.progress.step)) await this.save();
    }
    await this.save();
    const { step } = this.progress;
    const reason = this.ending;
    const result = { dir: run.dir, step, checkpoint: saver.newest };
    if (step < maxSteps && !reason) return { ...result, status: 'interrupted', seconds: this.seconds };
    const final = run.folder.final;
    await run.fence();
    const finalStep = config.checkpoint.best?.load_at_end ? await this.loadBest() : step;
    await writeFinalWeights(model.engine, final, { ...saver.savedAs, tokenizerDir: saver.tokenizerDir });
    return {
      ...{ ...result, status: 'finished', final, finalStep, seconds: this.seconds },
      ...(step < maxSteps && reason && { stopped: reason.text }),
    };
  }

  /** Seconds that the run has taken, those of the processes before among them. */
  private get seconds(): number {
    return this.secondsBefore + (performance.now() - this.opened) / 1e3;
  }

  /** Takes note of a line of metrics. @returns whether its step is the best by checkpoint.best, of those that a checkpoint can be of. */
  private note(line: MetricsLine): boolean {
    const { steps_per_generation: parts, num_iterations: times } = this.parts.config.grpo;
    return line.step > 0 && line.step % (parts * times) === 0 && (this.best?.look(line) ?? false);
  }

  /** Puts the weights of the best checkpoint in the place of the last step's. @returns the step of the weights that are there then. */
  private async loadBest(): Promise<number> {
    const last = this.progress.step;
    const step = this.best?.best?.step;
    if (step === last) return last;
    const { run } = this;
    if (step === undefined || !(await checkpointSteps(run.folder)).includes(step)) {
      this.warn('checkpoint.best: there is no checkpoint of the best step; final/ holds the weights of the last step');
      return last;
    }
    await this.parts.model.engine.loadState(join(run.folder.checkpoint(step), 'state.safetensors'));
    return step;
  }

  async close(): Promise<void> {
    await this.writing.catch(() => undefined); // what failed was told where it was awaited
    await this.reference?.close();
  }

  /** One generation and the optimizer steps it is used for. @returns whether its last step is the best by checkpoint.best. */
  private async generation(): Promise<boolean> {
    const start = this.progress;
    const batch = await this.draw(start);
    const { config } = this.parts;
    const { zeroRewardSteps } = guardRewards(batch, start.zeroRewardSteps, config, start.step + 1, this.warn);
    const unclosed = this.thoughts.look(batch, start.step + 1);
    if (unclosed !== undefined) this.warn(unclosed);
    await this.writing;
    const { lines, progress } = await this.learn(batch, { ...start, zeroRewardSteps });
    this.levers.afterGeneration(lines);
    this.progress = progress;
    return lines.map((line) => this.note(line)).at(-1)!;
  }

  /** The next prompts of the stream, with completions, grades and advantages. */
  private async draw({ step, promptsDrawn }: Progress): Promise<Collected> {
    const { config, model, grader } = this.parts;
    const supply = { problemAt: this.order, from: promptsDrawn };
    const context = {
      ...{ config, engine: model.engine, tokenizer: model.tokenizer, grader },
      ...{ levers: this.levers, reference: this.reference, fileOf: (problem: Problem) => originOf(problem)!.file },
      decoding: this.parts.decoding,
    };
    try {
      return await collect(supply, step, context, this.job('generate', step + 1));
    } catch (error) {
      throw this.withAdvice(error, step + 1);
    }
  }

  /** The steps on a generation: steps_per_generation parts of it one after the other, num_iterations times. */
  private async learn(batch: Collected, start: Progress): Promise<{ lines: MetricsLine[]; progress: Progress }> {
    const { grpo } = this.parts.config;
    const promptsDrawn = start.promptsDrawn + batch.drawn;
    const rows = batch.columns.rows / grpo.steps_per_generation;
    const cycle = grpo.steps_per_generation * grpo.num_iterations;
    const lines: MetricsLine[] = [];
    let { numTokens } = start;
    for (let k = 0; k < cycle; k++) {
      const part = k % grpo.steps_per_generation;
      const range: Range = [part * rows, (part + 1) * rows];
      numTokens += tokensOf(batch, range);
      const counted = { step: start.step + k + 1, first: k === 0, last: k === cycle - 1, numTokens, promptsDrawn };
      lines.push(await this.optimizerStep(batch, range, counted));
      await this.reference?.moveAfter?.(counted.step);
    }
    return { lines, progress: { ...start, step: start.step + cycle, numTokens, promptsDrawn } };
  }

  private async optimizerStep(
    batch: Collected,
    range: Range,
    {
      step,
      first,
      last,
      numTokens,
      promptsDrawn,
    }: { step: number; first: boolean; last: boolean; numTokens: number; promptsDrawn: number },
  ): Promise<MetricsLine> {
    const { run, peak } = this;
    const { config } = this.parts;
    const began = performance.now();
    const training = this.guardedUpdate(batch, range, step);
    const generation = Math.floor((step - 1) / (config.grpo.steps_per_generation * config.grpo.num_iterations));
    if (first && isWritten(config.rollouts.every, generation))
      this.writeInBackground(run.fence().then(() => writeGeneration(run.folder.rollout(step), batch.batch)));
    const metrics = await training;
    tellUpdate(began, metrics, step);
    const line: MetricsLine = metricsLine(batch, range, metrics, {
      step,
      languages: this.parts.languages,
      levels: hasLevels(config),
      numTokens,
      epoch: promptsDrawn / problemCount(this.parts),
      learningRate: learningRate(step - 1, config.optimizer, config.grpo.max_steps),
      grpo: config.grpo,
      loss: lossRow(config.grpo.loss_type),
      info: this.info,
      peak,
      first,
      trainSeconds: (performance.now() - began) / 1e3,
      saveSeconds: this.saveSeconds,
    });
    this.saveSeconds = undefined;
    if (first && metrics.logpMaxAbsDiff !== 0) {
      this.warn(
        `step ${String(step)}: sampler and trainer differ by ${String(metrics.logpMaxAbsDiff)} in a log-probability; it must be 0 (run npx glossa doctor --self-test)`,
      );
    }
    const breakdown = this.watch.look(line);
    if (breakdown) {
      const { learning_rate: learningRate } = config.optimizer;
      this.warn(breakdownMessage(breakdown, { dir: run.folder.dir, savedAt: this.saver.savedAt, learningRate }));
    }
    this.fidelity.look(line, batch, range).forEach(this.warn);
    const evaluated = this.isEvaluated(step, last);
    if (evaluated) Object.assign(line, await this.evaluate(step));
    this.stop.look(line);
    if (last) this.ending = this.stop.met(this.seconds);
    // A condition that ends the run has been met: its last step is evaluated as that of grpo.max_steps is.
    if (this.ending && !evaluated && this.isEndEvaluated) Object.assign(line, await this.evaluate(step));
    await run.metrics.append(line);
    this.options.tell?.({ type: 'step', line, maxSteps: config.grpo.max_steps });
    return line;
  }

  /** The update; where a number is not finite, the last good state is saved before the error goes on. */
  private async guardedUpdate(batch: Collected, range: Range, step: number): Promise<StepMetrics> {
    const { model, config } = this.parts;
    try {
      return await update(model.engine, batch, range, config, step - 1, this.job('train', step));
    } catch (error) {
      // The engine left weights and optimizer as they were: between generations that is the state to keep.
      if (isNonfinite(error) && step - 1 === this.progress.step) await this.save();
      throw this.withAdvice(error, step);
    }
  }

  private withAdvice(error: unknown, step: number): unknown {
    return withAdvice(error, step, { run: this.run, parts: this.parts, savedAt: this.saver.savedAt });
  }

  private isEvaluated(step: number, last: boolean): boolean {
    const { config, suites } = this.parts;
    const atEnd = this.isEndEvaluated && last && step === config.grpo.max_steps;
    return atEnd || (suites.length > 0 && isDue(config.eval.every, step - 1, step));
  }

  private get isEndEvaluated(): boolean {
    const { config, suites } = this.parts;
    return config.eval.at_end && suites.length > 0;
  }

  private async evaluate(step: number): Promise<Metrics> {
    const began = performance.now();
    const work = () =>
      evaluateSuites({ ...this.parts, run: this.run }, step, this.job('evaluate', step), this.options.tell);
    const figures = await timed({ track: TRAINER, name: 'evaluate', args: { step } }, work);
    return { ...figures, 'time/evaluate': (performance.now() - began) / 1e3 };
  }

  private async save(): Promise<void> {
    const { config } = this.parts;
    const began = performance.now();
    await this.writing;
    const levers = this.levers.state();
    const reference = this.reference?.state?.();
    const best = this.best?.best;
    const took = await this.saver.save(
      { ...this.progress, ...(levers && { levers }), ...(reference && { reference }) },
      { seconds: this.seconds, ...(best && { best: { ...best, metric: config.checkpoint.best!.metric } }) },
      began,
    );
    if (took !== undefined) this.saveSeconds = took / 1e3;
  }

  /** Puts a file together and writes it while the engine computes. */
  private writeInBackground(work: Promise<void>): void {
    this.writing = Promise.all([this.writing, work]).then(() => undefined);
    this.writing.catch(() => undefined); // told where it is awaited
  }

  private job(phase: Phase, step: number): JobOptions {
    return jobOf(this.options, phase, step);
  }
}

/** Whether the n-th generation (from 0) goes to disk. */
function isWritten(every: number, generation: number): boolean {
  return every > 0 && generation % every === 0;
}

/** Prompt and completion tokens of rows [start, end), each row's prompt counted, as TRL does. */
function tokensOf({ columns: { prompts, completions } }: Collected, [start, end]: Range): number {
  return prompts.offsets[end]! - prompts.offsets[start]! + completions.offsets[end]! - completions.offsets[start]!;
}
