import { languageName } from '../language/index.js';
import { LANGUAGES, type Language } from '../language/types.js';
import { BY_LANGUAGE, MEASURES, type Field } from './measures.js';
import type { Measure } from './types.js';

/** A name of metrics.jsonl, taken apart. */
export interface FoundMeasure {
  measure: Measure;
  /** What stands for `<reward>`, `<class>` or `<k>`, where the measure has one. */
  subject?: string;
  /** Language of the prompts it is about; all of them where absent. */
  language?: Language;
  /** Held-out suite it is about; the training prompts where absent. */
  suite?: string;
}

const byName = new Map<string, Measure>(MEASURES.map((measure) => [measure.name, measure]));
const byField = new Map<string, Measure>(
  MEASURES.flatMap((measure) => (measure.field === undefined ? [] : [[measure.field, measure]])),
);
const patterns = MEASURES.filter(({ name }) => name.includes('<')).map((measure) => {
  const [before, after] = measure.name.split(/<\w+>/) as [string, string];
  return { measure, before, after };
});

/** The measure of a name in metrics.jsonl, or undefined where no measure has it. */
export function findMeasure(name: string): FoundMeasure | undefined {
  return heldOut(name) ?? ofLanguage(name) ?? plain(name);
}

/** The measure of a field in the rows of evaluations and of `score`. */
export function fieldMeasure(field: Field): Measure {
  return byField.get(field)!;
}

/** The measure of a name in the rows of evaluations: a field, a figure of k completions such as `pass@4`, or of a reward. */
export function rowMeasure(name: string): FoundMeasure | undefined {
  const measure = byField.get(name);
  if (measure !== undefined) return { measure };
  return /^\w+@\d+$/.test(name) || name.startsWith('rewards/') ? plain(name) : undefined;
}

/**
 * What a measure is called in tables, legends and sentences: `Korean words`, `target words` where the prompts are in several
 * languages, `reward length`.
 */
export function labelOf({ measure, subject = '', language }: FoundMeasure): string {
  const target = language === undefined ? 'target' : languageName(language);
  return measure.label.replace(/\{(\w+)\}/, (_, word: string) => (word === 'target' ? target : subject));
}

/** The set of `sft.eval` whose loss this is, where it is the name of one in metrics.jsonl. */
export function lossSet(name: string): string | undefined {
  const found = findMeasure(name);
  return found?.measure.name === 'eval_<set>/loss' ? found.subject : undefined;
}

/** Measures of which less is better, by their names. */
const LEAST_IS_BEST = ['loss', 'eval_<set>/loss', 'eval_<set>/perplexity'];

/** Whether the least value of a name in metrics.jsonl is its best one. */
export function lessIsBetter(name: string): boolean {
  return LEAST_IS_BEST.includes(findMeasure(name)?.measure.name ?? '');
}

function plain(name: string): FoundMeasure | undefined {
  const measure = byName.get(name);
  if (measure !== undefined) return name.includes('<') ? undefined : { measure };
  for (const { measure, before, after } of patterns) {
    if (name.length > before.length + after.length && name.startsWith(before) && name.endsWith(after))
      return { measure, subject: name.slice(before.length, name.length - after.length) };
  }
  return undefined;
}

/** `language/<lang>/...`: the measures under `language/` and `advantage/`, fields, and some others, of the prompts in one language. */
function ofLanguage(name: string): FoundMeasure | undefined {
  const [group, code, ...rest] = name.split('/');
  const language = LANGUAGES.find((each) => each === code);
  if (group !== 'language' || language === undefined) return undefined;
  const tail = rest.join('/');
  const found =
    plain(`language/${tail}`) ??
    (byField.has(tail) ? plain(byField.get(tail)!.name) : undefined) ??
    (tail.startsWith('advantage/') || BY_LANGUAGE.some((each) => each === tail) ? plain(tail) : undefined);
  return found && { ...found, language };
}

/** `eval_<suite>/<field>`, `eval_<suite>/<lang>/<field>` and `eval_<suite>/level/<level>/accuracy`. */
function heldOut(name: string): FoundMeasure | undefined {
  const level = /^eval_([^/]+)\/(level\/.+\/accuracy)$/.exec(name);
  if (level) return { ...plain(level[2]!)!, suite: level[1]! };
  const match = /^eval_([^/]+)\/(?:([^/]+)\/)?(rewards\/.+|[^/]+)$/.exec(name);
  const found = match === null ? undefined : rowMeasure(match[3]!);
  if (match === null || found === undefined) return undefined;
  const language = LANGUAGES.find((each) => each === match[2]);
  if (match[2] !== undefined && language === undefined) return undefined;
  return { ...found, suite: match[1]!, ...(language && { language }) };
}
