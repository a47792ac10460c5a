import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { labelWords, LANGUAGES, measureLanguage, type Language, type WordCounts } from '../../src/language/index.js';

/** Words by language, zeros left out. */
function words(text: string, target: Language): Partial<WordCounts> {
  return Object.fromEntries(Object.entries(measureLanguage(text, target).words).filter(([, n]) => n > 0));
}
/** The counted words themselves, `word/language`. */
function labelled(text: string, target: Language): string {
  return labelWords(text, target)
    .map(({ start, end, language }) => `${text.slice(start, end)}/${language}`)
    .join(' ');
}

test('one sentence of each language', () => {
  assert.deepEqual(words('민수는 사과 12개를 가지고 있었습니다.', 'ko'), { ko: 5 });
  assert.deepEqual(words('Tom has 12 apples and gives 5 to Ann.', 'en'), { en: 7 });
  assert.deepEqual(words('Тарас мав 12 яблук і віддав 5 сестрі.', 'uk'), { uk: 6 });
  assert.deepEqual(Object.keys(words('小明有12个苹果，给了妹妹5个。', 'zh')), ['zh']);
  assert.deepEqual(Object.keys(words('太郎さんはりんごを12個持っています。', 'ja')), ['ja']);
  assert.deepEqual(Object.keys(words('ต้นมีแอปเปิล 12 ผล', 'th')), ['th']);
});

test('word breaks without spaces are the dictionary’s', () => {
  assert.equal(labelled('我们今天去学校。', 'zh'), '我们/zh 今天/zh 去/zh 学校/zh');
  assert.equal(labelled('東京は大きい町です', 'ja'), '東京/ja は/ja 大きい/ja 町/ja です/ja');
  assert.equal(labelled('ฉันไปโรงเรียน', 'th'), 'ฉัน/th ไป/th โรงเรียน/th');
});

test('LaTeX is no language', () => {
  const text = [
    '먼저 $x = \\frac{12}{4} = 3$ 이므로 \\(\\text{apples} = 3\\) 입니다.',
    '\\[ total = price \\times count \\]',
    '\\begin{align} speed &= distance / time \\\\ \\end{align}',
    '따라서 답은 \\boxed{3} 입니다. \\textbf{정답}',
    '$$ \\sum_{i} apples_i $$',
  ].join('\n');
  assert.deepEqual(words(text, 'ko'), { ko: 7 });
  assert.equal(measureLanguage(text, 'ko').targetWr, 1);
  const raw = measureLanguage(text, 'ko').unstrippedTargetWr!;
  assert.ok(raw < 0.5 && raw > 0.2, `${raw}`);
});

test('dollars are money unless they close on mathematics', () => {
  assert.deepEqual(words('She has $5 and spends $3 on apples', 'ko'), { en: 6 });
  assert.deepEqual(words('It costs $5, or 3$ each way', 'ko'), { en: 5 });
  assert.deepEqual(words('사과는 $5이고 배는 10$입니다', 'ko'), { ko: 4 });
  assert.deepEqual(words('값은 $5x + 3y$ 입니다', 'ko'), { ko: 2 });
});

test('code, tags, control tokens and addresses are no language', () => {
  assert.deepEqual(
    words('다음은 코드입니다.\n```python\ndef total(price): return price\n```\n그리고 `price + tax` 입니다.', 'ko'),
    { ko: 4 },
  );
  assert.deepEqual(words('<think>\n생각합니다\n</think><answer lang="ko">답</answer><|im_end|>', 'ko'), { ko: 2 });
  assert.deepEqual(words('https://example.com/some/path?x=apples를 보세요 www.example.org', 'ko'), { ko: 2 });
  assert.deepEqual(words('작다: 3 <b and c> 2', 'ko'), { ko: 1, en: 1 }); // not a tag; b and c are variables
});

test('what a truncated completion left open is still mathematics or code', () => {
  assert.deepEqual(words('답은 \\[ speed = distance', 'ko'), { ko: 1 });
  assert.deepEqual(words('답은 \\( speed = distance\n다음 줄', 'ko'), { ko: 3 });
  assert.deepEqual(words('답은 \\begin{equation} speed = distance', 'ko'), { ko: 1 });
  assert.deepEqual(words('답은\n```\nspeed = distance', 'ko'), { ko: 1 });
  assert.deepEqual(words('답은 \\begin{itemize} \\item 사과 \\item 배 \\end{itemize}', 'ko'), { ko: 3 });
});

