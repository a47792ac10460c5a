import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { compile, render, TemplateFault } from '../../src/jinja/index.js';

const many = (text: string, times: number) => text.repeat(times);
/** A list that holds itself twice, again and again: 61 lists, and 2^60 when they are written out. */
const shared = (seed: string, step: string) =>
  `{% set ns = namespace(x=${seed}) %}{% for i in range(60) %}{% set ns.x = ${step} %}{% endfor %}\n`;
const pair = shared("['a']", '[ns.x, ns.x]');

/** Templates that ask for too much, and the line that does. */
const GREEDY: [name: string, template: string, line: number][] = [
  ['a range', '\n\n{% for i in range(10**9) %}{% endfor %}', 3],
  ['loops in loops', '\n{% for i in range(100000) %}{% for j in range(100000) %}{% endfor %}{% endfor %}', 2],
  [
    'a text that doubles',
    `\n{% set ns = namespace(x='a') %}{% for i in range(60) %}{% set ns.x = ns.x ~ ns.x %}{% endfor %}`,
    2,
  ],
  ['a text repeated', "\n{{ 'a' * 10**12 }}", 2],
  ['a list repeated', '\n{{ [1] * 10**12 }}', 2],
  ['a power', '\n{{ 7 ** (10 ** 7) }}', 2],
  ['a shared list printed', `${pair}{{ ns.x }}`, 2],
  ['a shared list as JSON', `${pair}{{ ns.x | tojson }}`, 2],
  ['a shared list compared', `${pair}{{ ns.x == [ns.x, ns.x] }}{{ ns.x < [ns.x[0], [[1]]] }}`, 2],
  ['a shared tuple as a key', `${shared("('a',)", '(ns.x, ns.x)')}{{ {ns.x: 1} | length }}`, 2],
  ['a namespace inside itself', '{% set ns = namespace() %}{% set ns.x = ns %}\n{{ ns }}', 2],
  ['a macro that calls itself', '{% macro f(n) %}\n{% if true %}{{ f(n + 1) }}{% endif %}{% endmacro %}{{ f(0) }}', 2],
  ['a loop that calls itself', '{% set x = [1] %}{% for a in x recursive %}\n{{ loop(x) }}{% endfor %}', 2],
  [
    'iterators inside iterators',
    `{% set ns = namespace(x=[1]) %}{% for i in range(9000) %}{% set ns.x = ns.x | map('string') %}{% endfor %}\n{{ ns.x | list }}`,
    2,
  ],
  ['a wide field', "\n{{ '%1000000000d' % 1 }}", 2],
  ['a wide format', "\n{{ '{:1000000000}'.format(1) }}", 2],
  ['exact decimals', "\n{{ '%.1000000f' % 1 }}", 2],
  ['a centre', "\n{{ 'a'.center(10**12) }}", 2],
  ['tabs', "\n{{ '\\t'.expandtabs(10**12) }}", 2],
  ['an indent', "\n{{ 'a' | indent(10**12) }}", 2],
  ['a batch', '\n{{ [1] | batch(10**12, 0) | list }}', 2],
  ['replacing', "\n{{ ('a' * 1000000).replace('', 'b' * 1000) }}", 2],
  ['joining', "\n{{ ('a' * 1000000).join(['b'] * 1000) }}", 2],
  [
    'a factorial',
    '\n{% set ns = namespace(x=1) %}{% for i in range(1, 100000) %}{% set ns.x = ns.x * i %}{% endfor %}',
    2,
  ],
  ['brackets', `\n{{ ${many('(', 20_000)}1${many(')', 20_000)} }}`, 2],
  ['lists', `\n{{ ${many('[', 20_000)} }}`, 2],
  ['signs', `\n{{ ${many('-', 20_000)}1 }}`, 2],
  ['a sum', `\n{{ ${many('1+', 20_000)}1 }}`, 2],
  ['a choice', `\n{{ ${many('1 if 0 else ', 20_000)}1 }}`, 2],
  ['blocks', `\n${many('{% if 1 %}', 20_000)}`, 2],
  ['a text of 40 million characters', `{{ '${many('a', 40_000_000)}' }}`, 1],
  ['a template of 40 million characters', many('a', 40_000_000), 1],
  ['a comment of 40 million characters', `{# ${many('a', 40_000_000)}`, 1],
  ['digits', `\n{{ ${many('9', 900_000)} }}`, 2],
  ['openings', many('{{', 400_000), 1],
];

describe('a template that asks for too much', () => {
  for (const [name, template, line] of GREEDY) {
    test(`${name} ends soon, at its line`, () => {
      const began = process.cpuUsage();
      assert.throws(
        () => render(compile(template), {}),
        (fault) => {
          assert.ok(fault instanceof TemplateFault, String(fault));
          assert.equal(fault.line, line, fault.message);
          return true;
        },
      );
      const { user, system } = process.cpuUsage(began);
      assert.ok(user + system < 3e6, `${String((user + system) / 1e6)} s`);
    });
  }

  test('what is large and no more than that is rendered', () => {
    const tags = many('{% if x %}\n{% endif %}{{ y }}', 20_000);
    assert.equal(render(compile(tags), { y: 1 }).length, 20_000);
    const word = many('word ', 100_000);
    assert.equal(render(compile("{{ x.strip() | replace('w', 'W') | trim }}"), { x: word }).length, 499_999);
    assert.equal(render(compile(`{{ [${many('1,', 50_000)}] | length }}`), {}), '50000');
    assert.equal(render(compile(`{{ 1${many(' | abs', 5_000)} }}`), {}), '1');
  });

  test('a fault behind 20,000 tags is named with its line', () => {
    const tags = many('{% if x %}\n{% endif %}\n', 20_000);
    for (const fault of ['{{ y.z }}', '{% bad %}', '{{ y | bad }}', "{{ 'a }}", '{{ 1 +'])
      assert.throws(() => render(compile(tags + fault), {}), { line: 40_001 });
  });
});
