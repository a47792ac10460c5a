import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { measureLanguage, type CountedLanguage, type Language } from '../../src/language/index.js';
import { sharedPath } from '../shared.js';

interface Snippet {
  text: string;
  kind: 'sentences' | 'word-pairs' | 'single-words';
}
const folder = sharedPath('data/langid_lingua');
const skip = existsSync(folder) ? false : `no ${folder}`;

/** Snippets of a file, and the share of them whose most frequent language is `language`. */
function accuracy(
  language: CountedLanguage,
  target: Language,
  choose: (row: Snippet) => boolean,
): [n: number, share: number] {
  const rows = readFileSync(join(folder, `${language}.jsonl`), 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Snippet)
    .filter(choose);
  const right = rows.filter(({ text }) => {
    const { words } = measureLanguage(text, target);
    return words[language] > 0 && Object.values(words).every((n) => n <= words[language]);
  });
  return [rows.length, right.length / rows.length];
}

/**
 * Floors are what was measured less about half a point. The few misses among sentences are lists of foreign names, and
 * Cyrillic sentences of 2 or 3 words without a letter or function word of their language: those go to the target by rule, so
 * they are right for Ukrainian (single words 100 %) and wrong for Russian under a Ukrainian target (single words 31 %).
 */
const floors: [CountedLanguage, Language, Snippet['kind'], number][] = [
  ['en', 'en', 'sentences', 0.995],
  ['ko', 'ko', 'sentences', 0.99],
  ['zh', 'zh', 'sentences', 0.995],
  ['ja', 'ja', 'sentences', 0.995],
  ['th', 'th', 'sentences', 0.99],
  ['uk', 'uk', 'sentences', 0.99],
  ['ru', 'uk', 'sentences', 0.96],
  // Under another target nothing is given away by the rule for doubtful cases.
  ['en', 'ko', 'sentences', 0.995],
  ['zh', 'ko', 'sentences', 0.995],
  ['ja', 'zh', 'sentences', 0.995],
  ['ja', 'ko', 'sentences', 0.995],
  ['th', 'ko', 'sentences', 0.99],
  ['uk', 'ko', 'sentences', 0.99],
  ['ru', 'ko', 'sentences', 0.99],
  ...(['en', 'ko', 'zh', 'ja', 'th', 'uk'] as const).flatMap((language) =>
    (['word-pairs', 'single-words'] as const).map((kind): [CountedLanguage, Language, Snippet['kind'], number] => [
      language,
      language,
      kind,
      0.995,
    ]),
  ),
];

for (const [language, target, kind, floor] of floors) {
  test(`${language} ${kind}, asked for ${target}: at least ${floor * 100} %`, { skip }, (t) => {
    const [n, share] = accuracy(language, target, (row) => row.kind === kind);
    t.diagnostic(`${(share * 100).toFixed(2)} % of ${n}`);
    assert.ok(n > 100 && share >= floor, `${share} of ${n}`);
  });
}

test('Russian sentences of 6 words or more are not taken for Ukrainian: at least 99 %', { skip }, (t) => {
  const long = (row: Snippet): boolean => row.kind === 'sentences' && row.text.split(/\s+/).length >= 6;
  const [n, share] = accuracy('ru', 'uk', long);
  t.diagnostic(`${(share * 100).toFixed(2)} % of ${n}`);
  assert.ok(share >= 0.99, `${share} of ${n}`);
});

test(
  'questions of MGSM: words in the language of the question',
  { skip: existsSync(sharedPath('data/mgsm')) ? false : 'no mgsm' },
  (t) => {
    const expected: [file: string, target: Language, counted: CountedLanguage, floor: number][] = [
      ['en', 'ko', 'en', 0.995],
      ['zh', 'zh', 'zh', 0.995],
      ['ja', 'ja', 'ja', 0.995],
      ['th', 'th', 'th', 0.995],
      ['ru', 'uk', 'ru', 0.99],
      ['es', 'ko', 'es', 0.98],
      ['de', 'ko', 'de', 0.98],
      ['fr', 'ko', 'fr', 0.98],
    ];
    for (const [file, target, counted, floor] of expected) {
      let words = 0;
      let total = 0;
      for (const line of readFileSync(sharedPath(`data/mgsm/${file}.jsonl`), 'utf8')
        .trim()
        .split('\n')) {
        const measure = measureLanguage((JSON.parse(line) as { question: string }).question, target);
        words += measure.words[counted];
        total += measure.total;
      }
      t.diagnostic(`${file}: ${((words / total) * 100).toFixed(2)} %`);
      assert.ok(words / total >= floor, `${file}: ${words / total}`);
    }
  },
);
