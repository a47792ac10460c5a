import { matchAt } from '../match_at.js';
import { lexiconsFor } from './table.js';

/** Words of scale from a thousand on, by language: a power of ten each. */
interface Scales {
  pattern: RegExp;
  places: ReadonlyMap<string, number>;
}

const found = new Map<string | undefined, Scales>();

/**
 * The power of ten that a word behind digits stands for, with its end: 5 Millionen, 5 nghìn, 5 लाख, 5 ألف. Of `language` first, so
 * that a French billion is 10^12; words that are everyday ones of English too only in their own language.
 */
export function readScale(text: string, at: number, language?: string): { places: number; end: number } | null {
  let scales = found.get(language);
  if (scales === undefined) found.set(language, (scales = scalesOf(language)));
  const match = matchAt(scales.pattern, text, at);
  if (match === null) return null;
  return { places: scales.places.get(match[1]!.toLowerCase())!, end: at + match[0].length };
}

function scalesOf(language: string | undefined): Scales {
  const places = new Map<string, number>();
  for (const { row, isSpaced } of lexiconsFor(language)) {
    const everyday = row.languages.includes(language ?? '') ? [] : (row.ambiguous?.split(' ') ?? []);
    // Swahili's stand before the digits.
    if (!isSpaced || row.scaleFirst) continue;
    for (const [word, value] of Object.entries(row.scales)) {
      const key = word.normalize('NFC');
      if (value >= 1000 && !everyday.includes(key) && !places.has(key)) places.set(key, Math.round(Math.log10(value)));
    }
  }
  const longestFirst = [...places.keys()].sort((a, b) => b.length - a.length);
  return { pattern: new RegExp(` ?(${longestFirst.join('|')})(?![\\p{L}\\p{M}\\d])`, 'iuy'), places };
}
