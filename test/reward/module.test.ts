import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { after, test } from 'node:test';
import type { Problem } from '../../src/data/types.js';
import type { RewardInput } from '../../src/reward/types.js';
import { createGrader, type Grader, type UngradedCompletion } from '../../src/reward/index.js';
import { loadModule } from '../../src/reward/module/load.js';
import { syntaxFault } from '../../src/reward/module/syntax_fault.js';
import { stripTypes } from '../../src/reward/module/typescript_hook.js';

const folder = mkdtempSync(join(tmpdir(), 'glossa-module-'));
after(() => rmSync(folder, { recursive: true }));
const problem: Problem = { id: 'a', question: '3 + 4?', answer: '7', language: 'en' };
const input = (completion: string): UngradedCompletion => ({ problem, completion, finish: 'stop' });
const hostile = fileURLToPath(new URL('modules/hostile.mjs', import.meta.url));

function write(name: string, text: string): string {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
}
const open = (module: string, options = {}): Promise<Grader> =>
  createGrader(
    [
      { name: 'mine', weight: 1, module },
      { name: 'accuracy', weight: 1 },
    ],
    { threads: 1, ...options },
  );

/** Processes of modules that are there, of this test's own children. */
function processes(): string[] {
  const all = execFileSync('ps', ['-eo', 'pid,ppid,stat,args'], { encoding: 'utf8' }).split('\n');
  return all.filter((line) => line.includes('module_main') && line.trim().split(/\s+/)[1] === String(process.pid));
}

test('what a module does to its process costs that completion only', async () => {
  const grader = await open(hostile, { timeout: 2, memory: 400 });
  const expected: [string, RegExp][] = [
    ['memory', /took \d+ MB of memory, more than the 400 MB it may; its process was stopped/],
    ['post', /TypeError: .*hostile\.mjs:\d+:\d+/],
    ['send', /TypeError: .*hostile\.mjs:\d+:\d+/],
    ['forge', /wrote to the channel of its process/],
    ['garbage', /wrote to the channel of its process/],
    ['abort', /ended its process by SIGABRT/],
    ['kill', /ended its process by SIGKILL/],
  ];
  for (const [text, message] of expected) {
    const graded = await grader.grade([input('#### 7'), input(text), input('abc')]);
    assert.deepEqual(
      graded.map(({ rewards }) => rewards),
      [
        [6, 1],
        [null, 0],
        [3, 0],
      ],
      text,
    );
    assert.match(graded[1]!.errors[0]!.message, message, text);
    assert.equal(graded[1]!.errors.length, 1);
  }
  await grader.close();
  assert.deepEqual(processes(), []);
});

test('values and errors of every kind come back; output is bounded', async () => {
  const grader = await open(hostile, { timeout: 2 });
  const texts = ['getter', 'symbol', 'huge', 'nothing', 'reject', 'abc'];
  const graded = await grader.grade(texts.map(input));
  const messages = graded.map(({ errors }) => errors[0]?.message ?? '');
  assert.match(messages[0]!, /an error that cannot be shown/);
  assert.match(messages[1]!, /returned Symbol\(reward\), expected a finite number/);
  assert.match(messages[2]!, /returned 1e\+300, expected a finite number \(float32\)/);
  assert.match(messages[3]!, /returned undefined/);
  assert.match(messages[4]!, /Error: nobody waits for this \(.*hostile\.mjs:\d+:\d+\)/);
  assert.deepEqual(
    graded.map(({ rewards }) => rewards[0]),
    [null, null, null, null, null, 3],
  );
  await grader.close();
});

test('what a module started ends with it, and a batch costs a bounded number of processes', async () => {
  const grader = await open(hostile, { timeout: 0.3 });
  const graded = await grader.grade(Array.from({ length: 8 }, () => input('child')));
  assert.ok(graded.every(({ rewards }) => rewards[0] === null));
  assert.match(
    graded.at(-1)!.errors[0]!.message,
    /not called: it was lost too often in this batch, the last time: did not return within 0.3 s/,
  );
  assert.deepEqual((await grader.grade([input('abc')]))[0]!.rewards, [3, 0]);
  await grader.close();
  assert.deepEqual(processes(), []);
  assert.doesNotMatch(execFileSync('ps', ['-eo', 'args'], { encoding: 'utf8' }), /^sleep 600$/m);
});

