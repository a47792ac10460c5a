import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { countedEnglish } from '../../src/lab/languages/english.js';
import { STORY_TEXTS } from '../../src/lab/languages/index.js';
import { lastSyllableOfNumber, withParticle } from '../../src/lab/languages/korean.js';
import { countedUkrainian, pluralUkrainian } from '../../src/lab/languages/ukrainian.js';
import { PEOPLE } from '../../src/lab/story.js';
import type { Story } from '../../src/lab/story.js';

const person = (key: string) => PEOPLE.find((someone) => someone.key === key)!;
const story = (changes: Partial<Story>): Story => ({
  id: 'hand-made',
  person: person('anna'),
  other: person('mark'),
  item: 'apple',
  opening: { kind: 'has', amount: 7 },
  events: [
    { kind: 'buy', amount: 5 },
    { kind: 'give', amount: 3 },
  ],
  ...changes,
});

describe('Korean particles', () => {
  test('follow the final consonant of a word', () => {
    assert.equal(withParticle('사과', 'topic'), '사과는');
    assert.equal(withParticle('책', 'topic'), '책은');
    assert.equal(withParticle('연필', 'subject'), '연필이');
    assert.equal(withParticle('카드', 'subject'), '카드가');
    assert.equal(withParticle('7마리', 'object'), '7마리를');
    assert.equal(withParticle('7권', 'object'), '7권을');
    assert.equal(withParticle('연필', 'by'), '연필로');
    assert.equal(withParticle('책', 'by'), '책으로');
  });

  test('follow a number as it is read', () => {
    // 영 일 이 삼 사 오 육 칠 팔 구
    const expected = ['0을', '1을', '2를', '3을', '4를', '5를', '6을', '7을', '8을', '9를'];
    assert.deepEqual(
      expected.map((_, n) => withParticle(n, 'object')),
      expected,
    );
    const by = ['2로', '3으로', '4로', '5로', '6으로', '7로', '8로', '1로'];
    assert.deepEqual(
      [2, 3, 4, 5, 6, 7, 8, 1].map((n) => withParticle(n, 'by')),
      by,
    );
    assert.deepEqual([10, 12, 20, 100, 2000, 30000].map(lastSyllableOfNumber), ['십', '이', '십', '백', '천', '만']);
    assert.equal(withParticle(10, 'by'), '10으로');
    assert.equal(withParticle(30000, 'object'), '30000을');
  });
});

describe('Ukrainian plurals', () => {
  test('follow the rule of CLDR', () => {
    const of = (...numbers: number[]) => numbers.map(pluralUkrainian);
    assert.deepEqual(of(1, 21, 31, 101), ['one', 'one', 'one', 'one']);
    assert.deepEqual(of(2, 3, 4, 22, 24, 102), ['few', 'few', 'few', 'few', 'few', 'few']);
    assert.deepEqual(of(0, 5, 9, 10, 11, 12, 13, 14, 15, 20, 25, 111, 112), new Array(13).fill('many'));
  });

  test('take the case of the sentence after one', () => {
    assert.equal(countedUkrainian(1, 'book', 'accusative'), '1 книгу');
    assert.equal(countedUkrainian(1, 'book', 'nominative'), '1 книга');
    assert.equal(countedUkrainian(21, 'book', 'accusative'), '21 книгу');
    assert.equal(countedUkrainian(3, 'egg', 'accusative'), '3 яйця');
    assert.equal(countedUkrainian(12, 'egg', 'nominative'), '12 яєць');
    assert.equal(countedUkrainian(2, 'pencil', 'accusative'), '2 олівці');
    assert.equal(countedUkrainian(11, 'pencil', 'accusative'), '11 олівців');
  });
});

test('English counts', () => {
  assert.deepEqual(
    [countedEnglish(1, 'candy'), countedEnglish(2, 'candy'), countedEnglish(1, 'fish'), countedEnglish(6, 'fish')],
    ['1 candy', '2 candies', '1 fish', '6 fish'],
  );
});

