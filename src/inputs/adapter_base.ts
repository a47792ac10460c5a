import { join } from 'node:path';
import { GlossaError } from '../base/error.js';
import { exists } from '../base/exists.js';
import { readTextIfThere } from '../base/read_file.js';
import { resolveModel } from '../hub/index.js';
import { differencesText, inputDifferences, inputFile, isWeights, runFolder, type RunRecord } from '../run/index.js';
import { recordedConfig } from './recorded_config.js';
import { trainsAdapters } from './model.js';

/** Where the base of an adapter lies, in the words of an engine's options; nothing of another folder. */
export type AdapterBase = { base: string } | Record<string, never>;

/** Of a folder: a path, or a name of the hub that its adapter_config.json says. */
export async function baseOf(dir: string): Promise<AdapterBase> {
  const text = await readTextIfThere(join(dir, 'adapter_config.json'));
  const name = text === undefined ? undefined : namedBase(text);
  if (name === undefined) return {};
  return { base: (await exists(name)) ? name : await resolveModel(name) };
}

/** Nothing of what cannot be read: the engine says what is wrong with it. */
function namedBase(text: string): string | undefined {
  try {
    const { base_model_name_or_path: name } = JSON.parse(text) as { base_model_name_or_path?: unknown };
    return typeof name === 'string' && name !== '' ? name : undefined;
  } catch {
    return undefined;
  }
}

/**
 * Of a run: the model of its start, wherever the run's folder lies now.
 *
 * @throws GlossaError RUN_CHANGED where its weights are not those that the adapters were trained beside.
 */
export async function baseOfRun(record: RunRecord, dir: string): Promise<AdapterBase> {
  const config = recordedConfig(record, dir);
  if (!trainsAdapters(config)) return {};
  if (config.model.init) return { base: runFolder(dir).base };
  const then = (record.inputs?.model ?? []).filter(({ path }) => isWeights(path.split('/').at(-1)!));
  const weights = then.filter(({ setting }) => setting.startsWith('model: '));
  const now = await Promise.all(weights.map(({ setting, path }) => inputFile(setting, path)));
  const found = now.flat();
  // Where it is gone the engine says so.
  const changed = inputDifferences(weights, found).filter(() => found.length === weights.length);
  if (changed.length === 0) return {};
  throw new GlossaError(
    'RUN_CHANGED',
    `${dir}: the model that its adapters were trained beside has changed\n${differencesText(changed)}`,
    { hint: 'put it back' },
  );
}
