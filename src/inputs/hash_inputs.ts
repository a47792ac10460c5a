import { dirname, join, relative } from 'node:path';
import { isModule } from '../answer/index.js';
import { namesIn } from '../base/folder.js';
import type { ResolvedConfig } from '../config/index.js';
import { isDataFile } from '../data/index.js';
import { moduleFiles } from '../reward/index.js';
import { inputFile, isModelFile, isWeights, type InputFile, type RunInputs } from '../run/index.js';
import { dataFiles } from './data_files.js';
import { sourcePath } from './sources.js';

/**
 * The files that a run is made from and their checksums: problems, modules of rewards and verifiers with what they import, the prompt's
 * template, and config, tokenizer and (where asked) weights and adapter of the model at the start.
 *
 * @throws GlossaError IO_ERROR.
 */
export async function hashInputs(
  config: ResolvedConfig,
  { labDir, weights, adapter }: { labDir: string | undefined; weights: boolean; adapter: boolean },
): Promise<RunInputs> {
  const files: InputFile[] = [];
  const { data, sft } = config;
  for (const [sources, name] of [
    [data.train, 'data.train'],
    [data.eval, 'data.eval'],
    [sft?.eval ?? [], 'sft.eval'],
  ] as const) {
    for (const [i, source] of sources.entries()) {
      const path = sourcePath(source, labDir);
      const setting = `${name}[${String(i)}].path`;
      // What cannot be read as problems is refused by whoever reads it, and may be of any size.
      for (const file of await dataFiles(path, source.split).catch(() => []))
        if (isDataFile(file))
          files.push(
            ...(await inputFile(file === path ? setting : `${setting}: ${relative(dirname(path), file)}`, file)),
          );
    }
  }
  for (const [i, { examples }] of config.data.eval.entries())
    if (examples && isDataFile(examples.path))
      files.push(...(await inputFile(`data.eval[${String(i)}].examples.path`, examples.path)));
  for (const [i, { ids }] of config.data.hold_out.entries())
    if (ids !== undefined) files.push(...(await inputFile(`data.hold_out[${String(i)}].ids`, ids)));
  for (const set of ['train', 'eval'] as const) {
    for (const [i, { verifier }] of config.data[set].entries())
      if (verifier !== undefined && isModule(verifier))
        files.push(...(await filesOf(verifier, `data.${set}[${String(i)}].verifier`)));
  }
  for (const [i, { module }] of config.rewards.entries())
    if (module !== undefined) files.push(...(await filesOf(module, `rewards[${String(i)}].module`)));
  const model = await modelFiles(config, labDir, weights);
  if (adapter) model.push(...(await adapterFiles(config)));
  return { files, model };
}

/** A module and what it imports. */
async function filesOf(module: string, setting: string): Promise<InputFile[]> {
  const files = (await moduleFiles(module)).map(([path, name], k) =>
    inputFile(k > 0 ? `${setting} imports ${name}` : setting, path),
  );
  return (await Promise.all(files)).flat();
}

async function adapterFiles({ model: { adapter } }: ResolvedConfig): Promise<InputFile[]> {
  if (adapter === undefined) return [];
  const files = ['adapter_config.json', 'adapter_model.safetensors'].map((name) =>
    inputFile(`model.adapter: ${name}`, join(adapter, name)),
  );
  return (await Promise.all(files)).flat();
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
