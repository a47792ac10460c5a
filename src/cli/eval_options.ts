import { resolve } from 'node:path';
import { GlossaError } from '../base/error.js';
import { checkpointsOf } from '../inputs/index.js';
import { languageOption, numberOption, verifierOption } from './arguments.js';
import type { SuiteChoice } from './eval_suites.js';
import type { PromptOptions } from './prompt.js';

export interface EvalCommandOptions extends PromptOptions {
  model?: string;
  randomInit?: string;
  tokenizer?: string;
  checkpoints?: string;
  data: string[];
  language?: string;
  limit?: string;
  samples?: string;
  temperature?: string;
  topP?: string;
  maxTokens?: string;
  answer?: string;
  verifier?: string;
  format?: string;
  by?: string;
  stop: string[];
  examples?: string;
  numExamples: string;
  examplesAs: string;
  examplesLanguage?: string;
  seed?: string;
  dtype: string;
  threads: string;
  device?: string;
  out?: string;
  json?: boolean;
}

const WHOLE = { min: 1, whole: true };

/** `--checkpoints`: steps of a run, ascending; undefined is the model as it is named. */
export async function stepsOption(run: string | undefined, text: string | undefined): Promise<(number | undefined)[]> {
  if (text === undefined) return [undefined];
  if (run === undefined) throw new GlossaError('USAGE', '--checkpoints is for a run: name one');
  const there = await checkpointsOf(run);
  if (text === 'all') return there;
  const steps = text.split(',').map((each) => numberOption('checkpoints', each, { min: 0, whole: true }));
  const missing = steps.find((step) => !there.includes(step));
  if (missing !== undefined)
    throw new GlossaError('USAGE', `--checkpoints ${text}: ${run} has no checkpoint of step ${String(missing)}`, {
      hint: `it has ${there.join(', ')}; checkpoint.every and checkpoint.keep say which are kept`,
    });
  return [...new Set(steps)].sort((a, b) => a - b);
}

/** What is asked of suites. @throws GlossaError USAGE. */
export function choiceOf(options: EvalCommandOptions): SuiteChoice {
  const { language, limit, verifier, topP, maxTokens, by, stop } = options;
  if (by !== undefined && by !== 'generation' && by !== 'letters')
    throw new GlossaError('USAGE', `--by ${by}: expected generation or letters`);
  if (by === 'letters' && (stop.length > 0 || Number(options.samples ?? 1) > 1))
    throw new GlossaError('USAGE', '--by letters: a problem has one answer, and no completion that could stop');
  if (stop.includes('')) throw new GlossaError('USAGE', '--stop: expected a text, found an empty one');
  if (options.format?.includes('{question}') === false)
    throw new GlossaError('USAGE', `--format ${options.format}: expected a text with {question} in it`);
  return {
    language: language === undefined ? undefined : languageOption('language', language),
    verifier: verifier === undefined ? undefined : verifierOption(verifier),
    limit: limit === undefined ? undefined : numberOption('limit', limit, WHOLE),
    samples:
      options.samples === undefined ? undefined : numberOption('samples', options.samples, { ...WHOLE, max: 2 ** 20 }),
    temperature:
      options.temperature === undefined
        ? undefined
        : numberOption('temperature', options.temperature, { min: 0, max: 1e6 }),
    topP: topP === undefined ? undefined : numberOption('top-p', topP, { min: 1e-9, max: 1 }),
    maxTokens: maxTokens === undefined ? undefined : numberOption('max-tokens', maxTokens, WHOLE),
    seed: seedOption(options),
    format: options.format?.replaceAll('\\n', '\n'),
    by,
    stop: stop.length === 0 ? undefined : stop.map((text) => text.replaceAll('\\n', '\n')),
    examples: examplesOption(options),
  };
}

function examplesOption({
  examples,
  numExamples,
  examplesAs,
  examplesLanguage,
}: EvalCommandOptions): SuiteChoice['examples'] {
  if (examples === undefined) return undefined;
  if (examplesAs !== 'turns' && examplesAs !== 'text')
    throw new GlossaError('USAGE', `--examples-as ${examplesAs}: expected turns or text`);
  return {
    path: resolve(examples),
    num: numberOption('num-examples', numExamples, WHOLE),
    as: examplesAs,
    fields: undefined,
    language: examplesLanguage === undefined ? undefined : languageOption('examples-language', examplesLanguage),
  };
}

export function seedOption({ seed }: EvalCommandOptions): number | undefined {
  return seed === undefined ? undefined : numberOption('seed', seed, { min: 0, whole: true });
}
