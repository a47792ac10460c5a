import { GlossaError } from '../base/error.js';
import { isNamed, selected } from './load.js';
import type { DataSet, Problem } from './types.js';

/** What happens to training problems that are held out. */
export const ON_LEAK = ['refuse', 'exclude', 'warn'] as const;
export type OnLeak = (typeof ON_LEAK)[number];

/** Problems that must not be trained on: those of a suite. */
export interface HeldOut {
  name: string;
  problems: readonly Problem[];
}

/** Ids that must not be trained on. */
export interface HeldIds {
  /** As errors call them. */
  name: string;
  has: (id: string) => boolean;
}

/** What was found of a suite or of held-out ids among the training problems. */
interface Found {
  /** A sentence. */
  text: string;
  /** Numbers of the training problems, by set. */
  numbers: readonly Set<number>[];
}

/** What must not be trained on. */
export interface Held {
  suites: readonly HeldOut[];
  ids: readonly HeldIds[];
}

/**
 * Takes training problems out that are held out, or refuses them, as {@link leaksIn} finds them.
 *
 * @returns The sets, how many problems each lost, and what should be known of it.
 * @throws GlossaError DATA_LEAK where `onLeak` is refuse; DATA_EMPTY where a set loses all.
 */
export function withoutLeaks(
  train: readonly DataSet[],
  held: Held,
  onLeak: OnLeak,
): { train: readonly DataSet[]; excluded: readonly number[]; remarks: string[] } {
  const { out, remarks } = leaksIn(train, held, onLeak);
  const left = train.map((set, s) => (out[s]!.size === 0 ? set : without(set, out[s]!)));
  const excluded = out.map(({ size }) => size);
  const counts = train.flatMap(({ problems, settings: { path } }, s) =>
    excluded[s] === 0 ? [] : [`${path}: ${excluded[s]} of ${problems.length} problems are held out and not trained on`],
  );
  return { train: left, excluded, remarks: [...counts, ...remarks] };
}

/**
 * Finds what of training is held out, or refuses it. A problem is held out where its id is, where a suite has its
 * question, or where a suite has the same problem in any language: known by a shared id with the same answer, in a training set
 * whose ids mostly agree so with the suite's. Ids that mostly have other answers are no names of problems (1, 2, 3 in two files that have
 * nothing to do with each other) and are passed over, as are those made of a file's name and line.
 *
 * @returns The numbers of the problems of each set that are to go, none but where `onLeak` is exclude; and what should be known.
 * @throws GlossaError DATA_LEAK where `onLeak` is refuse.
 */
export function leaksIn(
  train: readonly Learnt[],
  held: Held,
  onLeak: OnLeak,
): { out: readonly ReadonlySet<number>[]; remarks: string[] } {
  const none = train.map(() => new Set<number>());
  if (held.suites.length === 0 && held.ids.length === 0) return { out: none, remarks: [] };
  const { found, idle } = findLeaks(train, held);
  if (found.length === 0) return { out: none, remarks: idle };
  const texts = found.map(({ text }) => text);
  if (onLeak === 'refuse')
    throw new GlossaError('DATA_LEAK', texts.join('\n'), {
      hint: 'data.on_leak: exclude leaves such problems out of training, data.on_leak: warn trains on them',
    });
  if (onLeak === 'warn') return { out: none, remarks: [...texts, ...idle] };
  return { out: train.map((_, s) => new Set(found.flatMap(({ numbers }) => [...numbers[s]!]))), remarks: idle };
}

/** A set that is trained on, as far as what is held out is looked for in it. */
export interface Learnt {
  problems: Iterable<Problem>;
}

function without(set: DataSet, out: ReadonlySet<number>): DataSet {
  const { problems, settings } = set;
  const numbers = Uint32Array.from({ length: problems.length }, (_, i) => i);
  const kept = numbers.filter((i) => !out.has(i));
  if (kept.length === 0)
    throw new GlossaError('DATA_EMPTY', `${settings.path}: all ${problems.length} problems are held out`);
  const heldOut = selected(
    problems,
    numbers.filter((i) => out.has(i)),
  );
  return { ...set, problems: selected(problems, kept), heldOut };
}

function findLeaks(train: readonly Learnt[], { suites, ids }: Held): { found: Found[]; idle: string[] } {
  const suiteSearches = suites.map((suite) => new SuiteSearch(suite, train.length));
  const idSearches = ids.map((list) => new IdSearch(list, train.length));
  for (const [s, { problems }] of train.entries()) {
    let number = 0;
    for (const problem of problems) {
      for (const search of suiteSearches) search.look(problem, s, number);
      for (const search of idSearches) search.look(problem, s, number);
      number++;
    }
  }
  return {
    found: [...suiteSearches, ...idSearches].flatMap((search) => search.found() ?? []),
    // Ids that are spelled otherwise than those of the sets would hold out nothing, unnoticed.
    idle: idSearches.flatMap((search) => search.idle() ?? []),
  };
}

