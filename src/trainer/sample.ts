import type { RecordBatch } from 'apache-arrow';
import { toRagged } from '../base/ragged.js';
import type { ResolvedConfig } from '../config/index.js';
import { sameOrigin } from '../data/index.js';
import type { Problem } from '../data/types.js';
import type { DecodingLaw } from '../decoding/index.js';
import { rolloutColumns } from '../engine/index.js';
import type { Engine, Finish, JobOptions, RolloutColumns } from '../engine/types.js';
import type { Levers } from '../levers/index.js';
import { renderQuestion, thinkTags } from '../prompt/index.js';
import { RolloutGrading, type Grader } from '../reward/index.js';
import type { GradedCompletion } from '../reward/types.js';
import { samplingLaw } from './law.js';
import { tellSampled } from './spans.js';
import type { Tokenizer } from '../tokenizer/types.js';

export interface SampleContext {
  config: ResolvedConfig;
  engine: Engine;
  tokenizer: Tokenizer;
  grader: Grader;
  levers: Levers;
  decoding: DecodingLaw | undefined;
}

/** Completions of some problems, graded: rows in order (prompt, sample). */
export interface Sampled {
  problems: readonly Problem[];
  /** Of each problem, the hint that a lever put into its prompt. */
  hints: readonly (string | null)[];
  generated: RecordBatch;
  /** Views of it. */
  columns: RolloutColumns;
  texts: readonly string[];
  finish: readonly Finish[];
  graded: readonly GradedCompletion[];
  seconds: { generate: number; grade: number };
}

/**
 * Samples the completions of the problems `drawn` at optimizer step `step` (steps made so far), and grades them, most while others
 * are still sampled. `firstKey`: prompts that were sampled for this generation before, whose draws are named by 0 to it.
 */
export async function sample(
  drawn: readonly Problem[],
  { step, firstKey }: { step: number; firstKey: number },
  { config, engine, tokenizer, grader, levers, decoding }: SampleContext,
  job: JobOptions,
): Promise<Sampled> {
  const { grpo } = config;
  const started = performance.now();
  const steered = levers.beforeGeneration(
    drawn.map((problem) => ({ problem, prompt: config.prompt })),
    step,
  );
  // A lever may have made a problem anew.
  const problems = steered.map(({ problem }, i) => sameOrigin(problem, drawn[i]!));
  const rendered = await Promise.all(steered.map(({ problem, prompt }) => renderQuestion(tokenizer, problem, prompt)));
  const asked = problems.map((problem, i) => ({ problem, prompt: rendered[i]!.ids }));
  const grading = new RolloutGrading(asked, grpo.num_generations, {
    ...{ tokenizer, grader, step },
    thinkTags: ({ language }) => thinkTags(config.prompt, language),
  });
  const generated = await engine.generate(
    {
      prompts: toRagged(rendered.map(({ ids }) => ids)),
      numGenerations: grpo.num_generations,
      maxNewTokens: grpo.max_completion_length,
      stopIds: tokenizer.eosIds,
      ...samplingLaw(config, decoding, problems),
      seed: BigInt(config.seed),
      purpose: 'rollout',
      step,
      ...(firstKey > 0 && { promptKeys: Int32Array.from(drawn, (_, i) => firstKey + i) }),
    },
    { ...job, onCompleted: grading.add },
  );
  const sampled = performance.now();
  const columns = rolloutColumns(generated);
  const { texts, finish, graded } = await grading.rest(columns);
  const ended = performance.now();
  tellSampled([started, sampled, ended], { step: step + 1, tokens: columns.completions.ids.length });
  const seconds = { generate: (sampled - started) / 1e3, grade: (ended - sampled) / 1e3 };
  const hints = steered.map(({ hint }) => hint ?? null);
  return { problems, hints, generated, columns, texts, finish, graded, seconds };
}
