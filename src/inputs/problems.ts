import type { ResolvedConfig } from '../config/index.js';
import { overlapRemark, remarks } from '../data/index.js';
import type { DataSet } from '../data/types.js';
import { LANGUAGES, type Language } from '../language/types.js';
import { checkBudget } from './budget.js';
import { longestForm } from './longest_form.js';
import type { OpenModel } from './model.js';
import { trainingOrder } from './order.js';
import { loadSource, needsRows } from './sources.js';
import { loadSuite, suiteRemarks, type Suite } from './suites.js';

export interface Inputs {
  train: readonly DataSet[];
  /** Of the training problems, in the order of {@link LANGUAGES}. */
  languages: readonly Language[];
  suites: readonly Suite[];
  /** What should be known of the data before they are used. */
  remarks: readonly string[];
}

/** Reads all problems, and checks that each fits the model's context with its budget. */
export async function openData(config: ResolvedConfig, { engine, tokenizer, labDir }: OpenModel): Promise<Inputs> {
  const { grpo, data } = config;
  const rows = needsRows(config);
  const train = await Promise.all(data.train.map((source) => loadSource(source, labDir, { rows })));
  const suites = await Promise.all(data.eval.map((source) => loadSuite(config, source, labDir, { rows })));
  trainingOrder(config, train); // refused here where it would run dry
  const limits = { context: engine.info().context, tokenizer };
  for (const { problems } of train)
    await checkBudget(
      problems,
      grpo.max_completion_length,
      { ...limits, promptOf: longestForm(config) },
      'grpo.max_completion_length',
    );
  for (const suite of suites)
    await checkBudget(
      suite.problems,
      suite.settings.maxCompletionLength,
      { ...limits, promptOf: () => suite.prompt },
      'eval.max_completion_length',
    );
  const drawn = new Set(train.flatMap(({ problems }) => problems.map((problem) => problem.language)));
  return {
    train,
    languages: LANGUAGES.filter((language) => drawn.has(language)),
    suites,
    remarks: [
      ...train.flatMap(remarks),
      ...suites.flatMap(suiteRemarks),
      ...suites.flatMap(({ name, set }) => overlapRemark(name, set, train) ?? []),
    ],
  };
}

/** Problems of all training sets. */
export function problemCount({ train }: Inputs): number {
  return train.reduce((sum, { problems }) => sum + problems.length, 0);
}
