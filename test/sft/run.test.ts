import assert from 'node:assert/strict';
import { cp, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { changeOf } from '../../src/cli/resume_config.js';
import { parseConfig } from '../../src/config/index.js';
import { loadEngine } from '../../src/engine/index.js';
import { demoRecipe, pretrainLab } from '../../src/lab/index.js';
import { readMetrics, readRecord } from '../../src/run/index.js';
import { loadTokenizer } from '../../src/tokenizer/index.js';
import { resume, train, type TrainEvent } from '../../src/trainer/index.js';
import { verifyRun } from '../../src/verify/index.js';
import { filesBelow, glossa, lastingMetrics, start } from '../e2e/glossa.js';

let root: string;
let lab: string;
before(async () => {
  root = await mkdtemp(join(tmpdir(), 'glossa-sft-'));
  const { lab: settings } = demoRecipe(1);
  const small = { ...settings, trainProblems: 20, testProblems: 6, pretrain: { ...settings.pretrain, steps: 5 } };
  lab = (await pretrainLab(small, { cacheDir: join(root, 'lab') })).dir;
  await cp(join(lab, 'problems/train.ko.jsonl'), join(root, 'train.jsonl'));
  await cp(join(lab, 'problems/test.ko.jsonl'), join(root, 'test.jsonl'));
  const chats = [1, 2, 3, 4, 5].map((n) => ({
    messages: [
      { role: 'user', content: `${String(n)} + 1` },
      { role: 'assistant', content: `is ${String(n + 1)}` },
      { role: 'user', content: 'and 1?' },
      { role: 'assistant', content: `${String(n + 2)}` },
    ],
  }));
  await writeFile(join(root, 'chats.jsonl'), chats.map((chat) => JSON.stringify(chat)).join('\n'));
  await writeFile(
    join(root, 'own.jinja'),
    '{% for m in messages %}[{{ m.role }}]{% if m.role == "assistant" %}{% generation %}{{ m.content }}{{ eos_token }}{% endgeneration %}{% else %}{{ m.content }}{% endif %}\n{% endfor %}',
  );
  await writeFile(
    join(root, 'sft.yaml'),
    `seed: 3
model: { path: ${lab} }
prompt: { style: template, template: own.jinja }
data: { train: [{ path: train.jsonl }, { path: chats.jsonl, weight: 2 }] }
sft: { max_steps: 9, batch_size: 4, eval: [{ name: held, path: test.jsonl }] }
optimizer: { learning_rate: 1e-3, warmup_steps: 2 }
eval: { every: 4 }
checkpoint: { every: 2, keep: 9 }
run: { dir: ${join(root, 'run')} }
`,
  );
});
after(() => rm(root, { recursive: true, force: true }));

const configOf = async (...sets: string[]) =>
  parseConfig(await readFile(join(root, 'sft.yaml'), 'utf8'), { path: join(root, 'sft.yaml'), sets });

/** Weights, state and metrics without times: what must be the same bytes. */
async function lasting(dir: string) {
  const files = [...(await filesBelow(dir))].filter(([name]) => name.endsWith('.safetensors'));
  return { metrics: await lastingMetrics(dir), files };
}

describe('supervised fine-tuning', () => {
  it('learns, notes its steps, and measures held-out examples as log-probabilities say', async () => {
    const dir = join(root, 'learns');
    const events: TrainEvent[] = [];
    const { status, final } = await train(await configOf(`run.dir=${dir}`), { tell: (event) => events.push(event) });
    assert.equal(status, 'finished');
    const lines = await readMetrics(join(dir, 'metrics.jsonl'));
    assert.deepEqual(
      lines.map(({ step }) => step),
      [0, 1, 2, 3, 4, 5, 6, 7, 8, 9],
    );
    assert.ok(lines[9]!.loss! < lines[1]!.loss! - 0.1, `${String(lines[1]!.loss)} to ${String(lines[9]!.loss)}`);
    assert.ok(lines[9]!['eval_held/loss']! < lines[0]!['eval_held/loss']!);
    const told = events.flatMap((event) => (event.type === 'held_out' ? [[event.step, event.loss]] : []));
    assert.deepEqual(
      told,
      lines.flatMap((line) => ('eval_held/loss' in line ? [[line.step, line['eval_held/loss']]] : [])),
    );
    assert.equal(told[0]![0], 0);
    const timed = lines.filter((line) => line['time/evaluate']! > 0).map(({ step }) => step);
    assert.deepEqual(
      timed,
      told.map(([step]) => step),
    );
    assert.equal(lines[0]!['eval_held/perplexity'], Math.exp(lines[0]!['eval_held/loss']!));
    assert.equal(lines[1]!.learning_rate, 0);
    // 20 problems once and 5 chats twice make an epoch's slots; 36 examples drawn of 25.
    assert.equal(lines[9]!.epoch, 36 / 25);

    // The held-out loss again, from the weights and the tokens alone.
    const engine = await loadEngine(final!, {});
    const tokenizer = await loadTokenizer(final!);
    let [sum, n] = [0, 0];
    for (const line of (await readFile(join(root, 'test.jsonl'), 'utf8')).trim().split('\n')) {
      const { question, solution } = JSON.parse(line) as { question: string; solution: string };
      const prompt = await tokenizer.encode(`[user]${question}[assistant]`);
      const completion = [...(await tokenizer.encode(solution)), tokenizer.eosIds[0]!];
      const { logps } = await engine.logprobs({
        prompts: { ids: Int32Array.from(prompt), offsets: Int32Array.from([0, prompt.length]) },
        completions: { ids: Int32Array.from(completion), offsets: Int32Array.from([0, completion.length]) },
        temperature: 1,
      });
      sum -= logps.reduce((all, each) => all + each, 0);
      n += logps.length;
    }
    await engine.dispose();
    assert.ok(
      Math.abs(sum / n - lines[9]!['eval_held/loss']!) < 1e-5,
      `${String(sum / n)} ${String(n)} ${String(lines[9]!['eval_held/loss'])}`,
    );
  });

  it('goes through epochs: their steps are counted, and noted for who goes on', async () => {
    const dir = join(root, 'epochs');
    const sets = ['sft={num_train_epochs: 1.5, batch_size: 7}', 'data.train=[{path: train.jsonl}]', `run.dir=${dir}`];
    const config = await configOf(...sets.map((set) => set.replace('train.jsonl', join(root, 'train.jsonl'))));
    const { step } = await train(config);
    assert.equal(step, Math.ceil((1.5 * 20) / 7));
    const record = await readRecord(dir);
    assert.equal((record.config as { sft: { max_steps: number } }).sft.max_steps, 5);
    const more = await resume(dir, changeOf(undefined, ['sft.max_steps=6'], { acceptChanges: false }));
    assert.equal(more.step, 6);
    await assert.rejects(resume(dir, changeOf(undefined, ['sft.num_train_epochs=9'], { acceptChanges: true })), {
      code: 'CONFIG_RESUME',
    });
  });

  it('is the same bytes for every cut into micro-batches and number of threads', async () => {
    const ways = [
      [],
      ['optimizer.micro_batch_tokens=1', 'threads=1'],
      ['optimizer.micro_batch_tokens=90', 'threads=2'],
    ];
    const made: Awaited<ReturnType<typeof lasting>>[] = [];
    for (const [i, sets] of ways.entries()) {
      const dir = join(root, `cut-${String(i)}`);
      await train(await configOf(`run.dir=${dir}`, ...sets));
      made.push(await lasting(dir));
    }
    assert.deepEqual(made[1], made[0]);
    assert.deepEqual(made[2], made[0]);
  });

  it('killed at any instant and resumed is the unbroken run; verify plays it again', async () => {
    const [whole, killed] = [join(root, 'whole'), join(root, 'killed')];
    const yaml = join(root, 'sft.yaml');
    await train(await configOf(`run.dir=${whole}`));
    let kills = 0;
    for (const step of [1, 3, 4, 7, 8]) {
      const args = kills === 0 ? [yaml, '--set', `run.dir=${killed}`] : ['--resume', killed];
      const { child, ended } = start(['sft', ...args, '--progress', 'json']);
      child.stdout!.on('data', (text: string) => {
        if (text.includes(`"step":${String(step)},`) || text.includes('"type":"checkpoint"')) child.kill('SIGKILL');
      });
      if ((await ended).signal === 'SIGKILL') kills++;
    }
    assert.ok(kills >= 3);
    const done = await glossa(['sft', '--resume', killed, '--progress', 'none']);
    assert.equal(done.code, 0, done.stderr);
    assert.deepEqual(await lasting(killed), await lasting(whole));
    const { same, apart } = await verifyRun({
      ...{ run: whole, tell: () => undefined, abort: new AbortController().signal },
    });
    assert.deepEqual([same, apart], [true, []]);
  });

  it('measures held-out sets of several files, of a pattern and of the split of a folder, and notes each file', async () => {
    const rows = (await readFile(join(root, 'test.jsonl'), 'utf8')).trim().split('\n');
    await mkdir(join(root, 'set'));
    for (const [i, part] of [rows.slice(0, 2), rows.slice(2)].entries()) {
      await writeFile(join(root, `held-${String(i + 9)}.jsonl`), part.join('\n'));
      await writeFile(join(root, `set/test-0000${String(i)}-of-00002.jsonl`), part.join('\n'));
    }
    await cp(join(root, 'train.jsonl'), join(root, 'set/train.jsonl'));
    const dir = join(root, 'several');
    const path = (name: string) => join(root, name);
    const sets = `[{ name: one, path: ${path('test.jsonl')} }, { name: pattern, path: '${path('held-*.jsonl')}' }, { name: split, path: ${path('set')}, split: test }]`;
    await train(
      await configOf(
        `run.dir=${dir}`,
        'sft.max_steps=1',
        'optimizer.warmup_steps=0',
        'eval.every=0',
        `sft.eval=${sets}`,
      ),
    );
    const lines: Record<string, unknown>[] = await readMetrics(join(dir, 'metrics.jsonl'));
    assert.ok(typeof lines[1]!['eval_one/loss'] === 'number');
    for (const line of lines)
      for (const name of ['pattern', 'split'])
        for (const figure of ['loss', 'perplexity', 'entropy'])
          assert.equal(line[`eval_${name}/${figure}`], line[`eval_one/${figure}`]);
    const { inputs } = await readRecord(dir);
    const noted = inputs!.files.filter(({ setting }) => setting.startsWith('sft.eval'));
    assert.deepEqual(
      noted.map(({ path, setting }) => [path.split('/').at(-1), setting.slice(0, 11)]),
      [
        ['test.jsonl', 'sft.eval[0]'],
        ['held-9.jsonl', 'sft.eval[1]'],
        ['held-10.jsonl', 'sft.eval[1]'],
        ['test-00000-of-00002.jsonl', 'sft.eval[2]'],
        ['test-00001-of-00002.jsonl', 'sft.eval[2]'],
      ],
    );
    await assert.rejects(
      train(await configOf('run.dir=no', `sft.eval=[{ name: no, path: '${path('none-*.jsonl')}' }]`)),
      {
        code: 'DATA_NOT_FOUND',
      },
    );
  });

  it('refuses what does not go with it', async () => {
    const code = (code: string, message: RegExp) => ({ code, message });
    const refuse = (sets: string[], expected: object) => assert.rejects(() => configOf(...sets), expected);
    await refuse(['data.train.0.verifier=choice'], code('CONFIG_IMPOSSIBLE', /judges none/));
    await refuse(['prompt.think_prefix=auto'], code('CONFIG_IMPOSSIBLE', /think_prefix/));
    await refuse(['optimizer.warmup_steps=10'], code('CONFIG_IMPOSSIBLE', /more than sft\.max_steps 9/));
    await refuse(['sft.eval.0={name: held}'], code('CONFIG_IMPOSSIBLE', /exactly one of path and lab/));
    await refuse(
      ['sft.eval.0={name: held, path: test.jsonl, fields: { options: [a, b] }}'],
      code('CONFIG_IMPOSSIBLE', /without options and level/),
    );
    await refuse(
      ['model={ lab: {} }', 'sft.eval.0={name: held, lab: { language: ko }, language: ko}'],
      code('CONFIG_IMPOSSIBLE', /fields, language and split belong to files/),
    );
    await refuse(['sft.packing=true'], code('CONFIG_UNKNOWN_KEY', /packing/));
    const { optimizer } = parseConfig('model: { lab: {} }\nsft: {}\n', { path: 'a.yaml' });
    assert.equal(optimizer.learning_rate, 2e-5);
    const { code: exit, stderr } = await glossa(['sft', join(root, 'sft.yaml'), '--set', 'sft=null']);
    assert.notEqual(exit, 0);
    assert.match(stderr, /sft/);
  });
});
