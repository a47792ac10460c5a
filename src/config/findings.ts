import type { Document, LineCounter } from 'yaml';
import type { z } from 'zod';
import { GlossaError } from '../base/error.js';
import type { ErrorCode } from '../base/error_codes.js';
import { isPlain } from './files.js';
import { locate, type ConfigPath } from './locate.js';
import { overridePlace, type Override } from './overrides.js';
import { settingText, unknownSetting } from './suggestion.js';
import { valueHint } from './value_hint.js';

/** A fault of a config: which setting, and what is wrong with it. */
export interface Finding {
  code: ErrorCode;
  path: ConfigPath;
  message: string;
}

/** Settings that are each possible, and together are not. */
export function impossible(path: ConfigPath, message: string): Finding {
  return { code: 'CONFIG_IMPOSSIBLE', path, message };
}

/** Where a config comes from, so that faults can be named with their place. */
export interface Source {
  path: string;
  doc?: Document.Parsed;
  lines?: LineCounter;
  /** Where in the file the config stands; default: it is the file. */
  within?: ConfigPath;
  overrides: readonly Override[];
}

/** A thousand bad entries have one cause. */
const MOST_SHOWN = 20;

/** What the schema refuses. */
export function findingsOf(issue: z.core.$ZodIssue): Finding[] {
  const path = issue.path as ConfigPath;
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.slice(0, MOST_SHOWN).map((key) => ({
      code: 'CONFIG_UNKNOWN_KEY',
      path: [...path, key],
      message: unknownSetting(path, key),
    }));
  }
  if (issue.code === 'invalid_type' && issue.input === undefined)
    return [{ code: 'CONFIG_MISSING', path, message: 'is missing' }];
  const expected = issue.message.replace(/^Invalid input: /, '').replace(/, received .*$/, '');
  return [{ code: 'CONFIG_INVALID', path, message: `${expected}${gotText(issue.input)}${hintOf(issue)}` }];
}

function gotText(input: unknown): string {
  if (input === undefined) return '';
  if (typeof input === 'object') return `, got ${kindOf(input)}`;
  const text = typeof input === 'number' ? String(input) : JSON.stringify(input);
  return `, got ${text.length > 80 ? `${text.slice(0, 80)}...` : text}`;
}

function kindOf(input: object | null): string {
  if (input === null) return 'null';
  if (Array.isArray(input)) return 'a list';
  return isPlain(input) ? 'a section' : 'what its tag makes of it';
}

function hintOf(issue: z.core.$ZodIssue): string {
  const path = issue.path as ConfigPath;
  if (issue.code === 'invalid_value') return valueHint(path, issue.input, issue.values);
  if (issue.code !== 'invalid_type' || issue.input === null) return '';
  if (issue.expected === 'string' && typeof issue.input !== 'object') return '; put it in quotes';
  return '';
}

/** All findings as one error, a line each, with file, line and column or with the override that gave the value. */
export function refusal(findings: readonly Finding[], source: Source): GlossaError {
  const texts = findings.slice(0, MOST_SHOWN).map(({ code, path, message }) => {
    const place = placeOf(path, code === 'CONFIG_UNKNOWN_KEY' ? 'key' : 'value', source);
    return `${place}: ${settingText(path)}${message}`;
  });
  if (findings.length > MOST_SHOWN) texts.push(`and ${String(findings.length - MOST_SHOWN)} more`);
  return new GlossaError(findings[0]!.code, texts.join('\n'), {
    hint: 'docs/config.md lists every setting; `npx glossa schema` prints the JSON Schema',
  });
}

function placeOf(
  path: ConfigPath,
  part: 'key' | 'value',
  { path: file, doc, lines, within = [], overrides }: Source,
): string {
  const same = (a: string | number, b: string | number | undefined) => String(a) === String(b);
  const set = overrides.findLast(
    (override) => override.path.every((each, i) => i >= path.length || same(each, path[i])) && path.length > 0,
  );
  if (set) return overridePlace(set, part);
  return doc && lines ? `${file}:${locate(doc, lines, [...within, ...path], part)}` : file;
}
