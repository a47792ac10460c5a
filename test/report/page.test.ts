import assert from 'node:assert/strict';
import { test } from 'node:test';
import { lineFigure, series } from '../../src/report/figures.js';
import { inkTable } from '../../src/report/palette.js';
import { renderPage } from '../../src/report/page.js';
import { renderSvg, standaloneSvg } from '../../src/report/svg.js';

const metrics = [
  { step: 0, accuracy: 0.9 },
  { step: 1, accuracy: 0.25 },
  { step: 2, accuracy: null },
  { step: 3, accuracy: 0.75 },
];

test('a figure holds the values after the first step and leaves unknown ones out', () => {
  const spec = lineFigure({
    title: 'Accuracy',
    unit: 'share',
    scale: 'percent',
    series: [series('a', 'text', metrics, 'accuracy')],
  });
  assert.deepEqual((spec['data'] as { values: unknown }).values, [
    { step: 1, value: 0.25, series: 'a' },
    { step: 3, value: 0.75, series: 'a' },
  ]);
});

test('an SVG takes its colours from the page, and has them written out as a file', async () => {
  const spec = lineFigure({
    title: 'Accuracy',
    unit: 'share',
    scale: 'percent',
    series: [series('a', 'lang-ko', metrics, 'accuracy')],
  });
  const svg = await renderSvg(spec);
  assert.match(svg, /stroke="var\(--lang-ko\)"/);
  const file = standaloneSvg(svg);
  assert.doesNotMatch(file, /var\(/);
  assert.ok(file.includes(inkTable().get('lang-ko')!.light));
  const tag = /<svg[^>]*>/.exec(file)![0];
  for (const name of ['width', 'height', 'viewBox']) {
    assert.equal(tag.split(` ${name}="`).length - 1, 1, `${name} once, or it is no XML: ${tag}`);
  }
});

test('a completion cannot write into the page', () => {
  const attack = '<script>alert(1)</script>&"\'';
  const html = renderPage({
    title: attack,
    story: [attack],
    comparison: [],
    target: 'ko',
    runs: [
      {
        label: attack,
        findings: { before: null, after: null, collapseStep: null, steps: 0 },
        figures: [],
        facts: [[attack, attack]],
        completions: [
          {
            step: 1,
            question: attack,
            answer: attack,
            language: 'ko',
            correct: true,
            reward: 1,
            advantage: 0,
            finish: 'stop',
            pieces: [
              { text: attack, language: 'en' },
              { text: attack, language: null },
            ],
          },
        ],
      },
    ],
  });
  assert.doesNotMatch(html, /<script/);
  assert.equal(html.split('&lt;script&gt;').length - 1, 9);
});

test('the page asks nothing of the network', () => {
  const html = renderPage({ title: 't', story: [], comparison: [], runs: [], target: 'ko' });
  assert.doesNotMatch(html, /(src|href)=|@import|url\(/);
});
