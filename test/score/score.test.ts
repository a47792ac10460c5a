import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { after, test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { nanStatistics } from '../../src/base/statistics.js';
import { measureLanguage, type Language } from '../../src/language/index.js';
import { ScoreTotals, scoreOf, type Score, type Totals } from '../../src/score/index.js';

const folder = mkdtempSync(join(tmpdir(), 'glossa-score-'));
after(() => rmSync(folder, { recursive: true }));
const main = fileURLToPath(new URL('../../src/cli/main.ts', import.meta.url));

interface Printed {
  lang?: string;
  correct?: boolean | null;
  target_wr?: number | null;
  en_wr?: number | null;
  words?: Record<string, number>;
  rewards?: Record<string, number | null>;
  line?: number;
  error?: string;
  totals?: Totals & { bad_rows: number; grader_errors: number };
  languages?: Record<string, Totals>;
}
function score(
  args: string[],
  input?: string,
): { status: number | null; stdout: string; stderr: string; objects: Printed[] } {
  const { status, stdout, stderr } = spawnSync(process.execPath, ['--import', 'tsx', main, 'score', ...args], {
    encoding: 'utf8',
    input,
    maxBuffer: 1e9,
  });
  const objects = args.includes('--json')
    ? stdout
        .trim()
        .split('\n')
        .filter(Boolean)
        .map((line) => JSON.parse(line) as Printed)
    : [];
  return { status, stdout, stderr, objects };
}
function file(rows: (object | string)[], name: string): string {
  const path = join(folder, name);
  const text = rows.map((row) => (typeof row === 'string' ? row : JSON.stringify(row))).join('\n');
  writeFileSync(path, name.endsWith('.gz') ? gzipSync(text) : text);
  return path;
}

const rows: (object | string)[] = [
  { prediction: '사과는 모두 7개입니다.\n#### 7', gold: '7', lang: 'ko' },
  { completion: 'So there are 8 apples.\n#### 8', answer: 7, lang: 'ko' },
  { completion: '#### 8', answer: 'x', lang: 'zh' },
  { completion: 'สวัสดี', lang: 'th' },
  { completion: 5, lang: 'th' },
  '{"completion": "broken',
  { completion: 'x', lang: 'xx' },
  '',
  { completion: '', gold: '1', lang: 'uk' },
  { completion: 'x' },
];

test('one object a row in input order, then totals; bad rows named by line', () => {
  const path = file(rows, 'rows.jsonl');
  const { status, objects, stderr } = score([path, '--json']);
  assert.equal(status, 1); // there were bad rows
  assert.deepEqual(objects.map(({ lang, correct, line }) => [lang ?? line, correct]).slice(0, -1), [
    ['ko', true],
    ['ko', false],
    ['zh', null],
    ['th', null],
    [5, undefined],
    [6, undefined],
    [7, undefined],
    ['uk', false],
    [10, undefined],
  ]);
  assert.equal(objects[0]!.target_wr, 1);
  assert.equal(objects[0]!.words!['ko'], 3);
  assert.equal(objects[1]!.en_wr, 1);
  assert.equal(objects[7]!.target_wr, null);
  const { totals, languages } = objects.at(-1)!;
  assert.equal(totals!.rows, 5);
  assert.equal(totals!.judged, 3);
  assert.equal(totals!.correct, 1);
  assert.equal(totals!.bad_rows, 4);
  assert.equal(totals!.target_wr, 4 / 8);
  assert.equal(totals!.target_wr_rewarded, 1);
  assert.equal(languages!['ko']!.target_wr, 3 / 7);
  assert.ok(stderr.includes(`bad row ${path}:5: the completion is number, expected text`), stderr);
  assert.ok(stderr.includes(`bad row ${path}:6:23: broken JSON`), stderr);
  assert.ok(stderr.includes(`bad row ${path}:10: no field "lang" or "language"; give --lang`), stderr);
});

test('a table by language otherwise; standard input; a default language', () => {
  const input = [
    { completion: '답은\n#### 7', answer: '7' },
    { completion: '#### 7', answer: '7', lang: 'en' },
  ]
    .map((row) => JSON.stringify(row))
    .join('\n');
  const { status, stdout, stderr } = score(['-', '--lang', 'ko'], input);
  assert.equal(status, 0, stderr);
  const lines = stdout
    .trim()
    .split('\n')
    .map((line) => line.split(/\s{2,}/));
  const reasoning = ['100.0 %', '0', '0.0 %', '0.0 %', '0.0 %'];
  assert.deepEqual(lines.slice(1), [
    ['en', '1', '1', '100.0 %', '-', '-', '-', '-', '-', '-', '0', '-', '-', '-', '100.0 %'],
    ['ko', '1', '1', '100.0 %', '-', '100.0 %', '100.0 %', '0.0 %', '0.0 %', ...reasoning, '100.0 %'],
    ['all', '2', '2', '100.0 %', '-', '100.0 %', '100.0 %', '0.0 %', '0.0 %', ...reasoning, '100.0 %'],
  ]);
});

test('gzip, named fields, and thousands of rows in order', () => {
  const many = Array.from({ length: 3000 }, (_, i) => ({
    response: `답은 ${'사과 '.repeat(i % 40)}\n#### ${i}`,
    target: i % 2 ? i : i + 1,
    l: 'ko',
  }));
  const path = file(many, 'many.jsonl.gz');
  const { status, objects } = score([
    path,
    '--json',
    '--prediction-field',
    'response',
    '--gold-field',
    'target',
    '--lang-field',
    'l',
  ]);
  assert.equal(status, 0);
  assert.equal(objects.length, 3001);
  objects.slice(0, -1).forEach(({ correct, words }, i) => {
    assert.equal(correct, i % 2 === 1);
    assert.equal(words!['ko'], 1 + (i % 40));
  });
  assert.equal(objects.at(-1)!.totals!.accuracy, 0.5);
});

test('what cannot be read is said in one line', () => {
  const missing = score([join(folder, 'row.jsonl'), '--json']);
  assert.equal(missing.status, 1);
  assert.match(missing.stderr, /error DATA_NOT_FOUND: .*row\.jsonl is not there\n\s+Did you mean .*rows\.jsonl\?/);
  assert.match(score([file([], 'none.jsonl')]).stderr, /error DATA_EMPTY: .*none\.jsonl has no rows/);
  const lang = score([file(rows, 'rows.jsonl'), '--lang', 'klingon']);
  assert.equal(lang.status, 2);
  assert.match(lang.stderr, /--lang klingon: expected one of en, ko, zh, ja, th, uk/);
});

const graded = (language: Language, correct: boolean | null, text: string): Score =>
  scoreOf(
    { language, finish: undefined },
    { correct, answer: null, strict: correct, language: measureLanguage(text, language) },
  );

test('totals weigh words, and count nothing twice for English', () => {
  const totals = new ScoreTotals();
  totals.add(graded('en', true, 'So there are many apples and 사과'));
  totals.add(graded('ko', null, '사과 배 감 apple 苹果'));
  const all = totals.all();
  assert.equal(all.rows, 2);
  assert.equal(all.judged, 1);
  assert.equal(all.target_wr, (6 + 3) / (7 + 5));
  assert.equal(all.en_wr, (6 + 1) / 12);
  assert.equal(all.other_wr, (1 + 1) / 12);
  assert.equal(totals.byLanguage().en!.target_wr_rewarded, 6 / 7);
  assert.deepEqual(Object.keys(totals.byLanguage()), ['en', 'ko']);
});

test('a completion that was cut off is right by a marked answer alone; the share of cut ones is told', () => {
  const path = file(
    [
      { completion: 'so 3 + 4 = 7', answer: 7, lang: 'en', finish: 'length' },
      { completion: '#### 7\nAnd so', answer: 7, lang: 'en', finish: 'length' },
      { completion: 'so 3 + 4 = 7', answer: 7, lang: 'en', finish_reason: 'stop' },
      { completion: 'so 3 + 4 = 7', answer: 7, lang: 'en' },
      { completion: 'x', answer: 7, lang: 'en', finish: 'tired' },
    ],
    'cut.jsonl',
  );
  const verdicts = (args: string[]): unknown[] => score([path, '--json', ...args]).objects.map((row) => row.correct);
  assert.deepEqual(verdicts([]).slice(0, 4), [false, true, true, true]);
  assert.deepEqual(verdicts(['--answer', 'strict']).slice(0, 4), [false, true, false, false]);
  const { objects, stderr } = score([path, '--json']);
  assert.equal(objects.at(-1)!.totals!.clipped_ratio, 2 / 3);
  assert.match(stderr, /cut\.jsonl:5: the finish is "tired", expected stop, length, cancelled/);
  assert.match(score([path, '--answer', 'loose']).stderr, /--answer loose: expected flexible or strict/);
});

test('a score says which row it is of, where the row does', () => {
  const row = { prediction: '#### 7', gold: '7', lang: 'ko' };
  const path = file(
    [{ id: 'mgsm-001', suite: 'mgsm', file: 'ko.jsonl', sample: 1, ...row }, { id: 12, ...row }, row],
    'ids.jsonl',
  );
  const { objects } = score([path, '--json']);
  const [first, second, third] = objects as (Printed & Record<string, unknown>)[];
  assert.deepEqual(
    [first!['id'], first!['suite'], first!['file'], first!['sample'], first!.correct],
    ['mgsm-001', 'mgsm', 'ko.jsonl', 1, true],
  );
  assert.equal(second!['id'], 12);
  assert.ok(!Object.hasOwn(third!, 'id') && !Object.hasOwn(third!, 'suite'));
});

test('the rewards of a config are given to rows, those of groups by problem, with means', () => {
  const modules = fileURLToPath(new URL('../reward/modules', import.meta.url));
  const config = join(folder, 'pay.yaml');
  writeFileSync(
    config,
    `model: { path: not/there }
rewards:
  - { name: format }
  - { name: together, module: ${modules}/together.mjs, settings: { factor: 10 }, timeout: 30 }
answer: strict
`,
  );
  const completion = (id: string, text: string, more = {}) => ({
    id,
    lang: 'en',
    completion: text,
    gold: '7',
    ...more,
  });
  const given = [
    completion('a', 'seven'),
    completion('b', 'throw'),
    completion('a', '#### 7'),
    completion('b', '#### 7'),
    completion('a', 'It is 7', { suite: 'other' }),
    completion('a', '7', { suite: 'other' }),
  ];
  const { status, objects, stderr } = score([file(given, 'groups.jsonl'), '--rewards', config, '--json']);
  assert.equal(status, 0, stderr);
  const last = objects.pop()!.totals!;
  assert.deepEqual(
    objects.map((row) => [row.correct, row.rewards]),
    [
      [false, { format: 0, together: 0 }],
      [false, { format: 0, together: null }],
      [true, { format: 1, together: 10.01 }],
      [true, { format: 1, together: null }],
      [false, { format: 0, together: 10 }], // strict: not marked
      [false, { format: 0, together: 0.01 }],
    ],
  );
  for (const [name, values] of [
    ['format', [0, 0, 1, 1, 0, 0]],
    ['together', [0, 10.01, 10, 0.01]],
  ] as const) {
    const { mean, std, judged } = last.rewards![name]!;
    const expected = nanStatistics(values);
    assert.deepEqual([mean, judged], [expected.mean, values.length]);
    assert.ok(Math.abs(std! - expected.std) < 1e-12);
  }
  assert.equal(last.grader_errors, 2);
  assert.match(stderr, /groups\.jsonl:2: together: RangeError: no group \(.*together\.mjs:7:\d+\)/);
  const table = score([join(folder, 'groups.jsonl'), '--rewards', config]).stdout;
  assert.match(table, /reward format +reward together/);
  assert.match(table, /2 gradings ended in an error, and judged nothing/);

  writeFileSync(config, 'rewards:\n  - { name: formt }\n');
  assert.match(
    score([join(folder, 'groups.jsonl'), '--rewards', config]).stderr,
    /pay\.yaml:2:\d+: .*did you mean format\?/,
  );
  writeFileSync(config, 'seed: 3\n');
  assert.match(score([join(folder, 'groups.jsonl'), '--rewards', config]).stderr, /rewards: is missing/);
});
