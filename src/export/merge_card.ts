import { basename } from 'node:path';
import { stringify } from 'yaml';
import { glossaVersion } from '../run/index.js';
import type { StoredDtype } from '../engine/types.js';
import { hubName } from './hub_name.js';
import type { MergeSource } from './merge_source.js';
import { table } from './markdown_table.js';

export interface MergeCardSource {
  sources: readonly MergeSource[];
  base: MergeSource | undefined;
  dtype: StoredDtype | undefined;
  /** Of the weights. */
  sum: number;
}

/** README.md of a merged model: the formula, and what went into it. */
export function mergeCard({ sources, base, dtype, sum }: MergeCardSource): string {
  const parents = [...(base ? [base] : []), ...sources].flatMap(({ dir }) => hubName(dir) ?? []);
  const head = {
    ...(parents.length > 0 && { base_model: parents }),
    library_name: 'transformers',
    pipeline_tag: 'text-generation',
    tags: ['glossa', 'merge'],
  };
  const formula = base
    ? 'base + sum of weight x (model - base), task arithmetic (Ilharco et al., arXiv 2212.04089)'
    : 'sum of weight x model';
  const row = (source: MergeSource, weight: string) => [
    nameOf(source),
    weight,
    source.step === undefined ? '-' : String(source.step),
    source.sha256,
  ];
  return [
    `---\n${stringify(head)}---`,
    '# A merged model',
    `Made by glossa ${glossaVersion()}: ${formula}. Every number was added up in float64, rounded to float32 and stored in ${dtype ?? 'the type that the first model has it in'}. The weights sum to ${String(sum)}${sum === 1 ? '' : ', and not to 1'}.`,
    table([
      ['model', 'weight', 'step of its run', 'SHA-256 of the SHA-256s of its files of weights'],
      ...(base ? [row(base, 'base')] : []),
      ...sources.map((source) => row(source, String(source.weight))),
    ]),
    `Tokenizer and config.json are those of ${nameOf(sources[0]!)}.`,
  ]
    .join('\n\n')
    .concat('\n');
}

/** Where files lie on this machine is nobody's business. */
function nameOf({ given, dir }: MergeSource): string {
  return hubName(dir) ?? basename(given);
}