/** Problems of one suite, looked for among all of training. */
class SuiteSearch {
  private readonly byQuestion = new Map<string, Problem[]>();
  private readonly byId = new Map<string, Problem[]>();
  private readonly same: Matches[];
  /** Under one id, whatever their answers; and those with the same answer. */
  private readonly sharing: Matches[];
  private readonly agreeing: Matches[];

  constructor(
    private readonly suite: HeldOut,
    sets: number,
  ) {
    for (const problem of suite.problems) {
      push(this.byQuestion, spaceless(problem.question), problem);
      if (isNamed(problem)) push(this.byId, problem.id, problem);
    }
    [this.same, this.sharing, this.agreeing] = [newMatches(sets), newMatches(sets), newMatches(sets)];
  }

  look(problem: Problem, set: number, number: number): void {
    const asked = this.byQuestion.get(spaceless(problem.question));
    if (asked) note(this.same[set]!, number, asked);
    if (this.byId.size === 0 || !isNamed(problem)) return;
    const named = this.byId.get(problem.id);
    if (!named) return;
    note(this.sharing[set]!, number, named);
    const equal = named.filter(({ answer }) => answer === problem.answer);
    if (equal.length > 0) note(this.agreeing[set]!, number, equal);
  }

  found(): Found | undefined {
    const translations = this.agreeing.filter(({ held }, set) => 2 * held.size > this.sharing[set]!.held.size);
    const same = union(this.same.map(({ held }) => held));
    const translated = [...union(translations.map(({ held }) => held))].filter((problem) => !same.has(problem));
    const all = [...this.suite.problems.filter((problem) => same.has(problem)), ...translated];
    if (all.length === 0) return undefined;
    const kinds = [
      ...(same.size > 0 ? [`${same.size} with the same question`] : []),
      ...(translated.length > 0
        ? [`${translated.length} under the same id with the same answer, as translations are`]
        : []),
    ];
    const examples = all.slice(0, 3).map(({ id }) => id);
    return {
      text:
        `${this.suite.name}: ${all.length} of ${this.suite.problems.length} held-out problems are trained on too (${kinds.join(', ')}), ` +
        `such as ${examples.join(', ')}; its figures are no measure of what was learned`,
      numbers: this.same.map(({ numbers }, set) => {
        const agreeing = this.agreeing[set]!;
        return new Set([...numbers, ...(translations.includes(agreeing) ? agreeing.numbers : [])]);
      }),
    };
  }
}

/** Held-out ids, looked for among all of training. */
class IdSearch {
  private readonly numbers: Set<number>[];
  private readonly examples = new Set<string>();

  constructor(
    private readonly list: HeldIds,
    sets: number,
  ) {
    this.numbers = Array.from({ length: sets }, () => new Set());
  }

  look({ id }: Problem, set: number, number: number): void {
    if (!this.list.has(id)) return;
    this.numbers[set]!.add(number);
    if (this.examples.size < 3) this.examples.add(id);
  }

  /** What should be known of ids that no training problem has. */
  idle(): string | undefined {
    if (this.numbers.some(({ size }) => size > 0)) return undefined;
    return `data.hold_out: no training problem has an id of ${this.list.name}; nothing is held out by it`;
  }

  found(): Found | undefined {
    const { numbers } = this;
    const count = numbers.reduce((sum, { size }) => sum + size, 0);
    if (count === 0) return undefined;
    return {
      text: `${this.list.name}: ${count} training problems are held out by id, such as ${[...this.examples].join(', ')}`,
      numbers,
    };
  }
}

/** Training problems of one set, by number, and the held-out problems that they are. */
interface Matches {
  numbers: Set<number>;
  held: Set<Problem>;
}
const newMatches = (sets: number): Matches[] =>
  Array.from({ length: sets }, () => ({ numbers: new Set(), held: new Set() }));

function note({ numbers, held }: Matches, number: number, problems: readonly Problem[]): void {
  numbers.add(number);
  for (const problem of problems) held.add(problem);
}

function push(map: Map<string, Problem[]>, key: string, problem: Problem): void {
  const list = map.get(key);
  if (list) list.push(problem);
  else map.set(key, [problem]);
}

function union<T>(sets: readonly ReadonlySet<T>[]): Set<T> {
  return new Set(sets.flatMap((set) => [...set]));
}

/** A question as it is compared: white space and compatible forms of letters do not count. */
export const spaceless = (text: string): string => text.normalize('NFKC').replace(/\s+/gu, ' ').trim();
