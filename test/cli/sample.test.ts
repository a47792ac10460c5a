import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { before, describe, it } from 'node:test';
import { tableFromIPC } from 'apache-arrow';
import { glossa } from '../e2e/glossa.js';
import { TINY } from '../engine/tiny.js';
import { BYTES, folder } from '../tokenizer/bytes.js';

const CHAT = "{% for m in messages %}{{ m.content }}<end>{% endfor %}{{ '<think>' if enable_thinking }}";

describe('sample and logprobs with random weights', () => {
  let dir: string;
  let shape: string[];
  before(async () => {
    dir = await folder({
      'tokenizer.json': BYTES,
      'chat_template.jinja': CHAT,
      'own.jinja': '<pad>{{ language_code }}: {{ question }}',
      'shape.json': { ...(JSON.parse(TINY.config) as object), vocab_size: 300 },
      'narrow.json': TINY.config,
    });
    shape = ['--random-init', join(dir, 'shape.json'), '--tokenizer', dir];
  });
  const lines = (text: string) =>
    text
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as Record<string, unknown>);
  const ask = (...more: string[]) => ['sample', ...shape, '--prompt', '1+1?', '--max-tokens', '6', ...more];

  it('show the prompt, and give back the same log-probabilities to the bit', async () => {
    const sampled = await glossa(ask('--json', '--show-prompt', '-n', '3', '--temperature', '0.8', '--seed', '5'));
    assert.equal(sampled.code, 0, sampled.stderr);
    const [shown, ...rows] = lines(sampled.stdout);
    const ids = [...Buffer.from('1+1?'), 256];
    assert.deepEqual(shown, {
      prompt: {
        text: '1+1?<end>',
        ids,
        tokens: ['1', '+', '1', '?', '<end>'].map((text, i) => ({ id: ids[i], text, control: i === 4 })),
      },
    });
    assert.equal(rows.length, 3);
    const path = join(dir, 'rows.jsonl');
    await writeFile(path, rows.map((row) => `${JSON.stringify(row)}\n`).join(''));

    const again = ['logprobs', path, ...shape, '--seed', '5', '--temperature', '0.8', '--threads', '1'];
    const scored = await glossa(again);
    assert.equal(scored.code, 0, scored.stderr);
    assert.match(scored.stderr, /^3 rows, \d+ tokens in .* tokens\/s$/m);
    for (const [i, row] of lines(scored.stdout).entries()) {
      for (const name of ['prompt_ids', 'completion_ids', 'logps', 'entropies'])
        assert.deepEqual(row[name], rows[i]![name], name);
    }
    const out = join(dir, 'logps.arrow');
    const other = await glossa(['logprobs', path, ...shape, '--seed', '6', '--temperature', '0.8', '--out', out]);
    assert.equal(other.code, 0, other.stderr);
    assert.equal(other.stdout, '');
    const table = tableFromIPC(await readFile(out));
    const first = Array.from(table.getChild('logps')!.get(0) as Iterable<number>);
    assert.equal(first.length, (rows[0]!['logps'] as number[]).length);
    assert.notDeepEqual(first, rows[0]!['logps']); // another seed, other weights
  });

  it('shows every style of prompt', async () => {
    const shown = async (...more: string[]) => {
      const { code, stdout, stderr } = await glossa(ask('--show-prompt', '--max-tokens', '1', ...more));
      assert.equal(code, 0, stderr);
      return stdout.slice(0, stdout.indexOf('control tokens (*)'));
    };
    assert.match(
      await shown('--system', 'In {language}.', '--language', 'ko', '--style', 'plain'),
      /^In Korean.\n1\+1\?\n\n\n/,
    );
    assert.match(
      await shown('--thinking', '--think-prefix', '<end>'),
      /^1\+1\?<end><think><end>\n\n[^]*\n\* 257 {2}"<think>"\n {3}60 {2}"<"\n[^]*11 tokens, 2 of them $/,
    );
    assert.match(
      await shown('--template', join(dir, 'own.jinja'), '--language', 'th'),
      /^<pad>th: 1\+1\?\n\n\* 258 {2}"<pad>"\n/,
    );
    assert.match(await shown('--style', 'raw'), /^1\+1\?\n\n/);
  });

  it('read spellings of control tokens in raw prompts where asked, and say it where not', async () => {
    const raw = (...more: string[]) =>
      glossa(['sample', ...shape, '--prompt', 'a<end>', '--style', 'raw', '--max-tokens', '1', '--json', ...more]);
    const ids = (stdout: string) => lines(stdout)[0]!['prompt_ids'];
    const letters = await raw();
    assert.equal(letters.code, 0, letters.stderr);
    assert.deepEqual(ids(letters.stdout), [...Buffer.from('a<end>')]);
    assert.match(letters.stderr, /^warning: <end> in the prompt is taken as letters; --special reads it/m);
    const special = await raw('--special');
    assert.deepEqual(ids(special.stdout), [97, 256]);
    assert.equal(special.stderr, '');
    assert.match((await glossa(ask('--special'))).stderr, /^error USAGE: --special is for --style raw/);
  });

  it("ask and measure in the question's language where nothing else says one", async () => {
    const korean = ['sample', ...shape, '--prompt', '사과가 몇 개입니까?', '--max-tokens', '1', '--json'];
    assert.equal(lines((await glossa(korean)).stdout)[0]!['language'], 'ko');
    assert.equal(lines((await glossa([...korean, '--language', 'ja'])).stdout)[0]!['language'], 'ja');
    const { stderr, code } = await glossa([...korean, '--language', 'Korean']);
    assert.equal(code, 2);
    assert.match(stderr, /^error USAGE: --language Korean: expected one of en, .*; did you mean ko\?/);
    assert.match(
      (await glossa([...korean, '--dtype', 'bf16'])).stderr,
      /^error USAGE: --dtype bf16: .*; did you mean bfloat16\?/,
    );
  });

  it('advise by their own options', async () => {
    const bare = await folder({ 'tokenizer.json': BYTES });
    const model = ['--random-init', join(dir, 'shape.json'), '--tokenizer', bare];
    const { stderr } = await glossa(['sample', ...model, '--prompt', 'x', '--style', 'chat']);
    assert.match(stderr, /^error PROMPT_NO_TEMPLATE: --style is chat, .*\n {2}set --style to plain, .* --template\n$/);
  });

  it('refuse what does not go together', async () => {
    const refused = async (args: string[], code: number, message: RegExp) => {
      const ended = await glossa(args);
      assert.equal(ended.code, code, ended.stderr);
      assert.match(ended.stderr, message);
    };
    await refused(ask('--style', 'plain', '--thinking'), 2, /^error USAGE: --thinking: a plain prompt has no thinking/);
    const narrow = ['--random-init', join(dir, 'narrow.json'), '--tokenizer', dir];
    await refused(
      ['sample', ...narrow, '--prompt', 'x'],
      1,
      /^error MODEL_VOCABULARY: the tokenizer in .* has 259 ids, and the model of .*narrow\.json embeds only 64\n {2}/,
    );
    const path = join(dir, 'bad.jsonl');
    await writeFile(path, '{"prompt_ids":[1],"completion_ids":[2]}\n{"prompt_ids":[1],"completion_ids":[2, 300]}\n');
    await refused(
      ['logprobs', path, ...shape],
      1,
      /^error DATA_BAD_ROW: .*bad\.jsonl:2: completion id 300 .* of 300\n/,
    );
    await refused(['logprobs', path, '--model', dir, ...shape], 2, /^error USAGE: name a model, or a config\.json/);
  });
});
