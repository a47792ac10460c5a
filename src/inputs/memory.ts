import { greatest } from '../base/extremes.js';
import { availableMemory } from '../base/memory.js';
import { isFiltered, type ResolvedConfig, type SuiteSettings } from '../config/index.js';
import type { Problem, Problems } from '../data/types.js';
import { planMemory } from '../engine/index.js';
import type { MemoryPlan, PlannedRun } from '../engine/types.js';
import type { Language } from '../language/types.js';
import { renderQuestion, type PromptSettings } from '../prompt/index.js';
import type { Tokenizer } from '../tokenizer/types.js';
import { fitText, largestTerms, settingsThatFit } from './fit.js';
import { engineOptions } from './model.js';
import type { Suite } from './suites.js';

/** Longest prompts in tokens, and how many problems each suite has. */
export interface PromptSizes {
  train: number;
  /** Tokens of the longest example of supervised fine-tuning. */
  example?: number | undefined;
  suites: readonly SuiteSize[];
}

interface SuiteSize extends Pick<SuiteSettings, 'numSamples' | 'maxCompletionLength'> {
  longest: number;
  problems: number;
}

/** What a run of this config asks of its engine at most. */
export function plannedRun({ grpo, optimizer, sft }: ResolvedConfig, sizes: PromptSizes): PlannedRun {
  const step = {
    prompts: grpo.prompts_per_step,
    samples: grpo.num_generations,
    promptTokens: sizes.train,
    newTokens: grpo.max_completion_length,
  };
  const filtered = isFiltered(grpo);
  const kept = filtered ? grpo.top_k || 2 ** 31 - 1 : 0;
  const suites = sizes.suites.map(({ longest, problems, numSamples, maxCompletionLength }) => ({
    prompts: problems,
    samples: numSamples,
    promptTokens: longest,
    newTokens: maxCompletionLength,
  }));
  if (sft) {
    const length = Math.min(sizes.example ?? 2, sft.max_length ?? Infinity);
    return {
      generations: suites,
      step: { prompts: sft.batch_size, samples: 1, promptTokens: 1, newTokens: Math.max(1, length - 1) },
      microBatchTokens: optimizer.micro_batch_tokens,
      reference: false,
    };
  }
  return {
    generations: [{ ...step, ...(filtered && { kept }) }, ...suites],
    step: { ...step, prompts: Math.ceil(grpo.prompts_per_step / grpo.steps_per_generation) },
    microBatchTokens: optimizer.micro_batch_tokens,
    reference: grpo.beta !== 0,
  };
}

/** `gpuMemory`: bytes of a GPU that is planned for and need not be here. */
export function planOf(configJson: string, config: ResolvedConfig, sizes: PromptSizes, gpuMemory?: number): MemoryPlan {
  const run = { ...plannedRun(config, sizes), ...(gpuMemory !== undefined && { gpuMemory }) };
  return planMemory(configJson, run, engineOptions(config));
}

/** The sizes of the prompts of training sets and held-out suites. */
export async function promptSizes(
  {
    train,
    suites,
  }: {
    train: readonly Problems[];
    suites: readonly Pick<Suite, 'problems' | 'settings' | 'prompt'>[];
  },
  tokenizer: Tokenizer,
  trainPrompt: (language: Language) => PromptSettings,
): Promise<PromptSizes> {
  return {
    train: greatest([
      1,
      ...(await Promise.all(train.map((problems) => longestPrompt(problems, tokenizer, trainPrompt)))),
    ]),
    suites: await Promise.all(
      suites.map(async ({ problems, settings: { numSamples, maxCompletionLength }, prompt: own }) => ({
        longest: await longestPrompt(problems, tokenizer, () => own),
        problems: problems.length,
        ...{ numSamples, maxCompletionLength },
      })),
    ),
  };
}

/** Tokens of the longest prompt: the questions of most bytes in each language are rendered, for length in bytes goes with it. */
async function longestPrompt(
  problems: Problems,
  tokenizer: Tokenizer,
  promptOf: (language: Language) => PromptSettings,
): Promise<number> {
  const RENDERED = 16;
  const bytes = ({ question, messages }: Problem) =>
    messages === undefined ? Buffer.byteLength(question) : Buffer.byteLength(JSON.stringify(messages));
  const longest = new Map<Language, { problem: Problem; size: number }[]>();
  for (const problem of problems) {
    const size = bytes(problem);
    const list = longest.get(problem.language);
    if (!list) longest.set(problem.language, [{ problem, size }]);
    else if (list.length < RENDERED || size > list.at(-1)!.size) {
      // The first of two alike stays before the second.
      const place = list.findIndex((one) => one.size < size);
      list.splice(place < 0 ? list.length : place, 0, { problem, size });
      if (list.length > RENDERED) list.pop();
    }
  }
  const asked = [...longest.values()].flat();
  const rendered = await Promise.all(
    asked.map(({ problem }) => renderQuestion(tokenizer, problem, promptOf(problem.language))),
  );
  return Math.max(1, greatest(rendered.map(({ ids }) => ids.length)));
}

/** What of a plan an engine has taken once its model is open: the weights, and what was read of a checkpoint with them. */
export function takenOf({ terms }: MemoryPlan, hasState = false): number {
  const taken = ['weights, float32', 'weights, packed', ...(hasState ? ['optimizer moments'] : [])];
  return terms.filter(({ name }) => taken.includes(name)).reduce((sum, { bytes }) => sum + bytes, 0);
}

/** A run whose memory is in question: its plan, and that of the same run with other settings. */
export interface PlannedMemory {
  plan: MemoryPlan;
  config: ResolvedConfig;
  replan: (changed: ResolvedConfig) => MemoryPlan;
  /** Whether the engine has read the optimizer's state of a checkpoint. Default false. */
  hasState?: boolean;
}

/**
 * Why a run is likely to fail for want of memory, and what to change; undefined where there is enough, or where the system
 * does not tell how much is left. For a process that has its engine: the weights are taken already. A GPU's own memory is not
 * looked at: an engine takes it before the first step.
 */
export async function shortOfMemory(
  { plan, config, replan, hasState }: PlannedMemory,
  memory: () => Promise<number | undefined> = availableMemory,
): Promise<string | undefined> {
  const available = await memory();
  const onHost = (one: MemoryPlan) => (one.room ? one.host : one.total - takenOf(one, hasState));
  const needed = onHost(plan);
  if (available === undefined || needed <= available) return undefined;
  const gb = (bytes: number) => (bytes / 1e9).toFixed(1);
  const fit = settingsThatFit(config, replan, (one) => onHost(one) <= available);
  return `this run is likely to need ${gb(needed)} GB more than it has taken, and ${gb(available)} GB are left (npx glossa doctor --plan lists it; the largest: ${largestTerms(plan)}); ${fitText(fit)}`;
}

/** Settings with which a run would fit in `available` bytes of a GPU, in a sentence. */
export function gpuAdvice({ plan, config, replan }: PlannedMemory, available: number): string {
  const ROUNDING = 2 ** 20;
  const fit = settingsThatFit(config, replan, (one) => one.total + ROUNDING <= available);
  return `${fitText(fit)} (npx glossa doctor --plan lists all of the plan; the largest: ${largestTerms(plan)})`;
}
