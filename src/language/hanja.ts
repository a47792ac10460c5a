import { Form, hanForms } from './han.js';
import { Script } from './script.js';

/**
 * Hanja in a Korean text: 이자(利子) writes the word a second time, and 美國에서 is a Korean word. Which of the two a run of Han
 * letters [start, end) is, or neither. A gloss stands in brackets right after a Hangul word and has no more letters than that
 * word has syllables, so that no sentence of another language hides in it; a hanja word has Hangul
 * right after it and no form that only Chinese or Japanese writes today.
 */
export function hanjaRole(
  text: string,
  start: number,
  end: number,
  scripts: Uint8Array,
): 'gloss' | 'korean' | undefined {
  const hangul = (at: number): boolean => at >= 0 && at < text.length && scripts[text.charCodeAt(at)] === Script.hangul;
  if (hangul(end)) {
    const forms = hanForms();
    let both = true;
    for (let at = start; at < end; at++) {
      const form = forms[text.charCodeAt(at)];
      both &&= form === Form.both || form === Form.traditional;
    }
    return both ? 'korean' : undefined;
  }
  if (!OPENING.test(text[start - 1] ?? '') || !CLOSING.test(text[end] ?? '')) return undefined;
  let syllables = 0;
  while (syllables < end - start && hangul(start - 2 - syllables)) syllables++;
  return syllables === end - start ? 'gloss' : undefined;
}

const OPENING = /[([（［〔「]/;
const CLOSING = /[)\]）］〕」]/;
