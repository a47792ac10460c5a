import type { Language } from '../language/types.js';
import type { TrainEvent } from '../trainer/index.js';
import type { Display } from './display.js';
import { fitLine, wrap, type Part } from './fit_line.js';
import { bar, count, figure } from './format.js';
import { evaluationParts, heldOutParts, stepParts, supervisedParts, timeParts } from './train_lines.js';

/** Shows the events of a run; `label` names it where several follow each other. */
export function showTraining(display: Display, label = ''): (event: TrainEvent) => void {
  const name: Part[] = label ? [{ long: `${label}:`, short: '', rank: 0 }] : [];
  const pace = new Pace();
  let languages: readonly Language[] = [];
  let supervised = false;
  let status: Part[] = [];
  const line = (parts: Part[]) => {
    for (const text of fitLine([...name, ...parts], display.width)) display.line(text);
  };
  const say = (...texts: string[]) => {
    for (const text of wrap(label ? [`${label}:`, ...texts] : texts, display.width)) display.line(text);
  };
  const head = (parts: Part[]) => {
    const blocks = [[...name, ...parts], status].filter((block) => block.length > 0);
    display.live(blocks.flatMap((block) => fitLine(block, display.width)));
  };
  return (event) => {
    display.json(event);
    switch (event.type) {
      case 'pretrain': {
        const { step, steps, loss, tokensPerSecond } = event.progress;
        head([
          { long: 'pre-training', short: 'pre-training' },
          ...doneParts(step, steps),
          { long: `loss ${figure(loss)}`, short: `loss ${figure(loss)}`, rank: 2 },
          { long: `${figure(tokensPerSecond / 1e3)}k tokens/s`, short: `${figure(tokensPerSecond / 1e3)}k/s`, rank: 1 },
        ]);
        break;
      }
      case 'start': {
        languages = event.languages;
        supervised = event.supervised === true;
        const from = event.step > 0 ? `going on after step ${String(event.step)} of` : 'training for';
        say(
          `${from} ${count(event.maxSteps, 'step')}:`,
          `${figure(event.parameters / 1e6)} M parameters${part(event)},`,
          `${count(event.problems, supervised ? 'example' : 'problem')},`,
          `in ${event.dir}`,
        );
        break;
      }
      case 'phase':
        head([always(`step ${String(event.step)}`), always(event.phase), ...doneParts(event.done, event.total)]);
        break;
      case 'step': {
        pace.step(event.line.step_time ?? 0);
        const left = pace.left(event.maxSteps - event.line.step);
        const own = supervised
          ? supervisedParts(event.line, event.maxSteps)
          : stepParts(event.line, event.maxSteps, languages);
        const parts = [...own, ...timeParts(pace.stepSeconds(), left)];
        status = parts;
        if (display.mode === 'plain') line(parts);
        else head([always(`step ${String(event.line.step)}`)]);
        break;
      }
      case 'evaluation':
        for (const row of event.rows) line(evaluationParts(row));
        break;
      case 'held_out':
        line(heldOutParts(event));
        break;
      case 'checkpoint':
        if (display.mode === 'plain') say('saved', event.dir);
        break;
      case 'warning':
        say(`warning: ${event.message}`);
    }
  };
}

/** What trains, where that is not everything. */
const part = ({ parameters, trainableParameters }: Extract<TrainEvent, { type: 'start' }>): string =>
  trainableParameters < parameters ? ` (${figure(trainableParameters / 1e6)} M of them train)` : '';

const always = (text: string): Part => ({ long: text, short: text });

function doneParts(done: number, total: number): Part[] {
  const share = total > 0 ? done / total : 0;
  return [
    { long: bar(share, 20), short: bar(share, 6), rank: 0 },
    { long: `${String(done)}/${String(total)}`, short: `${String(done)}/${String(total)}`, rank: 3 },
  ];
}

/** How long steps take: their own time, and what lies between them (evaluating, saving) in the time that is left. */
class Pace {
  private steps = 0;
  private seconds = 0;
  private firstAt = 0;

  step(seconds: number): void {
    if (this.steps === 0) this.firstAt = performance.now();
    this.steps++;
    this.seconds += seconds;
  }

  /** Mean of `step_time`. */
  stepSeconds(): number {
    return this.seconds / this.steps;
  }

  left(steps: number): number | undefined {
    if (steps <= 0) return undefined;
    const between = (performance.now() - this.firstAt) / 1e3 / (this.steps - 1);
    return steps * (this.steps > 1 ? between : this.stepSeconds());
  }
}
