import type { ResolvedConfig } from '../config/index.js';
import { remarks, withoutLeaks } from '../data/index.js';
import type { DataSet, Problem } from '../data/types.js';
import { LANGUAGES, type Language } from '../language/types.js';
import { checkBudget } from './budget.js';
import { longestForm } from './longest_form.js';
import type { OpenModel } from './model.js';
import { trainingOrder } from './order.js';
import { heldOutOf } from './hold_out.js';
import { needsRows, streamSource } from './sources.js';
import { loadSuite, suiteRemarks, type Suite } from './suites.js';

export interface Inputs {
  train: readonly DataSet[];
  /** Of the training problems, in the order of {@link LANGUAGES}. */
  languages: readonly Language[];
  suites: readonly Suite[];
  /** Problems of each training set that were left out because they are held out. */
  excluded: readonly number[];
  /** The training problems, one after the other without end. */
  order: (index: number) => Problem;
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
  const { train, excluded, leaks, order } = await trainingProblems(config, labDir, { suites, rows, resumed });
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
    order,
    remarks: [...train.flatMap(remarks), ...suites.flatMap(suiteRemarks), ...leaks],
  };
}

/** Of supervised fine-tuning there are none: its sets are of examples (src/sft). */
async function trainingProblems(
  config: ResolvedConfig,
  labDir: string | undefined,
  { suites, rows, resumed }: { suites: readonly Suite[]; rows: boolean; resumed: boolean },
): Promise<Pick<Inputs, 'train' | 'excluded' | 'order'> & { leaks: readonly string[] }> {
  if (config.sft) {
    const order = () => {
      throw new Error('supervised fine-tuning draws examples');
    };
    return { train: [], excluded: [], leaks: [], order };
  }
  const all: DataSet[] = [];
  // One after the other: sets may be large.
  for (const source of config.data.train) all.push(await streamSource(source, labDir, { rows }));
  const { held, onLeak } = await heldOutOf(config, suites, resumed);
  const { remarks, ...left } = withoutLeaks(all, held, onLeak);
  return { ...left, leaks: remarks, order: trainingOrder(config, left.train) };
}

/** Problems of all training sets. */
export function problemCount({ train }: Inputs): number {
  return train.reduce((sum, { problems }) => sum + problems.length, 0);
}
