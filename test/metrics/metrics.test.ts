import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { findMeasure, fieldMeasure, labelOf, MEASURES, showValue, type Measure } from '../../src/metrics/index.js';

const label = (name: string): string => labelOf(findMeasure(name)!);

test('names, fields and labels are unique', () => {
  for (const key of ['name', 'field', 'label'] as const) {
    const values = MEASURES.map((measure) => measure[key]).filter((value) => value !== undefined);
    assert.deepEqual(
      values.filter((value, i) => values.indexOf(value) !== i),
      [],
      key,
    );
  }
});

test('a name of metrics.jsonl finds its measure, with what is special about it', () => {
  assert.deepEqual(findMeasure('reward'), { measure: fieldless('reward') });
  assert.equal(findMeasure('rewards/length/penalty/mean')?.subject, 'length/penalty');
  assert.deepEqual(findMeasure('language/ko/rewarded/target_wr'), {
    measure: fieldMeasure('target_wr_rewarded'),
    language: 'ko',
  });
  assert.deepEqual(findMeasure('language/ko/accuracy'), { measure: fieldMeasure('accuracy'), language: 'ko' });
  assert.deepEqual(findMeasure('language/ko/clipped_ratio'), {
    measure: fieldMeasure('clipped_ratio'),
    language: 'ko',
  });
  assert.deepEqual(findMeasure('eval_held-out/accuracy'), { measure: fieldMeasure('accuracy'), suite: 'held-out' });
  assert.deepEqual(findMeasure('eval_m/th/target_wr_rewarded'), {
    measure: fieldMeasure('target_wr_rewarded'),
    suite: 'm',
    language: 'th',
  });
  const { measure } = findMeasure('rewards/judge/std')!;
  assert.deepEqual(findMeasure('eval_m/rewards/judge/std'), { measure, subject: 'judge', suite: 'm' });
  assert.deepEqual(findMeasure('eval_m/th/rewards/a/b/std'), { measure, subject: 'a/b', suite: 'm', language: 'th' });
  for (const name of [
    'eval_m/rewards//std',
    'eval_m/xx/rewards/a/std',
    'step',
    'nothing',
    'language/xx/target_wr',
    'rewards//mean',
    'rewards/<reward>/mean',
    'eval_m/x',
  ])
    assert.equal(findMeasure(name), undefined, name);
});

test('a label says the language where there is one', () => {
  assert.equal(label('language/ko/target_wr'), 'Korean words');
  assert.equal(label('language/target_wr'), 'target words');
  assert.equal(label('language/rewarded/target_wr'), 'target words of right answers');
  assert.equal(label('rewards/length/std'), 'spread of reward length');
  assert.equal(label('advantage/mixed/sum'), 'advantage x tokens, mixed');
});

test('a share is shown in per cent, and what is not there never as a number', () => {
  assert.equal(showValue(0.12345, 'share'), '12.3 %');
  assert.equal(showValue(0, 'share'), '0.0 %');
  assert.equal(showValue(1234.5, 'tokens'), '1230');
  assert.equal(showValue(0.000012, 'number'), '1.2e-5');
  for (const none of [null, undefined, NaN]) assert.equal(showValue(none, 'share'), '-');
});

test('the table of docs/metrics.md is the measures', () => {
  const page = readFileSync(new URL('../../docs/metrics.md', import.meta.url), 'utf8');
  const rows = MEASURES.map(
    ({ name, label, unit, description }) => `| \`${name}\` | ${label} | ${unit} | ${description} |\n`,
  );
  const table = `| name | shown as | unit | meaning |\n| --- | --- | --- | --- |\n${rows.join('')}`;
  assert.ok(page.includes(table), `docs/metrics.md should have this table:\n\n${table}`);
});

function fieldless(name: string): Measure {
  return MEASURES.find((measure) => measure.name === name)!;
}
