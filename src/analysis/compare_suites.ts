import { passAtK, type AtK, type CompletionSums, type Field } from '../metrics/index.js';
import { atKs, differsStrictly, type EvaluationRow } from '../run/index.js';
import { readEvaluated, type Evaluated } from './evaluated.js';
import { difference as unpairedInterval } from '../base/interval.js';
import { trials, type RunModel, type SuiteSeries } from './model.js';
import { pairedIntervals, type Quotient } from './paired.js';

/** A held-out figure of two runs. */
export interface ComparedFigure {
  field: Field | AtK | 'accuracy_strict';
  a: number | null;
  b: number | null;
  /** b - a; where the problems are paired, of those that both have answered. */
  difference: number | null;
  /** Of 95 %, of the difference. */
  low: number | null;
  high: number | null;
  /** Where the interval comes from: the problems that both answered; two samples that have nothing to do with each other. */
  interval: 'paired bootstrap' | 'newcombe' | null;
}

/** One language of one suite at an evaluation of each run. */
export interface ComparedSuite {
  suite: string;
  language: string;
  step: { a: number; b: number };
  /** Completions. */
  n: { a: number; b: number };
  /** Problems that both answered; null where the completions of one of them are not there. */
  problems: number | null;
  /** Problems that only one of them answered. */
  unpaired: number;
  figures: ComparedFigure[];
}

const FIELDS = [
  'accuracy',
  'clipped_ratio',
  'target_wr',
  'target_wr_reasoning',
  'target_wr_rewarded',
  'en_wr',
  'other_wr',
] as const;
type ComparedField = (typeof FIELDS)[number] | AtK;

/**
 * Every suite and language that both runs have evaluated, at the last evaluation of each, or at one step.
 *
 * @throws GlossaError ROLLOUT_INVALID, IO_ERROR.
 */
export async function compareSuites(a: RunModel, b: RunModel, step?: number): Promise<ComparedSuite[]> {
  const compared: ComparedSuite[] = [];
  for (const of of a.suites) {
    const other = b.suites.find(({ suite, language }) => suite === of.suite && language === of.language);
    const [from, to] = [of, other].map((series) =>
      step === undefined ? series?.rows.at(-1) : series?.rows.find((row) => row.step === step),
    );
    if (other && from && to) compared.push(await compareAt([a, of, from], [b, other, to]));
  }
  return compared;
}

type Side = [run: RunModel, series: SuiteSeries, row: EvaluationRow];

async function compareAt([a, ofA, from]: Side, [b, ofB, to]: Side): Promise<ComparedSuite> {
  const { suite, language } = ofA;
  const [answeredA, answeredB] = [
    await readEvaluated(a.dir, from.step, suite, language),
    await readEvaluated(b.dir, to.step, suite, language),
  ];
  // Which wrong answers are one is not in the files, so majorities are not drawn again.
  const several = atKs(from).filter((name) => to[name] !== undefined);
  const drawn = several.filter((name) => !name.startsWith('maj@'));
  const paired = answeredA && answeredB && pair(answeredA, answeredB, [...FIELDS, ...drawn]);
  return {
    suite,
    language,
    step: { a: from.step, b: to.step },
    n: { a: from.n, b: to.n },
    problems: paired ? paired.problems : null,
    unpaired: paired ? answeredA.size + answeredB.size - 2 * paired.problems : 0,
    figures: [...comparedFields(from, to), ...several].map((field): ComparedFigure => {
      const values = { field, a: from[field] ?? null, b: to[field] ?? null };
      const ofPairs = paired && paired.problems > 0 ? paired.figures.get(field) : undefined;
      if (ofPairs) return { ...values, ...ofPairs };
      const known = values.a !== null && values.b !== null ? { a: values.a, b: values.b } : undefined;
      const interval =
        known && (field === 'accuracy' || field === 'accuracy_strict')
          ? unpairedInterval({ share: known.a, n: trials(ofA, from.step) }, { share: known.b, n: trials(ofB, to.step) })
          : undefined;
      return {
        ...values,
        difference: known ? known.b - known.a : null,
        low: interval?.low ?? null,
        high: interval?.high ?? null,
        interval: interval ? 'newcombe' : null,
      };
    }),
  };
}

/** The accuracy by marked answers alone stands beside the other where they part, and English words beside other targets. */
function comparedFields(a: EvaluationRow, b: EvaluationRow): (ComparedField | 'accuracy_strict')[] {
  const strict = [a, b].some(differsStrictly) ? (['accuracy_strict'] as const) : [];
  // Files of earlier versions have no words of the reasoning.
  const known = FIELDS.filter((field) => a[field] !== undefined || b[field] !== undefined);
  return ['accuracy', ...strict, ...known.slice(1).filter((field) => a.language !== 'en' || field !== 'en_wr')];
}

type Paired = Pick<ComparedFigure, 'difference' | 'low' | 'high' | 'interval'>;

function pair(
  a: Evaluated,
  b: Evaluated,
  fields: readonly ComparedField[],
): { problems: number; figures: ReadonlyMap<ComparedFigure['field'], Paired> } {
  const keys = [...a.keys()].filter((key) => b.has(key));
  const sums = (side: Evaluated) => keys.map((key) => quotientsOf(side.get(key)!, fields));
  const [ofA, ofB] = [sums(a), sums(b)];
  const quotient = (side: typeof ofA, field: ComparedField): Quotient => ({
    numerators: Float64Array.from(side, (each) => each.get(field)![0]),
    denominators: Float64Array.from(side, (each) => each.get(field)![1]),
  });
  const pairs = fields.map((field) => [quotient(ofA, field), quotient(ofB, field)] as const);
  const intervals = pairedIntervals(pairs);
  const figures = fields.map((field, i): [ComparedField, Paired] => {
    const [from, to] = pairs[i]!.map(share);
    const interval = intervals[i]!;
    const difference = from === null || to === null ? null : to! - from!;
    const known = interval !== null && difference !== null;
    return [
      field,
      {
        difference,
        low: known ? interval.low : null,
        high: known ? interval.high : null,
        interval: known ? 'paired bootstrap' : null,
      },
    ];
  });
  return { problems: keys.length, figures: new Map<ComparedFigure['field'], Paired>(figures) };
}

/** What one problem adds to each figure; nothing to pass@k where fewer than k of its completions were judged. */
function quotientsOf(
  sums: CompletionSums,
  fields: readonly ComparedField[],
): Map<ComparedField, readonly [number, number]> {
  const { judged, correct } = sums;
  const known = sums.quotients();
  return new Map(
    fields.map((field) => {
      if (!isAtK(field)) return [field, known[field]];
      const k = Number(field.split('@')[1]);
      if (field.startsWith('avg@')) return [field, judged > 0 ? [correct / judged, 1] : [0, 0]];
      return [field, judged >= k ? [passAtK(judged, correct, k), 1] : [0, 0]];
    }),
  );
}

const isAtK = (field: ComparedField): field is AtK => field.includes('@');

function share({ numerators, denominators }: Quotient): number | null {
  const sum = (values: Float64Array) => values.reduce((total, value) => total + value, 0);
  const below = sum(denominators);
  return below === 0 ? null : sum(numerators) / below;
}
