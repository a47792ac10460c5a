import assert from 'node:assert/strict';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { runModel } from '../../src/analysis/index.js';
import type { Datum, FigureSpec } from '../../src/report/figure.js';
import { writeReport } from '../../src/report/index.js';
import { runFigures } from '../../src/report/run_figures.js';
import { story } from '../../src/report/story.js';
import { renderSvg } from '../../src/report/svg.js';
import type { MetricsLine, RunSummary } from '../../src/run/index.js';
import { evaluation, makeRun, type MadeRun } from './runs.js';

let root: string;
before(async () => {
  root = await mkdtemp(join(tmpdir(), 'glossa-sft-report-'));
});
after(() => rm(root, { recursive: true, force: true }));

const sft = { max_steps: 4, batch_size: 8, eval: [{ name: 'held' }, { name: 'other<set>' }] };

/** Four steps, held out before the first, after the second and after the last. */
const lines = ([l1, l2, l3, l4]: number[], [h0, h2, h4]: (number | null)[]): MetricsLine[] => {
  const step = (step: number, loss: number): MetricsLine => ({
    ...{
      step,
      loss,
      mean_token_accuracy: step / 10,
      entropy: 2 - step / 4,
      epoch: step * 0.125,
      num_tokens: step * 501,
    },
    grad_norm: 1,
  });
  const heldOut = (loss: number | null): Partial<MetricsLine> => ({
    'eval_held/loss': loss,
    'eval_held/perplexity': loss === null ? null : Math.exp(loss),
    'eval_held/entropy': 1.5,
    'eval_other<set>/loss': 3,
    'eval_other<set>/perplexity': Math.exp(3),
    'eval_other<set>/entropy': 1.25,
  });
  return [
    { step: 0, ...heldOut(h0!) },
    step(1, l1!),
    { ...step(2, l2!), ...heldOut(h2!) },
    step(3, l3!),
    { ...step(4, l4!), ...heldOut(h4!) },
  ];
};
const warm: MadeRun = {
  languages: ['ko'],
  config: { model: { path: '/m' }, sft, grpo: { max_steps: 100, num_generations: 8 } },
  metrics: lines([4, 2.5, 2, 2.25], [4.5, 1.75, 2.5]),
};
const grpo = (path: string): MadeRun => ({
  languages: ['ko'],
  config: { model: { path }, grpo: { max_steps: 2, num_generations: 8 } },
  metrics: [1, 2].map((step) => ({ step, accuracy: 0.5, loss: 0.001, reward: 0.5, 'language/target_wr': 0.25 })),
  evaluations: [0, 2].map((step) => evaluation([step, 'ko', 'ko'], { accuracy: 0.5 })),
});

const made = (name: string, run: MadeRun): Promise<RunSummary> => makeRun(join(root, name), run);
async function pageOf(...runs: [label: string, summary: RunSummary][]): Promise<{ html: string; files: string[] }> {
  const out = join(root, `${runs.map(([label]) => label).join('-')}.html`);
  await writeReport(
    runs.map(([label, summary]) => ({ label, summary })),
    out,
  );
  const html = (await readFile(out, 'utf8')).replace(/<svg.*?<\/svg>/gs, '');
  return { html, files: await readdir(out.replace(/\.html$/, '-figures')) };
}
const tableOf = (html: string, head: string): string[][] => {
  const found = [...html.matchAll(/<table>.*?<\/table>/gs)].find(([table]) => table.includes(`>${head}</th>`));
  return [...(found?.[0] ?? '').matchAll(/<tr>(.*?)<\/tr>/gs)].map(([, row]) =>
    [...row!.matchAll(/<t[hd][^>]*>(.*?)<\/t[hd]>/gs)].map(([, cell]) =>
      cell!
        .replaceAll(/<[^>]+>/g, ' ')
        .replaceAll(/\s+/g, ' ')
        .trim(),
    ),
  );
};
const pointsOf = (spec: FigureSpec, series: string) =>
  (spec['data'] as { values: Datum[] }).values
    .filter((datum) => datum.series === series)
    .map(({ step, value }) => [step, value]);

