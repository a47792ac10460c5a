import { GlossaError } from '../base/error.js';
import { withoutLeaks, type DataSet, type OnLeak, type Problem } from '../data/index.js';
import type { Asked } from './asked.js';
import type { ExampleSet } from './load.js';

/** What must not be learnt from. */
export interface HeldOutProblems {
  suites: readonly { name: string; problems: readonly Problem[] }[];
  ids: readonly { name: string; has: (id: string) => boolean }[];
  /** Sets that are measured by their loss. */
  sets: readonly { name: string; asked: readonly Asked[] }[];
}

/**
 * Takes examples out that are held out, or refuses them, by the rules of withoutLeaks.
 *
 * @throws GlossaError DATA_LEAK where `onLeak` is refuse; DATA_EMPTY where a set loses all.
 */
export function withoutLeakedExamples(
  train: readonly ExampleSet[],
  { suites, ids, sets }: HeldOutProblems,
  onLeak: OnLeak,
): { train: readonly ExampleSet[]; remarks: readonly string[] } {
  const measured = sets.map(({ name, asked }) => ({
    name,
    problems: asked.map((one, i) => problemsOf(one, `${name} ${String(i + 1)}`)[0]!),
  }));
  const numbers = new Map<Problem, number>();
  const asked = train.map((set): DataSet => {
    const problems = set.asked.flatMap((one, i) => {
      const own = problemsOf(one, `${set.path}, example ${String(i + 1)}`);
      for (const problem of own) numbers.set(problem, i);
      return own;
    });
    return {
      problems,
      languages: [],
      counts: { skipped: 0, unjudged: 0 },
      skipped: [],
      unjudged: [],
      settings: { path: set.path },
    };
  });
  const found = withoutLeaks(asked, { suites: [...suites, ...measured], ids }, onLeak);
  if (onLeak !== 'exclude') return { train, remarks: found.remarks };
  const remarks: string[] = [];
  const left = train.map((set, s) => {
    const kept = new Set(found.train[s]!.problems);
    const out = new Set(
      [...asked[s]!.problems].filter((problem) => !kept.has(problem)).map((problem) => numbers.get(problem)!),
    );
    if (out.size === 0) return set;
    const of = `${String(out.size)} of ${String(set.examples.length)} examples are held out`;
    if (out.size === set.examples.length) throw new GlossaError('DATA_EMPTY', `${set.path}: ${of}, and none is left`);
    remarks.push(`${set.path}: ${of} and not learnt from`);
    const stays = (_: unknown, i: number) => !out.has(i);
    return { ...set, examples: set.examples.filter(stays), asked: set.asked.filter(stays) };
  });
  return { train: left, remarks };
}

/** One for each question; only the first is the row by its id. Of a row without an id the place is the name, which is no other's. */
function problemsOf({ id, questions, answer }: Asked, place: string): Problem[] {
  return (questions.length === 0 ? [''] : questions).map((question, i) => ({
    ...{ id: i === 0 ? (id ?? place) : `${place}, turn ${String(i)}` },
    ...{ question: question.trim() === '' ? place : question, answer, language: 'en' },
  }));
}
