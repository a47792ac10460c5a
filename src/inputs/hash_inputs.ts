import { join } from 'node:path';
import { namesIn } from '../base/folder.js';
import type { ResolvedConfig } from '../config/index.js';
import { isDataFile } from '../data/index.js';
import { moduleFiles } from '../reward/index.js';
import { inputFile, isModelFile, isWeights, type InputFile, type RunInputs } from '../run/index.js';
import { sourcePath } from './sources.js';

/**
 * The files that a run is made from and their checksums: problems, reward modules with what they import, the prompt's
 * template, and config, tokenizer and (where asked) weights of the model at the start.
 *
 * @throws GlossaError IO_ERROR.
 */
export async function hashInputs(
  config: ResolvedConfig,
  { labDir, weights }: { labDir: string | undefined; weights: boolean },
): Promise<RunInputs> {
  const files: InputFile[] = [];
  for (const set of ['train', 'eval'] as const) {
    for (const [i, source] of config.data[set].entries()) {
      const path = sourcePath(source, labDir);
      // What cannot be read as problems is refused by whoever reads it, and may be of any size.
      if (isDataFile(path)) files.push(...(await inputFile(`data.${set}[${String(i)}].path`, path)));
    }
  }
  for (const [i, { module }] of config.rewards.entries()) {
    if (module === undefined) continue;
    for (const [k, [path, name]] of (await moduleFiles(module)).entries())
      files.push(...(await inputFile(`rewards[${String(i)}].module${k > 0 ? ` imports ${name}` : ''}`, path)));
  }
  return { files, model: await modelFiles(config, labDir, weights) };
}

async function modelFiles({ model }: ResolvedConfig, labDir: string | undefined, weights: boolean) {
  const files: InputFile[] = [];
  const dir = model.init?.tokenizer ?? model.path ?? labDir!;
  // A run that goes on from a checkpoint needs the model of its start no more, and it may be gone.
  for (const name of (await namesIn(dir)).sort()) {
    const counts = isModelFile(name) ? !name.startsWith('state.') : name === 'tokenizer.json.gz';
    if (counts && (weights || !isWeights(name))) files.push(...(await inputFile(`model: ${name}`, join(dir, name))));
  }
  const config = model.init?.config;
  if (typeof config === 'string') files.push(...(await inputFile('model.init.config', config)));
  return files;
}
