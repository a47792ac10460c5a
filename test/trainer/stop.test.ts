import assert from 'node:assert/strict';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import type { GlossaError } from '../../src/base/error.js';
import { readMetrics, readRecord, runFolder, writeRecord } from '../../src/run/index.js';
import { BestValue } from '../../src/trainer/best_value.js';
import { resume, train, type TrainEvent, type TrainOptions } from '../../src/trainer/index.js';
import { StopConditions } from '../../src/trainer/stop_conditions.js';
import { makeLab } from './lab.js';

const lab = makeLab(`
seed: 5
model: { lab: { pretrain: { steps: 10 } } }
data: { train: [{ lab: { language: ko } }] }
rewards: [{ name: length, module: ${new URL('fixtures/length_reward.mjs', import.meta.url).pathname} }]
grpo: { max_steps: 6, prompts_per_step: 2, num_generations: 3, max_completion_length: 12 }
optimizer: { learning_rate: 1e-3, lr_scheduler_type: constant }
checkpoint: { every: 0 }
`);

describe('stop conditions', () => {
  const conditions = (settings: object) => new StopConditions({ min_delta: 0, greater_is_better: true, ...settings });
  /** The step after which the run ends, of one with these rewards. */
  const endOf = (settings: object, rewards: readonly (number | null)[]) => {
    const stop = conditions({ metric: 'reward', ...settings });
    const at = rewards.findIndex((reward, i) => {
      stop.look({ step: i + 1, reward });
      return stop.met(0) !== undefined;
    });
    return at < 0 ? undefined : at + 1;
  };

  it('look at a value of a metric, or at how long it was no better', () => {
    assert.equal(endOf({ at_least: 0.5 }, [0.1, null, 0.5, 0.4]), 3);
    assert.equal(endOf({ at_most: 0.2 }, [0.3, 0.2]), 2);
    assert.equal(endOf({ patience: 2 }, [0.1, 0.3, 0.3, null, 0.2, 0.9]), 5);
    assert.equal(endOf({ patience: 2 }, [0.1, 0.3, 0.3, 0.31, 0.2, 0.2]), 6);
    assert.equal(endOf({ patience: 2, min_delta: 0.05 }, [0.1, 0.3, 0.32, 0.34]), 4);
    assert.equal(endOf({ patience: 2, greater_is_better: false }, [3, 2, 1, 2, 2]), 5);
    assert.equal(endOf({ patience: 9 }, [1, 1, 1]), undefined);
  });

  it('look at tokens and hours', () => {
    const tokens = conditions({ tokens: 10 });
    tokens.look({ step: 1, num_tokens: 9 });
    assert.equal(tokens.met(1e9), undefined);
    tokens.look({ step: 2, num_tokens: 10 });
    assert.equal(tokens.met(0)?.condition, 'tokens');
    const hours = conditions({ hours: 1 });
    assert.equal(hours.met(3599), undefined);
    assert.equal(hours.met(3600)?.condition, 'hours');
  });

  it('end a run as finished, with the reason; it goes on where they are changed', async () => {
    const { lines: whole } = await lab.run();
    const tokens = whole[2]!.num_tokens!;
    const { config, result, lines } = await lab.run(`stop.tokens=${String(tokens)}`);
    assert.equal(result.status, 'finished');
    assert.equal(lines.length, 3);
    const record = await readRecord(config.run.dir);
    assert.match(record.stopped!, /tokens were trained on/);
    assert.ok((await readdir(runFolder(config.run.dir).final)).includes('model.safetensors'));
    const again = await resume(config.run.dir, (asked) => ({ config: asked, set: [] }));
    assert.equal(again.already, true);
    const more = await resume(config.run.dir, (asked) => ({
      config: { ...asked, stop: { ...asked.stop, tokens: undefined } },
      set: [],
    }));
    assert.deepEqual([more.status, more.step], ['finished', 6]);
    const lasting = (line: (typeof whole)[number]) => [line.step, line.loss, line.reward, line.num_tokens];
    assert.deepEqual((await readMetrics(runFolder(config.run.dir).metrics)).map(lasting), whole.map(lasting));
    assert.equal((await readRecord(config.run.dir)).stopped, undefined);
  });

  it('count the time before a resuming', async () => {
    const { config } = await lab.run('grpo.max_steps=2');
    const record = await readRecord(config.run.dir);
    assert.ok(record.seconds! > 0);
    await writeRecord(runFolder(config.run.dir), { ...record, seconds: 7200 });
    const { status, step, stopped } = await resume(config.run.dir, (asked) => ({
      config: { ...asked, grpo: { ...asked.grpo, max_steps: 6 }, stop: { ...asked.stop, hours: 2 } },
      set: [],
    }));
    assert.deepEqual([status, step], ['finished', 2]);
    assert.match(stopped!, /2\.00 hours/);
  });

  it('count the steps that a killed process had written behind its last checkpoint, once', async () => {
    const config = lab.config('checkpoint.every=2');
    const folder = runFolder(config.run.dir);
    const abort = new AbortController();
    const tell = (event: TrainEvent) => {
      if (event.type === 'step' && event.line.step === 3) abort.abort();
    };
    await assert.rejects(train(config, { abort: abort.signal, tell }), { code: 'ABORTED' });
    const lines = await readMetrics(folder.metrics);
    assert.deepEqual([lines.length, (await readRecord(config.run.dir)).saved], [3, 2]);
    const slow = lines.map((line) => (line.step === 3 ? { ...line, step_time: 7000, 'time/save': 200 } : line));
    await writeFile(folder.metrics, slow.map((line) => `${JSON.stringify(line)}\n`).join(''));
    const stop = new AbortController();
    stop.abort();
    const goOn = (hours: number, options: TrainOptions = {}) =>
      resume(config.run.dir, (asked) => ({ config: { ...asked, stop: { ...asked.stop, hours } }, set: [] }), options);
    for (const round of [1, 2]) {
      assert.equal((await goOn(9, { stop: stop.signal })).status, 'interrupted');
      const { seconds } = await readRecord(config.run.dir);
      assert.ok(seconds! > 7200 && seconds! < 7300, `round ${String(round)}: ${String(seconds)}`);
    }
    const { step, stopped } = await goOn(2);
    assert.equal(step, 2);
    assert.match(stopped!, /2\.00 hours/);
  });

  it('evaluate the last step as grpo.max_steps does, and the best checkpoint looks at it', async () => {
    const suite = 'data.eval=[{name: ko, lab: {language: ko, split: test}, limit: 4}]';
    const best = 'checkpoint={every: 0, best: {metric: eval_ko/accuracy, load_at_end: true}}';
    const evaluated = (lines: readonly object[]) =>
      lines.flatMap((line, i) => (Object.keys(line).some((name) => name.startsWith('eval_ko/')) ? [i] : []));
    const planned = await lab.run(suite, 'grpo.max_steps=2');
    const ends = [`stop.tokens=${String(planned.lines[2]!.num_tokens)}`, 'stop={metric: grad_norm, at_least: 0}'];
    for (const [i, end] of ends.entries()) {
      const { lines, config, result } = await lab.run(suite, 'eval.every=5', best, end);
      const last = 2 - i;
      assert.deepEqual([result.step, evaluated(lines)], [last, [0, last]]);
      assert.equal((await readRecord(config.run.dir)).best?.step, last);
      if (i > 0) continue;
      const figures = (line: object) => Object.entries(line).filter(([name]) => name.startsWith('eval_'));
      assert.deepEqual(figures(lines[2]!), figures(planned.lines[2]!));
      assert.equal((await readdir(runFolder(config.run.dir).evaluations)).length, 4);
    }
    const { lines } = await lab.run(suite, 'eval.at_end=false', ends[0]!);
    assert.deepEqual(evaluated(lines), [0]);
  });

  it('resumed in the middle, end with the bytes of the unbroken run', async () => {
    const suite = 'data.eval=[{name: ko, lab: {language: ko, split: test}, limit: 4}]';
    const { lines } = await lab.run();
    await lab.assertResumes([suite, `stop.tokens=${String(lines[3]!.num_tokens)}`], 2);
  });

  it('and the best checkpoint need a metric that there is, and that is there when a run is saved', () => {
    const refused = (pattern: RegExp, ...sets: string[]) =>
      assert.throws(
        () => lab.config(...sets),
        (error: GlossaError) => error.code === 'CONFIG_IMPOSSIBLE' && pattern.test(error.message),
      );
    refused(/nothing of the name/, 'stop={metric: rewrad, at_least: 1}');
    refused(/needs one of at_least/, 'stop={metric: reward}');
    refused(/needs stop.metric/, 'stop={patience: 2}');
    refused(/no suite other/, 'checkpoint.best={metric: eval_other/accuracy}');
    const suite = 'data.eval=[{name: ko, lab: {language: ko, split: test}, limit: 4}]';
    refused(/set eval.every/, suite, 'checkpoint.best={metric: eval_ko/accuracy}');
    refused(
      /not a multiple/,
      suite,
      'eval.every=3',
      'grpo.num_iterations=2',
      'checkpoint.best={metric: eval_ko/accuracy}',
    );
    refused(/cannot be loaded back/, 'checkpoint={save_only_model: true, best: {metric: reward, load_at_end: true}}');
  });
});

