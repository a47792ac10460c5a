import { known, type RunModel, type SupervisedModel } from '../../analysis/index.js';
import { showValue } from '../../metrics/index.js';
import { escapeHtml, table } from '../html.js';
import { course } from '../tables.js';

export type SupervisedRun = RunModel & { supervised: SupervisedModel };

export const isSupervised = (run: RunModel): run is SupervisedRun => run.supervised !== undefined;

/** What runs of supervised fine-tuning learnt from: a row a run. */
export function examplesTable(runs: readonly SupervisedRun[]): string {
  const rows = runs.map(({ label, steps, maxSteps, supervised: { batchSize, of } }) => {
    const last = (name: 'epoch' | 'num_tokens') => known(of(name)).at(-1)?.value;
    const tokens = last('num_tokens');
    return [
      escapeHtml(label),
      maxSteps === null || maxSteps === steps ? String(steps) : `${String(steps)} of ${String(maxSteps)}`,
      batchSize === null ? '-' : String(batchSize * steps),
      showValue(last('epoch'), 'number'),
      tokens === undefined ? '-' : String(tokens),
      course(of('loss'), 'nats'),
      course(of('mean_token_accuracy'), 'share'),
      course(of('entropy'), 'nats'),
    ];
  });
  const head = ['run', 'steps', 'examples', 'epochs', 'tokens', 'loss', 'token accuracy', 'entropy'];
  return table({ head, rows, texts: 1 });
}

/** What they were measured by: a row for each held-out set of a run; undefined where there is none. */
export function heldOutSetsTable(runs: readonly SupervisedRun[]): string | undefined {
  const rows = runs.flatMap(({ label, supervised }) =>
    supervised.heldOut.map(({ set, of }) => [
      escapeHtml(label),
      escapeHtml(set),
      of('loss')
        .map(({ step }) => step)
        .join(', '),
      course(of('loss'), 'nats'),
      course(of('perplexity'), 'number'),
      course(of('entropy'), 'nats'),
    ]),
  );
  const head = ['run', 'held-out set', 'at steps', 'loss', 'perplexity', 'entropy'];
  return rows.length === 0 ? undefined : table({ head, rows, texts: 2 });
}
