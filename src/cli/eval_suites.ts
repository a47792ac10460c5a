import { basename, extname } from 'node:path';
import { GlossaError } from '../base/error.js';
import { exists } from '../base/exists.js';
import type { ResolvedConfig } from '../config/index.js';
import { loadDataSet } from '../data/index.js';
import type { Problem } from '../data/types.js';
import { resolveData } from '../hub/index.js';
import { pretrainLab, type PretrainProgress } from '../lab/index.js';
import type { Language } from '../language/types.js';
import { readRecord } from '../run/index.js';
import { labSettings, loadSource } from '../inputs/index.js';

/** Problems that are evaluated apart, and the file they are from. */
export interface Suite {
  name: string;
  file: string;
  problems: readonly Problem[];
}

/** Which of a file's problems are asked for. */
export interface Selection {
  language: Language | undefined;
  limit: number | undefined;
  /** Of `--data`: what decides what is right. */
  verifier?: string | undefined;
}

/**
 * A suite for each `--data`, `file` or `name=file`; a file without a name is called as it is, without its ending, and where two
 * are called alike, with their folders.
 *
 * @throws GlossaError USAGE where two have one name; those of loadDataSet.
 */
export async function givenSuites(
  given: readonly string[],
  { language, limit, verifier }: Selection,
): Promise<Suite[]> {
  const sources = await Promise.all(given.map(nameAndFile));
  const short = sources.map(({ name, file }) => name ?? withoutEnding(basename(file)));
  const names = short.map((name, i) =>
    sources[i]!.name === undefined && short.indexOf(name) !== short.lastIndexOf(name)
      ? withoutEnding(sources[i]!.file)
      : name,
  );
  const twice = names.find((name, i) => names.indexOf(name) < i);
  if (twice !== undefined)
    throw new GlossaError('USAGE', `--data: two suites are called ${twice}`, {
      hint: `name them, for example --data first=${sources[names.indexOf(twice)]!.file}`,
    });
  return Promise.all(
    sources.map(async ({ file }, i) => {
      const path = await resolveData(file);
      const asked = { ...(language !== undefined && { language }), ...(limit !== undefined && { limit }) };
      const { problems } = await loadDataSet({ path, verifier, ...asked }).catch((error: unknown) => {
        throw withOwnHint(error);
      });
      return { name: names[i]!, file: path, problems };
    }),
  );
}

/**
 * The held-out suites of a run, as its config names them.
 *
 * @throws GlossaError USAGE where it has none; DATA_EMPTY where no problem is left; those of loadDataSet.
 */
export async function runSuites(
  run: string,
  { data, model, seed }: ResolvedConfig,
  { language, limit }: Selection,
  onPretrain: (progress: PretrainProgress) => void,
): Promise<Suite[]> {
  if (data.eval.length === 0)
    throw new GlossaError('USAGE', `${run}: the run has no held-out suites (data.eval)`, {
      hint: 'name problems with --data FILE',
    });
  let labDir: string | undefined;
  if (model.lab && data.eval.some((source) => source.lab)) {
    const { lab } = await readRecord(run);
    const settings = lab ?? labSettings(model.lab, seed);
    ({ dir: labDir } = await pretrainLab(settings, { cacheDir: model.cache, onProgress: onPretrain }));
  }
  const suites = await Promise.all(
    data.eval.map(async (source) => {
      const { problems, settings } = await loadSource(source, labDir);
      const asked = problems.filter((problem) => language === undefined || problem.language === language);
      return { name: source.name, file: settings.path, problems: asked.slice(0, limit) };
    }),
  );
  const left = suites.filter(({ problems }) => problems.length > 0);
  if (left.length > 0) return left;
  throw new GlossaError('DATA_EMPTY', `the suites of ${run} have no problem in ${language!}`);
}

/** A bad row of `--data`, with what this command has for it instead of a config's settings. */
function withOwnHint(error: unknown): unknown {
  if (!(error instanceof GlossaError) || error.code !== 'DATA_BAD_ROW') return error;
  return new GlossaError(error.code, error.message, {
    hint: 'mend the row; --language CODE says the language where no field does',
  });
}

async function nameAndFile(given: string): Promise<{ name: string | undefined; file: string }> {
  const at = given.indexOf('=');
  if (at < 1 || (await exists(given))) return { name: undefined, file: given };
  const name = given.slice(0, at);
  if (given.length === at + 1) throw new GlossaError('USAGE', `--data ${given}: no file behind the name`);
  return { name, file: given.slice(at + 1) };
}

/** test.ko.jsonl.gz is test.ko. */
function withoutEnding(path: string): string {
  const name = path.replace(/\.gz$/, '');
  const ending = extname(name);
  return ['.jsonl', '.json', '.parquet'].includes(ending) ? name.slice(0, -ending.length) : name;
}
