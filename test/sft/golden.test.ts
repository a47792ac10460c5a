import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { sftSchema } from '../../src/config/sections/sft.js';
import { loadExamples } from '../../src/sft/load.js';
import { loadTokenizer, type Tokenizer } from '../../src/tokenizer/index.js';
import { sharedPath } from '../shared.js';

/** What TRL's SFTTrainer makes of a row: make_golden.py. */
interface Golden {
  tokenizer: string;
  /** A file of golden/templates or of data/models/chat_templates; null: rows of texts. */
  template: string | null;
  name: string;
  settings: { assistant_only_loss?: boolean; completion_only_loss?: boolean };
  row: object;
  ids: number[];
  /** A character an id: 1 where it has loss. */
  loss: string;
  /** Of a pair of texts: its ids where the two are encoded each for itself. */
  apart?: number[];
  /** Here it is otherwise, by intent. */
  differs?: true;
}

const file = (name: string) => fileURLToPath(new URL(`golden/${name}`, import.meta.url));
const golden = JSON.parse(readFileSync(file('rows.json'), 'utf8')) as Golden[];

let root: string;
before(async () => {
  root = await mkdtemp(join(tmpdir(), 'glossa-sft-golden-'));
});
after(() => rm(root, { recursive: true, force: true }));

/** Ids of a row up to the last one with loss, and a character an id: 1 where it has loss. */
async function ours(tokenizer: Tokenizer, { row, settings, template, tokenizer: of }: Golden) {
  const path = join(root, 'row.jsonl');
  await writeFile(path, JSON.stringify(row));
  const from = of === 'tiny' ? file : (name: string) => sharedPath(`data/models/chat_templates/${name.split('/')[1]!}`);
  const { examples } = await loadExamples({
    ...{ path, context: 4096, tokenizer, sft: sftSchema.parse(settings) },
    source: { fields: undefined, language: undefined, limit: undefined, on_bad_row: 'error', weight: 1 },
    prompt:
      template === null
        ? { style: 'plain' }
        : {
            style: 'template',
            template: { path: template, text: readFileSync(from(`templates/${template}`), 'utf8') },
          },
  });
  const { promptIds, completionIds, completionMask } = examples[0]!;
  const mask = completionMask ?? new Uint8Array(completionIds.length).fill(1);
  return { ids: [...promptIds, ...completionIds], loss: '0'.repeat(promptIds.length) + mask.join('') };
}

/**
 * TRL's, without what cannot be learnt or is of no use: loss of the first id, which nothing predicts, and ids behind the last one
 * with loss.
 */
function learnable({ ids, loss }: Pick<Golden, 'ids' | 'loss'>) {
  const most = `0${loss.slice(1)}`;
  const end = most.lastIndexOf('1') + 1;
  return { ids: ids.slice(0, end), loss: most.slice(0, end) };
}

/** Without the loss of what stands behind the last end-of-sequence id of a turn; `turns` of them are cut. */
function withoutBehindEnd({ ids, loss }: Pick<Golden, 'ids' | 'loss'>, eos: readonly number[]) {
  let turns = 0;
  const cut = loss.replaceAll(/1+/g, (run: string, at: number) => {
    const last = ids.slice(at, at + run.length).findLastIndex((id) => eos.includes(id));
    if (last >= 0 && last + 1 < run.length) turns++;
    return last < 0 ? run : run.slice(0, last + 1).padEnd(run.length, '0');
  });
  return { ids, loss: cut, turns };
}

for (const name of new Set(golden.map(({ tokenizer }) => tokenizer))) {
  const dir = name === 'tiny' ? file('model') : sharedPath(`data/models/${name}`);
  const skip = existsSync(dir) ? false : `no ${dir}: set GLOSSA_SHARED to the folder that holds data/models`;
  const cases = golden.filter(({ tokenizer, differs }) => tokenizer === name && !differs);
  describe(`rows by the tokenizer of ${name}`, { skip }, () => {
    let tokenizer: Tokenizer;
    before(async () => {
      tokenizer = await loadTokenizer(dir);
    });

    for (const template of new Set(cases.map((each) => each.template)))
      if (template !== null)
        test(`have loss where TRL gives it, with ${template}`, async () => {
          const chats = cases.filter((each) => each.template === template);
          assert.ok(chats.length >= 11);
          // Some templates mark the line break behind a turn too.
          let turns = 0;
          for (const each of chats) {
            const spoken = each.settings.assistant_only_loss === true;
            const expected = spoken ? withoutBehindEnd(each, tokenizer.eosIds) : { ...each, turns: 0 };
            turns += expected.turns;
            assert.deepEqual(await ours(tokenizer, each), learnable(expected), each.name);
          }
          const breaks = ['marked_with_break.jinja', 'qwen2_5_training.jinja'].includes(template);
          assert.equal(turns > chats.length, breaks);
          assert.equal(turns > 0, breaks);
        });

    test('of plain texts are those of TRL', async () => {
      for (const each of cases.filter(({ row }) => 'text' in row))
        assert.deepEqual(await ours(tokenizer, each), learnable(each), each.name);
    });

    test('of pairs of texts are those of TRL where no token of its own lies across the edge', async () => {
      let across = 0;
      const pairs = cases.filter(({ apart }) => apart !== undefined);
      for (const each of pairs) {
        const got = await ours(tokenizer, each);
        assert.deepEqual(got.ids, each.apart, each.name);
        if (String(each.apart) === String(each.ids)) assert.deepEqual(got, learnable(each), each.name);
        else across++;
      }
      assert.ok(across > 0 && across < pairs.length, String(across));
    });
  });
}

describe('rows that TRL takes otherwise', () => {
  const golds = golden.filter(({ differs }) => differs);
  const named = (name: string) => golds.find((each) => each.name === name)!;
  let tokenizer: Tokenizer;
  before(async () => {
    tokenizer = await loadTokenizer(file('model'));
  });

  test('are three, each of them below', () => assert.equal(golds.length, 3));

  test('a turn of the user in a completion has loss there, and none here', async () => {
    const theirs = named('turns of the user in a completion');
    const got = await ours(tokenizer, theirs);
    assert.match(theirs.loss, /^0+1+$/);
    assert.match(got.loss, /^0+1+0+1+$/);
    const spoken = golden.find(
      ({ name, template }) => name === 'of a pair all but the first' && template === theirs.template,
    );
    assert.deepEqual(spoken!.ids, theirs.ids);
    assert.deepEqual(got, learnable(withoutBehindEnd(spoken!, tokenizer.eosIds)));
  });

  test('an empty turn of the assistant is the end alone there, and refused here', async () => {
    const theirs = named('an empty turn');
    const learnt = theirs.ids.filter((_, i) => theirs.loss[i] === '1');
    assert.equal(learnt[0], tokenizer.eosIds[0]);
    await assert.rejects(ours(tokenizer, theirs), { code: 'DATA_BAD_ROW', message: /turn is empty/ });
  });

  test('special tokens that a text spells are those tokens there, and letters here; its end is put behind it all the same', async () => {
    const theirs = named('a text that spells special tokens');
    const [end] = tokenizer.eosIds;
    assert.equal(theirs.ids.at(-1), end);
    assert.equal(theirs.ids.length, 5);
    const { ids } = await ours(tokenizer, theirs);
    assert.equal(ids.at(-1), end);
    assert.equal(ids.filter((id) => tokenizer.controlTokens.some((token) => token.id === id)).length, 2);
    assert.equal(await tokenizer.decode(ids), 'a<|turn|>b<|end|>');
  });
});
