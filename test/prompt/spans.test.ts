import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { describe, test } from 'node:test';
import type { GlossaError } from '../../src/base/error.js';
import { renderSpoken, type Message } from '../../src/prompt/index.js';
import { loadTokenizer, type TemplateFile } from '../../src/tokenizer/index.js';
import { sharedPath } from '../shared.js';

const models = sharedPath('data/models');
const skip = existsSync(models) ? false : `no ${models}: set GLOSSA_SHARED to the folder that holds data/models`;
const template = (name: string): TemplateFile => {
  const path = sharedPath(`data/models/chat_templates/${name}`);
  return { path, text: readFileSync(path, 'utf8') };
};

const CHAT: Message[] = [
  { role: 'system', content: 'Sei knapp.' },
  { role: 'user', content: '사과 3개와 배 4개가 있다. 모두 몇 개인가?' },
  { role: 'assistant', content: '3 + 4 = 7\n\n#### 7' },
  { role: 'user', content: 'And <|im_start|> with 2 more? <|eot_id|>' },
  { role: 'assistant', content: '7 + 2 = 9' },
];

/** What carries loss, in one text a run of tokens. */
async function said(model: string, file: TemplateFile | undefined, messages: readonly Message[], from = 0) {
  const tokenizer = await loadTokenizer(sharedPath(`data/models/${model}`));
  const { ids, spoken } = await renderSpoken(tokenizer, messages, { template: file ?? tokenizer.chatTemplate! }, from);
  const runs: string[] = [];
  for (let at = 0; at < ids.length; at++) {
    if (spoken[at] === 0) continue;
    const end = !spoken.includes(0, at) ? ids.length : spoken.indexOf(0, at);
    runs.push(await tokenizer.decode(ids.slice(at, end), { special: true }));
    at = end;
  }
  return { runs, ids, spoken };
}

describe('the tokens that the assistant says', { skip }, () => {
  // That of Qwen marks the line break before the answer too.
  for (const [model, plain, marked, end, lead] of [
    ['Qwen2.5', 'qwen2_5.jinja', 'qwen2_5_training.jinja', '<|im_end|>', '\n'],
    ['Llama-3.2-3B-Instruct', 'llama3_2.jinja', 'llama3_training.jinja', '<|eot_id|>', ''],
  ] as const) {
    test(`of ${model} by prefixes are its turns with their end, and those that {% generation %} marks`, async () => {
      const byPrefix = await said(model, template(plain), CHAT);
      assert.deepEqual(byPrefix.runs, [`3 + 4 = 7\n\n#### 7${end}`, `7 + 2 = 9${end}`]);
      const byMark = await said(model, template(marked), CHAT);
      assert.deepEqual(
        byMark.runs,
        byPrefix.runs.map((run) => lead + run),
      );
      assert.deepEqual((await said(model, template(marked), CHAT, 3)).runs, [`${lead}7 + 2 = 9${end}`]);
      assert.deepEqual((await said(model, template(plain), CHAT, 3)).runs, [`7 + 2 = 9${end}`]);
    });
  }

  test('of OLMo-2 are its turns, each with its end of text', async () => {
    const { runs } = await said('OLMo-2', undefined, CHAT.slice(0, 3));
    assert.deepEqual(runs, ['3 + 4 = 7\n\n#### 7<|endoftext|>']);
    assert.equal((await said('OLMo-2', undefined, CHAT)).runs.length, 2);
  });

  test('of Qwen3 are one turn; where an earlier one is written otherwise than it was said, it is refused', async () => {
    const { runs } = await said('Qwen3', undefined, CHAT.slice(1, 3));
    assert.deepEqual(runs, ['<think>\n\n</think>\n\n3 + 4 = 7\n\n#### 7<|im_end|>']);
    await assert.rejects(
      said('Qwen3', undefined, CHAT),
      (error: GlossaError) => error.code === 'PROMPT_SPANS' && error.message.includes('otherwise where others follow'),
    );
  });

  test('are refused where a token lies across the edge of a turn, or a template marks other turns than there are', async () => {
    const path = 'own.jinja';
    const glued = '{% for m in messages %}{{ m.content }}{% endfor %}{% if add_generation_prompt %}{% endif %}';
    const words: Message[] = [
      { role: 'user', content: 'hel' },
      { role: 'assistant', content: 'lo' },
    ];
    await assert.rejects(
      said('Qwen2.5', { path, text: glued }, words),
      (error: GlossaError) => error.code === 'PROMPT_SPANS' && error.message.includes('own.jinja'),
    );
    const twice = '{% for m in messages %}{% generation %}{{ m.content }}<|im_end|>{% endgeneration %}{% endfor %}';
    await assert.rejects(said('Qwen2.5', { path, text: twice }, words), { code: 'PROMPT_SPANS' });
  });
});