test('variables, units, ordinals and function names are no words', () => {
  assert.deepEqual(words('x는 3이고 y는 5입니다. n = 4, α = 2', 'ko'), { ko: 4 });
  assert.deepEqual(words('길이는 5 cm이고 무게는 3kg, 속도는 60 km/h입니다', 'ko'), { ko: 5 });
  assert.deepEqual(words('the 2nd is 3x or sin(x), log 5', 'en'), { en: 3 });
  assert.deepEqual(words('Вага 5 кг, довжина 12 м, 3-й день', 'uk'), { uk: 3 });
});

test('"a" and "I" are words beside a word only', () => {
  assert.equal(labelled('I have a dog', 'ko'), 'I/en have/en a/en dog/en');
  assert.deepEqual(words('a + I = 5', 'ko'), {});
});

test('English words and romanised names in a Korean sentence count as English', () => {
  assert.equal(labelled('Minsu는 apple을 샀다', 'ko'), 'Minsu/en 는/ko apple/en 을/ko 샀다/ko');
});

test('code-switched sentences keep their parts', () => {
  assert.equal(
    labelled('So we add 3 and 4. 그래서 답은 7입니다.', 'ko'),
    'So/en we/en add/en and/en 그래서/ko 답은/ko 입니다/ko',
  );
});

test('other languages in Latin letters are not English', () => {
  assert.deepEqual(words('Tom tiene doce manzanas y le da cinco a su hermana', 'ko'), { es: 10 });
  assert.deepEqual(words('Wie viele Äpfel hat er jetzt noch übrig', 'ko'), { de: 8 });
  assert.deepEqual(words('Hoeveel appels heeft hij nu nog over', 'ko'), { other: 7 });
  assert.deepEqual(words('Bonjour', 'ko'), { en: 1 }); // too short to tell
});

test('Ukrainian and Russian are told apart by the sentence', () => {
  assert.deepEqual(words('Он купил ещё пять яблок. Сколько яблок стало?', 'uk'), { ru: 8 });
  assert.deepEqual(words('Він купив ще п’ять яблук.', 'uk'), { uk: 5 });
  // One Russian sentence in a Ukrainian text, sharing most of its words.
  assert.deepEqual(words('Тарас має п’ять яблук.\nОн отдал три яблока, и это всё.', 'uk'), { uk: 4, ru: 7 });
  // Nothing to tell by: with the rest of the text, else with the target.
  assert.deepEqual(words('Разом яблука', 'uk'), { uk: 2 });
  assert.deepEqual(words('Мама дома', 'uk'), { uk: 2 });
  assert.deepEqual(words('Мама дома', 'ko'), { ru: 2 });
  assert.deepEqual(words('Мама дома. Это яблоки, что мы купили.', 'uk'), { ru: 7 });
});

test('Han only goes to the language asked for, Han beside kana is Japanese', () => {
  assert.deepEqual(words('答案', 'zh'), { zh: 1 });
  assert.deepEqual(words('答案', 'ja'), { ja: 1 });
  assert.deepEqual(words('答案', 'ko'), { zh: 1 });
  assert.deepEqual(Object.keys(words('東京に行きました。合計', 'ko')), ['ja']);
  assert.deepEqual(Object.keys(words('太郎は学校に行きました。', 'zh')), ['ja']);
  const quoted = words('他说「ありがとう」然后就离开了学校回到自己家里休息', 'zh');
  assert.ok(quoted.zh! >= 8 && quoted.ja! <= 3, JSON.stringify(quoted));
});

test('scripts that are not measured are other', () => {
  assert.deepEqual(words('שלום עולם', 'ko'), { other: 2 });
  assert.deepEqual(words('வணக்கம் உலகம்', 'ko'), { other: 2 });
  assert.deepEqual(words('Καλημέρα κόσμε', 'ko'), { other: 2 });
});

test('full-width letters, half-width kana, decomposed and combining letters', () => {
  assert.deepEqual(words('Ａｐｐｌｅ　ｐｉｅ', 'ko'), { en: 2 });
  assert.deepEqual(Object.keys(words('ｱｯﾌﾟﾙ コーヒー', 'ko')), ['ja']);
  assert.deepEqual(words('사과가 있다'.normalize('NFD'), 'ko'), { ko: 2 });
  assert.deepEqual(words('cafe\u0301 nai\u0308ve', 'ko'), { en: 2 });
  assert.deepEqual(words('п\u02bcять ґудзиків', 'uk'), { uk: 2 });
});

