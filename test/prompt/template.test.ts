import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { GlossaError } from '../../src/base/error.js';
import { renderPrompt } from '../../src/prompt/index.js';
import { letters } from './letters.js';

async function refusal(template: string): Promise<string> {
  try {
    await renderPrompt(letters(template), 'a question', 'en', { style: 'chat' });
  } catch (error) {
    assert.ok(error instanceof GlossaError && error.hint, String(error));
    assert.equal(error.code, 'PROMPT_TEMPLATE');
    return error.message;
  }
  return assert.fail(`rendered: ${template}`);
}

describe('a template that is wrong', () => {
  test('is named with its line where it cannot be read', async () => {
    assert.match(
      await refusal('{{ bos_token }}\n{% if true %}\n{% fro m in messages %}\n'),
      /^chat_template.jinja:3: .*fro/,
    );
    assert.match(await refusal('a\n{{ 1 + }}'), /^chat_template.jinja:2: .*not valid Jinja/);
    assert.match(await refusal('a\nb{{ @ }}'), /^chat_template.jinja:2: .*@/);
  });

  test('is named with the line of what is left open', async () => {
    assert.match(
      await refusal('a\n{% for m in messages %}\n{{ m.content }}\n'),
      /^chat_template.jinja:2: .*for.*left open/,
    );
    assert.match(await refusal('a\n {# b\n'), /^chat_template.jinja:2: .*comment/);
    assert.match(await refusal('\n{{ "a\n'), /^chat_template.jinja:2: .*not valid Jinja/);
  });

  test('is named with its line where it fails on the way', async () => {
    assert.match(await refusal('a\n\n{% for m in messages %}\n  {{ m.content | shuot }}\n{% endfor %}'), /:4: .*shuot/);
    assert.match(
      await refusal("{% if true %}\n{{ raise_exception('no system') }}\n{% endif %}"),
      /:2: .*refuses.*no system/,
    );
    assert.match(await refusal('{{ nothing() }}'), /:1: .*cannot be rendered: 'nothing' is undefined/);
  });

  test('ends, however much it asks for', async () => {
    const began = performance.now();
    assert.match(await refusal('\n{% for i in range(10**9) %}x{% endfor %}'), /:2: .*range/);
    assert.match(await refusal('\n{% for i in range(1000000000) %}x{% endfor %}'), /:2: .*range/);
    assert.match(await refusal('{% for i in range(0, 1, 0) %}x{% endfor %}'), /range/);
    const nested = '{% for i in range(99999) %}{% for j in range(99999) %}{% endfor %}{% endfor %}';
    assert.match(await refusal(nested), /does not end within 1000000 steps/);
    assert.match(await refusal('{% macro f() %}{{ f() }}{% endmacro %}{{ f() }}'), /nests more than/);
    const doubled =
      "{% set n = namespace(x='a') %}{% for i in range(60) %}{% set n.x = n.x ~ n.x %}{% endfor %}{{ n.x }}";
    assert.match(await refusal(doubled), /a text/);
    const list = '{% set n = namespace(x=[1]) %}{% for i in range(60) %}{% set n.x = n.x + n.x %}{% endfor %}';
    assert.match(await refusal(list), /does not end/);
    const upper = "{% set n = namespace(x='a') %}{% for i in range(20) %}{% set n.x = n.x ~ n.x %}{% endfor %}";
    assert.match(
      await refusal(`${upper}{% for i in range(99999) %}{% set y = n.x | upper %}{% endfor %}`),
      /does not end/,
    );
    assert.ok(performance.now() - began < 20_000);
  });

  test('of many words is rendered all the same', async () => {
    const question = 'word '.repeat(100_000);
    const { text } = await renderPrompt(letters('{% for m in messages %}{{ m.content }}{% endfor %}'), question, 'en', {
      style: 'chat',
    });
    assert.equal(text, question);
  });

  test('sees a date that is not of the day', async () => {
    const { text } = await renderPrompt(letters("{{ strftime_now('%d %b %Y, %H:%M, %q') }}"), '', 'en', {
      style: 'chat',
    });
    assert.equal(text, '26 Jul 2024, 00:00, %q');
  });
});