describe('a story in every language', () => {
  test('with gains and losses', () => {
    const told = story({});
    assert.deepEqual(
      Object.fromEntries(Object.entries(STORY_TEXTS).map(([language, text]) => [language, text.question(told)])),
      {
        en: 'Anna has 7 apples. She buys 5 more. She gives 3 to Mark. How many apples does she have now?',
        ko: '안나에게 사과가 7개 있습니다. 5개를 더 샀습니다. 마크에게 3개를 주었습니다. 지금 사과는 몇 개입니까?',
        zh: '安娜有7个苹果。她又买了5个。她给了马克3个。安娜现在有多少个苹果？',
        ja: 'アンナはりんごを7個持っています。さらに5個買いました。マークに3個あげました。アンナは今りんごを何個持っていますか？',
        th: 'แอนนามีแอปเปิล 7 ลูก เธอซื้อเพิ่มอีก 5 ลูก เธอให้มาร์กไป 3 ลูก ตอนนี้แอนนามีแอปเปิลกี่ลูก',
        uk: 'Анна має 7 яблук. Вона купує ще 5. Вона дає Марку 3. Скільки яблук тепер має Анна?',
      },
    );
  });

  test('with boxes and sharing, told of a man', () => {
    const told = story({
      person: person('ivan'),
      item: 'book',
      opening: { kind: 'packs', packs: 3, each: 4 },
      events: [{ kind: 'share', amount: 6 }],
    });
    assert.deepEqual(
      Object.fromEntries(Object.entries(STORY_TEXTS).map(([language, text]) => [language, text.question(told)])),
      {
        en: 'Ivan has 3 boxes with 4 books in each. He shares them equally among 6 friends. How many books does each friend get?',
        ko: '이반에게 책이 4권씩 든 상자가 3개 있습니다. 친구 6명에게 똑같이 나누어 주었습니다. 친구 한 명은 책을 몇 권 받았습니까?',
        zh: '伊万有3个盒子，每个盒子里有4本书。他把它们平均分给6个朋友。每个朋友得到多少本书？',
        ja: 'イワンは本が4冊ずつ入った箱を3箱持っています。それを6人の友達に同じ数ずつ分けました。友達はそれぞれ本を何冊もらいましたか？',
        th: 'อีวานมีกล่อง 3 กล่อง แต่ละกล่องมีหนังสือ 4 เล่ม เขาแบ่งให้เพื่อน 6 คนเท่า ๆ กัน เพื่อนแต่ละคนได้หนังสือกี่เล่ม',
        uk: 'Іван має 3 коробки, у кожній по 4 книги. Він ділить їх порівну між 6 друзями. Скільки книг отримує кожен друг?',
      },
    );
  });

  test('worked and short solutions', () => {
    const told = story({});
    assert.equal(
      STORY_TEXTS.en.worked(told),
      'She buys 5, so 7+5=12. She gives 3, so 12-3=9. The answer is 9.\n#### 9',
    );
    assert.equal(
      STORY_TEXTS.ko.worked(told),
      '7에 5를 더하면 7+5=12입니다. 12에서 3을 빼면 12-3=9입니다. 답은 9개입니다.\n#### 9',
    );
    assert.equal(STORY_TEXTS.ko.short(told), '모두 세어 보면 답은 9개입니다.\n#### 9');
    assert.equal(STORY_TEXTS.uk.short(told), 'Якщо порахувати всі, відповідь: 9 яблук.\n#### 9');
    assert.equal(STORY_TEXTS.zh.short(told), '全部数一下，答案是9个。\n#### 9');
    assert.equal(STORY_TEXTS.ja.short(told), '全部数えると、答えは9個です。\n#### 9');
    assert.equal(STORY_TEXTS.th.short(told), 'นับทั้งหมดแล้ว คำตอบคือ 9 ลูก\n#### 9');
  });
});
