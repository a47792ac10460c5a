import type { Problem } from '../data/types.js';
import { joinedRollouts, rolloutBatch, rolloutColumns } from '../engine/index.js';
import type { JobOptions } from '../engine/types.js';
import { groupVerdict, type GroupVerdict } from '../grpo/index.js';
import type { Metrics } from '../metrics/index.js';
import { sample, type SampleContext, type Sampled } from './sample.js';

/** The endless stream of problems, and the place in it where a generation begins. */
export interface Supply {
  problemAt: (index: number) => Problem;
  from: number;
}

/** The completions of a generation, the prompts that were drawn for them, and what to tell of the drawing. */
export interface Drawn extends Sampled {
  drawn: number;
  metrics: Metrics;
}

interface Group {
  of: Sampled;
  index: number;
  verdict: GroupVerdict;
}

/**
 * The completions of prompts_per_step prompts of the stream. With dynamic sampling (DAPO, arXiv 2503.14476, section 3.2) a group
 * whose judged completions are all right or all wrong, or that has none, gives its place to the next prompt of the stream, in
 * up to max_num_gen_batches rounds; what is still missing then is filled with the first of the groups that were set aside. What is
 * sampled depends on seed, step and stream alone, so a resumed run samples the same.
 */
export async function draw(
  { problemAt, from }: Supply,
  step: number,
  context: SampleContext,
  job: JobOptions,
): Promise<Drawn> {
  const { grpo } = context.config;
  const wanted = grpo.prompts_per_step;
  const next = (firstKey: number, count: number) =>
    sample(
      Array.from({ length: count }, (_, i) => problemAt(from + firstKey + i)),
      { step, firstKey },
      context,
      job,
    );
  if (!grpo.dynamic_sampling) return { ...(await next(0, wanted)), drawn: wanted, metrics: {} };

  const kept: Group[] = [];
  const aside: Group[] = [];
  let [drawn, rounds] = [0, 0];
  const seconds = { generate: 0, grade: 0 };
  while (kept.length < wanted && rounds < grpo.max_num_gen_batches) {
    const count = wanted - kept.length;
    const sampled = await next(drawn, count);
    drawn += count;
    rounds++;
    seconds.generate += sampled.seconds.generate;
    seconds.grade += sampled.seconds.grade;
    for (const group of groupsOf(sampled, grpo.num_generations)) (group.verdict === 'mixed' ? kept : aside).push(group);
  }
  const filled = wanted - kept.length;
  const those = (verdict: GroupVerdict) => aside.filter((group) => group.verdict === verdict).length;
  return {
    ...joined([...kept, ...aside.slice(0, filled)], grpo.num_generations),
    seconds,
    drawn,
    metrics: {
      'dynamic_sampling/prompts': drawn,
      'dynamic_sampling/rounds': rounds,
      'dynamic_sampling/all_right': those('all_right'),
      'dynamic_sampling/all_wrong': those('all_wrong'),
      'dynamic_sampling/unjudged': those('unjudged'),
      'dynamic_sampling/filled': filled,
    },
  };
}

function groupsOf(sampled: Sampled, samples: number): Group[] {
  return sampled.problems.map((_, index) => {
    const rows = sampled.graded.slice(index * samples, (index + 1) * samples);
    return { of: sampled, index, verdict: groupVerdict(rows.map(({ correct }) => correct)) };
  });
}

function joined(groups: readonly Group[], samples: number): Omit<Sampled, 'seconds'> {
  const generated = rolloutBatch(
    joinedRollouts(
      groups.map(({ of, index }) => ({ columns: of.columns, groups: [index] })),
      samples,
    ),
  );
  const rows = <T>(column: (sampled: Sampled) => readonly T[]): T[] =>
    groups.flatMap(({ of, index }) => column(of).slice(index * samples, (index + 1) * samples));
  return {
    problems: groups.map(({ of, index }) => of.problems[index]!),
    hints: groups.map(({ of, index }) => of.hints[index]!),
    generated,
    columns: rolloutColumns(generated),
    texts: rows(({ texts }) => texts),
    finish: rows(({ finish }) => finish),
    graded: rows(({ graded }) => graded),
  };
}
