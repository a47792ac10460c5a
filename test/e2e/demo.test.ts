import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { glossa } from './glossa.js';

interface HeldOut {
  accuracy: number;
  target_wr: number;
  target_wr_rewarded: number;
  en_wr: number;
}
type Result = Record<'base' | 'grpo' | 'language_reward' | 'control' | 'control_base', HeldOut> & {
  seed: number;
  wall_s: number;
  peak_rss_mb: number;
  report: string;
};

let root: string;
before(async () => {
  root = await mkdtemp(join(tmpdir(), 'glossa-demo-'));
});
after(() => rm(root, { recursive: true, force: true }));

describe('the demo', () => {
  it('shows the collapse, what the language reward keeps and costs, and no collapse in the control', async (t) => {
    const { code, stdout, stderr } = await glossa([
      'demo',
      '--json',
      '--no-open',
      '--out',
      join(root, 'demo'),
      '--progress',
      'plain',
    ]);
    assert.equal(code, 0, stderr);
    const result = JSON.parse(stdout.trimEnd().split('\n').at(-1)!) as Result;
    t.diagnostic(JSON.stringify(result));
    const { base, grpo, language_reward: rewarded, control, control_base: controlBase } = result;
    assert.ok(base.accuracy >= 0.2 && base.accuracy <= 0.5, 'starts between 20 and 50 %');
    assert.ok(grpo.accuracy - base.accuracy >= 0.3, 'accuracy up by 30 points');
    assert.ok(grpo.target_wr_rewarded < 0.1, 'the right answers are not in Korean');
    assert.ok(rewarded.target_wr > 0.9, 'the language reward keeps Korean');
    assert.ok(rewarded.accuracy < grpo.accuracy, 'and costs accuracy');
    assert.ok(control.target_wr > 0.9 && controlBase.target_wr > 0.9, 'the control keeps Korean');
    assert.ok(result.peak_rss_mb < 1000);
    assert.match(await readFile(result.report, 'utf8'), /^<!doctype html>/i);
    // The second run has the pre-trained models at hand.
    assert.ok(existsSync(join(root, 'lab')));
  });
});
