import { sliceTokens, toRagged } from '../base/ragged.js';
import { OPTION_LETTERS } from '../data/index.js';
import type { Problem } from '../data/types.js';
import type { Engine, JobOptions, RolloutColumns } from '../engine/types.js';
import { gap, type RenderedPrompt } from '../prompt/index.js';
import type { GradedRollout, Grader } from '../reward/index.js';
import type { Tokenizer } from '../tokenizer/types.js';

/** Prompt tokens of one call of the engine, four and more times: what is in memory at a time. Changes no result. */
const BATCH_TOKENS = 1 << 14;

/**
 * Answers every question with the option whose letter is the most probable to come next, of several that are as probable the first.
 * A letter is what the prompt would go on with: with a space before it where the prompt ends in a word or a mark. One that takes
 * several tokens has the product of their probabilities. Rows are as if the letter had been sampled at temperature 1.
 */
export async function answerByLetters(
  { engine, tokenizer, grader }: { engine: Engine; tokenizer: Tokenizer; grader: Grader },
  problems: readonly Problem[],
  prompts: readonly RenderedPrompt[],
  { signal, onProgress }: JobOptions,
): Promise<GradedRollout & { columns: RolloutColumns }> {
  const chosen: Chosen[] = [];
  let tokens = 0;
  for (const batch of batches(prompts)) {
    const sequences = await Promise.all(
      batch.map(async (i) => {
        const letters = [...OPTION_LETTERS.slice(0, problems[i]!.options)];
        const before = gap(prompts[i]!.text);
        return Promise.all(
          letters.map(async (letter) => ({ i, letter, ids: await tokenizer.encode(before + letter) })),
        );
      }),
    );
    const rows = sequences.flat();
    const completions = toRagged(rows.map(({ ids }) => ids));
    const request = { prompts: toRagged(rows.map(({ i }) => prompts[i]!.ids)), completions };
    const { logps, entropies } = await engine.logprobs(request, signal ? { signal } : {});
    const scored = rows.map((row, k): Chosen => ({
      ...row,
      logps: sliceTokens(logps, completions, k, k + 1),
      entropies: sliceTokens(entropies, completions, k, k + 1),
    }));
    for (const i of batch)
      chosen.push(scored.filter((row) => row.i === i).reduce((best, row) => (sum(row) > sum(best) ? row : best)));
    tokens += request.prompts.ids.length + completions.ids.length;
    onProgress?.({ done: chosen.length, total: problems.length, tokens });
  }
  const inputs = chosen.map(({ i, letter }) => ({
    problem: problems[i]!,
    completion: judgedLetter(letter),
    finish: 'stop' as const,
  }));
  const graded = await grader.grade(inputs);
  return {
    texts: chosen.map(({ letter }) => letter),
    finish: chosen.map(() => 'stop'),
    graded,
    cut: [],
    columns: columnsOf(chosen, prompts),
  };
}

/** What is judged of a letter: it stands in a box, so that it counts as marked too. */
export const judgedLetter = (letter: string): string => `\\boxed{${letter}}`;

interface Chosen {
  /** Of the problem. */
  i: number;
  letter: string;
  ids: readonly number[];
  logps: Float32Array;
  entropies: Float32Array;
}

const sum = ({ logps }: Chosen): number => logps.reduce((total, logp) => total + logp, 0);

function* batches(prompts: readonly RenderedPrompt[]): Generator<number[]> {
  let batch: number[] = [];
  let tokens = 0;
  for (const [i, { ids }] of prompts.entries()) {
    if (batch.length > 0 && tokens + ids.length > BATCH_TOKENS) {
      yield batch;
      batch = [];
      tokens = 0;
    }
    batch.push(i);
    tokens += ids.length;
  }
  if (batch.length > 0) yield batch;
}

function columnsOf(chosen: readonly Chosen[], prompts: readonly RenderedPrompt[]): RolloutColumns {
  const rows = chosen.length;
  const join = (values: readonly Float32Array[]) => Float32Array.from(values.flatMap((each) => [...each]));
  return {
    rows,
    promptIndex: Int32Array.from(chosen, (_, i) => i),
    sample: new Int32Array(rows),
    prompts: toRagged(prompts.map(({ ids }) => ids)),
    completions: toRagged(chosen.map(({ ids }) => ids)),
    logps: join(chosen.map(({ logps }) => logps)),
    entropies: join(chosen.map(({ entropies }) => entropies)),
    finish: new Int8Array(rows),
    policyStep: new Int32Array(rows),
  };
}
