import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import type { GlossaError } from '../../src/base/error.js';
import { sftSchema } from '../../src/config/sections/sft.js';
import { demoRecipe, pretrainLab } from '../../src/lab/index.js';
import type { PromptSettings } from '../../src/prompt/index.js';
import { loadExamples, type ExampleSettings } from '../../src/sft/load.js';
import { loadTokenizer, type Tokenizer } from '../../src/tokenizer/index.js';

let root: string;
let lab: Tokenizer;
before(async () => {
  root = await mkdtemp(join(tmpdir(), 'glossa-examples-'));
  const { lab: settings } = demoRecipe(1);
  const small = { ...settings, trainProblems: 8, testProblems: 4, pretrain: { ...settings.pretrain, steps: 1 } };
  lab = await loadTokenizer((await pretrainLab(small, { cacheDir: root })).dir);
});
after(() => rm(root, { recursive: true, force: true }));

const TEMPLATE = {
  path: 'own.jinja',
  text: '{% for m in messages %}[{{ m.role }}]{{ m.content }}\n{% endfor %}{% if add_generation_prompt %}[assistant]{% endif %}',
};

interface Asked {
  sft?: object;
  source?: Partial<ExampleSettings['source']>;
  prompt?: PromptSettings;
  context?: number;
}

async function load(rows: readonly unknown[], { sft = {}, source = {}, prompt, context = 400 }: Asked = {}) {
  const path = join(root, 'rows.jsonl');
  await writeFile(path, rows.map((row) => (typeof row === 'string' ? row : JSON.stringify(row))).join('\n'));
  return loadExamples({
    ...{ path, context, tokenizer: lab, sft: sftSchema.parse(sft) },
    source: { fields: undefined, language: undefined, limit: undefined, on_bad_row: 'error', weight: 1, ...source },
    prompt: prompt ?? { style: 'template', template: TEMPLATE },
  });
}

const plain: PromptSettings = { style: 'plain' };

/** Context, and what has loss. */
async function texts({ examples }: Awaited<ReturnType<typeof load>>) {
  return Promise.all(
    examples.map(async ({ promptIds, completionIds, completionMask }) => [
      await lab.decode(promptIds, { special: true }),
      await lab.decode(
        completionIds.filter((_, i) => completionMask?.[i] !== 0),
        { special: true },
      ),
    ]),
  );
}

