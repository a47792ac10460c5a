import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { writeSweepReport } from '../../src/report/index.js';
import { axisFigure } from '../../src/report/sweep/axis_figure.js';
import { heatFigure } from '../../src/report/sweep/heat_figure.js';
import { meanOf, measuresOf, settingsOf, shortName, showAxis } from '../../src/report/sweep/settings.js';
import { sweepFigures } from '../../src/report/sweep/sweep_figures.js';
import { renderSweepPage } from '../../src/report/sweep/sweep_page.js';
import { sweepStory } from '../../src/report/sweep/sweep_story.js';
import type { AxisValue, SweepPage, SweepPageRun } from '../../src/report/sweep/types.js';
import { renderSvg } from '../../src/report/svg.js';

const dir = mkdtempSync(join(tmpdir(), 'glossa-sweep-page-'));
after(() => {
  rmSync(dir, { recursive: true, force: true });
});

const run = (
  name: string,
  axes: Record<string, AxisValue>,
  accuracy: number | null,
  more: Partial<SweepPageRun> = {},
): SweepPageRun => ({
  name,
  arm: null,
  seed: 1,
  state: 'finished',
  error: null,
  steps: 60,
  maxSteps: 60,
  axes,
  figures: { accuracy: 0.5, 'eval_ko/accuracy': accuracy, 'eval_ko/target_wr': 0.25 },
  collapseStep: null,
  price: null,
  ...more,
});
const page = (axes: string[], runs: SweepPageRun[], more: Partial<SweepPage> = {}): SweepPage => ({
  name: 's',
  dir: '/s',
  axes,
  baseline: null,
  runs,
  ...more,
});
const at = (t: AxisValue) => ({ 'grpo.temperature': t });
const values = (spec: Record<string, unknown>) => (spec['data'] as { values: Record<string, unknown>[] }).values;

test('seeds of one setting are one row: mean and interval of the finished ones', () => {
  const sweep = page(
    ['grpo.temperature'],
    [
      run('a1', at(1), 0.25, { collapseStep: 10 }),
      run('a2', at(1), 0.75, { seed: 2, collapseStep: 21 }),
      run('a3', at(1), 0.99, { seed: 3, state: 'failed', error: 'NONFINITE: x', steps: 7 }),
      run('b1', at(2), null),
    ],
  );
  const settings = settingsOf(sweep);
  assert.deepEqual(
    settings.map(({ runs, finished }) => [runs.length, finished.length]),
    [
      [3, 2],
      [1, 1],
    ],
  );
  const accuracy = measuresOf(sweep)[0]!;
  assert.deepEqual([accuracy.group, accuracy.label], ['ko', 'accuracy']);
  const mean = meanOf(settings[0]!, accuracy)!;
  // scipy.stats.t.interval(0.95, 1, loc=0.5, scale=0.25) is -2.68 to 3.68, and shares end before.
  assert.deepEqual([mean.mean, mean.low, mean.high], [0.5, 0, 1]);
  const html = renderSweepPage(sweep, []);
  assert.match(html, /<span>50\.0 %<\/span> <small><span>0\.0 %<\/span> <span>to 100\.0 %<\/span><\/small>/);
  assert.match(html, /<span>2 of 2<\/span> <small><span>step 15\.5<\/span>/, 'the median step of the collapses');
});

test('runs that did not finish are named with what became of them', () => {
  const sentences = sweepStory(
    page(
      [],
      [
        run('good', {}, 1),
        run('bad', {}, 1, { state: 'failed', error: 'NONFINITE: a loss', steps: 7 }),
        run('weak', {}, 1, { state: 'stopped', steps: 20 }),
        run('late', {}, null, { state: 'waiting', steps: null, maxSteps: null }),
      ],
    ),
  );
  assert.deepEqual(sentences, [
    '4 runs: 1 setting, 4 seeds each; 1 have finished.',
    'Ended with an error: bad (step 7 of 60, NONFINITE).',
    'Stopped early, as the sweep asks: weak (step 20 of 60).',
    'Not begun: late.',
  ]);
});

test('two axes make a heat map for each arm: a cell a crossing, the greatest at the top', async () => {
  const cross = (arm: string) =>
    [0.7, 1].flatMap((t) =>
      [0, 8].flatMap((k) =>
        [1, 2].map((seed) =>
          run(`${arm}${String(t)}${String(k)}${String(seed)}`, { ...at(t), 'grpo.k': k }, t / 2 + seed / 100, {
            arm,
            seed,
          }),
        ),
      ),
    );
  const sweep = page(['grpo.temperature', 'grpo.k'], [...cross('plain'), ...cross('kept')]);
  const drawn = sweepFigures(sweep);
  assert.deepEqual(
    drawn.map(([name]) => name),
    ['eval_ko-accuracy.plain', 'eval_ko-accuracy.kept', 'eval_ko-target_wr.plain', 'eval_ko-target_wr.kept'],
  );
  const [, spec] = drawn[0]!;
  assert.deepEqual(
    values(spec).map(({ x, y, text, n }) => [x, y, text, n]),
    [
      ['0.7', '0', '36.5 %', 2],
      ['0.7', '8', '36.5 %', 2],
      ['1', '0', '51.5 %', 2],
      ['1', '8', '51.5 %', 2],
    ],
  );
  const { y } = spec['encoding'] as { y: { scale: { domain: string[] } } };
  assert.deepEqual(y.scale.domain, ['8', '0']);
  const svg = await renderSvg(spec);
  assert.equal(svg.match(/aria-roledescription="rect mark"/g)?.length, 4);
  assert.match(svg, />51\.5 %</);
  assert.match(svg, /fill="var\(--heat-\d\)"/);
});

