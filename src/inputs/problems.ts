import type { ResolvedConfig } from '../config/index.js';
import { remarks } from '../data/index.js';
import type { DataSet, Problem } from '../data/types.js';
import { LANGUAGES, type Language } from '../language/types.js';
import { checkBudget } from './budget.js';
import type { OpenModel } from './model.js';
import { loadSource } from './sources.js';

export interface Inputs {
  train: readonly DataSet[];
  /** Of the training problems, in the order of {@link LANGUAGES}. */
  languages: readonly Language[];
  suites: readonly { name: string; file: string; problems: readonly Problem[] }[];
  /** What should be known of the data before they are used. */
  remarks: readonly string[];
}

/** Reads all problems, and checks that each fits the model's context with its budget. */
export async function openData(config: ResolvedConfig, { engine, tokenizer, labDir }: OpenModel): Promise<Inputs> {
  const { grpo, eval: evaluation, prompt, data } = config;
  // Only users' functions look at other columns.
  const rows = config.rewards.some(({ module, url }) => module !== undefined || url !== undefined);
  const train = await Promise.all(data.train.map((source) => loadSource(source, labDir, { rows })));
  const heldOut = await Promise.all(data.eval.map((source) => loadSource(source, labDir, { rows })));
  const suites = heldOut.map(({ problems, settings }, i) => ({
    name: data.eval[i]!.name,
    file: settings.path,
    problems,
  }));
  const limits = { context: engine.info().context, tokenizer, prompt };
  for (const { problems } of train)
    await checkBudget(problems, grpo.max_completion_length, limits, 'grpo.max_completion_length');
  for (const { problems } of suites)
    await checkBudget(problems, evaluation.max_completion_length, limits, 'eval.max_completion_length');
  const drawn = new Set(train.flatMap(({ problems }) => problems.map((problem) => problem.language)));
  return {
    train,
    languages: LANGUAGES.filter((language) => drawn.has(language)),
    suites,
    remarks: [...train, ...heldOut].flatMap(remarks),
  };
}

/** Problems of all training sets. */
export function problemCount({ train }: Inputs): number {
  return train.reduce((sum, { problems }) => sum + problems.length, 0);
}