describe('the best checkpoint', () => {
  it('is the first of the best values; lines without one say nothing', () => {
    const best = new BestValue('reward', { greaterIsBetter: true });
    const better = [0.1, 0.4, null, 0.4, 0.3].map((reward, i) => best.look({ step: i + 1, reward }));
    assert.deepEqual(better, [true, true, false, false, false]);
    assert.deepEqual(best.best, { step: 2, value: 0.4 });
  });

  it('is written when it is there, outlives pruning and resuming, and gives the final weights where asked', async () => {
    const asked = [
      'checkpoint={every: 1, keep: 1, best: {metric: grad_norm, greater_is_better: false, load_at_end: true}}',
    ];
    const config = await lab.assertResumes(asked, 3);
    const folder = runFolder(config.run.dir);
    const values = (await readMetrics(folder.metrics)).map((line) => line.grad_norm!);
    const step = values.indexOf(Math.min(...values)) + 1;
    const { best } = await readRecord(config.run.dir);
    assert.deepEqual(best, { step, metric: 'grad_norm', value: values[step - 1] });
    const kept = [...new Set([step, 6])].map((each) => String(each).padStart(6, '0'));
    assert.deepEqual((await readdir(folder.checkpoints)).sort(), kept.sort());
    const weights = (dir: string) => readFile(join(dir, 'model.safetensors'));
    assert.ok((await weights(folder.final)).equals(await weights(folder.checkpoint(step))));
  });
});
