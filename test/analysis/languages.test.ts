import assert from 'node:assert/strict';
import { test } from 'node:test';
import { trainingLanguages } from '../../src/analysis/languages.js';
import type { RunSummary } from '../../src/run/types.js';
import { evaluation } from '../report/runs.js';

const of = (more: Partial<RunSummary>) =>
  trainingLanguages({
    name: 'r',
    dir: 'r',
    status: 'finished',
    config: {},
    metrics: [],
    evaluations: [evaluation([0, 'a', 'en'], { accuracy: 1 })],
    ...more,
  });
const config = (...train: object[]) => ({ config: { data: { train } } });

test('the languages of a run are those of its training problems, as run.json names them', () => {
  assert.deepEqual(of({ languages: ['ko', 'en'], ...config({ language: 'ja' }) }), ['en', 'ko']);
});

test('of a run of an earlier version, as its metrics or its config tell', () => {
  const metrics = [{ step: 1, 'language/target_wr': 1, 'language/ko/target_wr': 1, 'language/th/target_wr': null }];
  assert.deepEqual(of({ metrics, ...config({ language: 'ja' }) }), ['ko', 'th']);
  assert.deepEqual(of(config({ path: 'x', language: 'ja' }, { lab: { language: 'ko' } })), ['ko', 'ja']);
});

test('where nothing tells they are not known, whatever the suites are in', () => {
  assert.deepEqual(of(config({ path: 'x', language: 'ja' }, { path: 'y' })), []);
  assert.deepEqual(of({}), []);
  assert.deepEqual(of({ config: null }), []);
});