test('emoji, digits, punctuation, lone surrogates and nothing are no words', () => {
  for (const text of ['', ' \n\t', '123 + 456 = 579', '👩‍👩‍👧‍👦 🇰🇷 ✅', '\ud800 \udc00', '𝑥 + 𝑦', '①②Ⅳ', '……——「」']) {
    const measure = measureLanguage(text, 'ko');
    assert.equal(measure.total, 0, JSON.stringify(text));
    assert.equal(measure.targetWr, null);
    assert.equal(measure.unstrippedTargetWr, null);
    assert.equal(measure.firstSwitch, null);
    assert.equal(measure.linePass, true);
  }
  assert.deepEqual(words('사과\ud800가', 'ko'), { ko: 2 });
  assert.deepEqual(words('𠮷野家', 'zh'), { zh: measureLanguage('𠮷野家', 'zh').total });
});

test('first switch and number of switches', () => {
  const stay = measureLanguage('하나 둘 셋 넷 apple 다섯', 'ko');
  assert.equal(stay.firstSwitch, null);
  assert.equal(stay.switches, 0);
  const once = measureLanguage('하나 둘 셋 then we add them', 'ko');
  assert.equal(once.firstSwitch, 3 / 7);
  assert.equal(once.switches, 1);
  const back = measureLanguage('하나 둘 셋 then we add 하나 둘 셋', 'ko');
  assert.equal(back.switches, 2);
  const wholly = measureLanguage('then we add them', 'ko');
  assert.equal(wholly.firstSwitch, 0);
  assert.equal(wholly.switches, 1);
  assert.equal(measureLanguage('then we add them', 'en').switches, 0);
});

test('line pass and word pass', () => {
  const pure = measureLanguage('먼저 사과를 셉니다.\n답은 7입니다.', 'ko');
  assert.deepEqual([pure.linePass, pure.wordPass], [true, true]);
  const stray = measureLanguage('먼저 apple을 셉니다.\n답은 7입니다.', 'ko');
  assert.deepEqual([stray.linePass, stray.wordPass], [true, false]);
  const wrongLine = measureLanguage('먼저 사과를 셉니다.\nSo the answer is 7.', 'ko');
  assert.deepEqual([wrongLine.linePass, wrongLine.wordPass], [false, false]);
  const short = measureLanguage('먼저 사과를 셉니다.\nThe end', 'ko'); // two words make no line
  assert.equal(short.linePass, true);
});

test('every word lies in the text, in order, and the counts agree with the labels', () => {
  const unit = fc.constantFrom(
    '사과 ',
    'apple ',
    '苹果',
    'りんご',
    'แอปเปิล',
    'яблуко ',
    'ы ',
    '$',
    '\\',
    '`',
    '{',
    '}',
    '\n',
    '. ',
    '<',
    '5',
    'a ',
    '\ud83c',
    'http://',
    '\\frac',
    '\\[',
  );
  fc.assert(
    fc.property(
      fc.oneof(fc.string({ unit: 'binary', maxLength: 80 }), fc.string({ unit, maxLength: 40 })),
      fc.constantFrom(...LANGUAGES),
      (text, target) => {
        const measure = measureLanguage(text, target);
        const runs = labelWords(text, target);
        assert.equal(runs.length, measure.total);
        let at = 0;
        for (const { start, end, language } of runs) {
          assert.ok(start >= at && end > start && end <= text.length);
          at = end;
          measure.words[language]--;
        }
        assert.ok(Object.values(measure.words).every((n) => n === 0));
        assert.equal(measure.switches === 0, measure.firstSwitch === null);
        if (measure.total > 0) {
          const sum = measure.targetWr! + measure.otherWr! + (target === 'en' ? 0 : measure.enWr!);
          assert.ok(Math.abs(sum - 1) < 1e-12);
        }
      },
    ),
    { numRuns: 400 },
  );
});

test('work is linear: 200 KB of anything', () => {
  for (const unit of [
    '$',
    '\\[',
    '`',
    '<a ',
    '\\begin{x}',
    '中',
    'ก',
    'a',
    'я ',
    'ы',
    '가 ',
    '$a$',
    '\\(',
    'http://',
    "a'",
    '```',
  ]) {
    const text = unit.repeat(Math.floor(2e5 / unit.length));
    const start = performance.now();
    measureLanguage(text, 'ko');
    const took = performance.now() - start;
    // 10 ms to 1 s when measured on a busy machine; anything quadratic takes far longer.
    assert.ok(took < 10_000, `${JSON.stringify(unit)}: ${took} ms`);
  }
});
