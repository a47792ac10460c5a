import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import { gunzipSync } from 'node:zlib';
import fc from 'fast-check';
import { wordLengths } from '../../src/language/breaks.js';
import { sharedPath } from '../shared.js';

/** What Intl.Segmenter itself says of one run, in the locale of its language. */
const segmenters = {
  zh: new Intl.Segmenter('zh', { granularity: 'word' }),
  ja: new Intl.Segmenter('ja', { granularity: 'word' }),
  th: new Intl.Segmenter('th', { granularity: 'word' }),
};
const RUN = /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}ーｰ]+|\p{Script=Thai}+/gu;

function bySegmenter(run: string, locale: 'zh' | 'ja' | 'th'): number[] {
  return Array.from(segmenters[locale].segment(run), ({ segment }) => segment.length);
}

const corpora: [locale: 'zh' | 'ja' | 'th', file: string][] = [
  ['zh', 'data/gsm8k_train/zh.jsonl.gz'],
  ['ja', 'data/gsm8k_train/ja.jsonl.gz'],
  ['zh', 'data/msvamp/zh.jsonl'],
  ['ja', 'data/langid_lingua/ja.jsonl'],
  ['th', 'data/mgsm/th.jsonl'],
  ['th', 'data/msvamp/th.jsonl'],
  ['th', 'data/langid_lingua/th.jsonl'],
];
for (const [locale, name] of corpora) {
  const file = sharedPath(name);
  test(
    `${name}: the words of every run are those of Intl.Segmenter`,
    { skip: existsSync(file) ? false : `no ${file}` },
    (t) => {
      const bytes = readFileSync(file);
      const text = (name.endsWith('.gz') ? gunzipSync(bytes) : bytes).toString('utf8');
      let runs = 0;
      // A line is a row: its runs share calls, as those of a completion do.
      for (const line of text.split('\n')) {
        const given = line.match(RUN) ?? [];
        const lengths = wordLengths(given);
        assert.equal(lengths.length, given.length);
        given.forEach((run, i) => assert.deepEqual([...lengths[i]!], bySegmenter(run, locale), run));
        runs += given.length;
      }
      t.diagnostic(`${runs} runs`);
      assert.ok(runs > 1000, `${runs}`);
    },
  );
}

test('any letters and marks, and runs of any length up to 2000, are broken as Intl.Segmenter breaks them', () => {
  const unit = fc.constantFrom(
    ...'的一是不了人我在有他这中大来上国個們東京大学生々〇のにはをたがでてとしれさあんるっゃーカナタパァｶﾅﾞกขคงจฉชซกาเแโไำิีึ่้๊๋ะ',
    '\u{20bb7}',
    '\u{2a6d6}',
    '\u0301',
    '\u200d',
    '\ufe00',
    '苹果',
    '学校',
    'ありがとう',
    'โรงเรียน',
    'コンピュータ',
  );
  const run = fc.oneof(
    fc.string({ unit, minLength: 1, maxLength: 12 }),
    fc.string({ unit, minLength: 100, maxLength: 1900 }),
  );
  fc.assert(
    fc.property(fc.array(run, { minLength: 1, maxLength: 12 }), (runs) => {
      const lengths = wordLengths(runs);
      runs.forEach((text, i) => assert.deepEqual([...lengths[i]!], bySegmenter(text, 'zh'), JSON.stringify(text)));
    }),
    { numRuns: 300 },
  );
});

test('a run without end is broken in stretches', () => {
  const run = '我们今天去学校'.repeat(3000);
  const [lengths] = wordLengths([run]);
  assert.equal(
    lengths!.reduce((sum, length) => sum + length, 0),
    run.length,
  );
});
