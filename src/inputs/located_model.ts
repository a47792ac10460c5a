import { join } from 'node:path';
import { GlossaError } from '../base/error.js';
import { exists } from '../base/exists.js';
import type { ResolvedConfig } from '../config/index.js';
import { resolveModel } from '../hub/index.js';
import type { Language } from '../language/types.js';
import { readRecord } from '../run/index.js';
import { baseOf, baseOfRun } from './adapter_base.js';
import { runAsModel } from './locate.js';
import { recordedConfig } from './recorded_config.js';

/** What a name that stands for a model means. */
export interface LocatedModel {
  dir: string;
  /** How a run rendered its prompts and how long it let completions be; of a plain folder undefined. */
  config: ResolvedConfig | undefined;
  /** Languages that a run was trained in; none of a plain folder. */
  languages: readonly Language[];
  /** Optimizer steps of the run's checkpoint; 0 of a plain folder. */
  step: number;
  /** Folder of the run; of a plain folder undefined. */
  run: string | undefined;
  /** Of an adapter: the folder of its base, where that is not the one that it names. */
  base?: string;
}

/**
 * The folder of a model: a Hugging Face folder, the checkpoint that a run stands for (or that of a step), or what the hub's cache has of a name.
 *
 * @throws GlossaError MODEL_NOT_FOUND
 */
export async function locateModel(
  given: string,
  warn: (message: string) => void,
  step?: number,
): Promise<LocatedModel> {
  const path = await resolveModel(given);
  if ((await exists(join(path, 'config.json'))) || (await exists(join(path, 'adapter_config.json'))))
    return { dir: path, config: undefined, languages: [], step: 0, run: undefined, ...(await baseOf(path)) };
  if (!(await exists(join(path, 'run.json')))) {
    throw new GlossaError('MODEL_NOT_FOUND', `${path}: neither a model (config.json) nor a run (run.json)`, {
      hint: 'name a Hugging Face folder, the folder of a run, or one of its checkpoints',
    });
  }
  const record = await readRecord(path, warn);
  const config = recordedConfig(record, path);
  const checkpoint = await runAsModel(path, warn, step);
  const languages = record.languages ?? statedLanguages(config);
  const base = await baseOfRun(record, path);
  return { dir: checkpoint.dir, config, languages, step: checkpoint.state.step, run: path, ...base };
}

/** Training languages as far as the config says them. */
function statedLanguages({ data }: ResolvedConfig): Language[] {
  const stated = data.train.map(({ lab, language }) => lab?.language ?? language);
  return [...new Set(stated.filter((language) => language !== undefined))];
}
