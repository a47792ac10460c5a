import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import { gunzipSync } from 'node:zlib';
import fc from 'fast-check';
import { extractAnswer, gradeAnswer, isJudged, judgeAnswer } from '../../src/answer/index.js';
import { sharedPath } from '../shared.js';
import { VERDICTS } from './verdicts.js';
import { VERDICTS_BY_LANGUAGE } from './verdicts_by_language.js';

for (const [name, rows] of Object.entries({ ...VERDICTS, ...VERDICTS_BY_LANGUAGE })) {
  test(name, () => {
    for (const [completion, gold, expected] of rows) {
      const found = JSON.stringify(extractAnswer(completion)?.text ?? null);
      assert.equal(gradeAnswer(completion, gold), expected, `${JSON.stringify(completion)} against ${gold}: ${found}`);
    }
  });
}

test('what was cut off is judged by marked answers alone, and strict takes no others', () => {
  const verdict = (text: string, finish: 'stop' | 'length' | 'cancelled', answer?: 'strict' | 'flexible') =>
    gradeAnswer(text, '7', { finish, answer });
  for (const finish of ['length', 'cancelled'] as const) {
    assert.equal(verdict('so 3 + 4 = 7', finish), false);
    assert.equal(verdict('The answer is 7', finish), false);
    assert.equal(verdict('#### 7\nAnd because', finish), true);
    assert.equal(verdict('#### 7', finish), true);
    assert.equal(verdict('\\boxed{7} and', finish), true);
    assert.equal(verdict('\\boxed{7', finish), false);
    assert.equal(verdict('<think>\\boxed{7} and', finish), false);
    assert.equal(verdict('#### 7. Multiply the', finish), false); // a heading
  }
  assert.equal(verdict('The answer is 7', 'stop'), true);
  assert.equal(verdict('The answer is 7', 'stop', 'strict'), false);
  assert.equal(verdict('#### 7', 'stop', 'strict'), true);
  assert.equal(judgeAnswer('so 7', '7', { answer: 'strict' }).answer, null);
});

test('the strict verdict comes with the flexible one', () => {
  for (const text of ['so 3 + 4 = 7', 'The answer is 7', '#### 7', '\\boxed{7}', '#### 8', 'none'])
    for (const finish of ['stop', 'length'] as const)
      assert.equal(
        judgeAnswer(text, '7', { finish }).strict,
        judgeAnswer(text, '7', { finish, answer: 'strict' }).correct,
        text,
      );
});

test('a thought that the prompt began is a thought', () => {
  const options = { thought: true };
  assert.equal(gradeAnswer('so #### 7', '7', options), false);
  assert.equal(gradeAnswer('so #### 8\n</think>\nIt is 7.', '7', options), true);
  assert.equal(gradeAnswer('so #### 7\n</think>\nIt is 8.', '7', options), false);
  assert.equal(gradeAnswer('\\boxed{7}', '7', options), false);
});

test('the answer a verdict rests on is told', () => {
  assert.deepEqual(judgeAnswer('#### **5천** 원', '5000'), { correct: true, answer: '**5천** 원', strict: true });
  assert.deepEqual(judgeAnswer('\\boxed{x + 1}', '5'), { correct: false, answer: 'x + 1', strict: false });
  assert.deepEqual(judgeAnswer('답은 -5입니다', 'x'), { correct: null, answer: '-5', strict: null });
  assert.deepEqual(judgeAnswer('none', '5'), { correct: false, answer: null, strict: false });
});

const grading = sharedPath('cases/grading.jsonl');
test('cases from public reports', { skip: existsSync(grading) ? false : `no ${grading}` }, () => {
  for (const line of readFileSync(grading, 'utf8').trim().split('\n')) {
    const { completion, answer, expected } = JSON.parse(line) as Record<'completion' | 'answer', string> & {
      expected: boolean | null;
    };
    assert.equal(gradeAnswer(completion, answer), expected, line);
  }
});

