import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { parseConfig } from '../../src/config/index.js';
import { demoRecipe, pretrainLab } from '../../src/lab/index.js';
import { readMetrics } from '../../src/run/index.js';
import { checkInputs, train, type TrainEvent } from '../../src/trainer/index.js';

let root: string;
let lab: string;
before(async () => {
  root = await mkdtemp(join(tmpdir(), 'glossa-sft-leaks-'));
  const { lab: settings } = demoRecipe(1);
  const small = { ...settings, trainProblems: 8, testProblems: 4, pretrain: { ...settings.pretrain, steps: 1 } };
  lab = (await pretrainLab(small, { cacheDir: join(root, 'lab') })).dir;
  await write('suite.jsonl', [
    { id: 'p1', question: 'How much is 2 and 3?', answer: '5', lang: 'en' },
    { id: 'p2', question: 'How much is 4 and 5?', answer: '9', lang: 'en' },
  ]);
});
after(() => rm(root, { recursive: true, force: true }));

const write = (name: string, rows: readonly object[]) =>
  writeFile(join(root, name), rows.map((row) => JSON.stringify(row)).join('\n'));

const TEMPLATE =
  '{% for m in messages %}[{{ m.role }}]{{ m.content }}\n{% endfor %}{% if add_generation_prompt %}[assistant]{% endif %}';

async function configOf(rows: readonly object[], more = '', data = 'eval: [{ name: held, path: suite.jsonl }]') {
  await write('rows.jsonl', rows);
  await writeFile(join(root, 'own.jinja'), TEMPLATE);
  return parseConfig(
    `model: { path: ${lab} }
prompt: { style: template, template: own.jinja }
data: { train: [{ path: rows.jsonl }], ${data} }
eval: { max_completion_length: 8 }
sft: { max_steps: 1, batch_size: 1${more} }
run: { dir: ${join(root, 'run')} }
`,
    { path: join(root, 'sft.yaml') },
  );
}

const clean = { id: 'c1', question: 'Was ist 1 und 1?', solution: 'Es ist 2. #### 2', answer: '2' };
const user = (content: string) => ({ role: 'user', content });
const assistant = (content: string) => ({ role: 'assistant', content });

/** Rows that are problems of the suite. */
const LEAKS: readonly (readonly [what: string, row: object])[] = [
  ['its question, spaced otherwise', { question: 'How much is  2 and 3?', solution: '#### 5' }],
  ['its question as a prompt', { prompt: 'How much is 2 and 3?', completion: '5' }],
  ['its question as a text', { text: 'How much is 2 and 3?' }],
  ['its question in a chat', { messages: [user('How much is 2 and 3?'), assistant('5')] }],
  [
    'its question in a later turn of a chat',
    { messages: [user('Hi'), assistant('Hi'), user('How much is 2 and 3?'), assistant('5')] },
  ],
  ['a translation with its answer', { id: 'p1', question: 'Was ist 2 und 3?', solution: 'x', answer: '5' }],
  [
    'a translation whose solution alone has the answer',
    { id: 'p1', question: 'Was ist 2 und 3?', solution: '2 + 3 = 5\n#### 5' },
  ],
  ['a translation as a chat', { id: 'p2', messages: [user('Was ist 4 und 5?'), assistant('Es ist 9.\n#### 9')] }],
  ['a translation as prompt and completion', { id: 'p2', prompt: 'Was ist 4 und 5?', completion: '#### 9' }],
];

describe('examples that are held out', () => {
  for (const [what, row] of LEAKS) {
    it(`are refused: ${what}`, async () => {
      await assert.rejects(checkInputs(await configOf([clean, row])), { code: 'DATA_LEAK', message: /held: 1 of 2/ });
    });
  }

  it('are not those that only share a number with a problem, or an answer', async () => {
    await checkInputs(await configOf([clean, { ...clean, id: 'p1' }, { ...clean, id: 'c2', answer: '5' }]));
  });

  it('are left out and counted, or learnt from with a warning, where on_leak says so', async () => {
    const chat = { messages: [user('Hi'), assistant('Hi'), user('How much is 2 and 3?'), assistant('5')] };
    const eval_ = 'eval: [{ name: held, path: suite.jsonl }], on_leak: ';
    for (const [onLeak, examples, warning] of [
      ['exclude', 1, /rows\.jsonl: 2 of 3 examples are held out and not learnt from/],
      ['warn', 3, /held: 2 of 2 held-out problems are trained on too/],
    ] as const) {
      const events: TrainEvent[] = [];
      const dir = join(root, onLeak);
      const config = await configOf([chat, clean, { ...LEAKS[7]![1] }], '', eval_ + onLeak);
      await train({ ...config, run: { ...config.run, dir } }, { tell: (event) => events.push(event) });
      assert.ok(events.some((event) => event.type === 'warning' && warning.test(event.message)));
      const start = events.find((event) => event.type === 'start');
      assert.equal(start?.problems, examples);
      assert.equal((await readMetrics(join(dir, 'metrics.jsonl')))[1]!.epoch, 1 / examples);
    }
    const all = await configOf([LEAKS[0]![1]], '', `${eval_}exclude`);
    await assert.rejects(checkInputs(all), { code: 'DATA_EMPTY', message: /rows\.jsonl/ });
  });

  it('are told in full by ids too: how many went, and where none has such an id', async () => {
    const remarks = async (rows: readonly object[]) => {
      const events: TrainEvent[] = [];
      const config = await configOf(rows, '', 'hold_out: [{ pattern: "gsm-*" }], on_leak: exclude');
      await train(
        { ...config, run: { ...config.run, dir: join(root, 'ids') } },
        { tell: (event) => events.push(event) },
      );
      await rm(join(root, 'ids'), { recursive: true });
      return events.flatMap((event) => (event.type === 'warning' ? [event.message] : []));
    };
    assert.deepEqual(await remarks([clean, { ...clean, id: 'gsm-7' }]), [
      `${join(root, 'rows.jsonl')}: 1 of 2 examples are held out and not learnt from`,
    ]);
    assert.deepEqual(await remarks([clean]), [
      'data.hold_out: no training problem has an id of gsm-*; nothing is held out by it',
    ]);
  });

  it('are those of data.hold_out and of sft.eval too', async () => {
    const byId = await configOf([clean, { ...clean, id: 'gsm-7' }], '', 'hold_out: [{ pattern: "gsm-*" }]');
    await assert.rejects(checkInputs(byId), { code: 'DATA_LEAK', message: /gsm-\*: 1 training problems/ });
    await write('measured.jsonl', [{ messages: [user('Was ist 1 und 1?'), assistant('2')] }]);
    const measured = await configOf([clean], ', eval: [{ name: loss, path: measured.jsonl }]', 'eval: []');
    await assert.rejects(checkInputs(measured), { code: 'DATA_LEAK', message: /loss: 1 of 1/ });
    assert.ok((await readFile(join(root, 'rows.jsonl'), 'utf8')).length > 0);
  });
});
