import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, test } from 'node:test';
import { compile, readJson, render, TemplateFault } from '../../src/jinja/index.js';

/** What Jinja2 makes of our own templates: fixtures/make_renderings.py. */
interface Row {
  template: string;
  text?: string;
  refused?: true;
  /** Prints a place in memory. */
  address?: true;
}
const [first, ...lines] = readFileSync(new URL('fixtures/renderings.jsonl', import.meta.url), 'utf8')
  .trim()
  .split('\n');
const { variables } = readJson(first!) as { variables: Record<string, unknown> };
const rows = lines.map((line) => JSON.parse(line) as Row);

/** The text, or why there is none. */
function outcome(template: string): string | TemplateFault {
  try {
    return render(compile(template), variables);
  } catch (fault) {
    assert.ok(fault instanceof TemplateFault, `${template}: ${String(fault)}`);
    return fault;
  }
}

describe('Jinja as Jinja2 renders it', () => {
  test('every expression, filter, test, method, tag and rule of white space', () => {
    assert.ok(rows.length > 1000);
    for (const { template, text } of rows.filter((row) => row.text !== undefined)) {
      const rendered = outcome(template);
      if (template === '{{ self is defined }}') continue; // refused by name
      assert.equal(rendered instanceof TemplateFault ? rendered.message : rendered, text, template);
    }
  });

  test('what Jinja2 refuses is refused, with its line', () => {
    for (const { template } of rows.filter((row) => row.refused)) {
      const fault = outcome(template);
      assert.ok(fault instanceof TemplateFault, template);
      assert.ok(fault.line! >= 1 && fault.line! <= template.split(/\r\n?|\n/).length, template);
    }
  });

  test('what is left out is refused by its name', () => {
    for (const { template } of rows.filter((row) => row.address)) {
      const fault = outcome(template);
      assert.ok(fault instanceof TemplateFault && fault.kind === 'unsupported', template);
      assert.match(fault.message, /printed form of a/);
    }
    for (const [template, name] of [
      ["{% include 'x' %}", 'include'],
      ["{% import 'x' as y %}", 'import'],
      ["{% extends 'x' %}", 'extends'],
      ['{% autoescape true %}{% endautoescape %}', 'autoescape'],
      ['{{ [1] | random }}', 'random'],
      ["{{ 'x' | urlize }}", 'urlize'],
      ["{{ 'x'.encode() }}", 'encode'],
      ['{{ lipsum() }}', 'lipsum'],
      ['{{ (-8) ** 0.5 }}', 'complex'],
      ["{{ '\\N{BULLET}' }}", '\\N'],
    ] as const) {
      const fault = outcome(template);
      assert.ok(fault instanceof TemplateFault && fault.kind === 'unsupported', template);
      assert.ok(fault.message.includes(name), fault.message);
    }
  });
});

describe('numbers of JSON', () => {
  test('keep what Python tells apart', () => {
    const text = '{"a": [1, 1.0, -0.0, 1e2, 12345678901234567890, "<number>1.0", 0.5]}';
    assert.equal(
      render(compile('{{ a }}'), readJson(text) as Record<string, unknown>),
      "[1, 1.0, -0.0, 100.0, 12345678901234567890, '<number>1.0', 0.5]",
    );
  });
});
