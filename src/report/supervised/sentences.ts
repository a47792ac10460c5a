import { known, type RunModel, type SupervisedModel } from '../../analysis/index.js';
import { showValue } from '../../metrics/index.js';
import { trend } from '../trend.js';

/** How much a run of supervised fine-tuning has learnt from, and what its losses were: of its own examples, and of each held-out set. */
export function supervisedSentences({ label, steps, metrics }: RunModel, supervised: SupervisedModel): string[] {
  if (metrics.length === 0 && supervised.heldOut.length === 0) return [];
  const { of, heldOut } = supervised;
  const training =
    metrics.length === 0
      ? []
      : [
          `${label}, examples it learns from (each step its own): loss ${trend(of('loss'), undefined, 'nats')}; token accuracy ${trend(of('mean_token_accuracy'))}.`,
        ];
  return [
    `${label}: supervised fine-tuning, ${amount(steps, supervised)}.`,
    ...training,
    ...heldOut.map(
      (series) =>
        `${label}, held-out set ${series.set}: loss ${trend(series.of('loss'), undefined, 'nats')}; perplexity ${trend(series.of('perplexity'), undefined, 'number')}.`,
    ),
  ];
}

/** `30 steps of 32 examples, 960 in all (0.469 epochs, 49645 tokens)`. */
function amount(steps: number, { batchSize, of }: SupervisedModel): string {
  const last = (name: 'epoch' | 'num_tokens') => known(of(name)).at(-1)?.value;
  const [epochs, tokens] = [last('epoch'), last('num_tokens')];
  const made = counted(steps, 'step');
  const examples =
    batchSize === null ? '' : ` of ${counted(batchSize, 'example')}, ${String(steps * batchSize)} in all`;
  const seen = [
    ...(epochs === undefined ? [] : [`${showValue(epochs, 'number')} epochs`]),
    ...(tokens === undefined ? [] : [`${String(tokens)} tokens`]),
  ];
  return `${made}${examples}${seen.length === 0 ? '' : ` (${seen.join(', ')})`}`;
}

const counted = (n: number, noun: string): string => `${String(n)} ${noun}${n === 1 ? '' : 's'}`;