describe('the report of supervised fine-tuning', () => {
  it('tells how much was learnt from, and the losses with their steps', async () => {
    const told = story([runModel('warm', await made('told', warm))]);
    assert.deepEqual(told, [
      'warm: supervised fine-tuning, 4 steps of 8 examples, 32 in all (0.5 epochs, 2004 tokens).',
      'warm, examples it learns from (each step its own): loss 4 at step 1, 2.25 at step 4, lowest 2 at step 3; token accuracy 10.0 % at step 1, 40.0 % at step 4.',
      'warm, held-out set held: loss 4.5 at step 0, 2.5 at step 4, lowest 1.75 at step 2; perplexity 90 at step 0, 12.2 at step 4, lowest 5.75 at step 2.',
      'warm, held-out set other<set>: loss 3 at steps 0, 2 and 4; perplexity 20.1 at steps 0, 2 and 4.',
    ]);
    assert.deepEqual(story([runModel('new', await made('new', { ...warm, metrics: [] }))]), []);
  });

  it('draws the loss of the examples and of each held-out set, those of few steps with their points', async () => {
    const figures = new Map(runFigures(runModel('warm', await made('drawn', warm))));
    assert.deepEqual([...figures.keys()], ['loss', 'token-accuracy', 'entropy']);
    const loss = figures.get('loss')!;
    assert.deepEqual(pointsOf(loss, 'examples it learns from'), [
      [1, 4],
      [2, 2.5],
      [3, 2],
      [4, 2.25],
    ]);
    assert.deepEqual(pointsOf(loss, 'held out: held'), [
      [0, 4.5],
      [2, 1.75],
      [4, 2.5],
    ]);
    const svg = await renderSvg(loss);
    assert.equal(svg.match(/aria-roledescription="point"/g)?.length, 6, 'of both held-out sets, and none of the steps');
    assert.match(svg, /held out: other&lt;set&gt;/);
  });

  it('a loss that was not finite is a gap', async () => {
    const broken = { ...warm, metrics: lines([4, 2.5, 2, 2.25], [4.5, null, 2.5]) };
    const model = runModel('warm', await made('gap', broken));
    const [, loss] = runFigures(model)[0]!;
    const held = (loss['data'] as { values: Datum[] }).values.filter(({ series }) => series === 'held out: held');
    assert.deepEqual(
      held.map(({ step, stretch }) => [step, stretch]),
      [
        [0, 0],
        [4, 1],
      ],
    );
    assert.match(
      story([model]).join('\n'),
      /held-out set held: loss 4\.5 at step 0, 2\.5 at step 4, no value at step 2;/,
    );
  });

  it('a page of such runs alone has no table and no word of prompts, and no empty column', async () => {
    const { html, files } = await pageOf(['warm', await made('alone', warm)]);
    assert.match(html, /<title>made: supervised fine-tuning<\/title>/);
    for (const word of ['Training prompts', 'Held-out problems', 'Collapse', 'Target words', 'grpo.'])
      assert.ok(!html.includes(word), word);
    assert.deepEqual(tableOf(html, 'epochs'), [
      ['run', 'steps', 'examples', 'epochs', 'tokens', 'loss', 'token accuracy', 'entropy'],
      ['warm', '4', '32', '0.5', '2004', '4 → 2.25 lowest 2', '10.0 % → 40.0 %', '1.75 → 1'],
    ]);
    assert.deepEqual(tableOf(html, 'perplexity'), [
      ['run', 'held-out set', 'at steps', 'loss', 'perplexity', 'entropy'],
      ['warm', 'held', '0, 2, 4', '4.5 → 2.5 lowest 1.75', '90 → 12.2 lowest 5.75', '1.5 → 1.5'],
      ['warm', 'other&lt;set&gt;', '0, 2, 4', '3 → 3', '20.1 → 20.1', '1.25 → 1.25'],
    ]);
    assert.deepEqual(files.sort(), ['figures.json', 'warm.entropy.svg', 'warm.loss.svg', 'warm.token-accuracy.svg']);
  });

  it('beside GRPO each is told apart, and which checkpoint the one began with', async () => {
    const first = await made('first', warm);
    const second = await made('second', grpo(join(first.dir, 'checkpoints/000004')));
    const { html, files } = await pageOf(['warm', first], ['then', second]);
    assert.match(html, /then: trained with GRPO, begins with the checkpoint of warm after step 4\./);
    const prompts = tableOf(html, 'collapse');
    assert.deepEqual(
      prompts.map(([run]) => run),
      ['run', 'then'],
      'training prompts are those of GRPO alone',
    );
    assert.deepEqual(
      tableOf(html, 'epochs').map(([run]) => run),
      ['run', 'warm'],
    );
    assert.match(html, /id="run-0">warm<\/h2><p class="note">Supervised fine-tuning<\/p>/);
    assert.match(html, /id="run-1">then<\/h2><p class="note">GRPO<\/p>/);
    assert.ok(!html.includes('Side by side'), 'one run of each kind has nothing beside it');
    assert.ok(!files.includes('accuracy.svg') && !files.includes('loss.svg'));
    const elsewhere = runModel('then', await made('third', grpo('/runs/gone/final')));
    assert.equal(story([elsewhere])[0], 'then: begins with the final weights of /runs/gone.');
    assert.match(story([runModel('then', await made('fourth', grpo('/models/some')))])[0]!, /^then, ko /);
  });

  it('several such runs stand in one figure, with the held-out sets that they share', async () => {
    const one = await made('one', warm);
    const two = await made('two', { ...warm, metrics: lines([3, 3, 3, 3], [2, 2, 2]) });
    const { files, html } = await pageOf(['one', one], ['two', two], ['then', await made('beside', grpo('/m'))]);
    assert.ok(html.includes('Side by side'));
    const shared = files.filter((name) => !/^(?:one|two|then)\./.test(name)).sort();
    assert.deepEqual(shared, ['figures.json', 'held-out-loss-held.svg', 'held-out-loss-other-set.svg', 'loss.svg']);
  });
});
