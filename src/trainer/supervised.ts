import { optimizerSteps } from '../config/index.js';
import type { EngineInfo, JobOptions, StepMetrics } from '../engine/types.js';
import type { Metrics } from '../metrics/index.js';
import type { FoundCheckpoint, MetricsLine, Run } from '../run/index.js';
import { batchOf, exampleOrder, heldOutLoss, tokensOf, type Example, type Examples } from '../sft/index.js';
import { isNonfinite, withAdvice } from './advice.js';
import { warner, type Phase } from './events.js';
import { jobOf, type TrainOptions, type TrainResult } from './options.js';
import type { Parts } from './parts.js';
import { Saver } from './saver.js';
import { isDue, learningRate } from './schedule.js';
import { evaluateSuites } from './suites.js';
import { optimizerSettings } from './update.js';
import { writeFinalWeights } from './weights.js';

type SupervisedParts = Parts & { examples: Examples };

/**
 * One process's part of a run of supervised fine-tuning. Which examples a step has is a function of the seed and the step, so a
 * checkpoint carries counters and weights only.
 */
export class SupervisedSession {
  private readonly order: (index: number) => Example;
  private readonly info: EngineInfo;
  private readonly saver: Saver;
  /** Of the checkpoint before the step in progress, for its line. */
  private saveSeconds: number | undefined;

  private constructor(
    private readonly run: Run,
    private readonly parts: SupervisedParts,
    private step: number,
    /** Prompt and completion tokens so far. */
    private numTokens: number,
    /** flop/s of the device in this number type; 0: not known. */
    private readonly peak: number,
    private readonly options: TrainOptions,
  ) {
    this.order = exampleOrder(parts.examples.train, {
      ...{ seed: parts.config.seed, batchSize: parts.config.sft!.batch_size, steps: this.steps },
    });
    this.info = parts.model.engine.info();
    this.saver = new Saver(run, parts, step, options.tell);
  }

  /** The parts stay open when the session is closed. */
  static async open(
    run: Run,
    parts: SupervisedParts,
    checkpoint: FoundCheckpoint | undefined,
    options: TrainOptions,
  ): Promise<SupervisedSession> {
    const { model, languages, examples, config } = parts;
    const { step = 0, numTokens = 0 } = checkpoint?.state ?? {};
    const peak = await model.engine.measuredPeak();
    const session = new SupervisedSession(run, parts, step, numTokens, peak, options);
    model.warnings.forEach(warner(options.tell));
    const { parameters, trainableParameters } = session.info;
    options.tell?.({
      ...{ type: 'start', supervised: true, dir: run.dir, step, maxSteps: optimizerSteps(config)! },
      ...{ parameters, trainableParameters, problems: examples.count, languages },
    });
    return session;
  }

  /** Trains to the end, or until `stop` is aborted; the state is saved in either case. */
  async train(): Promise<TrainResult> {
    const { run, saver } = this;
    const { config, model } = this.parts;
    const steps = this.steps;
    const stopped = () => this.options.stop?.aborted === true;
    if (this.step === 0 && config.eval.at_start && this.isMeasured && !stopped())
      await run.metrics.append({ step: 0, ...(await this.evaluate(0)) });
    while (this.step < steps && !stopped()) {
      await this.optimizerStep();
      if (isDue(config.checkpoint.every, this.step - 1, this.step)) await this.save();
    }
    await this.save();
    const result = { dir: run.dir, step: this.step, checkpoint: saver.newest };
    if (this.step < steps) return { ...result, status: 'interrupted' };
    const final = run.folder.final;
    await run.fence();
    await writeFinalWeights(model.engine, final, { ...saver.savedAs, tokenizerDir: saver.tokenizerDir });
    return { ...result, status: 'finished', final, finalStep: this.step };
  }

  close(): Promise<void> {
    return Promise.resolve();
  }

  private get steps(): number {
    return optimizerSteps(this.parts.config)!;
  }

  private get isMeasured(): boolean {
    return this.parts.suites.length + this.parts.examples.heldOut.length > 0;
  }