describe('a row of examples', () => {
  it('is a question and a solution, a prompt and a completion, or a text: with the token that ends it', async () => {
    const end = await lab.decode(lab.eosIds.slice(0, 1), { special: true });
    const rows = [
      { question: 'Q 1', solution: 'S 2', answer: '3' },
      { question: 'Q 1', answer: 3 },
      { prompt: 'P ', completion: 'C' },
      { text: 'T 4' },
    ];
    const first = await lab.decode((await lab.encode('T 4')).slice(0, 1));
    assert.deepEqual(await texts(await load(rows, { prompt: plain })), [
      ['Q 1\n', `S 2${end}`],
      ['Q 1\n', `3${end}`],
      ['P ', `C${end}`],
      [first, `T 4${end}`.slice(first.length)],
    ]);
    const everything = await texts(
      await load(rows.slice(0, 1), { prompt: plain, sft: { completion_only_loss: false } }),
    );
    assert.equal(everything[0]!.join(''), `Q 1\nS 2${end}`);
    assert.ok(everything[0]![0]!.length < 3);
  });

  it('is a chat, of which what the assistant says has loss, or everything', async () => {
    const messages = ['user', 'assistant', 'user', 'assistant', 'user'].map((role, i) => ({
      role,
      content: String(i),
    }));
    assert.deepEqual(await texts(await load([{ messages }])), [['[user]0\n[assistant]', '1\n3\n']]);
    const all = await texts(await load([{ messages }], { sft: { assistant_only_loss: false } }));
    assert.equal(all[0]!.join(''), '[user]0\n[assistant]1\n[user]2\n[assistant]3\n[user]4\n');
    const pair = { prompt: messages.slice(0, 3), completion: messages.slice(3, 4) };
    assert.deepEqual(await texts(await load([pair])), [['[user]0\n[assistant]1\n[user]2\n[assistant]', '3\n']]);
  });

  it('is refused with its place where it is none', async () => {
    const good = {
      messages: [
        { role: 'user', content: 'a' },
        { role: 'assistant', content: 'b' },
      ],
    };
    const cases: [row: unknown, message: RegExp][] = [
      [{ messages: [{ role: 'user', content: 'a' }] }, /the assistant says nothing in it/],
      [
        {
          messages: [
            { role: 'user', content: 'a' },
            { role: 'assistant', content: ' ' },
          ],
        },
        /message 1: .*is empty/,
      ],
      [{ messages: [{ role: 'narrator', content: 'a' }] }, /messages\[0\]: expected a role \(system, user/],
      [{ messages: [{ from: 'human', value: 'a' }] }, /messages\[0\]: expected a role/],
      [{ messages: 'a' }, /messages is a string, expected a list/],
      [{ messages: [] }, /messages is empty/],
      [{ prompt: 'a', completion: '' }, /field "completion" is empty/],
      [{ prompt: 'a', completion: [] }, /both be texts, or both lists/],
      [{ question: 'a' }, /field "answer" \(or "solution"\) is missing/],
      [{ question: 'a', solution: '\ud800' }, /half of a surrogate pair/],
      [{ other: 1 }, /expected messages, prompt and completion, text, or question and solution; the row has other/],
      ['{"messages": [', /broken JSON/],
      ['[]', /expected an object/],
    ];
    for (const [row, message] of cases) {
      await assert.rejects(load([good, row]), (error: GlossaError) => {
        assert.equal(error.code, 'DATA_BAD_ROW');
        assert.match(error.message, /rows\.jsonl:2/);
        assert.match(error.message, message);
        return true;
      });
      const left = await load([good, row], { source: { on_bad_row: 'skip' } });
      assert.deepEqual([left.examples.length, left.skipped.count], [1, 1]);
    }
    await assert.rejects(load([good], { prompt: { style: 'plain' } }), { code: 'PROMPT_NO_TEMPLATE' });
    await assert.rejects(load([{ text: ' ' }], { source: { on_bad_row: 'skip' } }), { code: 'DATA_EMPTY' });
  });

  it('above the longest length stops, is left out or is cut, and is counted', async () => {
    const rows = [
      { prompt: 'a', completion: 'b' },
      { prompt: 'a', completion: 'one two three four five six seven' },
    ];
    await assert.rejects(load(rows, { sft: { max_length: 6 } }), (error: GlossaError) => {
      assert.equal(error.code, 'EXAMPLE_TOO_LONG');
      assert.match(error.message, /rows\.jsonl:2: \d+ tokens, and an example may have 6/);
      return true;
    });
    const skipped = await load(rows, { sft: { max_length: 6, on_long_row: 'skip' } });
    assert.deepEqual([skipped.examples.length, skipped.long], [1, { skipped: 1, truncated: 0 }]);
    const cut = await load(rows, { sft: { max_length: 6, on_long_row: 'truncate' } });
    assert.deepEqual([cut.examples.length, cut.long], [2, { skipped: 0, truncated: 1 }]);
    const { promptIds, completionIds } = cut.examples[1]!;
    assert.equal(promptIds.length + completionIds.length, 6);
    const asked = [...rows, { prompt: 'one two three four five six seven', completion: 'b' }];
    const behind = await load(asked, { sft: { max_length: 6, on_long_row: 'truncate' } });
    assert.deepEqual([behind.examples.length, behind.long], [2, { skipped: 1, truncated: 1 }]);
    await assert.rejects(load(rows, { sft: { max_length: 500 } }), { code: 'CONFIG_BUDGET' });
  });

  it('of another language than asked for is passed over', async () => {
    const rows = ['ko', 'en', 'ko'].map((lang) => ({ question: 'a', answer: 'b', lang }));
    const { examples } = await load(rows, { source: { language: 'ko' }, prompt: plain });
    assert.deepEqual(
      examples.map(({ language }) => language),
      ['ko', 'ko'],
    );
  });
});
