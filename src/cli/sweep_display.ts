import { greatest } from '../base/extremes.js';
import { optimizerSteps, type ResolvedConfig } from '../config/index.js';
import type { PretrainProgress } from '../lab/index.js';
import type { RunState, SweepLab, SweepProgress, SweepRecord } from '../sweep/index.js';
import type { Display } from './display.js';
import { bar, count, duration, figure } from './format.js';

/** Runs that are shown one by one. */
const MOST_SHOWN = 12;
/** Milliseconds between two looks at all of them. */
const SHOWN_EVERY = 100;
/** Seconds without a line after which a plain log says how far the sweep is. */
const QUIET = 60;

/** Shows a sweep: the whole in one line, below it the runs that go on; a line of its own for each that begins or ends. */
export class SweepDisplay {
  private readonly steps = new Map<string, { step: number; maxSteps: number | null; state: RunState }>();
  private readonly figures = new Map<string, string>();
  private shown = -Infinity;
  /** When the first run began. */
  private began: number | undefined;
  /** Steps made since then. */
  private made = 0;
  private lastLine = performance.now();

  constructor(
    private readonly display: Display,
    private readonly record: SweepRecord,
    configs: ReadonlyMap<number, ResolvedConfig>,
  ) {
    for (const { name, index } of record.runs)
      this.steps.set(name, { step: 0, maxSteps: optimizerSteps(configs.get(index)!) ?? null, state: 'waiting' });
  }

  pretrain({ hash }: SweepLab, progress: PretrainProgress, labs: number): void {
    this.display.json({ type: 'pretrain', model: hash, progress });
    const { step, steps } = progress;
    const done = `${String(step)}/${String(steps)}`;
    const of = labs > 1 ? ` (${String(labs)} of them)` : '';
    this.display.live([`pre-training the laboratory's model${of}  ${bar(step / steps, 20)} ${done}`]);
    if (step === 1) this.say(`pre-training the laboratory's model ${hash}: ${count(steps, 'step')}`);
    if (step === steps) this.say(`pre-trained ${hash}`);
  }

  show(progress: SweepProgress): void {
    switch (progress.type) {
      case 'state': {
        const { run, state, step, maxSteps, error } = progress;
        this.display.json({ type: 'state', run: run.name, state, step, max_steps: maxSteps, ...(error && { error }) });
        if (state === 'running') this.began ??= performance.now();
        const before = this.steps.get(run.name)!;
        this.steps.set(run.name, { step, maxSteps: maxSteps ?? before.maxSteps, state });
        if (before.state !== state || error) this.state(run.name, before.state, state, step, error);
        break;
      }
      case 'retry':
        this.display.json({ type: 'retry', run: progress.run.name, attempt: progress.attempt, error: progress.error });
        this.say(`${progress.run.name}: ${errorText(progress.error)}; trying again`);
        break;
      case 'halved': {
        const { step, kept, stopped } = progress.decision;
        this.display.json({ type: 'halved', step, kept, stopped });
        this.say(
          `after step ${String(step)}: ${count(kept.length, 'arm')} go on, ${count(stopped.length, 'arm')} stopped (${stopped.map(({ runs, value }) => `${runs[0]!} ${figure(value)}`).join(', ')})`,
        );
        break;
      }
      case 'train': {
        const { run, event } = progress;
        if (event.type === 'warning') {
          this.display.json({ type: 'warning', run: run.name, message: event.message });
          this.say(`${run.name}: warning: ${event.message}`);
        }
        if (event.type !== 'step') return;
        this.display.json({ type: 'step', run: run.name, line: event.line, max_steps: event.maxSteps });
        this.made++;
        this.steps.set(run.name, { step: event.line.step, maxSteps: event.maxSteps, state: 'running' });
        const { reward, loss } = event.line;
        this.figures.set(run.name, reward === undefined ? `loss ${figure(loss)}` : `reward ${figure(reward)}`);
        if (performance.now() - this.lastLine > QUIET * 1e3) this.say('');
      }
    }
    // It looks at all runs, of which there may be thousands.
    if (this.display.mode !== 'live' || performance.now() - this.shown < SHOWN_EVERY) return;
    this.shown = performance.now();
    this.display.live(this.block());
  }

