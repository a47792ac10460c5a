import { greatest } from '../base/extremes.js';
import { availableMemory } from '../base/memory.js';
import type { ResolvedConfig } from '../config/index.js';
import type { Problem } from '../data/types.js';
import { planMemory } from '../engine/index.js';
import type { MemoryPlan, PlannedRun } from '../engine/types.js';
import { renderPrompt, type PromptSettings } from '../prompt/index.js';
import type { Tokenizer } from '../tokenizer/types.js';
import { engineOptions } from './model.js';

/** Longest prompts in tokens, and how many problems each suite has. */
export interface PromptSizes {
  train: number;
  suites: readonly { longest: number; problems: number }[];
}

/** What a run of this config asks of its engine at most. */
export function plannedRun({ grpo, eval: evaluation, optimizer }: ResolvedConfig, sizes: PromptSizes): PlannedRun {
  const step = {
    prompts: grpo.prompts_per_step,
    samples: grpo.num_generations,
    promptTokens: sizes.train,
    newTokens: grpo.max_completion_length,
  };
  const suites = sizes.suites.map(({ longest, problems }) => ({
    prompts: problems,
    samples: evaluation.num_samples,
    promptTokens: longest,
    newTokens: evaluation.max_completion_length,
  }));
  return {
    generations: [step, ...suites],
    step: { ...step, prompts: Math.ceil(grpo.prompts_per_step / grpo.steps_per_generation) },
    microBatchTokens: optimizer.micro_batch_tokens,
    reference: grpo.beta !== 0,
  };
}

export function planOf(configJson: string, config: ResolvedConfig, sizes: PromptSizes): MemoryPlan {
  return planMemory(configJson, plannedRun(config, sizes), engineOptions(config));
}

/** The sizes of the prompts of training sets and held-out suites. */
export async function promptSizes(
  { train, suites }: { train: readonly (readonly Problem[])[]; suites: readonly (readonly Problem[])[] },
  tokenizer: Tokenizer,
  prompt: PromptSettings,
): Promise<PromptSizes> {
  const longest = (sets: readonly (readonly Problem[])[]) =>
    Promise.all(sets.map((problems) => longestPrompt(problems, tokenizer, prompt)));
  const [trained, held] = await Promise.all([longest(train), longest(suites)]);
  return {
    train: greatest(trained),
    suites: suites.map(({ length }, i) => ({ longest: held[i]!, problems: length })),
  };
}

/** Tokens of the longest prompt: the questions of most bytes in each language are rendered, for length in bytes goes with it. */
async function longestPrompt(
  problems: readonly Problem[],
  tokenizer: Tokenizer,
  prompt: PromptSettings,
): Promise<number> {
  const RENDERED = 16;
  const bytes = ({ question }: Problem) => Buffer.byteLength(question);
  const languages = [...new Set(problems.map(({ language }) => language))];
  const longest = languages.flatMap((wanted) =>
    problems
      .filter(({ language }) => language === wanted)
      .sort((a, b) => bytes(b) - bytes(a))
      .slice(0, RENDERED),
  );
  const rendered = await Promise.all(
    longest.map(({ question, language }) => renderPrompt(tokenizer, question, language, prompt)),
  );
  return Math.max(1, greatest(rendered.map(({ ids }) => ids.length)));
}

/**
 * Why a run is likely to fail for want of memory, and what to change; undefined where there is enough, or where the system
 * does not tell how much is left. For a process that has its engine: the weights are taken already.
 */
export async function shortOfMemory(
  plan: MemoryPlan,
  memory: () => Promise<number | undefined> = availableMemory,
): Promise<string | undefined> {
  const available = await memory();
  const taken = plan.terms
    .filter(({ name }) => ['weights, float32', 'weights, packed', 'reference'].includes(name))
    .reduce((sum, { bytes }) => sum + bytes, 0);
  const needed = plan.total - taken;
  if (available === undefined || needed <= available) return undefined;
  const gb = (bytes: number) => (bytes / 1e9).toFixed(1);
  return `this run is likely to need ${gb(needed)} GB more than it has taken, and ${gb(available)} GB are left; fewer prompts_per_step, a shorter max_completion_length, optimizer.micro_batch_tokens below ${String(plan.microBatchRows)} or dtype bfloat16 need less (npx glossa doctor --plan lists it)`;
}
