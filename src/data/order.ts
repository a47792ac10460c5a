import { GlossaError } from '../base/error.js';
import { Curriculum, refuseDry, type Draw, type Pace } from './curriculum.js';
import { ParallelProblems, type Parallel } from './parallel.js';
import { permuted } from './permutation.js';
import { poolsOf, poolWeight, type Pool } from './pools.js';
import type { DrawnSet, Problem } from './types.js';

/** Of the order of an epoch; pools have streams of their own from 1. */
const EPOCH_STREAM = 0;

const PROMPT_BY_PROMPT: Pace = { prompts: 1, steps: 1, maxSteps: 1 };

/**
 * An endless, weighted, shuffled stream of problems, by counter: the problem at an index is a function of the sets, the seed and
 * the index alone, so a resumed run has no state to load.
 *
 * A pool is a set, or a level of one where its settings weigh levels. An epoch has round(weight x size) slots for each pool (at
 * least one where the weight is above 0). With all weights 1, the default, it is every problem exactly once. The slots of epoch e
 * are shuffled by a permutation named (seed, e). The d-th draw of a pool, counted over all epochs, is the problem at place
 * d mod size of the pool's own shuffled order number floor(d / size). So each pool goes through all its problems before any comes
 * again: with weight 2 twice an epoch, with weight 0.5 once in two.
 *
 * Where a weight changes with the step there are no epochs: which pool a draw is from says {@link Curriculum}, by `pace`; the
 * problem within the pool is found as above.
 *
 * `parallel` says what is drawn of problems that are there in several languages: each by itself, as any other (`as_is`); one, in
 * one of its languages, each once before any comes again (`one_language`); one, in all of its languages one after the other
 * (`all_languages`).
 *
 * Errors: DATA_WEIGHT for a weight that is negative or not finite, or where no set has a weight above 0; DATA_EMPTY for a set
 * without problems; DATA_PARALLEL; DATA_DRY for a level without problems, or a step at which all weights are 0.
 */
export function promptOrder(
  sets: readonly DrawnSet[],
  seed: bigint,
  pace: Pace = PROMPT_BY_PROMPT,
  parallel: Parallel = 'as_is',
): (index: number) => Problem {
  if (parallel === 'as_is') {
    const at = problemOrder(sets, seed, pace);
    return (index) => at(index).problem;
  }
  const problems = new ParallelProblems(sets);
  if (parallel === 'one_language') {
    const at = problemOrder(problems.sets, seed, pace);
    return (index) => {
      const { problem, pass } = at(index);
      return problems.inOne(problem, pass, seed);
    };
  }
  const languages = problems.languagesOfAll();
  const at = problemOrder(problems.sets, seed, { ...pace, prompts: pace.prompts / languages });
  if (pace !== PROMPT_BY_PROMPT) refuseTornApart(pace, languages);
  return (index) => problems.inEach(at(Math.floor(index / languages)).problem, index % languages);
}

/** The languages of a problem must be in one optimizer step. */
function refuseTornApart({ prompts, parts = 1 }: Pace, languages: number): void {
  if (prompts % (languages * parts) === 0) return;
  const steps = parts === 1 ? '' : ` x steps_per_generation ${parts}`;
  throw new GlossaError(
    'DATA_PARALLEL',
    `data.parallel: all_languages: grpo.prompts_per_step ${prompts} is no multiple of the ${languages} languages of each problem${steps}`,
    { hint: `set prompts_per_step to a multiple of ${languages * parts}` },
  );
}

/** The problem at an index, and how many times its pool was gone through before. */
function problemOrder(
  sets: readonly DrawnSet[],
  seed: bigint,
  pace: Pace,
): (index: number) => { problem: Problem; pass: number } {
  const pools = poolsOf(sets);
  const drawAt = pools.every(isConstant) ? epochs(pools, seed) : curriculum(pools, pace);
  return (index) => {
    const { pool, draw } = drawAt(index);
    const { problems } = pools[pool]!;
    const pass = Math.floor(draw / problems.length);
    return {
      problem: problems.at(permuted(draw % problems.length, problems.length, seed, pool + 1, pass))!,
      pass,
    };
  };
}

const isConstant = ({ weights }: Pool): boolean => weights.every((weight) => typeof weight === 'number');

function epochs(pools: readonly Pool[], seed: bigint): (index: number) => Draw {
  let length = 0;
  const shares = pools.map((pool) => {
    const weight = poolWeight(pool, 0);
    const draws = weight === 0 ? 0 : Math.max(1, Math.round(weight * pool.problems.length));
    const first = length;
    length += draws;
    return { draws, first };
  });
  if (length === 0) throw new GlossaError('DATA_WEIGHT', 'no data set has a weight above 0');
  return (index) => {
    const epoch = Math.floor(index / length);
    const slot = permuted(index % length, length, seed, EPOCH_STREAM, epoch);
    const pool = shares.findLastIndex(({ first, draws }) => draws > 0 && first <= slot);
    const { draws, first } = shares[pool]!;
    return { pool, draw: epoch * draws + (slot - first) };
  };
}

function curriculum(pools: readonly Pool[], pace: Pace): (index: number) => Draw {
  refuseDry(pools, pace);
  const draws = new Curriculum(pools, pace);
  return (index) => draws.at(index);
}
