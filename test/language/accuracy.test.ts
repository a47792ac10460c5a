import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { CountedLanguage, Language } from '../../src/language/index.js';
import { accuracy, fourWords, sentences, type Corpus } from './accuracy.js';

/**
 * Least shares of sentences told right: whole, and four words from the middle; asked for the language itself, and for English.
 * What was measured less about a point (scripts/language_accuracy.ts prints it); the sentences of test/language/sentences are 10 to 40 a
 * language, so that one of them is several points.
 */
type Floors = [whole: number, wholeForEnglish: number, four: number | null, fourForEnglish: number | null];
const FLOORS: [CountedLanguage, Corpus, Floors][] = [
  ['en', 'lingua', [0.995, 0.995, 0.99, 0.99]],
  ['en', 'mgsm', [0.99, 0.99, 0.985, 0.985]],
  ['en', 'own', [0.95, 0.95, 0.95, 0.95]],
  ['de', 'mgsm', [0.99, 0.98, 0.99, 0.98]],
  ['fr', 'mgsm', [0.99, 0.985, 0.985, 0.94]],
  ['es', 'mgsm', [0.985, 0.97, 0.98, 0.915]],
  ['sw', 'mgsm', [0.99, 0.96, 0.97, 0.945]],
  ['ru', 'mgsm', [0.99, 0.99, 0.97, 0.97]],
  ['bn', 'mgsm', [0.995, 0.995, 0.995, 0.995]],
  ['te', 'mgsm', [0.995, 0.995, 0.995, 0.995]],
  ['zh', 'mgsm', [0.995, 0.995, null, null]],
  ['ja', 'mgsm', [0.995, 0.995, null, null]],
  ['th', 'mgsm', [0.995, 0.995, 0.99, 0.99]],
  ...(['de', 'fr', 'es', 'sw', 'it', 'vi', 'id', 'tr', 'ar', 'hi', 'bn', 'te'] as const).map(
    (language): [CountedLanguage, Corpus, Floors] => [language, 'own', [0.97, 0.97, 0.94, 0.94]],
  ),
  ['pt', 'own', [0.97, 0.95, 0.97, 0.85]],
  ['other', 'own', [0.88, 0.88, 0.75, 0.72]],
];

for (const [language, corpus, floors] of FLOORS) {
  const texts = sentences(corpus, language);
  const skip = texts === undefined ? `no ${corpus} sentences of ${language}` : false;
  test(`${language}, ${corpus}: ${floors.map((floor) => floor ?? '-').join(', ')}`, { skip }, (t) => {
    const own: Language = language === 'other' ? 'de' : language;
    const short = texts!.flatMap((text) => fourWords(text) ?? []);
    const found = [
      accuracy(texts!, language, own),
      accuracy(texts!, language, 'en'),
      accuracy(short, language, own),
      accuracy(short, language, 'en'),
    ];
    t.diagnostic(found.map(({ right }) => (right * 100).toFixed(1)).join(', '));
    floors.forEach((floor, i) => {
      const { right, takenFor } = found[i]!;
      assert.ok(floor === null || right >= floor, `${right} < ${floor}: ${JSON.stringify(takenFor)}`);
    });
  });
}

test('close pairs: asked for the one, the sentences of the other are still told', () => {
  const pairs: [CountedLanguage, Language, number][] = [
    ['pt', 'es', 0.88],
    ['es', 'pt', 0.92],
    ['it', 'es', 0.97],
    ['es', 'it', 0.94],
    ['id', 'en', 0.97],
    ['other', 'id', 0.88],
    ['uk', 'ru', 0.99],
  ];
  for (const [language, target, floor] of pairs) {
    const texts = (['lingua', 'mgsm', 'own'] as const).flatMap((corpus) => sentences(corpus, language) ?? []);
    if (texts.length === 0) continue;
    const { right, takenFor } = accuracy(texts, language, target);
    assert.ok(right >= floor, `${language} asked for ${target}: ${right}, ${JSON.stringify(takenFor)}`);
  }
});
