import { isAbsolute } from 'node:path';
import type { ResolvedConfig } from '../config/index.js';
import { resolveData, resolveModel } from '../hub/index.js';

/**
 * The config with names of the hub (`org/name`, `datasets/org/name/file`) as the folders and files of its cache that they mean
 * now. A run records these, and with them the commit.
 *
 * @throws GlossaError MODEL_NOT_FOUND, DATA_NOT_FOUND with the command that fetches them; HUB_SETTINGS.
 */
export async function locateInputs(config: ResolvedConfig): Promise<ResolvedConfig> {
  const { model, data } = config;
  const locate = <S extends { path?: string | undefined }>(sources: S[]) =>
    Promise.all(
      sources.map(async (source) =>
        source.path === undefined ? source : { ...source, path: await resolveData(source.path) },
      ),
    );
  return {
    ...config,
    model:
      model.path === undefined || isAbsolute(model.path) ? model : { ...model, path: await resolveModel(model.path) },
    data: { train: await locate(data.train), eval: await locate(data.eval) },
  };
}
