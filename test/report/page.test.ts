import assert from 'node:assert/strict';
import { test } from 'node:test';
import { lineFigure } from '../../src/report/line_figure.js';
import { runModel } from '../../src/analysis/model.js';
import { inkTable } from '../../src/report/palette.js';
import { renderPage } from '../../src/report/page.js';
import { evaluationsTable, heldOutTable } from '../../src/report/tables.js';
import { shareFigure } from '../../src/report/share_figure.js';
import { renderSvg, standaloneSvg } from '../../src/report/svg.js';
import type { RunSummary } from '../../src/run/types.js';

const points = [
  { step: 1, value: 0.25 },
  { step: 2, value: 0.5 },
  { step: 3, value: null },
  { step: 4, value: 0.75 },
];

test('an SVG takes its colours from the page, and has them written out as a file', async () => {
  const spec = lineFigure({
    title: 'Accuracy \u0007& more',
    unit: 'share',
    scale: 'share',
    series: [{ name: 'a', ink: 'lang-ko', points }],
  });
  const svg = await renderSvg(spec);
  assert.match(svg, /stroke="var\(--lang-ko\)"/);
  assert.match(svg, /Accuracy \ufffd&amp; more/, 'XML holds no control characters');
  const file = standaloneSvg(svg);
  assert.doesNotMatch(file, /var\(/);
  assert.ok(file.includes(inkTable().get('lang-ko')!.light));
  const tag = /<svg[^>]*>/.exec(file)![0];
  for (const name of ['width', 'height', 'viewBox']) {
    assert.equal(tag.split(` ${name}="`).length - 1, 1, `${name} once, or it is no XML: ${tag}`);
  }
});

test('a line breaks at a gap, and a value alone between gaps is a point', async () => {
  const svg = await renderSvg(
    lineFigure({ title: 't', unit: 'share', scale: 'share', series: [{ name: 'a', ink: 'text', points }] }),
  );
  const lines = [...svg.matchAll(/aria-roledescription="line mark"[^>]*d="([^"]*)"/g)].map(([, d]) => d!);
  assert.equal(lines.filter((d) => d.includes('L')).length, 1, 'from step 1 to 2');
  assert.equal(lines.join('').split('L').length - 1, 1);
  assert.equal(svg.match(/aria-roledescription="point"/g)?.length, 1, 'step 4');
});

test('steps without a value at the ends are part of the figure', () => {
  const series = [{ name: 'a', ink: 'text', points: [...points, { step: 9, value: null }] }];
  const spec = lineFigure({ title: 't', unit: 'share', scale: 'share', series });
  const { x } = spec['encoding'] as { x: { scale: { domain: number[] } } };
  assert.deepEqual(x.scale.domain, [1, 9]);
});

test('shares stand alone as bars between gaps, and nothing is stacked over a gap', async () => {
  const svg = await renderSvg(
    shareFigure({ title: 't' }, [
      { name: 'a', ink: 'lang-ko', points },
      { name: 'b', ink: 'lang-en', points: points.map(({ step, value }) => ({ step, value: value && 1 - value })) },
    ]),
  );
  assert.equal(svg.match(/aria-roledescription="bar"/g)?.length, 2);
  assert.equal(svg.match(/aria-roledescription="area mark"/g)?.length, 2);
});

const summary = (text: string): RunSummary => ({
  name: text,
  dir: text,
  config: { [text]: text },
  status: 'finished',
  languages: ['ko'],
  metrics: [],
  evaluations: [
    {
      step: 0,
      suite: text,
      language: 'ko',
      accuracy: 0.5,
      target_wr: null,
      target_wr_rewarded: null,
      en_wr: null,
      other_wr: null,
      mean_length: 1,
      clipped_ratio: 0,
      n: 8,
    },
  ],
});

test('a column has the accuracy by marked answers alone, where an evaluation has another one', () => {
  const model = (accuracy_strict: number) => {
    const of = summary('suite');
    return runModel('a', { ...of, evaluations: of.evaluations.map((row) => ({ ...row, accuracy_strict })) });
  };
  for (const table of [heldOutTable, evaluationsTable]) {
    assert.match(table([model(0.25)]), /accuracy, strict<.*25\.0 %/);
    assert.doesNotMatch(table([model(0.5)]), /strict/);
  }
});

test('columns have pass@k and maj@k of the largest k, with their intervals, where an evaluation has them', () => {
  const of = summary('suite');
  const several = { 'pass@1': 0.25, 'pass@2': 0.375, 'avg@2': 0.25, 'maj@2': 0.125 };
  const intervals = { accuracy: [0, 1], 'pass@2': [0.3, 0.45], 'maj@2': [0.05, 0.225] } as Record<
    string,
    [number, number]
  >;
  const evaluations = [...of.evaluations, { ...of.evaluations[0]!, step: 2, ...several, intervals }];
  const table = evaluationsTable([runModel('a', { ...of, evaluations })]);
  const heads = [...table.matchAll(/<th[^>]*>([^<]*)<\/th>/g)].map(([, head]) => head);
  assert.deepEqual(heads.slice(-2), ['pass@2', 'maj@2']);
  const text = table.replaceAll(/<[^>]+>/g, ' ').replaceAll(/\s+/g, ' ');
  assert.match(text, /37\.5 % 30\.0 % to 45\.0 % 12\.5 % 5\.0 % to 22\.5 %/);
  assert.doesNotMatch(evaluationsTable([runModel('a', of)]), /@/);
  const fewer = { ...of.evaluations[0]!, suite: 'other', 'pass@4': 0.5, 'maj@4': null };
  assert.match(
    evaluationsTable([runModel('a', { ...of, evaluations: [...evaluations, fewer] })]),
    /pass@2.*maj@2.*pass@4.*maj@4/,
  );
});

test('neither a completion nor a name can write into the page', () => {
  const attack = '<script>alert(1)</script>&"\'';
  const html = renderPage({
    title: attack,
    story: [attack],
    comparison: [],
    runs: [1, 2].map(() => ({
      model: runModel(attack, summary(attack)),
      figures: [],
      facts: [[attack, attack]],
      alarms: [{ text: attack, completion: undefined }],
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
    })),
  });
  assert.doesNotMatch(html, /<script/);
  assert.ok(html.split('&lt;script&gt;').length > 20);
});

test('the page asks nothing of the network, and says what its words mean', () => {
  const html = renderPage({ title: 't', story: [], comparison: [], runs: [] });
  assert.doesNotMatch(html, /(src|href)=|@import|url\(/);
  for (const word of ['Collapse step:', 'Fidelity price:', 'Cut off:', 'Beyond noise:'])
    assert.ok(html.includes(word), word);
});
