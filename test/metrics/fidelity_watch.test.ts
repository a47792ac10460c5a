import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  alarmText,
  FidelityWatch,
  plainestSuspect,
  watchedOf,
  type FidelityAlarm,
  type Metrics,
} from '../../src/metrics/index.js';

interface Step {
  plain: number | null;
  reasoning: number | null;
  repetition?: number;
  cut?: number;
}

const line = ({ plain, reasoning, repetition = 0, cut = 0 }: Step): Metrics => ({
  'language/target_wr': plain,
  'language/reasoning/target_wr': reasoning,
  'language/repetition': repetition,
  'completions/clipped_ratio': cut,
});

function alarms(steps: readonly Step[]): FidelityAlarm[] {
  const watch = new FidelityWatch();
  return steps.flatMap((step, i) => watch.look(i + 1, watchedOf(line(step), null)));
}
const said = (steps: readonly Step[]) => alarms(steps).map(({ kind, step }) => `${kind} ${String(step)}`);
const times = (n: number, step: Step): Step[] => Array.from({ length: n }, () => step);

const HONEST = { plain: 0.95, reasoning: 0.93 };
const ENGLISH = { plain: 0, reasoning: 0 };

test('a ratio that lies more than 20 points above that of the reasoning is said once, and again after it was well', () => {
  const padded = { plain: 0.6, reasoning: 0.02 };
  assert.deepEqual(said([...times(10, ENGLISH), ...times(20, padded)]), ['parted 12']);
  assert.deepEqual(said([...times(5, padded), ...times(5, HONEST), ...times(5, padded)]), ['parted 5', 'parted 12']);
  assert.deepEqual(said(times(20, { plain: 0.5, reasoning: 0.31 })), []);
  assert.deepEqual(said(times(20, { plain: 0.5, reasoning: 0.29 })), ['parted 5']);
});

test('repetition and cut-offs are said where they jump, not where they always were', () => {
  const rising = Array.from({ length: 100 }, (_, i) => ({ ...HONEST, repetition: i / 100, cut: i / 100 }));
  assert.deepEqual(said(rising), ['repetition 36', 'clipped_ratio 36']);
  assert.deepEqual(said(times(20, { ...HONEST, repetition: 0.8, cut: 1 })), []);
  assert.deepEqual(said([...times(9, { ...HONEST, cut: 0.9 }), ...times(9, HONEST)]), []);
});

test('collapse, and honest words that come back, are no alarm; nor are single steps, nor steps without words', () => {
  const back = Array.from({ length: 50 }, (_, i) => ({ plain: i / 50, reasoning: i / 50 }));
  assert.deepEqual(said([...times(9, HONEST), ...times(9, ENGLISH), ...back]), []);
  assert.deepEqual(said([...times(9, HONEST), { plain: 1, reasoning: 0.2 }, ...times(9, HONEST)]), []);
  assert.deepEqual(said(times(9, { plain: null, reasoning: null })), []);
});

test('of prompts in several languages each has its own lines', () => {
  const of = watchedOf(
    { 'language/target_wr': 0.1, 'language/ko/target_wr': 0.9, 'language/ko/clipped_ratio': 0.4 },
    'ko',
  );
  assert.equal(of('target_wr'), 0.9);
  assert.equal(of('clipped_ratio'), 0.4);
  assert.equal(of('repetition'), null);
});

test('the text says what happened, with its figures', () => {
  const [parted] = alarms(times(5, { plain: 0.86, reasoning: 0.05, repetition: 0.7, cut: 1 }));
  assert.match(
    alarmText(parted!, 'ko'),
    /^86\.0 % of all words are Korean, but 5\.0 % .* steps 1 to 5; 70\.0 % of the words repeated, 100\.0 % .*cut off/,
  );
  const [jump] = alarms([...times(5, HONEST), ...times(5, { ...HONEST, cut: 1 })]);
  assert.match(alarmText(jump!, null), /^cut-off completions rose from 0\.0 % to 40\.0 % \(mean of steps 3 to 7\)/);
});

test('the completion shown is the one in which it is plainest', () => {
  const of = (targetWr: number, reasoning: number | null, repeated: number, clipped: boolean, total = 10) => ({
    measure: { targetWr, total, fidelity: { targetWr: reasoning, repeated } },
    clipped,
  });
  const rows = [of(1, 1, 0, false), of(0.8, 0, 7, false), of(0.6, 0.5, 9, true, 20), of(0, 0, 0, true)];
  assert.equal(plainestSuspect('parted', rows), 1);
  assert.equal(plainestSuspect('repetition', rows), 2);
  assert.equal(plainestSuspect('clipped_ratio', rows), 2);
  assert.equal(plainestSuspect('repetition', [of(1, 1, 0, false)]), -1);
});