  private async optimizerStep(): Promise<void> {
    const { config, examples } = this.parts;
    const step = this.step + 1;
    const { batch_size: size } = config.sft!;
    const rows = Array.from({ length: size }, (_, i) => this.order(this.step * size + i));
    const began = performance.now();
    const metrics = await this.update(rows, step);
    const seconds = (performance.now() - began) / 1e3;
    const numTokens = this.numTokens + tokensOf(rows);
    const line = supervisedLine(metrics, {
      ...{ step, numTokens, seconds, peak: this.peak, saveSeconds: this.saveSeconds },
      epoch: (step * size) / examples.count,
      learningRate: learningRate(step - 1, config.optimizer, this.steps),
    });
    this.saveSeconds = undefined;
    if (this.isDueForEvaluation(step)) Object.assign(line, await this.evaluate(step));
    await this.run.metrics.append(line);
    this.step = step;
    this.numTokens = numTokens;
    this.options.tell?.({ type: 'step', line, maxSteps: this.steps });
  }

  /** Where a number is not finite, the last good state is saved before the error goes on. */
  private async update(rows: readonly Example[], step: number): Promise<StepMetrics> {
    const { model, config } = this.parts;
    try {
      return await model.engine.supervisedStep(
        { ...batchOf(rows), ...optimizerSettings(config.optimizer, step - 1, this.steps) },
        this.job('train', step),
      );
    } catch (error) {
      if (isNonfinite(error)) await this.save();
      throw withAdvice(error, step, { run: this.run, parts: this.parts, savedAt: this.saver.savedAt });
    }
  }

  private isDueForEvaluation(step: number): boolean {
    const { eval: asked } = this.parts.config;
    return this.isMeasured && ((asked.at_end && step === this.steps) || isDue(asked.every, step - 1, step));
  }

  private async evaluate(step: number): Promise<Metrics> {
    const { parts, run } = this;
    const began = performance.now();
    const job = this.job('evaluate', step);
    const figures: Metrics = {};
    for (const { name, examples } of parts.examples.heldOut) {
      const { loss, perplexity, entropy } = await heldOutLoss(parts.model.engine, examples, job);
      figures[`eval_${name}/loss`] = loss;
      figures[`eval_${name}/perplexity`] = perplexity;
      figures[`eval_${name}/entropy`] = entropy;
      this.options.tell?.({ type: 'held_out', set: name, step, loss, perplexity, entropy });
    }
    Object.assign(figures, await evaluateSuites({ ...parts, run }, step, job, this.options.tell));
    return { ...figures, 'time/evaluate': (performance.now() - began) / 1e3 };
  }

  private async save(): Promise<void> {
    const { batch_size: size } = this.parts.config.sft!;
    const { step, numTokens } = this;
    const took = await this.saver.save({ step, numTokens, promptsDrawn: step * size, zeroRewardSteps: 0 });
    if (took !== undefined) this.saveSeconds = took / 1e3;
  }

  private job(phase: Phase, step: number): JobOptions {
    return jobOf(this.options, phase, step);
  }
}

interface LineContext {
  step: number;
  numTokens: number;
  epoch: number;
  learningRate: number;
  seconds: number;
  saveSeconds: number | undefined;
  peak: number;
}

/** The line of one optimizer step. docs/sft.md says what each name means; they are TRL's. */
function supervisedLine(metrics: StepMetrics, context: LineContext): MetricsLine {
  const { step, numTokens, epoch, learningRate: rate, seconds, saveSeconds, peak } = context;
  return {
    step,
    loss: metrics.loss,
    grad_norm: metrics.gradNorm,
    learning_rate: rate,
    epoch,
    num_tokens: numTokens,
    mean_token_accuracy: metrics.tokenAccuracy,
    entropy: metrics.entropy,
    loss_tokens: metrics.lossTokens,
    step_time: seconds,
    'time/train': seconds,
    ...(saveSeconds !== undefined && { 'time/save': saveSeconds }),
    'tokens/train_per_s': seconds > 0 ? metrics.tokens / seconds : null,
    'percent_of_peak/train': seconds > 0 && peak > 0 ? (100 * metrics.flops) / seconds / peak : null,
  };
}
