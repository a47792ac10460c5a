import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import type { GlossaError } from '../../src/base/error.js';
import { parseConfig, type ResolvedConfig } from '../../src/config/index.js';
import { LANGUAGE_TABLE } from '../../src/language/index.js';
import { readRolloutFile } from '../../src/rollout/index.js';
import { readMetrics, runFolder } from '../../src/run/index.js';
import { loadTokenizer } from '../../src/tokenizer/index.js';
import { resume, train, type TrainEvent } from '../../src/trainer/index.js';
import { filesBelow, lastingMetrics } from '../e2e/glossa.js';

const STUDIES = fileURLToPath(new URL('../../studies/levers', import.meta.url));
/** A lab model that has learnt little writes all that its tokenizer has. */
const SMALL = ['model.lab.pretrain.steps=20', 'grpo.prompts_per_step=4', 'grpo.num_generations=4'];
/** A reward that is not the same for all, so that the weights move. */
const LENGTH_REWARD = fileURLToPath(new URL('fixtures/length_reward.mjs', import.meta.url));

let root: string;
let count = 0;
before(async () => {
  root = await mkdtemp(join(tmpdir(), 'glossa-law-'));
});
after(() => rm(root, { recursive: true, force: true }));

/** A config of studies/levers, small and short. */
async function lever(name: string, ...sets: string[]): Promise<ResolvedConfig> {
  const path = join(STUDIES, `${name}.yaml`);
  const run = ['model.cache=' + join(root, 'lab'), 'run.dir=' + join(root, `run-${String(count++)}`)];
  const short = ['grpo.max_steps=2', 'grpo.max_completion_length=24', 'eval.at_start=false', 'eval.at_end=false'];
  const rewards = `rewards=[{ name: length, module: ${LENGTH_REWARD} }]`;
  const all = [
    ...run,
    rewards,
    ...SMALL,
    ...short,
    'eval.every=0',
    'checkpoint.every=0',
    'data.eval.0.limit=8',
    ...sets,
  ];
  return parseConfig(await readFile(path, 'utf8'), { path, sets: all });
}

type Row = Record<string, number[] | string | number>;
async function trained(
  config: ResolvedConfig,
): Promise<{ lines: Record<string, unknown>[]; rows: Row[]; warnings: string[] }> {
  const warnings: string[] = [];
  await train(config, { tell: (event) => void (event.type === 'warning' && warnings.push(event.message)) });
  const folder = runFolder(config.run.dir);
  const lines = (await readMetrics(folder.metrics)).filter(({ step }) => step > 0);
  const rows = (await readRolloutFile(folder.rollout(1))) as Row[];
  return { lines, rows, warnings };
}
/** The ratio of a generation's first update is exactly 1. */
function assertExact({ lines, warnings }: Awaited<ReturnType<typeof trained>>, cycle = 1): void {
  for (const [i, line] of lines.entries())
    if (i % cycle === 0) {
      assert.equal(line['sampling/sampling_logp_difference/max'], 0, JSON.stringify(line));
      assert.equal(line['clip_ratio/region_mean'], 0);
    }
  assert.deepEqual(
    warnings.filter((text) => text.includes('differ by')),
    [],
  );
}

/** Stops after `step`, goes on, and must end with the bytes of the run that never stopped. */
async function assertResumes(step: number, ...sets: string[]): Promise<void> {
  const make = () => lever('top-p', ...sets);
  const [whole, broken] = [await make(), await make()];
  await train(whole);
  const stop = new AbortController();
  const tell = (event: TrainEvent) => {
    if (event.type === 'step' && event.line.step === step) stop.abort();
  };
  assert.equal((await train(broken, { stop: stop.signal, tell })).status, 'interrupted');
  assert.equal((await resume(broken.run.dir, (config) => ({ config, set: [] }))).status, 'finished');
  assert.deepEqual(await lastingMetrics(broken.run.dir), await lastingMetrics(whole.run.dir));
  const [expected, got] = await Promise.all(
    [whole, broken].map(({ run }) => filesBelow(runFolder(run.dir).checkpoint(whole.grpo.max_steps))),
  );
  for (const [file, bytes] of expected!) assert.ok(got!.get(file)!.equals(bytes), `${file} differs`);
}

describe('a script mask', () => {
  it('keeps every letter in the script of the question, in a run whose ratio is 1', async () => {
    const free = await trained(await lever('script-mask', 'decoding={}'));
    assert.ok(
      free.rows.some(({ completion }) => /[a-z]/i.test(completion as string)),
      'the mask has nothing to do',
    );
    assert.notEqual(free.lines[0]!['language/target_wr'], 1);
    const masked = await trained(await lever('script-mask'));
    assertExact(masked);
    for (const { completion } of masked.rows) assert.doesNotMatch(completion as string, /\p{Script=Latin}/u);
    for (const line of masked.lines) {
      assert.ok([1, null].includes(line['language/target_wr'] as number | null));
      assert.ok([0, null].includes(line['language/en_wr'] as number | null));
    }
    assert.ok(masked.rows.some(({ completion }) => /\p{Script=Hangul}/u.test(completion as string)));
    assert.ok(!('kept_ids' in masked.rows[0]!));
  });

  it('is of the language of each prompt, and leaves evaluation free unless it is asked for', async () => {
    const sets = [
      'data.train=[{ lab: { language: ko, split: train } }, { lab: { language: en, split: train } }]',
      ...['eval.at_end=true', 'data.eval.0.limit=24'],
    ];
    const latin = /\p{Script=Latin}/u;
    const hangul = /\p{Script=Hangul}/u;
    const evaluated = async (config: ResolvedConfig) =>
      (await readRolloutFile(runFolder(config.run.dir).evaluationRows(config.grpo.max_steps, 'ko'))) as Row[];
    const config = await lever('script-mask', 'grpo.prompts_per_step=12', ...sets);
    const { rows, ...run } = await trained(config);
    assertExact({ rows, ...run });
    assert.deepEqual(new Set(rows.map(({ language }) => language)), new Set(['ko', 'en']));
    for (const { language, completion } of rows)
      assert.doesNotMatch(completion as string, language === 'ko' ? latin : hangul);
    assert.ok((await evaluated(config)).some(({ completion }) => latin.test(completion as string)));
    const both = await lever('script-mask', ...sets, 'decoding.in_eval=true');
    await trained(both);
    for (const { completion } of await evaluated(both)) assert.doesNotMatch(completion as string, latin);
  });

  it('that leaves no letter is refused before anything is written', async () => {
    const config = await lever('script-mask', 'decoding.allow=[thai]');
    await assert.rejects(train(config), (error: GlossaError) => error.code === 'DECODING_MASK');
    await assert.rejects(readFile(join(config.run.dir, 'run.json')));
  });
});

