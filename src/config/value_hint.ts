import { nearest } from '../base/suggest.js';
import { findLanguage } from '../language/find.js';
import type { ConfigPath } from './locate.js';
import { otherValue } from './other_names.js';

/** `; did you mean bfloat16?`: the choice that a value of another spelling stands for. */
export function valueHint(path: ConfigPath, given: unknown, choices: readonly unknown[]): string {
  const setting = path.findLast((part): part is string => typeof part === 'string') ?? '';
  const language = setting === 'language' && typeof given === 'string';
  const meant = language ? findLanguage(given) : otherValue(setting, given);
  if (meant !== undefined && choices.includes(meant)) return `; did you mean ${meant}?`;
  const near = typeof given === 'string' && !language ? nearest(given, choices.map(String)) : undefined;
  return near === undefined ? '' : `; did you mean ${near}?`;
}
