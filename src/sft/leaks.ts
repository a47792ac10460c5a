import { GlossaError } from '../base/error.js';
import { leaksIn, type Held, type OnLeak, type Problem } from '../data/index.js';
import type { Asked } from './asked.js';
import type { ExampleSet } from './load.js';

/** What must not be learnt from: beside problems and ids, sets that are measured by their loss. */
export interface HeldOutExamples extends Held {
  sets: readonly { name: string; asked: readonly Asked[] }[];
}

/**
 * Takes examples out that are held out, or refuses them, by the rules of leaksIn.
 *
 * @throws GlossaError DATA_LEAK where `onLeak` is refuse; DATA_EMPTY where a set loses all.
 */
export function withoutLeakedExamples(
  train: readonly ExampleSet[],
  { suites, ids, sets }: HeldOutExamples,
  onLeak: OnLeak,
): { train: readonly ExampleSet[]; remarks: readonly string[] } {
  const measured = sets.map(({ name, asked }) => ({
    name,
    problems: asked.map((one, i) => problemsOf(one, `${name} ${String(i + 1)}`)[0]!),
  }));
  // A question each; and of each, the example that asks it.
  const questions = train.map(({ asked, path }) =>
    asked.flatMap((one, example) =>
      problemsOf(one, `${path}, example ${String(example + 1)}`).map((problem) => ({ problem, example })),
    ),
  );
  const { out, remarks } = leaksIn(
    questions.map((set) => ({ problems: set.map(({ problem }) => problem) })),
    { suites: [...suites, ...measured], ids },
    onLeak,
  );
  const counts: string[] = [];
  const left = train.map((set, s) => {
    const gone = new Set([...out[s]!].map((number) => questions[s]![number]!.example));
    if (gone.size === 0) return set;
    const of = `${String(gone.size)} of ${String(set.examples.length)} examples are held out`;
    if (gone.size === set.examples.length) throw new GlossaError('DATA_EMPTY', `${set.path}: ${of}, and none is left`);
    counts.push(`${set.path}: ${of} and not learnt from`);
    const stays = (_: unknown, i: number) => !gone.has(i);
    return { ...set, examples: set.examples.filter(stays), asked: set.asked.filter(stays) };
  });
  return { train: left, remarks: [...counts, ...remarks] };
}

/** One for each question; only the first is the row by its id. Of a row without an id the place is the name, which is no other's. */
function problemsOf({ id, questions, answer }: Asked, place: string): Problem[] {
  return (questions.length === 0 ? [''] : questions).map((question, i) => ({
    ...{ id: i === 0 ? (id ?? place) : `${place}, turn ${String(i)}` },
    ...{ question: question.trim() === '' ? place : question, answer, language: 'en' },
  }));
}