test('one axis makes a curve with an interval, a line for each arm', async () => {
  const runs = [1e-5, 1e-3].flatMap((rate) =>
    [1, 2].flatMap((seed) =>
      ['plain', 'kept'].map((arm) =>
        run(`${arm}${String(rate)}${String(seed)}`, { 'optimizer.learning_rate': rate }, seed / 4, { arm, seed }),
      ),
    ),
  );
  const [, spec] = sweepFigures(page(['optimizer.learning_rate'], runs))[0]!;
  assert.equal(values(spec).length, 4);
  assert.deepEqual(values(spec)[0], { ...values(spec)[0], x: 1e-5, mean: 0.375, n: 2, series: 'plain' });
  const { x } = spec['encoding'] as { x: { scale: { type: string } } };
  assert.equal(x.scale.type, 'log', 'a hundredfold');
  const svg = await renderSvg(spec);
  assert.equal(svg.match(/aria-roledescription="line mark"/g)?.length, 2);
  assert.equal(svg.match(/aria-roledescription="rule mark"/g)?.length, 4);
  assert.equal(svg.match(/aria-roledescription="point"/g)?.length, 4);
  assert.match(svg, />1e\S5</);
});

test('an axis of words has points and no line, and values that were drawn have no heat map', async () => {
  const point = (x: number | string) => ({ x, mean: 0.5, low: null, high: null, n: 1, series: 'a' });
  const words = await renderSvg(
    axisFigure({ title: 't', axis: 'loss', unit: 'share', series: ['a'], points: ['grpo', 'dapo'].map(point) }),
  );
  assert.doesNotMatch(words, /line mark/);
  assert.equal(words.match(/aria-roledescription="point"/g)?.length, 2);
  assert.doesNotMatch(words, /aria-roledescription="rule mark"/, 'one run has no interval');
  const random = Array.from({ length: 20 }, (_, i) => run(String(i), { a: Math.sin(i), b: Math.cos(i) }, 0.5));
  const drawn = sweepFigures(page(['a', 'b'], random)).map(([name]) => name);
  assert.deepEqual(drawn, ['eval_ko-accuracy.a', 'eval_ko-accuracy.b', 'eval_ko-target_wr.a', 'eval_ko-target_wr.b']);
});

test('shares have one scale in every heat map, other figures their own', () => {
  const cells = [0.2, 0.4].map((mean, i) => ({ x: String(i), y: '0', mean, n: 1 }));
  const axes = { x: { title: 'x', values: ['0', '1'] }, y: { title: 'y', values: ['0'] } };
  const levels = (unit: 'share' | 'number') =>
    values(heatFigure({ title: 't', ...axes, unit, cells })).map(({ level }) => level);
  assert.deepEqual(levels('share'), ['1', '2']);
  assert.deepEqual(levels('number'), ['0', '6']);
});

test('axes are called by what sets them apart, and small numbers have an exponent', () => {
  const axes = ['grpo.temperature', 'rewards.language.weight', 'eval.temperature', 'seed'];
  assert.deepEqual(
    axes.map((axis) => shortName(axis, axes)),
    ['grpo.temperature', 'language.weight', 'eval.temperature', 'seed'],
  );
  assert.deepEqual([0, 0.5, 1e-5, 2.5e-4, 1000, true, null, 'x'].map(showAxis), [
    '0',
    '0.5',
    '1e-5',
    '2.5e-4',
    '1000',
    'true',
    '-',
    'x',
  ]);
});

test('a page stands by itself, with its figures beside it, and nothing can write into it', async () => {
  const attack = '<script>alert(1)</script>';
  const sweep = page([attack], [run(attack, { [attack]: attack }, 0.5), run('b', { [attack]: 'b' }, 0.25)], {
    name: attack,
    baseline: attack,
  });
  const out = join(dir, 'report.html');
  await writeSweepReport(sweep, out);
  const html = readFileSync(out, 'utf8');
  assert.doesNotMatch(html, /<script|<link|src=|@import|url\((?!#)/);
  assert.equal(html.match(/<svg/g)?.length, 2);
  assert.equal(readdirSync(join(dir, 'report-figures')).filter((name) => name.endsWith('.svg')).length, 2);
  await writeSweepReport(page([], [run('a', {}, 0.5)]), out);
  assert.deepEqual(
    readdirSync(join(dir, 'report-figures')).filter((name) => name.endsWith('.svg')),
    [],
    'figures of the page before are swept',
  );
  await assert.rejects(writeSweepReport(page([], []), join(dir, 'none.html')), { code: 'REPORT_EMPTY' });
  assert.ok(!existsSync(join(dir, 'none.html')));
});