test('calls of one batch that come one after the other cost no more processes than one call', async () => {
  const grader = await open(hostile, { timeout: 0.3 });
  const grading = grader.begin(1);
  await grading.add([0, 1], [input('child'), input('abc')]);
  await grading.add(
    [2, 3, 4],
    Array.from({ length: 3 }, () => input('child')),
  );
  const graded = await grading.rest();
  assert.equal(graded[1]!.rewards[0], 3);
  assert.match(graded[2]!.errors[0]!.message, /^did not return/);
  assert.match(
    graded.at(-1)!.errors[0]!.message,
    /not called: it was lost too often in this batch, the last time: did not return within 0.3 s/,
  );
  await grader.close();
});

test('a module is given the answer and the verdict, and cannot change them for others', async () => {
  const module = write(
    'given.mjs',
    `export default (input) => {
      const { answer, correct, problem, language } = input;
      problem.answer = 'changed';
      return answer === '7' && correct === true && language.target === undefined ? 1 : correct ? 2 : 3;
    };`,
  );
  const grader = await open(module);
  const graded = await grader.grade([input('#### 7'), input('#### 7')]);
  assert.deepEqual(
    graded.map(({ rewards }) => rewards),
    [
      [1, 1],
      [1, 1],
    ],
  );
  assert.equal(problem.answer, '7');
  await grader.close();
});

test('a module is given ids, place, step and settings, and every column of the row', async () => {
  const module = write('all.mjs', 'export default (input) => { throw new Error(JSON.stringify(input)); };');
  const grader = await createGrader([{ name: 'mine', weight: 1, module, settings: { words: ['a', null] } }], {
    threads: 1,
  });
  const row = { id: 'a', level: 3, tags: ['x'], more: { deep: true } };
  const place = { group: 2, sample: 1, step: 40 };
  const [graded] = await grader.grade([
    { problem: { ...problem, row }, completion: '#### 7', finish: 'length', ids: Int32Array.from([5, 6]), ...place },
  ]);
  await grader.close();
  const given = JSON.parse(/\{.*\}/.exec(graded!.errors[0]!.message)![0]) as RewardInput;
  assert.deepEqual(given, {
    problem: { ...problem, row },
    ...{ completion: '#### 7', ids: [5, 6], finish: 'length', answer: '7', correct: true },
    language: graded!.language,
    ...place,
    settings: { words: ['a', null] },
  });
});

