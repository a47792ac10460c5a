import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { gunzipSync } from 'node:zlib';
import fc from 'fast-check';
import { VERIFIERS, type JudgeOptions } from '../../src/answer/index.js';
import { loadDataSet, remarks } from '../../src/data/index.js';
import { sharedPath } from '../shared.js';
import { hostileString } from './hostile.js';
import { MATHEMATICS } from './mathematics_verdicts.js';

const { mathematics } = VERIFIERS;
const verdict = (completion: string, gold: string, options: JudgeOptions = {}) =>
  mathematics.judge(completion, gold, options).correct;

for (const [name, rows] of Object.entries(MATHEMATICS)) {
  test(name, () => {
    for (const [gold, equal, unequal] of rows) {
      assert.ok(mathematics.judges(gold), gold);
      for (const answer of [gold, ...equal])
        assert.equal(verdict(`so it is \\boxed{${answer}}.`, gold), true, `${answer} should be ${gold}`);
      for (const answer of unequal)
        assert.equal(verdict(`so it is \\boxed{${answer}}.`, gold), false, `${answer} should not be ${gold}`);
    }
  });
}

type Row = [completion: string, gold: string, expected: boolean | null, options?: JudgeOptions];
const places: Record<string, Row[]> = {
  'the last box or line that answers': [
    ['\\boxed{x+1} or rather \\boxed{x+2}', 'x+2', true],
    ['\\boxed{x+1}\n#### x+2', 'x+2', true],
    ['#### x+2\nor rather \\boxed{x+1}', 'x+1', true],
    ['#### 1. Factor\nit\n#### $(x-1)(x+1)$', 'x^2-1', true],
    ['#### The answer is $\\frac{1}{2}$', '0.5', true],
    ['#### Step 2: expand\nso \\boxed{x^2-1}', 'x^2-1', true],
    ['not \\boxed{x}', 'x', false],
  ],
  'several boxes of one answer': [
    ['The roots are $\\boxed{2}$ and $\\boxed{3}$.', '2, 3', true],
    ['The roots are $\\boxed{3}$ and $\\boxed{2}$.', '2, 3', true],
    ['$x = \\boxed{2}$ and $y = \\boxed{3}$', '2, 3', true],
    ['first \\boxed{2}. Then more work gives \\boxed{3}', '2, 3', false],
    ['first \\boxed{2}. Then more work gives \\boxed{3}', '3', true],
  ],
  'said, in a text that ended': [
    ['Therefore the answer is $x^2+1$.', 'x^2+1', true],
    ['The answer is $(1, 2)$ for both.', '(1,2)', true],
    ['so we get $\\sqrt{8}$', '2\\sqrt2', true],
    ['We find \\(3\\pi\\) and then \\(4\\pi\\).', '4\\pi', true],
    ['정답은 $x+1$입니다.', 'x+1', true],
    ['答案是$\\frac{\\pi}{2}$。', '\\pi/2', true],
    ['The answer is even.', '\\text{even}', true],
    ['The answer is 12.', '12', true],
    ['정답은 3만 5천 원입니다.', '35000', true],
    ['คำตอบคือ 7', '7', true],
    ['The answer is $x^2+1$.', 'x^2+1', false, { answer: 'strict' }],
    ['The answer is $x^2+1$.', 'x^2+1', false, { finish: 'length' }],
    ['so we get $\\sqrt{8}$', '2\\sqrt2', false, { finish: 'length' }],
    ['\\boxed{\\sqrt{8}} and', '2\\sqrt2', true, { finish: 'length' }],
  ],
  'a thought is no answer': [
    ['<think>\\boxed{x+1}', 'x+1', false],
    ['<think>\\boxed{x+1}</think>It is $x+2$.', 'x+2', true],
    ['<think>\\boxed{x+1}</think>It is $x+2$.', 'x+1', false],
    ['\\boxed{x+1}', 'x+1', false, { thought: true }],
  ],
  'letters of options': [
    ['The answer is (B).', '\\text{(B)}', true],
    ['\\boxed{\\text{B}}', '\\text{(B)}', true],
    ['\\boxed{C}', '\\text{(B)}', false],
    ['정답은 나입니다.', '나', true],
    ['คำตอบคือ ข', 'ข', true],
    ['Відповідь: Б', 'Б', true],
    ['Відповідь: В', 'Б', false],
  ],
  'one answer, and not several': [
    ['\\boxed{5 \\text{ or } 6}', '5', false],
    ['\\boxed{4, 5, 6}', '5', false],
    ['\\boxed{x = x}', 'y = 2x + 3', false],
    ['\\boxed{0/0}', '5', false],
    ['\\boxed{}', '5', false],
  ],
  'a gold answer within a solution': [
    ['\\boxed{x+1}', 'We add and find $\\boxed{1+x}$.', true],
    ['#### 7', 'We add.\n#### 7', true],
    ['\\boxed{x}', '', null],
    [
      '\\boxed{x}',
      'A long proof that needs more words than any answer which is compared word by word would have.',
      null,
    ],
  ],
};
for (const [name, rows] of Object.entries(places)) {
  test(name, () => {
    for (const [completion, gold, expected, options] of rows)
      assert.equal(verdict(completion, gold, options), expected, `${completion} | ${gold}`);
  });
}

