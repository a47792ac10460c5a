import { basename, extname, resolve } from 'node:path';
import { defined } from '../base/defined.js';
import { GlossaError } from '../base/error.js';
import { exists } from '../base/exists.js';
import { hubFile, type EvalSource, type ExamplesSource, type ResolvedConfig } from '../config/index.js';
import { SUITE_NAMES, type SuiteName } from '../data/index.js';
import { resolveData } from '../hub/index.js';
import { labSettings, loadSuite, needsRows, type LoadedSuite, type SuiteDefaults } from '../inputs/index.js';
import { pretrainLab, type PretrainProgress } from '../lab/index.js';
import type { Language } from '../language/types.js';
import { readRecord } from '../run/index.js';

/** Which of a file's problems are asked for, and how; what is left out is as the suite, the run or the defaults have it. */
export interface SuiteChoice {
  language?: Language | undefined;
  limit?: number | undefined;
  /** Of `--data`: what decides what is right. */
  verifier?: string | undefined;
  format?: string | undefined;
  examples?: ExamplesSource | undefined;
  stop?: readonly string[] | undefined;
  by?: 'generation' | 'letters' | undefined;
  samples?: number | undefined;
  temperature?: number | undefined;
  topP?: number | undefined;
  maxTokens?: number | undefined;
  seed?: number | undefined;
}

/**
 * A suite for each `--data`: `file`, `name=file`, or a known suite with or without a file, `mgsm:file`, `mgsm`, `name=mgsm:file`. A file
 * without a name is called as the known suite, else as it is, without its ending, and where two are called alike, with their folders.
 *
 * @throws GlossaError USAGE where two have one name; those of loadSuite.
 */
export async function givenSuites(
  given: readonly string[],
  choice: SuiteChoice,
  defaults: SuiteDefaults,
): Promise<LoadedSuite[]> {
  const sources = await Promise.all(given.map((text) => readGiven(text, choice.language)));
  const short = sources.map(({ name, suite, file }) => name ?? suite ?? withoutEnding(basename(file)));
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
  const { language, limit, verifier, format } = choice;
  return Promise.all(
    sources.map(async ({ suite, file }, i) => {
      const path = await resolveData(file);
      const asked = { name: names[i]!, path, ...defined({ suite, language, limit, verifier, format }) };
      const source = { ...asked, on_bad_row: 'error' as const, stop: [], by: 'generation' as const };
      return loadSuite(defaults, withChoice(source, choice), undefined).catch((error: unknown) => {
        throw withOwnHint(error);
      });
    }),
  );
}

/**
 * The held-out suites of a run, as its config names them.
 *
 * @throws GlossaError USAGE where it has none; DATA_EMPTY where no problem is left; those of loadSuite.
 */
export async function runSuites(
  run: string,
  { data, model, rewards }: Pick<ResolvedConfig, 'data' | 'model' | 'rewards'>,
  choice: SuiteChoice,
  defaults: SuiteDefaults,
  onPretrain: (progress: PretrainProgress) => void,
): Promise<LoadedSuite[]> {
  if (data.eval.length === 0)
    throw new GlossaError('USAGE', `${run}: the run has no held-out suites (data.eval)`, {
      hint: 'name problems with --data FILE',
    });
  let labDir: string | undefined;
  if (model.lab && data.eval.some((source) => source.lab)) {
    const { lab, seed } = await readRecord(run);
    const settings = lab ?? labSettings(model.lab, seed);
    ({ dir: labDir } = await pretrainLab(settings, { cacheDir: model.cache, onProgress: onPretrain }));
  }
  const { language, limit } = choice;
  const suites = await Promise.all(
    data.eval.map(async (source) => {
      const suite = await loadSuite(defaults, withChoice(source, choice), labDir, {
        rows: needsRows({ rewards }),
      });
      const asked = suite.problems.filter((problem) => language === undefined || problem.language === language);
      return { ...suite, problems: asked.slice(0, limit) };
    }),
  );
  const left = suites.filter(({ problems }) => problems.length > 0);
  if (left.length > 0) return left;
  throw new GlossaError('DATA_EMPTY', `the suites of ${run} have no problem in ${language!}`);
}

/** What was asked for comes before what a suite says. */
function withChoice<S extends EvalSource>(source: S, choice: SuiteChoice): S {
  return {
    ...source,
    ...(choice.stop !== undefined && { stop: [...choice.stop] }),
    ...defined({
      examples: choice.examples,
      by: choice.by,
      num_samples: choice.samples,
      temperature: choice.temperature,
      top_p: choice.topP,
      max_completion_length: choice.maxTokens,
      seed: choice.seed,
    }),
  };
}

/** A bad row of `--data`, with what this command has for it instead of a config's settings. */
function withOwnHint(error: unknown): unknown {
  if (!(error instanceof GlossaError) || error.code !== 'DATA_BAD_ROW') return error;
  return new GlossaError(error.code, error.message, {
    hint: 'mend the row; --language CODE says the language where no field does',
  });
}

interface Given {
  name: string | undefined;
  suite: SuiteName | undefined;
  file: string;
}

async function readGiven(given: string, language: Language | undefined): Promise<Given> {
  const at = given.indexOf('=');
  const named = at >= 1 && !(await exists(given));
  const name = named ? given.slice(0, at) : undefined;
  const place = named ? given.slice(at + 1) : given;
  if (place === '') throw new GlossaError('USAGE', `--data ${given}: no file behind the name`);
  const known = SUITE_NAMES.find((each) => place === each || place.startsWith(`${each}:`));
  if (known === undefined || (await exists(place))) return { name, suite: undefined, file: place };
  if (place !== known) return { name, suite: known, file: resolve(place.slice(known.length + 1)) };
  const file = hubFile({ suite: known, language });
  if (file !== undefined) return { name, suite: known, file };
  const hint = `name a file, --data ${known}:FILE`;
  throw new GlossaError('USAGE', `--data ${known}: which file is not known without a language`, {
    hint: language === undefined ? `${hint}, or a language, --language ko` : hint,
  });
}

/** test.ko.jsonl.gz is test.ko. */
function withoutEnding(path: string): string {
  const name = path.replace(/\.gz$/, '');
  const ending = extname(name);
  return ['.jsonl', '.json', '.parquet', '.csv', '.tsv'].includes(ending) ? name.slice(0, -ending.length) : name;
}
