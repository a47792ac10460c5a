import { knownSuite } from '../data/suites.js';
import { impossible, type Finding } from './findings.js';
import type { Config } from './schema.js';
import type { EvalSource } from './sections/data.js';

/** How the problems of a suite are answered. */
export interface SuiteSettings {
  numSamples: number;
  /** 0: greedy. */
  temperature: number;
  topP: number;
  maxCompletionLength: number;
  /** Of the draws. */
  seed: number;
  /** A completion ends before the first of these texts. */
  stop: readonly string[];
  /** letters: the option whose letter is the most probable next token is the answer. */
  by: 'generation' | 'letters';
}

/** What a suite says of itself, else what `eval` says of all. */
export function suiteSettings(
  { eval: all, seed }: Pick<Config, 'seed'> & { eval: Config['eval'] & { max_completion_length: number } },
  source: EvalSource,
): SuiteSettings {
  return {
    numSamples: source.num_samples ?? (source.by === 'letters' ? 1 : all.num_samples),
    temperature: source.temperature ?? all.temperature,
    topP: source.top_p ?? all.top_p,
    maxCompletionLength: source.max_completion_length ?? all.max_completion_length,
    seed: source.seed ?? seed,
    stop: source.stop,
    by: source.by,
  };
}

/** The name of a suite; '' where it has none. */
export const suiteName = ({ name, suite }: EvalSource): string => name ?? suite ?? '';

/** The file of the hub that a known suite has for a language; undefined where it has none, or needs a language. */
export function hubFile({ suite, language }: Pick<EvalSource, 'suite' | 'language'>): string | undefined {
  const file = knownSuite(suite)?.hub;
  if (file === undefined || (file.includes('{language}') && language === undefined)) return undefined;
  return file.replaceAll('{language}', language ?? '');
}

/** Suites that each setting alone allows and that cannot be evaluated. */
export function checkSuites({ data, eval: all }: Config): Finding[] {
  const names = new Set<string>();
  return data.eval.flatMap((source, i) => {
    const findings: Finding[] = [];
    const at = (key: string, message: string) => findings.push(impossible(['data', 'eval', i, key], message));
    const name = suiteName(source);
    if (name === '')
      findings.push({ code: 'CONFIG_MISSING', path: ['data', 'eval', i, 'name'], message: 'is missing' });
    else if (names.has(name)) at('name', `${name} is there twice`);
    names.add(name);
    if (source.suite !== undefined && source.lab) at('suite', 'belongs to files, not to lab');
    else if (source.suite !== undefined && source.path === undefined && hubFile(source) === undefined)
      at(
        'suite',
        knownSuite(source.suite)!.hub === undefined
          ? `${source.suite} has no file on the hub that is read: name one with path`
          : `${source.suite} has a file for each language: say which with language, or name one with path`,
      );
    const samples = source.num_samples ?? all.num_samples;
    const temperature = source.temperature ?? all.temperature;
    const own = source.num_samples !== undefined || source.temperature !== undefined;
    if (source.by === 'letters' && source.num_samples !== undefined && source.num_samples > 1)
      at('num_samples', 'by letters a problem has one answer');
    else if (source.by === 'generation' && own && samples > 1 && temperature === 0)
      at('num_samples', 'greedy samples are all the same; set temperature above 0');
    if (source.by === 'letters' && source.stop.length > 0) at('stop', 'belongs to completions, not to letters');
    return findings;
  });
}