test('what is written for TRL, in Python, or to be called otherwise is refused with what to write', async () => {
  const cases: [string, RegExp, RegExp?][] = [
    ['export default (prompts, completions) => completions.map(() => 1);', /takes \(prompts, completions\), as TRL's/],
    ['export default async function f(completions, { answer }) {}', /takes \(completions, \{ answer \}\), as TRL's/],
    ['export default ({ prompts, completions, ...rest }) => [];', /as TRL's reward functions do/],
    ['export default completions => completions.length;', /takes \(completions\), as TRL's/],
    ["export const calls = 'batch';\nexport default ({ completions }) => [1];", /\(.*:2\) takes/],
    ['export default (a, b) => 1;', /takes 2 arguments; it is given one/],
    [
      "export const calls = 'groups';\nexport default () => 1;",
      /exports calls "groups", expected "completion", "group", "batch"/,
    ],
  ];
  for (const [i, [text, message]] of cases.entries())
    await assert.rejects(
      loadModule(write(`trl${String(i)}.mjs`, text), 'reward'),
      (error: Error & { code: string; hint: string }) => {
        assert.equal(error.code, 'REWARD_MODULE');
        assert.match(error.message, message);
        if (error.message.includes('TRL')) assert.match(error.hint, /export default \(\{ problem, completion, ids/);
        return true;
      },
    );
  await assert.rejects(open('reward.py'), {
    code: 'REWARD_MODULE',
    message: /reward\.py is Python; modules are JavaScript or TypeScript/,
    hint: /`url` in place of `module`/,
  });
  const group = "export const calls = 'group';\nexport default (completions) => completions.map(() => 1);";
  assert.equal((await loadModule(write('group.mjs', group), 'reward')).calls, 'group');
  await assert.rejects(loadModule(join(folder, 'group.mjs'), 'verifier'), { message: /judges completions one by one/ });
  const common = 'module.exports = ({ completion }) => 1;\nmodule.exports.calls = "batch";';
  assert.equal((await loadModule(write('common.cjs', common), 'reward')).calls, 'batch');
});

test('a module in TypeScript, with others that it imports', async () => {
  write('points.ts', 'export const points = (text: string): number => text.length;\n');
  const module = write(
    'typed.ts',
    `import { points } from './points.ts';
interface Input { completion: string }
export default ({ completion }: Input): number => {
  if (completion === 'throw') throw new RangeError('typed');
  return points(completion);
};`,
  );
  const grader = await open(module);
  const [fine, thrown] = await grader.grade([input('abc'), input('throw')]);
  assert.equal(fine!.rewards[0], 3);
  assert.match(thrown!.errors[0]!.message, /RangeError: typed \(.*typed\.ts:4:\d+\)/);
  await grader.close();
});

test('types are left out in place, and what is more than types is refused by line', async () => {
  const source = 'interface A { x: number }\nexport default (a: A): number => a.x as number;\n';
  const stripped = await stripTypes(source, 'a.ts');
  assert.equal(stripped.length, source.length);
  assert.equal(stripped.indexOf('a.x'), source.indexOf('a.x'));
  assert.doesNotMatch(stripped, /interface|number/);
  await assert.rejects(
    stripTypes('const a = 1;\nenum B { c }\n', 'b.ts'),
    /b\.ts:2:1: only types are left out.*enum B/,
  );
});

test('a module that does not load says why and where', async () => {
  const cases: [string, RegExp][] = [
    ['export default (a => a;', /did not load: SyntaxError.* \(.*bad0\.mjs:1:23\)\n.*a => a;\n +\^/],
    ["import './not_there.mjs';\nexport default () => 1;", /not_there\.mjs/],
    ["throw new Error('at the top');", /Error: at the top \(.*bad2\.mjs:1:7\)/],
    ['process.exit(4);', /ended its process with exit code 4/],
  ];
  for (const [i, [text, message]] of cases.entries())
    await assert.rejects(open(write(`bad${i}.mjs`, text)), { code: 'REWARD_MODULE', message });
  const typed = write('bad.ts', '// first\nexport default (x: number): number => { const y: number = ; return y };');
  assert.match((await syntaxFault(typed))!.place, /bad\.ts:2:59$/);
  write('other.mjs', 'let x = 1;\nlet x = 2;\nexport default x;');
  const imports = write('imports.mjs', "import x from './other.mjs';\nexport default () => x;");
  await assert.rejects(open(imports), { code: 'REWARD_MODULE', message: /already been declared \(.*other\.mjs:2:5\)/ });
  assert.deepEqual(processes(), []);
});

test('an error has its place in a file of any name', async () => {
  const path = write('a %zz.cjs', "module.exports = () => {\n  throw new Error('mine');\n};");
  const grader = await open(path);
  const [row] = await grader.grade([input('7')]);
  await grader.close();
  assert.match(row!.errors[0]!.message, /^Error: mine \(\/.*a %zz\.cjs:2:9\)$/);
});

test('what is no file of a module is refused at once', async () => {
  const fifo = join(folder, 'fifo.mjs');
  execFileSync('mkfifo', [fifo]);
  const cases: [string, RegExp][] = [
    [fifo, /is a FIFO/],
    ['/dev/zero', /is a device/],
    [folder, /is a folder/],
    [join(folder, 'gone.mjs'), /is not there/],
  ];
  for (const [path, message] of cases) await assert.rejects(open(path), { code: 'REWARD_MODULE', message });
});
