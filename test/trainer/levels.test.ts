import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { test } from 'node:test';
import { findMeasure } from '../../src/metrics/index.js';
import { readRolloutFile } from '../../src/rollout/index.js';
import { runFolder } from '../../src/run/index.js';
import { makeLab } from './lab.js';

const lab = makeLab(`
seed: 5
model: { lab: { pretrain: { steps: 10 } } }
data: { train: [{ lab: { language: ko } }] }
grpo: { max_steps: 2, prompts_per_step: 4, num_generations: 3, max_completion_length: 12 }
checkpoint: { every: 0 }
`);

/** Share of the right ones among the rows of each level; their ids begin with it. */
async function byLevel(path: string): Promise<Record<string, number>> {
  const rows = await readRolloutFile(path, ['id', 'correct']);
  const levels = [...new Set(rows.map(({ id }) => String(id).slice(0, 2)))].sort();
  return Object.fromEntries(
    levels.map((level) => {
      const own = rows.filter(({ id }) => String(id).startsWith(level));
      return [level, own.filter(({ correct }) => correct === true).length / own.length];
    }),
  );
}

test('accuracy is logged by level where a set is weighed by levels, and only there', async () => {
  const row = (level: string, i: number) =>
    JSON.stringify({ id: `${level}${String(i)}`, question: `${level} ${String(i)}?`, answer: '1', lang: 'ko', level });
  const write = (name: string, from: number) =>
    writeFile(
      lab.path(name),
      [0, 1, 2, 3].flatMap((i) => ['L1', 'L2'].map((level) => row(level, from + i))).join('\n'),
    );
  await Promise.all([write('train.jsonl', 0), write('test.jsonl', 10)]);
  // Right is what has an even number of letters: that an untrained model gets some of both.
  const verifier = await lab.module('even', `export default ({ completion }) => completion.length % 2 === 0;`);
  const [train, suite] = ['train', 'test'].map((name) => `path: ${lab.path(`${name}.jsonl`)}, verifier: ${verifier}`);
  const evaluated = `data.eval=[{${suite!}, name: held}]`;
  const { config, lines } = await lab.run(`data.train=[{${train!}, levels: {L1: 2, L2: 1}}]`, evaluated);
  const folder = runFolder(config.run.dir);
  const told = (line: object, prefix: string) =>
    Object.fromEntries(
      Object.entries(line).flatMap(([name, value]) =>
        name.startsWith(`${prefix}level/`) ? [[name.slice(prefix.length + 6).replace('/accuracy', ''), value]] : [],
      ),
    );
  const shares: number[] = [];
  for (const line of lines.slice(1)) {
    const expected = await byLevel(folder.rollout(line.step));
    assert.deepEqual(told(line, ''), expected);
    shares.push(...Object.values(expected));
  }
  assert.ok(shares.some((share) => share > 0 && share < 1));
  const held = await byLevel(folder.evaluationRows(2, 'held'));
  assert.deepEqual(Object.keys(held), ['L1', 'L2']);
  assert.deepEqual(told(lines.at(-1)!, 'eval_held/'), held);
  const plain = await lab.run(`data.train=[{${train!}}]`, evaluated);
  assert.ok(plain.lines.every((line) => Object.keys(line).every((name) => !name.includes('level/'))));
});

test('its names are those of a measure', () => {
  assert.equal(findMeasure('level/3/accuracy')?.subject, '3');
  const held = findMeasure('eval_held/level/a/b/accuracy');
  assert.deepEqual([held?.suite, held?.subject, held?.measure.unit], ['held', 'a/b', 'share']);
  assert.equal(findMeasure('eval_held/level/3/reward'), undefined);
});
