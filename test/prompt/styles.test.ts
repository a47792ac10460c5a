import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { describe, test } from 'node:test';
import { LANGUAGES } from '../../src/language/index.js';
import { renderPrompt, type PromptSettings } from '../../src/prompt/index.js';
import { loadTokenizer } from '../../src/tokenizer/index.js';
import { sharedPath } from '../shared.js';
import { codes, letters } from './letters.js';

const CHAT =
  "{{ bos_token }}{{ messages[-1].content }}<e>{% if enable_thinking is defined and not enable_thinking %}{{ '<think></think>' }}{% endif %}";

describe('a thought begun in the prompt', () => {
  const render = (template: string, settings: Partial<PromptSettings>) =>
    renderPrompt(letters(template), 'Q', 'ko', { style: 'chat', ...settings });

  test('opens a think tag where the template has opened none', async () => {
    const { text, ids } = await render(CHAT, { think_prefix: '음, ' });
    assert.equal(text, '<s>Q<e><think>\n음, ');
    assert.deepEqual(ids, [1, ...codes('Q'), 2, 3, ...codes('\n음, ')]);
  });

  test('goes on behind the tag that the template has opened', async () => {
    for (const end of ['<think>', '<think>\n', '<think> \n']) {
      assert.equal(
        (await render(`{{ messages[0].content }}{{ '${end.replace('\n', '\\n')}' }}`, { think_prefix: '음' })).text,
        `Q${end}음`,
      );
    }
    // Closed again, so it is another thought that begins.
    assert.equal(
      (await render('<think></think>\n\n\n', { think_prefix: '음' })).text,
      '<think></think>\n\n<think>\n음',
    );
  });

  test('is a sentence of the language on demand, and never a special token', async () => {
    const sentences = await Promise.all(
      LANGUAGES.map(
        async (language) =>
          (await renderPrompt(letters(CHAT), 'Q', language, { style: 'chat', think_prefix: 'auto' })).text,
      ),
    );
    assert.equal(new Set(sentences).size, LANGUAGES.length);
    assert.match(sentences[LANGUAGES.indexOf('ko')]!, /<think>\n한국어로/);
    assert.deepEqual((await render(CHAT, { think_prefix: '<e>' })).ids.slice(-4), codes('\n<e>'));
  });

  test('is on or off as the template understands it', async () => {
    assert.equal((await render(CHAT, { thinking: false })).text, '<s>Q<e><think></think>');
    assert.equal((await render(CHAT, { thinking: true })).text, '<s>Q<e>');
    await assert.rejects(render('{{ messages[0].content }}', { thinking: true }), {
      code: 'PROMPT_THINKING',
      message: /chat_template.jinja knows no enable_thinking/,
    });
  });
});

describe("a template of one's own", () => {
  const own = (text: string): PromptSettings => ({ style: 'template', template: { path: 'own.jinja', text } });

  test('is given the question, the system line, the language and its code, and what chat templates are given', async () => {
    const text =
      '{{ bos_token }}{{ system }}|{{ question }}|{{ language }}|{{ language_code }}|{{ messages | length }}|{{ 1 if add_generation_prompt }}<e>';
    const settings = { ...own(text), system: 'In {language}.' };
    const rendered = await renderPrompt(letters(undefined), '<e>Q', 'uk', settings);
    assert.equal(rendered.text, '<s>In Ukrainian.|<e>Q|Ukrainian|uk|2|1<e>');
    assert.equal(rendered.ids.filter((id) => id === 2).length, 1);
    assert.equal(rendered.ids[0], 1);
  });

  test('begins as it says, without what the tokenizer puts before plain text', async () => {
    assert.deepEqual((await renderPrompt(letters(undefined), 'Q', 'ko', own('{{ question }}'))).ids, codes('Q'));
    assert.equal((await renderPrompt(letters(undefined), 'Q', 'ko', own('[{{ system }}]'))).text, '[]');
  });

  test('is named where it fails', async () => {
    await assert.rejects(renderPrompt(letters(undefined), 'Q', 'ko', own('\n{{ question | loud }}')), {
      code: 'PROMPT_TEMPLATE',
      message: /own.jinja:2: .*loud/,
    });
  });
});

const models = sharedPath('data/models');
const skip = existsSync(models) ? false : `no ${models}: set GLOSSA_SHARED to the folder that holds data/models`;

describe('Qwen3', { skip }, () => {
  test('thinks, does not think, or begins a thought in Korean', async () => {
    const tokenizer = await loadTokenizer(sharedPath('data/models/Qwen3'));
    const tail = async (settings: Partial<PromptSettings>) => {
      const { text, ids } = await renderPrompt(tokenizer, '1+1?', 'ko', { style: 'chat', ...settings });
      assert.equal(await tokenizer.decode(ids, { special: true }), text);
      return { end: text.slice(text.indexOf('assistant')), ids };
    };
    assert.equal((await tail({ thinking: true })).end, 'assistant\n');
    assert.equal((await tail({ thinking: false })).end, 'assistant\n<think>\n\n</think>\n\n');
    const { end, ids } = await tail({ think_prefix: 'auto' });
    assert.equal(end, 'assistant\n<think>\n한국어로 차근차근 생각해 보겠습니다.');
    assert.equal(ids.filter((id) => id === 151667).length, 1);
  });
});
