import { heldOutName } from '../analysis/index.js';
import type { ComparedFigure, ComparedHeldOut, ComparedSuite, Comparison, MetricPair } from '../analysis/index.js';
import { printable } from '../base/printable.js';
import { languageName } from '../language/index.js';
import { findMeasure, labelOf, rowMeasure, showValue, STRICT_LABEL } from '../metrics/index.js';
import type { Difference } from '../run/index.js';
import { count, textTable } from './format.js';

/** A comparison for a person to read. */
export function comparisonText(comparison: Comparison): string {
  const { a, b, settings, inputs, machine, suites, held_out: heldOut } = comparison;
  const blocks = [
    [runLine('A', a), runLine('B', b)],
    differencesTable('settings', settings),
    differencesTable('files', inputs),
    differencesTable('machine', machine),
    ...suites.map(suiteTable),
    ...heldOut.map(heldOutTable),
    ...(suites.length + heldOut.length === 0
      ? [[`no held-out suite${a.method === 'sft' && b.method === 'sft' ? ' or set' : ''} that both have evaluated`]]
      : []),
    lastTable(comparison),
    curveTable(comparison),
    [firstLine(comparison)],
  ];
  return `${printable(
    blocks
      .filter((lines) => lines.length > 0)
      .map((lines) => lines.join('\n'))
      .join('\n\n'),
  )}\n`;
}

function runLine(letter: string, { dir, method, state, step, max_steps: of, collapse_step }: Comparison['a']): string {
  const collapses = Object.entries(collapse_step).flatMap(([language, at]) =>
    at === null ? [] : [`${language === 'null' ? '' : `${languageName(language)} `}collapse at step ${String(at)}`],
  );
  return [
    `${letter}  ${dir}: ${method === 'sft' ? 'supervised fine-tuning, ' : ''}${state}`,
    `step ${String(step)}${of === null ? '' : ` of ${String(of)}`}`,
    ...collapses,
  ].join(', ');
}

/** Characters of a value that are shown. */
const WIDEST = 60;

function differencesTable(title: string, differences: readonly Difference[]): string[] {
  if (differences.length === 0) return [`${title}: the same`];
  const short = (text: string) => (text.length > WIDEST ? `${text.slice(0, WIDEST - 3)}...` : text);
  const rows = differences.map(({ what, then, now }) => [`  ${what}`, short(then), short(now)]);
  return textTable([[title, 'A', 'B'], ...rows], [0, 1, 2]).split('\n');
}

const both = (pair: { a: number; b: number }): string =>
  pair.a === pair.b ? String(pair.a) : `${String(pair.a)} (A) and ${String(pair.b)} (B)`;

function suiteTable(suite: ComparedSuite): string[] {
  const { step, n } = suite;
  const title = `held out, ${suite.suite} (${languageName(suite.language)}), after step ${both(step)}, ${both(n)} completions`;
  const rows = suite.figures.map((figure) => [
    `  ${figure.field === 'accuracy_strict' ? STRICT_LABEL : labelOf(rowMeasure(figure.field)!)}`,
    showValue(figure.a, 'share'),
    showValue(figure.b, 'share'),
    points(figure.difference),
    intervalText(figure),
  ]);
  return [title, ...textTable([['', 'A', 'B', 'B - A', '95 % interval'], ...rows]).split('\n'), pairingLine(suite)];
}

function heldOutTable({ set, step, figures }: ComparedHeldOut): string[] {
  const rows = figures.map(({ figure, a, b }) => {
    const unit = findMeasure(heldOutName(set, figure))?.measure.unit ?? 'number';
    return [`  ${figure}`, showValue(a, unit), showValue(b, unit), signed(a, b)];
  });
  return [
    `held-out set ${set}, after step ${both(step)}`,
    ...textTable([['', 'A', 'B', 'B - A'], ...rows]).split('\n'),
  ];
}

function signed(a: number | null, b: number | null): string {
  if (a === null || b === null) return '-';
  const text = showValue(b - a, 'number');
  return b > a ? `+${text}` : text;
}

