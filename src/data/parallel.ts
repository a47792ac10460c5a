import { GlossaError } from '../base/error.js';
import { LANGUAGES, type Language } from '../language/types.js';
import { isNamed, selected } from './load.js';
import { originOf } from './origin.js';
import { permuted } from './permutation.js';
import type { DrawnSet, Problem } from './types.js';

/** What is drawn of problems that are there in several languages, known by a shared id. */
export const PARALLEL = ['as_is', 'one_language', 'all_languages'] as const;
export type Parallel = (typeof PARALLEL)[number];

/** Streams of the orders of languages, one of each problem; those of pools are far below. */
const LANGUAGE_STREAMS = 2 ** 31;

/** Where one language of a problem lies. */
interface Place {
  set: number;
  number: number;
  language: Language;
}

interface Unit {
  /** From 0, in the order of the sets. */
  unit: number;
  places: Place[];
}

/** Problems of several sets by their ids: one in several languages is drawn as one. */
export class ParallelProblems {
  private readonly units = new Map<string, Unit>();
  /** The sets, each problem in the first of its languages alone; sets without such are left out. */
  readonly sets: readonly DrawnSet[];

  /**
   * Errors: DATA_PARALLEL where a language of an id is there twice, where the sets of one id are weighed differently, where most
   * shared ids have other answers.
   */
  constructor(private readonly all: readonly DrawnSet[]) {
    const firsts: number[][] = all.map(() => []);
    const [answers, agreeing] = [new Map<string, string>(), { shared: 0, equal: 0, example: '' }];
    for (const [set, { problems }] of all.entries()) {
      let number = 0;
      for (const problem of problems) {
        const id = unitId(problem);
        const place = { set, number, language: problem.language };
        const unit = this.units.get(id);
        if (unit === undefined) {
          this.units.set(id, { unit: this.units.size, places: [place] });
          answers.set(id, problem.answer);
          firsts[set]!.push(number);
        } else {
          this.requireParallel(unit, place, problem.id);
          unit.places.push(place);
          agreeing.shared++;
          if (answers.get(id) === problem.answer) agreeing.equal++;
          else agreeing.example ||= problem.id;
        }
        number++;
      }
    }
    if (2 * agreeing.equal < agreeing.shared)
      throw refusal(
        `most problems that share an id have other answers, such as ${agreeing.example}: they are not the same in other languages`,
        'give ids that no other problem has, or set data.parallel: as_is',
      );
    // The same languages in the same order, whatever the order of files.
    for (const { places } of this.units.values())
      places.sort((a, b) => LANGUAGES.indexOf(a.language) - LANGUAGES.indexOf(b.language));
    this.sets = all.flatMap((set, s) =>
      firsts[s]!.length === 0 ? [] : [{ ...set, problems: selected(set.problems, Uint32Array.from(firsts[s]!)) }],
    );
  }

  /** How many languages each problem has. @throws GlossaError DATA_PARALLEL where one has others than the first. */
  languagesOfAll(): number {
    const names = ({ places }: Unit) => places.map(({ language }) => language);
    let [first, expected]: [string, Language[]] = ['', []];
    for (const [id, unit] of this.units) {
      const own = names(unit);
      if (expected.length === 0) [first, expected] = [id, own];
      else if (own.join() !== expected.join())
        throw refusal(
          `problem ${this.problemOf(unit.places[0]!).id} is there in ${own.join(', ')}, and problem ${this.problemOf(this.units.get(first)!.places[0]!).id} in ${expected.join(', ')}${this.heldOutText([id, first])}`,
          'all_languages needs every problem in the same languages; one_language does not',
        );
    }
    return expected.length;
  }

  /** Which languages of these problems are not trained on, where that is why they are not there. */
  private heldOutText(ids: readonly string[]): string {
    const found = this.all.flatMap(({ heldOut = [] }) =>
      [...heldOut].filter((problem) => ids.includes(unitId(problem))).map(({ id, language }) => `${id} in ${language}`),
    );
    return found.length === 0 ? '' : `; held out and not trained on: ${found.join(', ')}`;
  }

  /** In one of its languages: each once before any comes again, in an order of this problem's own. */
  inOne(problem: Problem, pass: number, seed: bigint): Problem {
    const { unit, places } = this.unitOf(problem);
    const { length } = places;
    const stream = LANGUAGE_STREAMS + unit;
    return this.problemOf(places[permuted(pass % length, length, seed, stream, Math.floor(pass / length))]!);
  }

  /** In the language of this number. */
  inEach(problem: Problem, number: number): Problem {
    return this.problemOf(this.unitOf(problem).places[number]!);
  }

  private unitOf(problem: Problem): Unit {
    return this.units.get(unitId(problem))!;
  }

  private problemOf({ set, number }: Place): Problem {
    return this.all[set]!.problems.at(number)!;
  }

  private requireParallel({ places }: Unit, place: Place, id: string): void {
    const path = ({ set }: Place) => this.all[set]!.settings.path;
    const twice = places.find(({ language }) => language === place.language);
    if (twice)
      throw refusal(
        `problem ${id} is there twice in ${place.language}: in ${path(twice)} and in ${path(place)}`,
        'an id names one problem, in each language once',
      );
    const weights = ({ set }: Place) => {
      const { weight = 1, levels = {} } = this.all[set]!.settings;
      return JSON.stringify([weight, levels]);
    };
    if (weights(places[0]!) !== weights(place))
      throw refusal(
        `problem ${id} is in ${path(places[0]!)} and in ${path(place)}, which have other weights`,
        'sets that share problems need the same weight and levels',
      );
  }
}

/** An id of the file's own names the problem; one made of file and line only its row. */
function unitId(problem: Problem): string {
  return isNamed(problem) ? `id ${problem.id}` : `row ${problem.id} of ${originOf(problem)!.file}`;
}

function refusal(message: string, hint: string): GlossaError {
  return new GlossaError('DATA_PARALLEL', `data.parallel: ${message}`, { hint });
}
