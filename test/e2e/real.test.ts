import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { readMetrics, readRun } from '../../src/run/index.js';
import { glossa, ROOT, watched } from './glossa.js';

const SHARED = process.env.GLOSSA_SHARED ?? resolve(ROOT, '..', 'shared');
const needed = [
  'data/models/Qwen2.5',
  'data/gsm8k_train/zh.jsonl.gz',
  'data/kor_arith/ko.jsonl',
  'data/mgsm/zh.jsonl',
  'data/mgsm/ja.jsonl',
].map((path) => join(SHARED, path));
const missing = needed.filter((path) => !existsSync(path));
const skip = missing.length > 0 ? `no real data here: ${missing[0]!} is missing` : false;

let root: string;
before(async () => {
  root = await mkdtemp(join(tmpdir(), 'glossa-real-'));
});
after(() => rm(root, { recursive: true, force: true }));

describe('real text, real ids, a real vocabulary', { skip }, () => {
  it('trains three steps on Chinese and Korean problems and evaluates in Chinese and Japanese, in under 6 GB', async (t) => {
    const dir = join(root, 'run');
    const files = { 'model.init.tokenizer': needed[0], 'data.train.0.path': needed[1], 'data.train.1.path': needed[2] };
    // The test is a smaller copy of the study: fewer prompts, shorter completions, a narrower model.
    const size = [
      'grpo.prompts_per_step=4',
      'grpo.num_generations=4',
      'grpo.max_completion_length=48',
      'model.init.config.hidden_size=64',
      'model.init.config.intermediate_size=128',
    ];
    const suites = `data.eval=[{name: zh, path: ${needed[3]!}, language: zh, limit: 8}, {name: ja, path: ${needed[4]!}, language: ja, limit: 8}]`;
    const sets = [
      `run.dir=${dir}`,
      ...Object.entries(files).map(([key, value]) => `${key}=${value!}`),
      ...size,
      suites,
    ].flatMap((set) => ['--set', set]);
    const { code, stderr, peakGb } = await watched([
      'train',
      'studies/real/gsm8k-zh.yaml',
      ...sets,
      '--progress',
      'plain',
    ]);
    assert.equal(code, 0, stderr);
    t.diagnostic(`peak memory ${peakGb.toFixed(2)} GB`);
    assert.ok(peakGb < 6);
    const lines = await readMetrics(join(dir, 'metrics.jsonl'));
    assert.deepEqual(
      lines.map((line) => line.step),
      [0, 1, 2, 3],
    );
    for (const line of lines.slice(1)) {
      assert.equal(line['sampling/sampling_logp_difference/max'], 0);
      // Random weights: nearly uniform over 151,936 ids.
      assert.ok(Math.abs(line.entropy! - Math.log(151936)) < 0.5, `entropy ${String(line.entropy)}`);
    }
    const { evaluations } = await readRun(dir);
    assert.deepEqual(
      evaluations.map(({ step, suite, language, n }) => [step, suite, language, n]),
      [
        [0, 'ja', 'ja', 8],
        [0, 'zh', 'zh', 8],
        [3, 'ja', 'ja', 8],
        [3, 'zh', 'zh', 8],
      ],
    );

    const evaluated = await glossa([
      'eval',
      dir,
      '--data',
      needed[3]!,
      '--data',
      needed[4]!,
      '--limit',
      '5',
      '--max-tokens',
      '32',
      '--json',
    ]);
    assert.equal(evaluated.code, 0, evaluated.stderr);
    const result = JSON.parse(evaluated.stdout) as {
      step: number;
      results: { language: string; n: number; clipped_ratio: number }[];
    };
    assert.equal(result.step, 3);
    assert.deepEqual(
      result.results.map(({ language, n }) => [language, n]),
      [
        ['zh', 5],
        ['ja', 5],
      ],
    );
  });
});
