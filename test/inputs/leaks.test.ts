import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { parseConfig } from '../../src/config/index.js';
import { readRecord } from '../../src/run/index.js';
import { readRolloutFile } from '../../src/rollout/index.js';
import { train, type TrainEvent } from '../../src/trainer/index.js';

const root = await mkdtemp(join(tmpdir(), 'glossa-leaks-'));
after(() => rm(root, { recursive: true, force: true }));

const NUMBERS = { ko: ['하나', '둘', '셋', '넷'], en: ['one', 'two', 'three', 'four'] };
/** Problems 0 to 3 by id, the same in each language; of `ids` alone. */
async function file(name: string, language: 'ko' | 'en', ids: readonly number[]): Promise<void> {
  const rows = ids.map((i) => ({
    ...{ id: `p${String(i)}`, question: `${NUMBERS[language][i]!}?`, answer: String(i + 1), lang: language },
  }));
  await writeFile(join(root, name), rows.map((row) => `${JSON.stringify(row)}\n`).join(''));
}
await file('train.ko.jsonl', 'ko', [0, 1, 2, 3]);
await file('test.en.jsonl', 'en', [1, 3]);
await file('test.ko.jsonl', 'ko', [2]);
await writeFile(join(root, 'ids.txt'), 'p0\r\n\n  p9  \n');
await writeFile(join(root, 'ids.csv'), 'key,other\np1,x\np7,y\n');

/** Trains two steps of one prompt each and says what was warned of. */
async function run(name: string, data: string): Promise<string[]> {
  const warnings: string[] = [];
  const tell = (event: TrainEvent) => void (event.type === 'warning' && warnings.push(event.message));
  const yaml = `
seed: 1
model: { lab: { train_problems: 8, test_problems: 4, pretrain: { steps: 2 } }, cache: ${join(root, 'lab')} }
data: { ${data.startsWith('train:') ? '' : 'train: [{ path: train.ko.jsonl }], '}${data} }
grpo: { max_steps: 2, prompts_per_step: 2, num_generations: 2, max_completion_length: 4 }
eval: { at_start: false, at_end: false }
run: { dir: ${join(root, name)} }
`;
  await train(parseConfig(yaml, { path: join(root, 'run.yaml') }), { tell });
  return warnings;
}

async function trainedOn(name: string): Promise<string[]> {
  const rows = await Promise.all(
    ['000001', '000002'].map((step) => readRolloutFile(join(root, name, 'rollouts', `${step}.parquet`), ['id'])),
  );
  return [...new Set(rows.flat().map(({ id }) => String(id)))].sort();
}

test('the translation of a test item is refused, before anything is trained', async () => {
  await assert.rejects(run('refused', 'eval: [{ path: test.en.jsonl, name: english }]'), {
    code: 'DATA_LEAK',
    message:
      /^english: 2 of 2 held-out problems are trained on too \(2 under the same id with the same answer.* p1, p3/,
  });
});

test('or left out of training, counted, told and recorded', async () => {
  const suites = 'eval: [{ path: test.en.jsonl, name: english }, { path: test.ko.jsonl, name: korean }]';
  const warnings = await run('excluded', `${suites}, on_leak: exclude`);
  assert.match(warnings.join('\n'), /train\.ko\.jsonl: 3 of 4 problems are held out and not trained on/);
  assert.deepEqual(await trainedOn('excluded'), ['p0']);
  const { excluded } = await readRecord(join(root, 'excluded'));
  assert.deepEqual(excluded, [{ set: 'data.train[0]', problems: 1, heldOut: 3 }]);
});

test('what is missing because it is held out is told so', async () => {
  const rows = [1, 1, 2, 3].map((level, i) => ({
    ...{ id: `l${String(i)}`, question: `level ${String(i)}?`, answer: '1', lang: 'ko', level: String(level) },
  }));
  await writeFile(join(root, 'levels.jsonl'), rows.map((row) => `${JSON.stringify(row)}\n`).join(''));
  const dry = 'hold_out: [{ ids: level-ids.txt }], on_leak: exclude';
  const levels = (level: string) => `train: [{ path: levels.jsonl, levels: { "${level}": 2 } }], ${dry}`;
  await writeFile(join(root, 'level-ids.txt'), 'l2\nl0\n');
  const told = / has no problem of level "2"; it has "1" \(1\), "3" \(1\); 2 problems are held out .*, 1 of this level/;
  await assert.rejects(run('dry', levels('2')), { code: 'DATA_DRY', message: told, hint: /hold less of it out/ });
  await assert.rejects(run('other', levels('9')), {
    code: 'DATA_DRY',
    message: /0 of this level/,
    hint: /as the file/,
  });
  await file('parallel.en.jsonl', 'en', [0, 1, 2, 3]);
  const parallel = 'train: [{ path: train.ko.jsonl }, { path: parallel.en.jsonl }], parallel: all_languages';
  await writeFile(join(root, 'question.jsonl'), '{"id":"x","question":"둘?","answer":"9","lang":"ko"}\n');
  await assert.rejects(run('torn', `${parallel}, on_leak: exclude, eval: [{ path: question.jsonl, name: q }]`), {
    code: 'DATA_PARALLEL',
    message: /problem p1 is there in en, .*; held out and not trained on: p1 in ko$/,
  });
});

test('or trained on with a warning', async () => {
  const warnings = await run('warned', 'eval: [{ path: test.en.jsonl, name: english }], on_leak: warn');
  assert.match(warnings.join('\n'), /english: 2 of 2 held-out problems are trained on too/);
  assert.deepEqual(await trainedOn('warned'), ['p0', 'p1', 'p2', 'p3']);
  assert.equal((await readRecord(join(root, 'warned'))).excluded, undefined);
});

test('ids are held out by lists of them, and by patterns', async () => {
  await assert.rejects(run('listed', 'hold_out: [{ ids: ids.txt }]'), {
    code: 'DATA_LEAK',
    message: /ids\.txt: 1 training problems are held out by id, such as p0$/,
  });
  await run(
    'three',
    'hold_out: [{ ids: ids.txt }, { ids: ids.csv, field: key }, { pattern: "?3*" }], on_leak: exclude',
  );
  assert.deepEqual(await trainedOn('three'), ['p2']);
  const {
    inputs: { files },
  } = JSON.parse(await readFile(join(root, 'three', 'run.json'), 'utf8')) as {
    inputs: {
      files: { setting: string }[];
    };
  };
  assert.ok(files.some(({ setting }) => setting === 'data.hold_out[0].ids'));
  await assert.rejects(run('all', 'hold_out: [{ pattern: "p*" }], on_leak: exclude'), {
    code: 'DATA_EMPTY',
    message: /all 4 problems are held out/,
  });
  await writeFile(join(root, 'odd.txt'), Buffer.from([0x70, 0x30, 0x0a, 0x1f, 0x8b, 0x00]));
  await assert.rejects(run('odd', 'hold_out: [{ ids: odd.txt }]'), {
    code: 'DATA_BAD_ROW',
    message: /odd\.txt:2: is no id/,
  });
  const idle = await run('idle', 'hold_out: [{ pattern: "q*" }]');
  assert.match(idle.join('\n'), /no training problem has an id of q\*; nothing is held out by it/);
  await assert.rejects(run('gone', 'hold_out: [{ ids: none.txt }]'), { code: 'DATA_NOT_FOUND' });
  await assert.rejects(run('both', 'hold_out: [{ ids: ids.txt, pattern: x }]'), { code: 'CONFIG_IMPOSSIBLE' });
});