describe('a cut distribution', () => {
  for (const sets of [
    ['grpo.top_p=0.8'],
    ['grpo.top_p=1', 'grpo.top_k=5', 'grpo.temperature=1.3'],
    ['grpo.top_p=0.95', 'grpo.min_p=0.1', 'grpo.top_k=50', 'decoding={ allow: target, others: -2 }'],
  ])
    it(`is the trainer's too: ${sets.join(' ')}`, async () => {
      const config = await lever('top-p', ...sets, 'dtype=bfloat16');
      const run = await trained(config);
      assertExact(run);
      for (const row of run.rows) {
        const [ids, counts, kept] = (['completion_ids', 'kept_counts', 'kept_ids'] as const).map(
          (name) => row[name] as number[],
        );
        assert.equal(counts!.length, ids!.length);
        let at = 0;
        for (const [i, n] of counts!.entries()) {
          assert.ok(kept!.slice(at, at + n).includes(ids![i]!));
          if (n === 1) assert.ok(Math.abs((row['logps'] as number[])[i]!) < 1e-6); // nothing else could come
          at += n;
        }
        assert.equal(at, kept!.length);
        if (config.grpo.top_k > 0) assert.ok(Math.max(...counts!) <= config.grpo.top_k + 2); // ties may be more
      }
    });

  it('holds over several updates of a generation and with a reference, and a resumed run has the bits of the unbroken one', async () => {
    const sets = ['grpo.num_iterations=2', 'grpo.max_steps=4', 'grpo.beta=0.04', 'optimizer.learning_rate=1e-3'];
    const run = await trained(await lever('top-p', ...sets));
    assertExact(run, 2);
    assert.equal(run.lines[0]!['kl'], 0); // the reference is the policy still, over the same support
    const later = run.lines[1]!['sampling/sampling_logp_difference/max'] as number;
    assert.ok(later > 0 && later < 5, String(later));
    await assertResumes(2, ...sets, 'decoding={ allow: target }');
  });
});

describe('a law that adapters are trained by', () => {
  const adapters = ['lora={ rank: 4, alpha: 8, targets: [q_proj, v_proj, down_proj] }', 'optimizer.learning_rate=1e-2'];
  for (const sets of [
    ['grpo.top_p=0.8', 'grpo.min_p=0.02', 'decoding={ allow: target }'],
    ['grpo.top_p=1', 'grpo.top_k=9', 'grpo.temperature=1.3', 'decoding={ allow: target, others: -2 }'],
  ])
    it(`is the sampler's too: ${sets.join(' ')}`, async () => {
      const run = await trained(await lever('top-p', 'grpo.beta=0.05', ...adapters, ...sets));
      assertExact(run);
      assert.equal(run.lines[0]!['kl'], 0); // the base, over the same support and with the same biases
      assert.ok((run.lines[1]!['kl'] as number) > 0);
      assert.ok(run.rows.every((row) => (row['kept_counts'] as number[]).length > 0));
    });

  it('goes on with the bytes of the unbroken run', async () => {
    await assertResumes(
      2,
      ...adapters,
      ...['grpo.num_iterations=2', 'grpo.max_steps=4', 'grpo.beta=0.05', 'grpo.min_p=0.02'],
      'decoding={ allow: target, others: -2 }',
    );
  });
});

describe('a prefix', () => {
  const thinkPrefix = LANGUAGE_TABLE.ko.thinkPrefix;
  for (const { place, sets, prefix, end, opens } of [
    { place: 'of the template', sets: [], prefix: '모두 세어 보면', end: '\n모두 세어 보면', opens: false },
    {
      place: "of the thought in the question's language",
      sets: ['prompt.think_prefix=auto'],
      prefix: thinkPrefix,
      end: `<think>\n${thinkPrefix}`,
      opens: true,
    },
  ])
    it(`${place} begins every answer, and is in no completion`, async () => {
      const config = await lever('prefix', ...sets);
      const run = await trained(config);
      assertExact(run);
      // A model that has never seen the tags ends no thought, which is told once.
      assert.equal(run.warnings.filter((text) => text.includes('begin a thought')).length, opens ? 1 : 0);
      const tokenizer = await loadTokenizer(runFolder(config.run.dir).final);
      for (const { prompt_ids: ids, completion } of run.rows) {
        const prompt = await tokenizer.decode(ids as number[]);
        assert.ok(prompt.endsWith(end), prompt);
        assert.ok(!(completion as string).startsWith(prefix));
      }
    });
});
