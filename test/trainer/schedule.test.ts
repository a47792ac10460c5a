import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { parseConfig } from '../../src/config/index.js';
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
