import type { MetricsLine } from '../run/index.js';
import type { TrainEvent } from '../trainer/index.js';
import type { Display } from './display.js';
import { bar, duration, figure, percent } from './format.js';

/** Shows the events of a run; `label` names it where several follow each other. */
export function showTraining(display: Display, label = ''): (event: TrainEvent) => void {
  const prefix = label ? `${label}: ` : '';
  let first: { at: number; step: number } | undefined;
  let status = '';
  const head = (text: string) => {
    display.live(status ? [text, status] : [text]);
  };
  return (event) => {
    display.json(event);
    switch (event.type) {
      case 'pretrain': {
        const { step, steps, loss, tokensPerSecond } = event.progress;
        head(
          `${prefix}pre-training ${bar(step / steps, 20)} ${String(step)}/${String(steps)}  loss ${figure(loss)}  ${figure(tokensPerSecond / 1e3)}k tokens/s`,
        );
        break;
      }
      case 'start':
        first = { at: performance.now(), step: event.step };
        display.line(
          `${prefix}${event.step > 0 ? `going on after step ${String(event.step)} of` : 'training for'} ${String(event.maxSteps)} steps: ${figure(event.parameters / 1e6)} M parameters, ${String(event.problems)} problems, in ${event.dir}`,
        );
        break;
      case 'phase':
        head(
          `${prefix}step ${String(event.step)}  ${event.phase} ${bar(event.total > 0 ? event.done / event.total : 0, 20)} ${String(event.done)}/${String(event.total)}`,
        );
        break;
      case 'step': {
        const { line, maxSteps } = event;
        const since = first ? (performance.now() - first.at) / 1e3 / Math.max(1, line.step - first.step) : NaN;
        const rest = line.step < maxSteps ? `, ${duration(since * (maxSteps - line.step))} left` : '';
        status = `${bar(line.step / maxSteps, 20)} ${String(line.step)}/${String(maxSteps)}  ${stepFigures(line)}  ${duration(since)} a step${rest}`;
        if (display.mode === 'plain')
          display.line(
            `${prefix}step ${String(line.step)}/${String(maxSteps)}  ${stepFigures(line)}  ${duration(since)} a step${rest}`,
          );
        else head(`${prefix}step ${String(line.step)}`);
        break;
      }
      case 'evaluation':
        for (const row of event.rows) {
          display.line(
            `${prefix}${row.suite} (${row.language}) after step ${String(row.step)}: accuracy ${percent(row.accuracy)}, ${row.language} words ${percent(row.target_wr)}, English ${percent(row.en_wr)}, ${String(row.n)} completions`,
          );
        }
        break;
      case 'checkpoint':
        if (display.mode === 'plain') display.line(`${prefix}saved ${event.dir}`);
        break;
      case 'warning':
        display.line(`${prefix}warning: ${event.message}`);
    }
  };
}

function stepFigures(line: MetricsLine): string {
  return [
    `reward ${figure(line.reward)}`,
    `accuracy ${percent(line.accuracy)}`,
    `target ${percent(line['language/target_wr'])}`,
    `English ${percent(line['language/en_wr'])}`,
    `length ${figure(line['completions/mean_length'])}`,
    `entropy ${figure(line.entropy)}`,
  ].join('  ');
}