test('the strict verdict comes with the flexible one', () => {
  const strict = (text: string, gold: string) => mathematics.judge(text, gold, {}).strict;
  assert.equal(strict('so $x+1$', 'x+1'), false);
  assert.equal(strict('\\boxed{x+1}', 'x+1'), true);
  assert.equal(strict('The answer is B.', '(B)'), false);
  assert.equal(strict('#### B', '(B)'), true);
  assert.equal(strict('#### x', ''), null);
});

test('gold answers that cannot be judged are counted when data are read, and said', async () => {
  const path = join(mkdtempSync(join(tmpdir(), 'glossa-mathematics-')), 'golds.jsonl');
  const golds = [
    '\\frac12',
    'We show that no such number can exist because every one of them would be even and odd at once.',
  ];
  writeFileSync(
    path,
    golds.map((answer, i) => JSON.stringify({ id: String(i), question: '?', answer, lang: 'en' })).join('\n'),
  );
  const set = await loadDataSet({ path, verifier: 'mathematics' });
  assert.deepEqual(
    set.unjudged.map(({ line }) => line),
    [2],
  );
  assert.match(remarks(set).join(), /1 of 2 gold answers are not mathematical answers/);
});

const lines = (path: string): Record<string, string>[] => {
  const bytes = readFileSync(path);
  return (path.endsWith('.gz') ? gunzipSync(bytes) : bytes)
    .toString('utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, string>);
};

for (const [name, least] of [
  ['hendrycks_math', 1],
  ['math_verify', 0.95],
] as const) {
  const path = sharedPath(`data/answer_equiv/${name}.jsonl`);
  test(`answer_equiv: ${name}`, { skip: existsSync(path) ? false : `no ${path}` }, (t) => {
    const rows = lines(path);
    const agreed = rows.filter(
      ({ gold, prediction, expected }) => verdict(prediction!, gold!) === (expected as unknown),
    );
    t.diagnostic(`${agreed.length} of ${rows.length} agree`);
    assert.ok(agreed.length >= least * rows.length, `${agreed.length} of ${rows.length}`);
  });
}

const cases = sharedPath('cases/grading.jsonl');
test('cases from public reports', { skip: existsSync(cases) ? false : `no ${cases}` }, () => {
  for (const { completion, answer, expected } of lines(cases))
    assert.equal(verdict(completion!, answer!), expected, `${completion!} | ${answer!}`);
});

const SENTENCES: Record<string, ((answer: string) => string)[]> = {
  en: [(a) => `2 + 3 = 5, and so\nthe answer is $${a}$.`, (a) => `Hence \\boxed{${a}} is it.`, (a) => `#### ${a}`],
  ko: [(a) => `2 + 3 = 5\n정답은 ${a}입니다.`, (a) => `답은 \\boxed{${a}}입니다.`],
  zh: [(a) => `2 + 3 = 5\n所以答案是${a}。`, (a) => `答：\\boxed{${a}}`],
  ja: [(a) => `2 + 3 = 5\n答えは${a}です。`],
  th: [(a) => `2 + 3 = 5\nคำตอบคือ ${a}`],
  ru: [(a) => `2 + 3 = 5\nОтвет: ${a}.`],
  de: [(a) => `2 + 3 = 5\nDie Antwort ist ${a}.`, (a) => `Antwort: ${a}`],
  es: [(a) => `2 + 3 = 5\nLa respuesta es ${a}.`, (a) => `Respuesta: ${a}`],
  fr: [(a) => `2 + 3 = 5\nLa réponse est ${a}.`, (a) => `Réponse : ${a}`],
  sw: [(a) => `2 + 3 = 5\nJibu ni ${a}.`, (a) => `Jibu: ${a}`],
  bn: [(a) => `2 + 3 = 5\nউত্তর হলো ${a}।`, (a) => `উত্তর: ${a}`],
  te: [(a) => `2 + 3 = 5\nసమాధానం ${a}.`, (a) => `సమాధానం: ${a}`],
};
const SETS: [set: string, languages: string][] = [
  ['gsm8k_test', 'en ko'],
  ['mgsm', 'bn de en es fr ja ru sw te th zh'],
  ['msvamp', 'en ja ru th zh'],
  ['kor_arith', 'en ko'],
  ['math500', 'en'],
  ['simplerl_level3to5', 'en'],
];
for (const [set, languages] of SETS) {
  const files = languages.split(' ').map((language) => {
    const plain = sharedPath(`data/${set}/${language}.jsonl`);
    return { language, path: existsSync(plain) ? plain : `${plain}.gz` };
  });
  const skip = files.every(({ path }) => existsSync(path)) ? false : `no ${set}`;
  test(`every gold answer of ${set} is itself through a sentence of its language`, { skip }, (t) => {
    let unjudged = 0;
    for (const { language, path } of files) {
      for (const gold of new Set(lines(path).map(({ answer }) => answer!))) {
        if (!mathematics.judges(gold)) unjudged++;
        else
          for (const sentence of SENTENCES[language] ?? SENTENCES['other']!)
            // A dollar sign within a formula between dollar signs ends it.
            if (!gold.includes('$')) assert.equal(verdict(sentence(gold), gold), true, sentence(gold));
            else assert.equal(verdict(`\\boxed{${gold}}`, gold), true, gold);
      }
    }
    t.diagnostic(`${unjudged} not judged`);
    // One answer of SimpleRL is empty.
    assert.ok(unjudged <= (set === 'simplerl_level3to5' ? 1 : 0));
  });
}

const hostile = fc.oneof(
  { weight: 4, arbitrary: fc.nat(1e6).map((index) => hostileString(1, index)) },
  { weight: 1, arbitrary: fc.string({ unit: 'binary', maxLength: 200 }) },
);

test('never throws, and takes less than 20 ms, on 1,000 hostile strings', () => {
  for (const text of ['\\boxed{x^2}', '\\boxed{\\frac{\\sqrt{2}}{3}}', 'it is $x$']) verdict(text, 'x^2+\\sqrt{x}');
  fc.assert(
    fc.property(hostile, (text) => {
      for (const [completion, gold] of [
        [`\\boxed{${text}}`, 'x^2+1'],
        [text, '5'],
        ['\\boxed{x}', text],
        [`\\boxed{${text}}`, text],
      ] as const) {
        const best = quickest(() => verdict(completion, gold));
        assert.ok(best < 20, `${best} ms: ${JSON.stringify([completion, gold])}`);
      }
    }),
    { numRuns: 1000 },
  );
});

test('towers of powers, factorials and nested brackets end at once', () => {
  const texts = [
    '9^{9^{9^{9}}}',
    '100000!!!',
    '((9!)!)!',
    '2^{2^{2^{2^{2^{2}}}}}',
    `${'{'.repeat(500)}x${'}'.repeat(500)}`,
    `${'('.repeat(200)}x${')'.repeat(200)}`,
    '\\sqrt{'.repeat(80) + 'x' + '}'.repeat(80),
    '1e999999',
    '\\binom{99999999}{4999999}',
    `${'(x+y+z)^{64}'.repeat(40)}`,
    Array.from({ length: 64 }, (_, i) => `\\sqrt{${i}}`).join(','),
    '\\frac{1}{'.repeat(40) + 'x' + '}'.repeat(40),
    '(1+x)^{1000000}',
    '3000!+2999!+2998!+2997!',
  ];
  for (const a of texts)
    for (const b of [...texts, 'x', '1']) {
      const best = quickest(() => verdict(`\\boxed{${a}}`, b));
      assert.ok(best < 20, `${best} ms: ${a} against ${b}`);
    }
  for (const unit of ['{', '\\boxed{', '9^', '1,', '$x$ ', '\\frac', '(', '\\boxed{x} and ', '#### x\n', '|', '3:'])
    assert.ok(quickest(() => verdict(unit.repeat(1e6 / unit.length), 'x+1')) < 60, unit);
});

/** Milliseconds of the processor; measured again where the machine may have been busy with something else. */
function quickest(judge: () => unknown): number {
  let best = Infinity;
  for (let tries = 0; tries < 5 && best >= 20; tries++) {
    const start = process.cpuUsage();
    judge();
    const { user, system } = process.cpuUsage(start);
    best = Math.min(best, (user + system) / 1e3);
  }
  return best;
}
