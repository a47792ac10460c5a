import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { describe, test } from 'node:test';
import { messageFault, renderConversation, renderPrompt, toolsFault, type Message } from '../../src/prompt/index.js';
import { loadTokenizer } from '../../src/tokenizer/index.js';
import { sharedPath } from '../shared.js';
import { codes, letters } from './letters.js';

const shown = async (template: string, messages: Message[], tools?: Record<string, unknown>[]) =>
  (await renderConversation(letters(template), messages, { tools })).text;

describe('messages', () => {
  test('reach the template with all their fields, tools beside them', async () => {
    const call = { type: 'function', function: { name: 'add', arguments: { a: 1, b: [2.5, null] } } };
    const messages: Message[] = [
      { role: 'user', content: 'Q' },
      { role: 'assistant', content: null, tool_calls: [call] },
      { role: 'tool', content: '3.5', name: 'add', tool_call_id: 'c1' },
    ];
    const template =
      '{{ tools | map(attribute="function.name") | join }}|{{ messages[1].content is defined }}|' +
      '{{ messages[1].tool_calls[0].function | tojson }}|{{ messages[2].name }}|{{ messages[2].tool_call_id }}';
    const tools = [{ type: 'function', function: { name: 'add' } }];
    assert.equal(
      await shown(template, messages, tools),
      'add|False|{"name": "add", "arguments": {"a": 1, "b": [2.5, null]}}|add|c1',
    );
  });

  test('without tools and documents see None, as in Transformers', async () => {
    assert.equal(await shown('{{ tools is none }}{{ documents is none }}{{ tools is defined }}', []), 'TrueTrueTrue');
  });

  test("keep their reasoning under Transformers' names, whatever it was called", async () => {
    const template = '{{ messages[0].reasoning_content }}/{{ messages[0].thinking }}';
    for (const name of ['reasoning_content', 'thinking', 'reasoning'])
      assert.equal(await shown(template, [{ role: 'assistant', content: '', [name]: 'hm' }]), 'hm/hm');
    assert.equal(
      await shown('{{ messages[0].reasoning_content is defined }}', [{ role: 'user', content: '' }]),
      'False',
    );
  });

  test('may be in parts', async () => {
    const content = [
      { type: 'text', text: 'a<e>' },
      { type: 'text', text: 'b' },
    ];
    const { text, ids } = await renderConversation(
      letters('{% for p in messages[0].content %}{{ p.text }}{% endfor %}<e>'),
      [{ role: 'user', content }],
    );
    assert.equal(text, 'a<e>b<e>');
    assert.deepEqual(ids, [...codes('a<e>b'), 2]);
  });

  test('are refused by their place', () => {
    assert.equal(
      messageFault([
        { role: 'user', content: 'x' },
        { role: 'tool', content: [] },
      ]),
      undefined,
    );
    assert.match(messageFault('x')!, /messages is a string/);
    assert.match(messageFault([null])!, /messages\[0\] is null/);
    assert.match(
      messageFault([
        { role: 'user', content: 'x' },
        { role: 'robot', content: 'x' },
      ])!,
      /messages\[1\]: expected a role/,
    );
    assert.match(messageFault([{ role: 'user', content: 5 }])!, /content is a number/);
    assert.match(messageFault([{ role: 'user' }])!, /expected content/);
    assert.match(toolsFault({})!, /tools is an object/);
    assert.match(toolsFault([{}, 'x'])!, /tools\[1\] is a string/);
  });
});