  end(): void {
    this.display.end();
  }

  private state(
    name: string,
    before: RunState,
    state: RunState,
    step: number,
    error: { code: string; message: string } | undefined,
  ): void {
    // What was found finished is in the count.
    if (state === 'finished' && before === 'waiting') return;
    if (state === 'waiting' || (state === 'interrupted' && before === 'waiting')) return;
    const all = [...this.steps.values()];
    const done = `${String(all.filter((one) => one.state === 'finished').length)}/${String(all.length)}`;
    const what = {
      running: step > 0 ? `goes on after step ${String(step)}` : 'started',
      finished: `finished (${done})`,
      interrupted: `saved after step ${String(step)}`,
      stopped: `stopped after step ${String(step)}: others are better`,
      failed: `failed: ${error ? errorText(error) : ''}`,
      waiting: '',
    }[state];
    this.say(`${name}: ${what}`);
  }

  /** A line that stays; the plain log has the rate with it. */
  private say(text: string): void {
    this.lastLine = performance.now();
    this.display.line(
      [text, ...(this.display.mode === 'plain' && this.made > 0 ? [this.rate()] : [])].filter(Boolean).join('  '),
    );
  }

  private block(): string[] {
    const all = [...this.steps];
    const total = all.reduce((sum, [, one]) => sum + this.lengthOf(one), 0);
    const made = all.reduce(
      (sum, [, one]) => sum + (one.state === 'finished' || one.state === 'stopped' ? this.lengthOf(one) : one.step),
      0,
    );
    const number = (wanted: RunState) => all.filter(([, { state }]) => state === wanted).length;
    const states = (['finished', 'running', 'stopped', 'failed', 'waiting'] as const)
      .map((state) => [state, number(state)] as const)
      .filter(([, n]) => n > 0)
      .map(([state, n]) => `${String(n)} ${state}`);
    const running = all.filter(([, { state }]) => state === 'running');
    const width = running.reduce((most, [name]) => Math.max(most, name.length), 0);
    return [
      [this.record.name, bar(made / total, 20), states.join(', '), this.rate()].join('  '),
      ...running.slice(0, MOST_SHOWN).map(([name, { step, maxSteps }]) => {
        const told = this.figures.get(name);
        return `  ${name.padEnd(width)}  ${String(step)}${maxSteps === null ? '' : `/${String(maxSteps)}`}${told === undefined ? '' : `  ${told}`}`;
      }),
      ...(running.length > MOST_SHOWN ? [`  and ${count(running.length - MOST_SHOWN, 'run')} more`] : []),
    ];
  }

  /** Steps of a run; of one that is not known yet, those of the longest that is. */
  private lengthOf({ step, maxSteps }: { step: number; maxSteps: number | null }): number {
    return maxSteps ?? greatest([step, ...[...this.steps.values()].map((one) => one.maxSteps ?? 0)]);
  }

  /** Steps a second of all runs together, and the time that is left at this rate. */
  private rate(): string {
    if (this.made === 0 || this.began === undefined) return '';
    const perSecond = (this.made * 1e3) / (performance.now() - this.began);
    const left = [...this.steps.values()].reduce(
      (sum, one) => sum + (['finished', 'stopped', 'failed'].includes(one.state) ? 0 : this.lengthOf(one) - one.step),
      0,
    );
    return `${figure(perSecond)} steps/s${left > 0 ? `, about ${duration(left / perSecond)} left` : ''}`;
  }
}

const errorText = ({ code, message }: { code: string; message: string }): string =>
  `${code}: ${message.split('\n')[0]!}`;
