import { majority, passAtK, passKs, type AtK, type Vote } from './at_k.js';
import { meanInterval, shareInterval, type Interval, type ProblemQuotient } from './clustered.js';
import { fieldMeasure } from './find.js';
import { CompletionSums, type Figures, type SummedCompletion } from './sums.js';

/** What figures by problem need to know of a completion. */
export interface ProblemCompletion extends SummedCompletion {
  /** Names its problem among those that are summed. */
  problem: string | number;
  /** The final answer found in it; null: none. */
  answer: string | null;
  /** Whether two answers are one, as its verifier has it. */
  same: (a: string, b: string) => boolean;
  /** Absent where it is not known. */
  tokens?: number;
}

/** What takes the problems apart, of completions of one suite in one language. */
export interface ProblemFigures {
  problems: number;
  /** Completions a problem, the most that one has. */
  samples: number;
  /** Where there are several: pass@k for powers of 2 and all, avg@k and maj@k of all. */
  at: Partial<Record<AtK, number | null>>;
  /** Problems whose majority is drawn from answers of equal number; of several completions. */
  maj_ties?: number;
  /** Of 95 %, of each share that has one, of mean_length and of what is in `at`. */
  intervals: Record<string, Interval>;
}

interface Problem {
  sums: CompletionSums;
  /** Of the judged completions. */
  votes: Vote[];
  same: ProblemCompletion['same'];
  tokens: number;
}

/** Completions one by one, each known with its problem. */
export class SumsByProblem {
  readonly #problems = new Map<string | number, Problem>();

  static of(completions: Iterable<ProblemCompletion>): SumsByProblem {
    const sums = new SumsByProblem();
    for (const completion of completions) sums.add(completion);
    return sums;
  }

  add(completion: ProblemCompletion): void {
    const { problem: key, answer, correct, same, tokens = NaN } = completion;
    let problem = this.#problems.get(key);
    if (problem === undefined) {
      problem = { sums: new CompletionSums(), votes: [], same, tokens: 0 };
      this.#problems.set(key, problem);
    }
    problem.sums.add(completion);
    problem.tokens += tokens;
    if (correct !== null) problem.votes.push({ answer, correct });
  }

  figures(): ProblemFigures {
    const problems = [...this.#problems.values()];
    const samples = problems.reduce((most, { sums }) => Math.max(most, sums.rows), 0);
    const intervals: Record<string, Interval> = {};
    const know = (name: string, interval: Interval | null) => {
      if (interval !== null) intervals[name] = interval;
    };
    const quotients = problems.map(({ sums }) => sums.quotients());
    for (const field of Object.keys(quotients[0] ?? {}) as (keyof Figures)[]) {
      const interval = fieldMeasure(field).unit === 'share' ? shareInterval : meanInterval;
      know(field, interval(quotients.map((each) => each[field])));
    }
    const lengths = problems.map(({ sums, tokens }): ProblemQuotient => [tokens, sums.rows]);
    if (lengths.every(([tokens]) => !Number.isNaN(tokens))) know('mean_length', meanInterval(lengths));
    if (samples < 2) return { problems: problems.length, samples, at: {}, intervals };

    const at: ProblemFigures['at'] = {};
    const figure = (name: AtK, values: readonly number[]) => {
      at[name] = values.length === 0 ? null : values.reduce((sum, value) => sum + value, 0) / values.length;
      know(name, shareInterval(values.map((value) => [value, 1])));
    };
    const rightOf = (votes: readonly Vote[]) => votes.filter(({ correct }) => correct).length;
    const judged = problems.map(({ votes }) => votes).filter((votes) => votes.length > 0);
    for (const k of passKs(samples)) {
      const enough = judged.filter((votes) => votes.length >= k);
      figure(
        `pass@${k}`,
        enough.map((votes) => passAtK(votes.length, rightOf(votes), k)),
      );
    }
    figure(
      `avg@${samples}`,
      judged.map((votes) => rightOf(votes) / votes.length),
    );
    const majorities = problems.filter(({ votes }) => votes.length === samples).map(majorityOf);
    figure(
      `maj@${samples}`,
      majorities.map(({ right }) => right),
    );
    return {
      problems: problems.length,
      samples,
      at,
      maj_ties: majorities.filter(({ tie }) => tie).length,
      intervals,
    };
  }
}

const majorityOf = ({ votes, same }: Problem) => majority(votes, same);
