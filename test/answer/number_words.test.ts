import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import { gradeAnswer } from '../../src/answer/index.js';
import { cleanText } from '../../src/answer/clean.js';
import { readNumberWords } from '../../src/answer/words/read.js';

type Spelled = Record<string, Record<string, number>>;
const read = (path: string | URL): Spelled => JSON.parse(readFileSync(path, 'utf8')) as Spelled;

/** Words that are no number, or another, by language. */
function misread(spelled: Spelled): string[] {
  return Object.entries(spelled).flatMap(([language, words]) =>
    Object.entries(words).flatMap(([text, number]) => {
      const clean = cleanText(text);
      const found = readNumberWords(clean, 0, language);
      const { numerator, denominator } = found?.value ?? { numerator: -1n, denominator: 1n };
      const right = found?.end === clean.length && denominator === 1n && numerator === BigInt(number);
      return right ? [] : [`${language}: ${text} is ${number}, read as ${numerator}`];
    }),
  );
}

test('numbers in words of twenty languages, as ICU and num2words write them', () => {
  const spelled = read(new URL('number_words.json', import.meta.url));
  assert.equal(Object.keys(spelled).length, 20);
  assert.deepEqual(misread(spelled), []);
});

const all = 'build/number_words.json';
test('all of 0 to 10,000', { skip: existsSync(all) ? false : `no ${all} (test/answer/number_words.py)` }, (t) => {
  const spelled = read(all);
  assert.deepEqual(misread(spelled), []);
  t.diagnostic(`${Object.values(spelled).reduce((sum, words) => sum + Object.keys(words).length, 0)} spellings`);
});

type Row = [completion: string, gold: string, expected: boolean, language?: string];
const groups: Record<string, Row[]> = {
  'thousands and millions': [
    ['#### dos mil trescientos millones', '2300000000', true, 'es'],
    ['#### zwei Millionen dreihunderttausend', '2300000', true],
    ['#### deux millions trois cent mille', '2300000', true],
    ['#### dois milhões e trezentos mil', '2300000', true],
    ['#### due milioni trecentomila', '2300000', true],
    ['#### hai triệu ba trăm nghìn', '2300000', true],
    ['#### dua juta tiga ratus ribu', '2300000', true],
    ['#### iki milyon üç yüz bin', '2300000', true],
    ['#### milioni mbili', '2000000', true],
    ['#### elfu mia mbili', '200000', true],
    ['#### दो करोड़ तेईस लाख', '22300000', true],
    ['#### দুই কোটি তেইশ লাখ', '22300000', true],
    ['#### రెండు కోట్ల ఇరవై మూడు లక్షలు', '22300000', true],
    ['#### مليونان وثلاثمائة ألف', '2300000', false], // a dual of a million is not read
    ['#### خمسة ملايين', '5000000', true],
    ['#### twenty-five hundred', '2500', true],
    ['#### two lakh', '200000', true],
  ],
  'behind digits': [
    ['#### 5 Millionen', '5000000', true],
    ['#### 5 mil', '5000', true, 'es'],
    ['#### 5 mil', '5000', false, 'en'],
    ['#### 5 bin', '5000', true, 'tr'],
    ['#### 3 nghìn đồng', '3000', true],
    ['#### 5 ribu', '5000', true],
    ['#### 5 लाख रुपये', '500000', true],
    ['#### 5 হাজার টাকা', '5000', true],
    ['#### 5 లక్షలు', '500000', true],
    ['#### 5 آلاف', '5000', true],
    ['#### 2.5 crore', '25000000', true],
  ],
  'what is a number in several languages': [
    ['#### 5 billion', '5000000000', true],
    ['#### 5 billions', '5000000000000', true, 'fr'],
    ['#### once', '11', true, 'es'],
    ['#### once', '11', false],
    ['#### on', '10', true, 'tr'],
    ['#### on', '10', false, 'en'],
    ['The answer is on line 5', '5', true],
    ['#### elf', '11', true, 'de'],
  ],
  'halves and dozens': [
    ['#### anderthalb', '1.5', true],
    ['#### deux et demi', '2.5', true],
    ['#### dos y medio', '2.5', true],
    ['#### due e mezzo', '2.5', true, 'it'],
    ['#### dois e meio', '2.5', true],
    ['#### iki buçuk', '2.5', true],
    ['#### hai rưỡi', '2.5', true, 'vi'],
    ['#### setengah', '0.5', true],
    ['#### nusu', '0.5', true],
    ['#### नصف', '0.5', false],
    ['#### نصف', '0.5', true],
    ['#### डेढ़', '1.5', true],
    ['#### साढ़े तीन', '3.5', true],
    ['#### আড়াই', '2.5', true],
    ['#### zwei Dutzend', '24', true],
    ['#### dos docenas', '24', true],
    ['#### two dozen', '24', true],
    ['#### दो दर्जन', '24', true],
  ],
  'decimals and parts': [
    ['#### three point five', '3', false],
    ['The answer is three point one four.', '3.14', true],
    ['#### twenty point zero five', '20.05', true],
    ['He scored three points.', '3', true],
    ['#### drei Komma fünf', '3.5', true, 'de'],
    ['#### três vírgula cinco', '3.5', true, 'pt'],
    ['#### 삼 점 오', '3', false, 'ko'],
    ['#### 삼 점 오', '3.5', true, 'ko'],
    ['답은 삼 점.', '3', true, 'ko'],
    ['#### un tercio', '1', false, 'es'],
    ['#### un tercio', '1/3', true, 'es'],
    ['#### zwei Drittel', '2/3', true, 'de'],
    ['#### deux tiers', '2/3', true, 'fr'],
    ['The cake has three tiers.', '3', true, 'en'],
  ],
  'in a sentence': [
    ['2 + 33 = 35. Die Antwort ist fünfunddreißig.', '35', true],
    ['Die Antwort ist sechsunddreißig.', '35', false],
    ['La respuesta es treinta y cinco.', '35', true],
    ['La réponse est quatre-vingt-dix-sept.', '97', true],
    ['Jibu ni thelathini na tano.', '35', true],
    ['উত্তর হলো পঁয়ত্রিশ।', '35', true],
    ['उत्तर: पैंतीस', '35', true],
    ['సమాధానం ముప్పై ఐదు.', '35', true],
    ['الإجابة هي خمسة وثلاثون', '35', true],
    ['Đáp án là ba mươi lăm.', '35', true],
    ['A resposta é trinta e cinco.', '35', true],
    ['La risposta è trentacinque.', '35', true],
    ['Jawabannya adalah tiga puluh lima.', '35', true],
    ['Cevap: otuz beş', '35', true],
    ['Also hat sie noch sieben übrig.', '7', true, 'de'],
    ['She came once and has 7 left.', '7', true, 'es'],
  ],
};
for (const [name, rows] of Object.entries(groups)) {
  test(name, () => {
    for (const [completion, gold, expected, language] of rows)
      assert.equal(gradeAnswer(completion, gold, { language }), expected, `${completion} against ${gold}`);
  });
}
