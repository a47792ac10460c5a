import { greatest } from '../base/extremes.js';
import type { DataSource, ResolvedConfig, SftSettings } from '../config/index.js';
import { dataFiles, labSettings, sourcePath, tellLabProblems } from '../inputs/index.js';
import { resolveData } from '../hub/index.js';
import type { Tokenizer } from '../tokenizer/types.js';
import { tokensOf } from './batch.js';
import { readLearntIds } from './example.js';
import { loadExamples } from './load.js';

/**
 * Tokens of the longest example that a config learns from or is measured by; problems of the laboratory are told, so that its model
 * need not be there.
 *
 * @param context Of the model.
 * @throws GlossaError those of {@link loadExamples}.
 */
export async function longestExample(
  config: ResolvedConfig & { sft: SftSettings },
  tokenizer: Tokenizer,
  context: number,
): Promise<number> {
  const { sft, data } = config;
  const lengths: number[] = [];
  for (const source of [...data.train, ...sft.eval]) lengths.push(await longestOf(source, config, tokenizer, context));
  return greatest(lengths);
}

async function longestOf(
  source: Pick<DataSource, 'path' | 'lab' | 'fields' | 'language' | 'limit' | 'on_bad_row' | 'split'>,
  { sft, prompt, model, seed }: ResolvedConfig & { sft: SftSettings },
  tokenizer: Tokenizer,
  context: number,
): Promise<number> {
  if (source.lab) {
    const problems = tellLabProblems(labSettings(model.lab!, seed), source.lab, source.limit);
    const read = await Promise.all(
      problems.map(({ question, solution }) =>
        readLearntIds({ question, solution }, { tokenizer, prompt, loss: sft, source }),
      ),
    );
    return Math.min(greatest(read.map((each) => each?.ids.length ?? 0)), sft.max_length ?? Infinity);
  }
  const path = sourcePath({ ...source, path: await resolveData(source.path!) }, undefined);
  const files = await dataFiles(path, source.split);
  const { examples } = await loadExamples({ ...{ sft, prompt, tokenizer, context, source, path, files } });
  return greatest(examples.map((example) => tokensOf([example])));
}