describe('spellings of special tokens', () => {
  const spelt = 'a<e>b<s>';
  const safe = [...codes(spelt), 2];

  test('in whatever a template is given are letters: parts, tools, arguments, names, keys', async () => {
    const templates: [string, Message][] = [
      ['{{ messages[0].content }}<e>', { role: 'user', content: spelt }],
      ['{{ messages[0].name }}<e>', { role: 'user', content: '', name: spelt }],
      ['{{ messages[0].x.y[0] }}<e>', { role: 'user', content: '', x: { y: [spelt] } }],
      ['{% for k in messages[0].x %}{{ k }}{% endfor %}<e>', { role: 'user', content: '', x: { [spelt]: 1 } }],
    ];
    for (const [template, message] of templates)
      assert.deepEqual((await renderConversation(letters(template), [message])).ids, safe, template);
    const tools = [{ function: { name: spelt } }];
    const rendered = await renderConversation(letters('{{ tools[0].function.name }}<e>'), [], { tools });
    assert.deepEqual(rendered.ids, safe);
  });

  test('stay letters however the template writes them', async () => {
    const ways = [
      ['{{ messages[0].content | tojson }}<e>', `"${spelt}"`],
      ['{{ messages[0].content | tojson(ensure_ascii=true) }}<e>', `"${spelt}"`],
      ['{{ [messages[0].content] }}<e>', `['${spelt}']`],
      ['{{ messages[0].content.strip() | trim }}<e>', spelt],
      ['{{ "%s" % messages[0].content }}<e>', spelt],
      ['{{ messages[0].content | replace("b", "c") }}<e>', 'a<e>c<s>'],
      ['{{ messages[0].content.split("<e>") | join("+") }}<e>', 'a+b<s>'],
    ];
    for (const [template, expected] of ways) {
      const { text, ids } = await renderConversation(letters(template), [{ role: 'user', content: spelt }]);
      assert.equal(text, `${expected!}<e>`, template);
      assert.deepEqual(ids, [...codes(expected!), 2], template);
    }
  });

  test('are no reason for another text: a template that counts them is refused', async () => {
    for (const template of ['{{ messages[0].content | length }}', '{{ messages[0].content[:3] }}'])
      await assert.rejects(renderConversation(letters(template), [{ role: 'user', content: spelt }]), {
        code: 'PROMPT_TEMPLATE',
        message: /cuts or counts/,
      });
  });

  test('stay letters in a text of every UTF-16 unit', async () => {
    const units = String.fromCharCode(...Array.from({ length: 1 << 15 }, (_, i) => i));
    const every = units + String.fromCharCode(...Array.from({ length: 1 << 15 }, (_, i) => i + (1 << 15)));
    for (const question of [
      `${every}<e>`,
      `<e>${[...every].reverse().join('')}<s>`,
      '\ue000<e>\ue001<e>',
      '\ud800<e>\udc00',
    ]) {
      const { text, ids } = await renderPrompt(letters('{{ messages[0].content }}<e>'), question, 'ko', {
        style: 'chat',
      });
      assert.ok(text === `${question}<e>`);
      assert.deepEqual(ids, [...codes(question), 2]);
    }
  });
});

const models = sharedPath('data/models');
const skip = existsSync(models) ? false : `no ${models}: set GLOSSA_SHARED to the folder that holds data/models`;

test("Qwen3's template renders tools, calls and reasoning as Transformers does", { skip }, async () => {
  const tokenizer = await loadTokenizer(sharedPath('data/models/Qwen3'));
  const { ids } = await renderConversation(
    tokenizer,
    [
      { role: 'user', content: '1+1?' },
      { role: 'assistant', content: '2', reasoning_content: 'hm' },
    ],
    { generationPrompt: false },
  );
  assert.deepEqual(ids.slice(-9), [151667, 198, 34301, 198, 151668, 271, 17, 151645, 198]);
  const call = { type: 'function', function: { name: 'add', arguments: { a: 1, b: '둘' } } };
  const { text } = await renderConversation(
    tokenizer,
    [
      { role: 'user', content: 'Q' },
      { role: 'assistant', content: '', tool_calls: [call] },
      { role: 'tool', content: '3' },
    ],
    { tools: [{ type: 'function', function: { name: 'add', parameters: {} } }] },
  );
  assert.ok(text.includes('<tools>\n{"type": "function", "function": {"name": "add", "parameters": {}}}\n</tools>'));
  assert.ok(text.includes('<tool_call>\n{"name": "add", "arguments": {"a": 1, "b": "둘"}}\n</tool_call><|im_end|>'));
  assert.ok(text.endsWith('<|im_start|>user\n<tool_response>\n3\n</tool_response><|im_end|>\n<|im_start|>assistant\n'));
});
