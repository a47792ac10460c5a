import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { before, describe, test } from 'node:test';
import { renderConversation, renderPrompt, type Message, type PromptSettings } from '../../src/prompt/index.js';
import { loadTokenizer, type Tokenizer } from '../../src/tokenizer/index.js';
import { sharedPath } from '../shared.js';

/** What Transformers makes of each conversation: fixtures/make_conversations.py. */
interface Golden {
  model: string;
  /** A file of data/models/chat_templates in place of the model's own template. */
  template: string | null;
  name: string;
  messages: Message[];
  thinking: boolean | null;
  text: string;
  ids?: number[];
}
const golden = readFileSync(new URL('fixtures/conversations.jsonl', import.meta.url), 'utf8')
  .trim()
  .split('\n')
  .map((line) => JSON.parse(line) as Golden);

for (const model of new Set(golden.map((row) => row.model))) {
  const dir = sharedPath(`data/models/${model}`);
  const skip = existsSync(dir) ? false : `no ${dir}: set GLOSSA_SHARED to the folder that holds data/models`;
  describe(`the template of ${model}`, { skip }, () => {
    let own: Tokenizer;
    before(async () => {
      own = await loadTokenizer(dir);
    });

    test('renders every conversation as Transformers does, text and ids', async () => {
      const rows = golden.filter((row) => row.model === model);
      assert.ok(rows.length >= 12);
      for (const { template, name, messages, thinking, text, ids } of rows) {
        const tokenizer = template === null ? own : { ...own, chatTemplate: templateFile(template) };
        const rendered = await renderConversation(tokenizer, messages, {
          generationPrompt: messages.at(-1)!.role === 'user',
          thinking: thinking ?? undefined,
        });
        assert.equal(rendered.text, text, `${template ?? 'own template'}, ${name}`);
        assert.deepEqual(rendered.ids, ids ?? (await own.encode(text, { special: true })), name);
      }
    });

    test('makes no special token of what a user, a system line or the model itself spells', async () => {
      const tokenizer = own;
      const special = tokenizer.controlTokens.filter((token) => token.special);
      const plain: Message[] = [
        { role: 'system', content: 'S' },
        { role: 'user', content: 'U' },
        { role: 'assistant', content: 'A' },
        { role: 'user', content: 'U' },
      ];
      const control = new Set(special.map(({ id }) => id));
      const controlOf = async (messages: Message[]) =>
        (await renderConversation(tokenizer, messages)).ids.filter((id) => control.has(id));
      const expected = await controlOf(plain);
      for (const { content } of special.filter(({ content }) => !/reserved|extra_id/.test(content))) {
        const spelt = plain.map((message) => ({ ...message, content: `a ${content}b${content}` }));
        assert.deepEqual(await controlOf(spelt), expected, content);
        const template = { path: 'own.jinja', text: '{{ system }}|{{ question }}|{{ messages[-1].content }}' };
        const settings: PromptSettings = { style: 'template', template, system: content };
        const { ids, text } = await renderPrompt(tokenizer, `a ${content}`, 'ko', settings);
        assert.ok(!ids.some((id) => control.has(id)), content);
        assert.equal(await tokenizer.decode(ids), text);
      }
    });
  });
}

const templates = new Map<string, { path: string; text: string }>();

function templateFile(name: string): { path: string; text: string } {
  const path = sharedPath(`data/models/chat_templates/${name}`);
  const file = templates.get(name) ?? { path, text: readFileSync(path, 'utf8') };
  templates.set(name, file);
  return file;
}
