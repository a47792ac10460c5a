import type { ResolvedConfig } from '../config/index.js';
import { remarks, withoutLeaks } from '../data/index.js';
import type { DataSet } from '../data/types.js';
import { LANGUAGES, type Language } from '../language/types.js';
import { checkBudget } from './budget.js';
import { longestForm } from './longest_form.js';
import type { OpenModel } from './model.js';
import { trainingOrder } from './order.js';
import { heldIds } from './hold_out.js';
import { needsRows, streamSource } from './sources.js';
import { loadSuite, suiteRemarks, type Suite } from './suites.js';

export interface Inputs {
  train: readonly DataSet[];
  /** Of the training problems, in the order of {@link LANGUAGES}. */
  languages: readonly Language[];
  suites: readonly Suite[];
  /** Problems of each training set that were left out because they are held out. */
  excluded: readonly number[];
  /** What should be known of the data before they are used. */
  remarks: readonly string[];
}

/**
 * Reads all problems, and checks that each fits the model's context with its budget. A run that goes on is not refused for what
 * it was begun with (`resumed`), by a version that did not look, say: it warns.
 */
export async function openData(
  config: ResolvedConfig,
  { engine, tokenizer, labDir }: OpenModel,
  { resumed = false }: { resumed?: boolean } = {},
): Promise<Inputs> {
  const { grpo, data } = config;
  const rows = needsRows(config);
  const suites = await Promise.all(data.eval.map((source) => loadSuite(config, source, labDir, { rows })));
  const ids = await Promise.all(data.hold_out.map(heldIds));
  const all: DataSet[] = [];
  // One after the other: sets may be large. Of supervised fine-tuning they are examples (src/sft).
  for (const source of config.sft ? [] : data.train) all.push(await streamSource(source, labDir, { rows }));
  const onLeak = resumed && data.on_leak === 'refuse' ? 'warn' : data.on_leak;
  const { train, excluded, remarks: leaks } = withoutLeaks(all, { suites, ids }, onLeak);
  if (!config.sft) trainingOrder(config, train); // refused here where it would run dry
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
  const drawn = new Set(train.flatMap(({ languages }) => languages));
  return {
    train,
    languages: LANGUAGES.filter((language) => drawn.has(language)),
    suites,
    excluded,
    remarks: [...train.flatMap(remarks), ...suites.flatMap(suiteRemarks), ...leaks],
  };
}

/** Problems of all training sets. */
export function problemCount({ train }: Inputs): number {
  return train.reduce((sum, { problems }) => sum + problems.length, 0);
}
