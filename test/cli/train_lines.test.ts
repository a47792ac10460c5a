import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { Display, type ProgressMode } from '../../src/cli/display.js';
import { fitLine } from '../../src/cli/fit_line.js';
import { showTraining } from '../../src/cli/train_display.js';
import { evaluationParts, stepParts, timeParts } from '../../src/cli/train_lines.js';
import type { TrainEvent } from '../../src/trainer/index.js';

const STEP = {
  step: 120,
  reward: 0.8634,
  accuracy: 0.4567,
  'completions/clipped_ratio': 0.031,
  'completions/mean_length': 228.4,
  entropy: 0.01744,
  step_time: 2,
  'language/target_wr': 0.762,
  'language/en_wr': 0.238,
};
const MIXED = {
  ...STEP,
  'language/target_wr': 0.88,
  'language/ko/target_wr': 0.44,
  'language/ko/en_wr': 0.56,
  'language/en/target_wr': 1,
};
const EVALUATION = {
  step: 40,
  suite: 'heldout',
  language: 'ko',
  accuracy: 0.86,
  target_wr: 0.25,
  target_wr_rewarded: 0.1,
  en_wr: 0.75,
  other_wr: 0,
  mean_length: 28,
  clipped_ratio: 0.02,
  n: 512,
};
const stepLine = (line: typeof STEP, languages: ('ko' | 'en')[], width: number) =>
  fitLine([...stepParts(line, 400, languages), ...timeParts(2, 560)], width);

describe('lines of training', () => {
  it('say everything where there is room', () => {
    assert.deepEqual(stepLine(STEP, ['ko'], Infinity), [
      'step 120/400  reward 0.863  accuracy 45.7 %  cut off 3.1 %  Korean words 76.2 %  English words 23.8 %  length 228  entropy 0.0174  2.0 s a step  about 9 min 20 s left',
    ]);
    assert.deepEqual(fitLine(evaluationParts(EVALUATION), Infinity), [
      'heldout (Korean) after step 40:  accuracy 86.0 %  cut off 2.0 %  Korean words 25.0 %  English words 75.0 %  Korean words of right answers 10.0 %  512 completions',
    ]);
  });

  it('keep the language shares on narrow terminals', () => {
    assert.deepEqual(stepLine(STEP, ['ko'], 39), ['120/400 acc 46% cut 3% ko 76% en 24%']);
    assert.deepEqual(fitLine(evaluationParts(EVALUATION), 39), ['heldout (ko) 40: acc 86% cut 2% ko 25%', 'en 75%']);
    for (const width of [39, 59, 79, 119]) {
      for (const [line, languages, shares] of [
        [STEP, ['ko'], [/(ko|Korean words) 76(%|\.2 %)/, /(en|English words) 24%|English words 23\.8 %/]],
        [MIXED, ['en', 'ko'], [/(ko>ko|Korean words) 44/, /(ko>en|English words) 56/, /(en>en|English words) 100/]],
        [STEP, ['en'], [/(en|English words) 76/]],
      ] as const) {
        const lines = stepLine(line, [...languages], width);
        assert.ok(lines.length <= (width < 40 ? 2 : 1), lines.join('|'));
        for (const text of lines) assert.ok(text.length <= width, text);
        for (const share of [...shares, /acc(uracy)? 4/, /cut (off )?3/]) assert.match(lines.join(' '), share);
      }
    }
  });

  it('of prompts in several languages give no pooled share a language’s name', () => {
    const [line] = stepLine(MIXED, ['en', 'ko'], Infinity);
    assert.match(
      line!,
      /English prompts: English words 100\.0 % {2}Korean prompts: Korean words 44\.0 % {2}English words 56\.0 %/,
    );
    assert.doesNotMatch(line!, /88/);
    assert.equal(stepLine(STEP, ['en'], Infinity)[0]!.split('English words').length - 1, 1, 'one name, one share');
  });

  it('never exceed the width, whatever they hold, unless a single part does', () => {
    const parts = fc.array(
      fc.record(
        {
          long: fc.string({ minLength: 1, maxLength: 30 }),
          short: fc.string({ maxLength: 9 }),
          rank: fc.nat({ max: 9 }),
        },
        { requiredKeys: ['long', 'short'] },
      ),
    );
    fc.assert(
      fc.property(parts, fc.integer({ min: 10, max: 200 }), (line, width) => {
        for (const text of fitLine(line, width)) assert.ok(text.length <= width);
        const stays = line.filter((part) => part.rank === undefined && part.short !== '');
        const text = fitLine(line, width).join(' ');
        for (const part of stays) assert.ok(text.includes(part.short) || text.includes(part.long));
      }),
    );
  });
});

function screen(columns: number, mode: ProgressMode) {
  let text = '';
  const stream = { columns, isTTY: true, write: (more: string) => ((text += more), true) };
  return { display: new Display(mode, stream as unknown as NodeJS.WriteStream), text: () => text };
}

describe('the display of training', () => {
  const events: TrainEvent[] = [
    {
      type: 'start',
      dir: 'runs/x',
      step: 0,
      maxSteps: 400,
      parameters: 2e5,
      trainableParameters: 2e5,
      problems: 100,
      languages: ['ko'],
    },
    { type: 'phase', phase: 'generate', step: 120, done: 3, total: 10 },
    { type: 'step', line: STEP, maxSteps: 400 },
    { type: 'evaluation', rows: [EVALUATION] },
    { type: 'held_out', set: 'held', step: 120, loss: 1.5, perplexity: Math.exp(1.5), entropy: 0.5 },
    { type: 'checkpoint', dir: 'runs/x/checkpoints/000120', step: 120 },
  ];

  it('fits terminals of 40, 60 and 80 columns in every line', () => {
    for (const columns of [40, 60, 80]) {
      for (const mode of ['live', 'plain'] as const) {
        const { display, text } = screen(columns, mode);
        const show = showTraining(display, 'language reward');
        for (const event of events) show(event);

        const lines = text()
          .replace(/\x1b\[\d*[A-Z]/g, '')
          .split('\n');
        for (const line of lines) assert.ok(line.length < columns, `${String(columns)}: ${line}`);
        assert.match(lines.join('\n'), /(ko|Korean words) 25/);
        assert.match(lines.join('\n'), /held (after step )?120: {2}loss 1\.5 /);
        if (mode === 'plain') assert.match(lines.join('\n'), /(ko|Korean words) 76/);
      }
    }
  });

  it('shows the seconds that metrics.jsonl has, whatever evaluating and saving take', async () => {
    const { display, text } = screen(200, 'plain');
    const show = showTraining(display);
    show(events[0]!);
    await new Promise((resolve) => setTimeout(resolve, 50));
    show({ type: 'step', line: { ...STEP, step_time: 3 }, maxSteps: 400 });
    show({ type: 'step', line: { ...STEP, step: 121, step_time: 5 }, maxSteps: 400 });
    assert.match(text(), /3\.0 s a step/);
    assert.match(text(), /4\.0 s a step/);
  });

  it('says nothing about time that is left at the end', () => {
    const { display, text } = screen(200, 'plain');
    showTraining(display)({ type: 'step', line: { ...STEP, step: 400 }, maxSteps: 400 });
    assert.doesNotMatch(text(), /left/);
  });
});