function pairingLine({ problems, unpaired, figures }: ComparedSuite): string {
  if (problems === null || problems === 0) {
    const why = problems === null ? 'the completions of one of them are not there' : 'they answered other problems';
    const newcombe = figures.some(({ interval }) => interval === 'newcombe');
    return `  not paired: ${why}${newcombe ? '; intervals of accuracy are of independent samples' : ''}`;
  }
  const left = unpaired === 0 ? '' : `; ${count(unpaired, 'problem')} that only one of them answered left out of B - A`;
  // Completions are kept with the verdict that counts alone, so this one cannot be paired.
  const strict = figures.some(({ interval }) => interval === 'newcombe')
    ? `; ${STRICT_LABEL}: independent samples`
    : '';
  return `  paired by ${count(problems, 'problem')} (bootstrap)${left}${strict}`;
}

/** Points of a per cent, with their sign. */
function points(share: number | null): string {
  if (share === null) return '-';
  const text = (100 * share).toFixed(1);
  return Number(text) > 0 ? `+${text}` : text.replace(/^-(0\.0)$/, '$1');
}

const intervalText = ({ low, high }: ComparedFigure): string =>
  low === null || high === null ? '-' : `${points(low)} to ${points(high)}`;

function lastTable({ a: { method }, last, curves }: Comparison): string[] {
  if (!last) return [];
  const headline = last.metrics.filter(({ name }) => curves.some((curve) => curve.name === name));
  const rows = headline.map((pair) => [`  ${nameOf(pair.name)}`, show(pair.name, pair.a), show(pair.name, pair.b)]);
  const of = method === 'sft' ? 'examples' : 'training prompts';
  return textTable([[`${of} at step ${String(last.step)}`, 'A', 'B'], ...rows]).split('\n');
}

const SHOWN_CURVES = ['accuracy', 'loss', 'mean_token_accuracy'];
/** Steps of the curves that are shown, first and last among them; `--json` has all. */
const SHOWN_STEPS = 10;

function curveTable({ curves }: Comparison): string[] {
  const shown = curves.filter(({ name }) => SHOWN_CURVES.includes(name) || name.endsWith('/target_wr')).slice(0, 4);
  const steps = shown[0]?.points.map(({ step }) => step) ?? [];
  if (steps.length < 2) return [];
  const rows = spread(steps.length, SHOWN_STEPS).map((at) => [
    `  ${String(steps[at]!)}`,
    ...shown.flatMap(({ name, points }) => [show(name, points[at]!.a), show(name, points[at]!.b)]),
  ]);
  const head = ['step', ...shown.flatMap(({ name }) => [`${nameOf(name)} A`, 'B'])];
  return textTable([head, ...rows]).split('\n');
}

/** Up to `most` of `length` places, evenly from the first to the last. */
function spread(length: number, most: number): number[] {
  if (length <= most) return Array.from({ length }, (_, i) => i);
  return Array.from({ length: most }, (_, i) => Math.round((i * (length - 1)) / (most - 1)));
}

/** Metrics that are named where the runs part. */
const NAMED = 4;

function firstLine({ a, b, first_difference: first, common_steps: steps }: Comparison): string {
  if (a.method !== b.method) return 'one is of GRPO, the other of supervised fine-tuning: their steps are not compared';
  if (steps === 0) return 'no step that both have made';
  if (!first) return `the same metrics in all ${count(steps, 'step')} that both have made`;
  const named = first.metrics.slice(0, NAMED).map(({ name, a, b }) => `${name} ${text(a)} against ${text(b)}`);
  const rest = first.metrics.length - named.length;
  return `first step that differs: ${String(first.step)} (${named.join(', ')}${rest > 0 ? ` and ${String(rest)} more` : ''})`;
}

const text = (value: MetricPair['a']): string => (value === null ? 'none' : String(value));

function nameOf(name: string): string {
  const found = findMeasure(name);
  return found ? labelOf(found) : name;
}

const show = (name: string, value: number | null): string =>
  showValue(value, findMeasure(name)?.measure.unit ?? 'number');
