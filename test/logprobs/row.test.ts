import assert from 'node:assert/strict';
import { mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { tableFromIPC } from 'apache-arrow';
import { writeFileAtomic } from '../../src/base/atomic.js';
import { readRolloutFile } from '../../src/rollout/index.js';
import {
  arrowFile,
  jsonLines,
  logprobParquet,
  measureFile,
  scoreSequences,
  type Sequence,
} from '../../src/logprobs/index.js';
import { readSequence } from '../../src/logprobs/row.js';
import { createTiny, TINY } from '../engine/tiny.js';
import { codes, letters } from '../prompt/letters.js';

const TEMPLATE =
  "{{ bos_token }}{% for m in messages %}{{ m.role[0] + m.content + '<e>' }}{% endfor %}{{ 'a' if add_generation_prompt }}";
const limits = { tokenizer: letters(TEMPLATE), vocab: 65_536, context: 40, special: false };
const read = (row: unknown, more: object = {}) => readSequence(row, { ...limits, ...more });
const ids = (promptIds: number[], completionIds: number[]) => ({ id: undefined, promptIds, completionIds });

describe('a row for logprobs', () => {
  test('is ids, and then nothing else counts', async () => {
    const row = { id: 7, prompt_ids: [1, 2], completion_ids: [3], prompt: 'x', completion: 'y', text: 'z' };
    assert.deepEqual(await read(row), { id: '7', promptIds: [1, 2], completionIds: [3] });
    assert.deepEqual(await read(row, { tokenizer: undefined }), { id: '7', promptIds: [1, 2], completionIds: [3] });
  });

  test('is a prompt and a completion, read apart', async () => {
    assert.deepEqual(await read({ prompt: 'Q<e>', completion: 'A' }), ids([1, ...codes('Q<e>')], codes('A')));
  });

  test('is a text, whose first token is given', async () => {
    assert.deepEqual(await read({ text: 'abc' }), ids([1], codes('abc')));
    const without = { ...limits.tokenizer, prefixIds: [] };
    assert.deepEqual(await read({ text: 'abc' }, { tokenizer: without }), ids(codes('a'), codes('bc')));
  });

  test('is a conversation, whose last message is the completion', async () => {
    const messages = [
      { role: 'user', content: 'Q<e>' },
      { role: 'assistant', content: 'A' },
    ];
    assert.deepEqual(await read({ messages }), ids([1, ...codes('uQ<e>'), 2, ...codes('a')], [...codes('A'), 2]));
    const other = { ...limits, tokenizer: letters('{{ messages | length }}{{ messages[-1].content }}') };
    assert.match(
      JSON.stringify(await readSequence({ messages }, other)),
      /does not render the last message behind the prompt/,
    );
  });

  test('is refused with what is wrong', async () => {
    const refused = async (row: unknown, reason: RegExp, more: object = {}) => {
      const result = await read(row, more);
      assert.ok('reason' in result, JSON.stringify(row));
      assert.match(result.reason, reason);
    };
    await refused([], /expected an object/);
    await refused({}, /expected prompt_ids and completion_ids/);
    await refused({ prompt_ids: [1] }, /no field completion_ids/);
    await refused({ prompt_ids: '1', completion_ids: [1] }, /prompt_ids is string, expected a list/);
    await refused({ prompt_ids: [1], completion_ids: [1, 2.5] }, /completion_ids\[1\] is 2.5, expected an id/);
    await refused(
      { prompt_ids: [1], completion_ids: [3, 65_536] },
      /completion id 65536 at position 1 .* vocabulary of 65536/,
    );
    await refused({ prompt_ids: [-1], completion_ids: [3] }, /prompt id -1 at position 0/);
    await refused({ prompt_ids: [], completion_ids: [3] }, /the prompt has no ids/);
    await refused({ prompt: 'x', completion: '' }, /the completion has no ids/);
    await refused({ text: 'x'.repeat(40) }, /41 ids; the model's context is 40/);
    await refused({ text: 'x' }, /no tokenizer/, { tokenizer: undefined });
    await refused({ prompt: 'x' }, /no field completion/);
    await refused({ text: 3 }, /text is number, expected text/);
    await refused({ messages: [{ role: 'user', content: 'x' }] }, /last of messages/);
    await refused({ messages: [{ role: 'robot', content: 'x' }, null] }, /messages\[0\]: expected a role/);
  });

  test('is named by file and line', async () => {
    const path = join(await mkdtemp(join(tmpdir(), 'glossa-logprobs-')), 'rows.jsonl');
    await writeFile(path, '{"text":"ab"}\n\n{"text":""}\n');
    await assert.rejects(measureFile(path, limits), { code: 'DATA_BAD_ROW', message: /rows\.jsonl:3: the completion/ });
    await writeFile(path, '{"text":"ab"}\n{"text":\n');
    await assert.rejects(measureFile(path, limits), { code: 'DATA_BAD_ROW', message: /rows\.jsonl:2:9: broken JSON/ });
    await writeFile(path, '\n');
    await assert.rejects(measureFile(path, limits), { code: 'DATA_EMPTY' });
  });
});

describe('the log-probabilities of a file', () => {
  // More rows than go through the engine at once.
  const rows = Array.from({ length: 1500 }, (_, i): Sequence => {
    const promptIds = [1 + (i % 7), 3];
    const completionIds = Array.from({ length: 1 + (i % 5) }, (_, k) => (i * 7 + k) % TINY.vocab);
    return { line: i + 1, id: i % 2 === 0 ? `row ${String(i)}` : undefined, promptIds, completionIds };
  });
  async function* given(): AsyncGenerator<Sequence> {
    yield* rows;
    await Promise.resolve();
  }

  test('are the same in JSON lines, Parquet and Arrow, in the order of the rows', async () => {
    const engine = await createTiny();
    try {
      const progress: number[] = [];
      const onProgress = (done: { rows: number }) => progress.push(done.rows);
      const text = await joined(jsonLines(scoreSequences(engine, given(), { temperature: 0.7, onProgress })));
      const lines = text
        .trimEnd()
        .split('\n')
        .map((line) => JSON.parse(line) as Record<string, number[]>);
      assert.deepEqual(progress, [1024, 1500]);
      assert.equal(lines.length, rows.length);
      const table = tableFromIPC(await bytes(arrowFile(scoreSequences(engine, given(), { temperature: 0.7 }))));
      assert.equal(table.numRows, rows.length);
      assert.equal(table.batches.length, 2);
      const path = join(await mkdtemp(join(tmpdir(), 'glossa-logprobs-')), 'logps.parquet');
      await writeFileAtomic(path, logprobParquet(scoreSequences(engine, given(), { temperature: 0.7 })));
      const stored = await readRolloutFile(path);
      assert.equal(stored.length, rows.length);
      for (const [i, row] of rows.entries()) {
        const line = lines[i]!;
        const { logp: _sum, ...columns } = line;
        assert.deepEqual({ ...stored[i], id: row.id }, { ...columns, id: row.id });
        assert.equal(stored[i]!['id'] ?? undefined, row.id);
        const { id, line: at, ...lists } = table.get(i)!.toJSON() as Record<string, Iterable<number>>;
        assert.deepEqual([line['line'], line['id']], [row.line, row.id]);
        assert.deepEqual([at, id], [row.line, row.id ?? null]);
        for (const name of ['prompt_ids', 'completion_ids', 'logps', 'entropies']) {
          assert.deepEqual(Array.from(lists[name]!), line[name], `${name} of row ${String(i)}`);
        }
        assert.deepEqual(line['completion_ids'], row.completionIds);
        assert.equal(line['logps']!.length, row.completionIds.length);
      }
    } finally {
      await engine.dispose();
    }
  });

  test('end with the error of a row, in either form', async () => {
    const engine = await createTiny();
    // eslint-disable-next-line @typescript-eslint/require-await
    async function* broken(): AsyncGenerator<Sequence> {
      yield* rows.slice(0, 1100);
      throw new Error('the disk is gone');
    }
    try {
      const settings = { temperature: 1 };
      await assert.rejects(bytes(arrowFile(scoreSequences(engine, broken(), settings))), /the disk is gone/);
      await assert.rejects(joined(jsonLines(scoreSequences(engine, broken(), settings))), /the disk is gone/);
    } finally {
      await engine.dispose();
    }
  });
});

async function bytes(parts: AsyncIterable<Uint8Array>): Promise<Uint8Array> {
  const all: Uint8Array[] = [];
  for await (const part of parts) all.push(part);
  return Buffer.concat(all);
}

async function joined(parts: AsyncIterable<string>): Promise<string> {
  let text = '';
  for await (const part of parts) text += part;
  return text;
}
