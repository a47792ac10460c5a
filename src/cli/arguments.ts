import { resolve } from 'node:path';
import { ANSWER_MODES, isModule, VERIFIER_NAMES, type AnswerMode } from '../answer/types.js';
import { GlossaError } from '../base/error.js';
// Not by its index: a command that has no config need not load the schema of one for a hint.
import { valueHint } from '../config/value_hint.js';
import type { Dtype, StoredDtype } from '../engine/types.js';
import { languageHint } from '../language/find.js';
import { LANGUAGES, type Language } from '../language/types.js';

/** A number of the command line. @throws GlossaError USAGE. */
export function numberOption(
  name: string,
  text: string,
  { min = -Infinity, max = Infinity, whole = false } = {},
): number {
  const value = Number(text);
  if (
    text.trim() !== '' &&
    Number.isFinite(value) &&
    value >= min &&
    value <= max &&
    (!whole || Number.isInteger(value))
  )
    return value;
  const kind = whole ? 'a whole number' : 'a number';
  const range = [Number.isFinite(min) && `at least ${String(min)}`, Number.isFinite(max) && `at most ${String(max)}`]
    .filter(Boolean)
    .join(', ');
  throw new GlossaError('USAGE', `--${name} ${text}: expected ${kind}${range ? `, ${range}` : ''}`);
}

export function languageOption(name: string, text: string): Language {
  const language = LANGUAGES.find((each) => each === text);
  if (language) return language;
  throw new GlossaError('USAGE', `--${name} ${text}: expected one of ${LANGUAGES.join(', ')}${languageHint(text)}`);
}

export function dtypeOption(text: string): Dtype {
  if (text === 'float32' || text === 'bfloat16') return text;
  const hint = valueHint(['dtype'], text, ['float32', 'bfloat16']);
  throw new GlossaError('USAGE', `--dtype ${text}: expected float32 or bfloat16${hint}`);
}

const STORED: readonly StoredDtype[] = ['float32', 'bfloat16', 'float16'];

/** `--dtype` of weights that are written. */
export function storedTypeOption(text: string | undefined): StoredDtype | undefined {
  const type = STORED.find((each) => each === text);
  if (text !== undefined && type === undefined)
    throw new GlossaError('USAGE', `--dtype ${text}: expected ${STORED.join(', ')}`);
  return type;
}

export function answerOption(text = 'flexible'): AnswerMode {
  const mode = ANSWER_MODES.find((each) => each === text);
  if (mode) return mode;
  throw new GlossaError('USAGE', `--answer ${text}: expected ${ANSWER_MODES.join(' or ')}`);
}

/** A verifier of glossa, or the absolute path of a module. */
export function verifierOption(text: string): string {
  if ((VERIFIER_NAMES as readonly string[]).includes(text)) return text;
  if (isModule(text)) return resolve(text);
  throw new GlossaError(
    'USAGE',
    `--verifier ${text}: expected ${VERIFIER_NAMES.join(', ')}, or the path of a module (.mjs, .js or .ts)`,
  );
}

/**
 * `--samples` and `--temperature`.
 *
 * @throws GlossaError USAGE also for several greedy samples: one text would be counted several times.
 */
export function samplingOptions(given: { samples: string; temperature: string }): {
  samples: number;
  temperature: number;
} {
  const samples = numberOption('samples', given.samples, { min: 1, max: 2 ** 20, whole: true });
  const temperature = numberOption('temperature', given.temperature, { min: 0, max: 1e6 });
  if (temperature === 0 && samples > 1)
    throw new GlossaError(
      'USAGE',
      `--samples ${given.samples}: at temperature 0 (greedy) they would all be the same text`,
      {
        hint: 'give --temperature above 0, for example 0.7, or leave --samples out',
      },
    );
  return { samples, temperature };
}
