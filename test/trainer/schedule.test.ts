import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import type { GlossaError } from '../../src/base/error.js';
import { warmupSteps, parseConfig } from '../../src/config/index.js';
import { isDue, learningRate } from '../../src/trainer/schedule.js';

const optimizer = (...sets: string[]) =>
  parseConfig('model: { lab: {} }\ndata:\n  train:\n    - lab: {}\n', {
    path: 'x.yaml',
    sets: ['optimizer.learning_rate=2', ...sets],
  }).optimizer;

describe('learning rate', () => {
  it('falls along a line to 0 at max_steps', () => {
    const settings = optimizer();
    assert.deepEqual(
      [0, 1, 2, 3, 4].map((done) => learningRate(done, settings, 4)),
      [2, 1.5, 1, 0.5, 0],
    );
  });

  it('rises from 0 over the warm-up, and the line begins there', () => {
    const settings = optimizer('optimizer.warmup_steps=2');
    assert.deepEqual(
      [0, 1, 2, 3, 4, 5].map((done) => learningRate(done, settings, 6)),
      [0, 1, 2, 1.5, 1, 0.5],
    );
  });

  it('is half a cosine, or constant', () => {
    const cosine = optimizer('optimizer.lr_scheduler_type=cosine');
    assert.equal(learningRate(0, cosine, 4), 2);
    assert.ok(Math.abs(learningRate(2, cosine, 4) - 1) < 1e-12);
    assert.ok(Math.abs(learningRate(1, cosine, 4) - (1 + Math.SQRT1_2)) < 1e-12);
    assert.equal(learningRate(3, optimizer('optimizer.lr_scheduler_type=constant'), 4), 2);
  });
});

interface ScheduleFile {
  peak: number;
  cases: { name: string; warmup: number; steps: number; kwargs: Record<string, unknown>; rates: number[] }[];
}
const { peak, cases } = JSON.parse(readFileSync(new URL('schedules.json', import.meta.url), 'utf8')) as ScheduleFile;

/** Settings of a run of so many steps. */
const scheduled = (steps: number, ...sets: string[]) =>
  parseConfig('model: { lab: {} }', { path: 'x.yaml', sets: [`grpo.max_steps=${String(steps)}`, ...sets] }).optimizer;

describe('schedules of other names', () => {
  for (const name of new Set(cases.map((each) => each.name)))
    it(`${name} has the rates of Transformers`, () => {
      for (const { warmup, steps, kwargs, rates } of cases.filter((each) => each.name === name)) {
        const settings = scheduled(
          steps,
          ...[`optimizer.learning_rate=${String(peak)}`, `optimizer.lr_scheduler_type=${name}`],
          ...[`optimizer.warmup_steps=${String(warmup)}`, `optimizer.lr_scheduler_kwargs=${JSON.stringify(kwargs)}`],
        );
        rates.forEach((rate, done) => {
          const got = learningRate(done, settings, steps);
          assert.ok(
            Math.abs(got - rate) <= 1e-12 * peak,
            `${JSON.stringify(kwargs)}, step ${String(done)}: ${String(got)}, not ${String(rate)}`,
          );
        });
      }
    });

  it('stay finite and between their ends where nothing is left to fall over', () => {
    for (const [type, kwargs] of [
      ['linear', '{}'],
      ['cosine', '{}'],
      ['cosine_with_restarts', '{ num_cycles: 3 }'],
      ['cosine_with_min_lr', '{ min_lr_rate: 0.1 }'],
      ['polynomial', '{ lr_end: 0 }'],
      ['inverse_sqrt', '{}'],
      ['warmup_stable_decay', '{ num_decay_steps: 0 }'],
    ]) {
      for (const [warmup, steps] of [
        [0, 1],
        [1, 1],
        [5, 5],
      ]) {
        const sets = [`optimizer.lr_scheduler_type=${type!}`, `optimizer.lr_scheduler_kwargs=${kwargs!}`];
        const settings = scheduled(steps!, `optimizer.warmup_steps=${String(warmup)}`, ...sets);
        for (let done = 0; done <= steps! + 3; done++) {
          const rate = learningRate(done, settings, steps!);
          assert.ok(
            rate >= 0 && rate <= settings.learning_rate,
            `${type!} ${String(warmup)}/${String(steps)} ${String(done)}: ${String(rate)}`,
          );
        }
      }
    }
  });

  it('take the warm-up as a share of the run, rounded up', () => {
    assert.equal(warmupSteps(scheduled(11, 'optimizer.warmup_ratio=0.1'), 11), 2);
    assert.equal(warmupSteps(scheduled(10, 'optimizer.warmup_ratio=0.1'), 10), 1);
    assert.equal(learningRate(1, scheduled(11, 'optimizer.warmup_ratio=0.1', 'optimizer.learning_rate=4'), 11), 2);
  });

  it('refuse settings that they do not read, and what cannot be scheduled', () => {
    const refused = (pattern: RegExp, ...sets: string[]) => {
      assert.throws(
        () => scheduled(10, ...sets.map((set) => `optimizer.${set}`)),
        (error: GlossaError) => error.code === 'CONFIG_IMPOSSIBLE' && pattern.test(error.message),
      );
    };
    refused(/linear does not read it/, 'lr_scheduler_kwargs={ power: 2 }');
    refused(/needs one of min_lr and min_lr_rate/, 'lr_scheduler_type=cosine_with_min_lr');
    refused(/above learning_rate/, 'lr_scheduler_type=cosine_with_min_lr', 'lr_scheduler_kwargs={ min_lr: 1 }');
    refused(/must be below learning_rate/, 'lr_scheduler_type=polynomial', 'lr_scheduler_kwargs={ lr_end: 1 }');
    refused(/must be given/, 'lr_scheduler_type=warmup_stable_decay');
    refused(
      /are 12 steps/,
      'lr_scheduler_type=warmup_stable_decay',
      'warmup_steps=4',
      'lr_scheduler_kwargs={ num_decay_steps: 8 }',
    );
    refused(/not both/, 'warmup_steps=2', 'warmup_ratio=0.1');
    refused(/more than grpo.max_steps/, 'warmup_steps=11');
  });
});

describe('what happens every n steps', () => {
  it('happens once in each window, also where a generation makes several steps at once', () => {
    const due = (every: number, stride: number) =>
      Array.from({ length: 12 / stride }, (_, i) => isDue(every, i * stride, (i + 1) * stride));
    assert.deepEqual(
      due(3, 1).flatMap((on, i) => (on ? [i + 1] : [])),
      [3, 6, 9, 12],
    );
    assert.deepEqual(
      due(5, 4).flatMap((on, i) => (on ? [(i + 1) * 4] : [])),
      [8, 12],
    );
    assert.ok(!due(0, 1).includes(true));
  });
});
