import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import type { Language } from '../../src/language/types.js';
import { runModel } from '../../src/analysis/model.js';
import { story } from '../../src/report/story.js';
import { evaluation, makeRun, type MadeRun } from './runs.js';

let root: string;
let count = 0;
before(async () => {
  root = await mkdtemp(join(tmpdir(), 'glossa-story-'));
});
after(() => rm(root, { recursive: true, force: true }));

async function tell(...runs: (MadeRun & { label: string })[]): Promise<string[]> {
  const models = [];
  for (const run of runs) models.push(runModel(run.label, await makeRun(join(root, `run-${String(count++)}`), run)));
  return story(models);
}

/** A held-out evaluation of a suite of this language's name. */
const row = (step: number, language: Language, accuracy: number, target: number) =>
  evaluation([step, language, language], {
    accuracy,
    target_wr: target,
    target_wr_rewarded: target,
    en_wr: language === 'en' ? target : 1 - target,
    other_wr: language === 'en' ? 1 - target : 0,
    n: 200,
  });

const line = (step: number, rewarded: number | null) => ({
  step,
  accuracy: 0.5,
  'language/rewarded/target_wr': rewarded,
});

describe('the story', () => {
  it('is about the language trained on, whatever the suites are called', async () => {
    const config = { seed: 1, model: { lab: {} }, data: { eval: [{ name: 'ko' }, { name: 'en' }] } };
    const collapsed = {
      label: 'collapse',
      languages: ['ko'] as Language[],
      config,
      metrics: [line(1, 0.8), line(2, 0)],
      evaluations: [row(0, 'en', 0.95, 1), row(0, 'ko', 0.35, 0.76), row(40, 'en', 0.95, 1), row(40, 'ko', 0.86, 0)],
    };
    const kept = { ...collapsed, label: 'kept', evaluations: [row(0, 'ko', 0.35, 0.76), row(40, 'ko', 0.3, 0.99)] };
    assert.deepEqual(await tell(collapsed, kept), [
      'collapse, ko (Korean, 200 completions): accuracy rose from 35.0 % at step 0 to 86.0 % at step 40; cut off 0.0 % at steps 0 and 40; Korean words of right answers 76.0 % at step 0, 0.0 % at step 40; Korean words 76.0 % at step 0, 0.0 % at step 40.',
      'kept, ko (Korean, 200 completions): accuracy 35.0 % at step 0, 30.0 % at step 40 (no difference beyond noise); cut off 0.0 % at steps 0 and 40; Korean words of right answers 76.0 % at step 0, 99.0 % at step 40; Korean words 76.0 % at step 0, 99.0 % at step 40.',
      'Fidelity price of kept against collapse, ko (Korean): 0.57 points of accuracy lost for each point of Korean words kept (accuracy 30.0 % against 86.0 %, Korean words 99.0 % against 0.0 %).',
      'collapse, en (English, 200 completions): accuracy 95.0 % at steps 0 and 40; cut off 0.0 % at steps 0 and 40; English words of right answers 100.0 % at steps 0 and 40; English words 100.0 % at steps 0 and 40.',
    ]);
  });

  it('never compares one suite with another', async () => {
    const told = await tell({
      label: 'run',
      languages: ['ko'],
      evaluations: ([0, 4] as const).flatMap((step) => [
        evaluation([step, 'easy', 'ko'], { accuracy: 1 }),
        evaluation([step, 'hard', 'ko'], { accuracy: 0 }),
      ]),
    });
    assert.deepEqual(
      told.map((sentence) => sentence.slice(0, sentence.indexOf(';'))),
      [
        'run, easy (Korean, 100 completions): accuracy 100.0 % at steps 0 and 4',
        'run, hard (Korean, 100 completions): accuracy 0.0 % at steps 0 and 4',
      ],
    );
  });

  it('tells what lay between the first and the last evaluation', async () => {
    const told = await tell({
      label: 'run',
      languages: ['ko'],
      evaluations: [0, 4, 8].map((step) => evaluation([step, 'a', 'ko'], { accuracy: step === 4 ? 0.33 : 0 })),
    });
    assert.match(told[0]!, /accuracy 0\.0 % at step 0 and again at step 8, highest 33\.0 % at step 4;/);
    assert.doesNotMatch(told.join('\n'), /stayed/);
  });

  it('speaks of each prompt language by itself', async () => {
    const told = await tell({
      label: 'run',
      languages: ['en', 'ko'],
      metrics: [1, 2].map((step) => ({
        step,
        accuracy: 0.5,
        'language/target_wr': step === 1 ? 0.65 : 0.88,
        'language/rewarded/target_wr': 0.7,
        'language/ko/accuracy': 0.25,
        'language/ko/target_wr': step === 1 ? 0.44 : 0.17,
        'language/en/accuracy': 0.75,
        'language/en/target_wr': 1,
      })),
    });
    assert.equal(told.length, 2);
    assert.match(told[0]!, /^run, English training prompts .*; English words 100\.0 % at steps 1 and 2\.$/);
    assert.match(
      told[1]!,
      /^run, Korean training prompts .*accuracy 25\.0 % .*; Korean words 44\.0 % at step 1, 17\.0 % at step 2\.$/,
    );
    assert.doesNotMatch(told.join('\n'), /65\.0|88\.0/);
  });

  it('says how a run ended, and what is not there', async () => {
    assert.deepEqual(
      await tell({
        label: 'run',
        status: 'interrupted',
        languages: ['ko'],
        config: { grpo: { max_steps: 12 } },
        metrics: [line(1, null)],
        evaluations: [evaluation([0, 'a', 'ko'], { accuracy: 0, target_wr: 0.5 })],
      }),
      [
        'run: interrupted after step 1 of 12.',
        'run, a (Korean, 100 completions): accuracy 0.0 % at step 0; cut off 0.0 % at step 0; Korean words of right answers without a value at step 0; Korean words 50.0 % at step 0.',
      ],
    );
    assert.deepEqual(await tell({ label: 'run' }), []);
  });

  it('tells of a collapse in its own language, and where it was overcome', async () => {
    const rewarded = [1, 0, 0, 0, 0, 1, 1, 1, 1, 1];
    const told = await tell({
      label: 'run',
      languages: ['ja'],
      metrics: rewarded.map((value, i) => line(i + 1, value)),
    });
    assert.equal(
      told.at(-1),
      'run, Japanese training prompts: collapse at step 3, where the smoothed share of Japanese words of right answers is below half of its 100.0 % at step 1; it is back at 100.0 % at step 10.',
    );
  });

  it('counts the problems that were judged, not completions', async () => {
    const told = async (more: object, samples: number) =>
      tell({
        label: 'run',
        languages: ['ko'],
        config: { eval: { num_samples: samples } },
        evaluations: [0, 4].map((step) =>
          evaluation([step, 'a', 'ko'], { accuracy: step === 0 ? 0.5 : 0.65, ...more }),
        ),
      });
    assert.match((await told({}, 1))[0]!, /accuracy rose from/);
    assert.match((await told({}, 4))[0]!, /no difference beyond noise/);
    assert.match((await told({ judged: 20 }, 1))[0]!, /no difference beyond noise/);
  });

  it('asks no price where the runs began with different models or saw other completions', async () => {
    const run = (label: string, config: object, n: number) => ({
      label,
      languages: ['ko'] as Language[],
      config,
      evaluations: [{ ...row(4, 'ko', label === 'a' ? 0.9 : 0.3, label === 'a' ? 0 : 1), n }],
    });
    const prices = async (a: object, b: object, n = 200) =>
      (await tell(run('a', a, 200), run('b', b, n))).filter((sentence) => sentence.startsWith('Fidelity'));
    assert.equal((await prices({ model: { path: 'x' } }, { model: { path: 'x' } })).length, 1);
    assert.equal((await prices({ model: { path: 'x' } }, { model: { path: 'y' } })).length, 0);
    const init = { config: '/c.json', tokenizer: '/t' };
    assert.equal((await prices({ seed: 1, model: { init } }, { seed: 2, model: { init } })).length, 0);
    // An earlier version had fewer settings; their defaults and what trains are nothing to begin with.
    const later = { path: 'x', trainable: ['*'], cache: '/labs' };
    assert.equal((await prices({ model: { path: 'x' } }, { model: later })).length, 1);
    const lab = { size: 'tiny', control: false };
    assert.equal((await prices({ seed: 1, model: { lab: {} } }, { seed: 1, model: { lab } })).length, 1);
    assert.equal(
      (await prices({ seed: 1, model: { lab: {} } }, { seed: 1, model: { lab: { size: 'small' } } })).length,
      0,
    );
    assert.equal((await prices({ seed: 1, model: { lab: {} } }, { seed: 2, model: { lab: {} } })).length, 0);
    assert.equal((await prices({ model: { path: 'x' } }, { model: { path: 'x' } }, 100)).length, 0);
  });
});