/** Sentences that give an answer, by language; some with a question's numbers before it. */
const SENTENCES: Record<string, ((answer: string) => string)[]> = {
  en: [(a) => `2 + 3 = 5.\nThe answer is ${a}.`, (a) => `So she has ${a} apples left.`, (a) => `**Answer:** $${a}$`],
  ko: [(a) => `2 + 3 = 5\n정답은 ${a}입니다.`, (a) => `따라서 모두 ${a}개입니다.`, (a) => `답: ${a}원`],
  zh: [(a) => `2 + 3 = 5\n所以答案是${a}。`, (a) => `一共${a}个。`, (a) => `答：${a}元`],
  ja: [(a) => `2 + 3 = 5\n答えは${a}です。`, (a) => `全部で${a}個です。`, (a) => `よって、${a}円`],
  th: [(a) => `2 + 3 = 5\nคำตอบคือ ${a}`, (a) => `ดังนั้นเหลือ ${a} บาท`, (a) => `ตอบ ${a} คน`],
  uk: [(a) => `2 + 3 = 5\nВідповідь: ${a}.`, (a) => `Отже, залишилося ${a} яблук.`, (a) => `Відповідь — ${a} грн`],
  ru: [(a) => `2 + 3 = 5\nОтвет: ${a}.`, (a) => `Итак, осталось ${a} яблок.`, (a) => `Ответ — ${a} руб.`],
  de: [(a) => `2 + 3 = 5\nDie Antwort ist ${a}.`, (a) => `Also hat sie noch ${a} Äpfel übrig.`],
  es: [(a) => `2 + 3 = 5\nLa respuesta es ${a}.`, (a) => `Así que le quedan ${a} manzanas.`],
  fr: [(a) => `2 + 3 = 5\nLa réponse est ${a}.`, (a) => `Il lui reste donc ${a} pommes.`],
  sw: [(a) => `2 + 3 = 5\nJibu ni ${a}.`, (a) => `Kwa hiyo amebaki na tufaha ${a}.`],
  bn: [(a) => `2 + 3 = 5\nউত্তর হলো ${a}।`, (a) => `তাই তার কাছে ${a}টি আপেল আছে।`],
  te: [(a) => `2 + 3 = 5\nసమాధానం ${a}.`, (a) => `కాబట్టి ఆమె వద్ద ${a} యాపిల్స్ ఉన్నాయి.`],
};
const SETS: [set: string, languages: string][] = [
  ['gsm8k_test', 'en ko'],
  ['gsm8k_train', 'en zh ja ru'],
  ['mgsm', 'bn de en es fr ja ru sw te th zh'],
  ['msvamp', 'en ja ru th zh'],
  ['kor_arith', 'en ko'],
  ['kor_mwp_test', 'ko'],
  ['kor_mwp_train', 'ko'],
];
const files = SETS.flatMap(([set, languages]) =>
  languages.split(' ').map((language) => {
    const plain = sharedPath(`data/${set}/${language}.jsonl`);
    return { language, path: existsSync(plain) ? plain : `${plain}.gz` };
  }),
);
test(
  'every gold answer of the task sets is itself through sentences of its language, and its neighbours are not',
  { skip: files.every(({ path }) => existsSync(path)) ? false : 'no task sets' },
  () => {
    for (const { language, path } of files) {
      const golds = goldsOf(path);
      assert.ok(golds.size > 10, path);
      for (const gold of golds) {
        assert.ok(isJudged(gold), `${path}: ${gold}`);
        for (const sentence of SENTENCES[language]!) {
          assert.equal(gradeAnswer(sentence(gold), gold), true, `${path}: ${sentence(gold)}`);
          assert.equal(gradeAnswer(sentence(`${gold}1`), gold), false, `${path}: ${sentence(`${gold}1`)}`);
          const negated = gold.startsWith('-') ? gold.slice(1) : `-${gold}`;
          assert.equal(gradeAnswer(sentence(negated), gold), Number(gold) === 0, sentence(negated));
        }
      }
    }
  },
);

const math = ['math500/en.jsonl', 'simplerl_level3to5/en.jsonl.gz'].map((name) => sharedPath(`data/${name}`));
test(
  'gold answers of MATH that are numbers are right in a box; the rest is counted',
  { skip: math.every((path) => existsSync(path)) ? false : 'no MATH sets' },
  (t) => {
    for (const path of math) {
      const golds = goldsOf(path);
      const judged = [...golds].filter(isJudged);
      for (const gold of judged) assert.equal(gradeAnswer(`so \\boxed{${gold}}`, gold), true, gold);
      const plain = [...golds].filter((gold) => /^-?\d+(?:\.\d+)?$/.test(gold));
      assert.ok(plain.every(isJudged), path);
      t.diagnostic(`${path}: ${judged.length} of ${golds.size} different gold answers are numbers`);
      assert.ok(judged.length / golds.size > 0.4, path);
    }
  },
);

function goldsOf(path: string): Set<string> {
  const bytes = readFileSync(path);
  const lines = (path.endsWith('.gz') ? gunzipSync(bytes) : bytes).toString('utf8').trim().split('\n');
  return new Set(lines.map((line) => (JSON.parse(line) as { answer: string }).answer));
}

/** What answers are made of, and what has broken readers of them. */
const PIECES =
  '0 1 5 12 1,234 1.5 ½ -5 − － + * / = ≈ ^ _ { } ( ) [ ] $ \\boxed{ \\frac{ \\text{ \\sqrt \\( \\left #### <think> </think> % ° ! ? . , : ; | ~ … 천 만 억 千 万 三十 서른 five ล้าน тисяч답은 정답은 答案是 答えは คำตอบคือ Відповідь: Ответ: answer is not than wait Question: Q: x π cm m² \n \t \u00a0 \u202f \ud800 \udfff \ue001 \0'
    .split(' ')
    .concat(' ');
const hostile = fc
  .array(fc.constantFrom(...PIECES), { maxLength: 40 })
  .chain((pieces) => fc.nat({ max: 60 }).map((times) => pieces.join('').repeat(times)));

test('never throws, and takes less than 20 ms, on 2,000 hostile strings', () => {
  for (const text of ['The answer is 5.', '#### 5', '\\boxed{5}', '5']) gradeAnswer(text, '5');
  fc.assert(
    fc.property(hostile, (text) => {
      assert.equal(typeof gradeAnswer(text, '5'), 'boolean');
      gradeAnswer('#### 5', text);
      assert.ok(quickest(text, 20) < 20, `${quickest(text, 20)} ms`);
    }),
    { numRuns: 2000 },
  );
});

/** Milliseconds of the processor; measured again where the machine may have been busy with something else. */
function quickest(text: string, limit: number): number {
  let best = Infinity;
  for (let tries = 0; tries < 5 && best >= limit; tries++) {
    const start = process.cpuUsage();
    gradeAnswer(text, '5');
    const { user, system } = process.cpuUsage(start);
    best = Math.min(best, (user + system) / 1e3);
  }
  return best;
}

test('one unit repeated over a megabyte takes less than 20 ms', () => {
  for (const piece of PIECES) {
    const text = piece.repeat(Math.ceil(1e6 / piece.length));
    assert.ok(quickest(text, 20) < 20, `${JSON.stringify(piece)}: ${quickest(text, 20)} ms`);
  }
});
