import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { appendFile, cp, mkdir, mkdtemp, readdir, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { changeOf } from '../../src/cli/resume_config.js';
import type { GlossaError } from '../../src/base/error.js';
import { parseConfig } from '../../src/config/index.js';
import { demoRecipe, pretrainLab } from '../../src/lab/index.js';
import { glossaVersion, readMetrics, readRecord, runFolder, writeRecord } from '../../src/run/index.js';
import { checkInputs, checkResume, resume, train, type TrainEvent } from '../../src/trainer/index.js';
import { machineChanged, planChanged } from '../../src/trainer/resume.js';
import { filesBelow, lastingMetrics } from '../e2e/glossa.js';

let root: string;
let lab: string;
let count = 0;
before(async () => {
  root = await mkdtemp(join(tmpdir(), 'glossa-resume-'));
  const { lab: settings } = demoRecipe(1);
  const small = { ...settings, trainProblems: 24, testProblems: 8, pretrain: { ...settings.pretrain, steps: 10 } };
  lab = (await pretrainLab(small, { cacheDir: join(root, 'lab') })).dir;
});
after(() => rm(root, { recursive: true, force: true }));

interface Made {
  dir: string;
  yaml: string;
  data: string;
  suite: string;
  module: string;
  imported: string;
}

/** Settings of which most came with some version, a whole section and a list among them. */
const LATER = [
  'kv_cache_gb',
  'recompute',
  'model.trainable',
  'rewards.0.weight',
  'data.train.0.on_bad_row',
  'grpo.entropy_coef',
  'grpo.epsilon_high',
  'grpo.max_grader_errors',
  'rollouts',
];

/** Puts another config into run.json, and overrides that the run was asked with, as another version would have written them. */
async function asVersion({ dir }: Made, change: (config: object) => object, ...sets: string[]): Promise<void> {
  const record = await readRecord(dir);
  const { asked } = record;
  await writeRecord(runFolder(dir), {
    ...record,
    config: change(record.config as object),
    ...(asked && { asked: { ...asked, set: [...asked.set, ...sets] } }),
  });
}

const without =
  (...settings: string[]) =>
  (config: object): object => {
    const left = structuredClone(config);
    for (const setting of settings) {
      const parts = setting.split('.');
      const section = parts.slice(0, -1).reduce((at, part) => (at as Record<string, object>)[part]!, left);
      assert.ok(Reflect.has(section, parts.at(-1)!), setting);
      Reflect.deleteProperty(section, parts.at(-1)!);
    }
    return left;
  };

/** A run of two of four steps on copies of its own of everything it reads. */
async function interrupted(...sets: string[]): Promise<Made> {
  const at = join(root, String(count++));
  const paths = await inputs(at);
  const stop = new AbortController();
  const tell = (event: TrainEvent) => {
    if (event.type === 'step' && event.line.step === 2) stop.abort();
  };
  const config = parseConfig(await readFile(paths.yaml, 'utf8'), { path: paths.yaml, sets });
  const { status } = await train(config, { stop: stop.signal, tell, asked: { config: paths.yaml, set: sets } });
  assert.equal(status, 'interrupted');
  return paths;
}

async function inputs(at: string): Promise<Made> {
  await mkdir(at);
  const paths = {
    dir: join(at, 'run'),
    yaml: join(at, 'config.yaml'),
    data: join(at, 'train.jsonl'),
    suite: join(at, 'suite.jsonl'),
    module: join(at, 'reward.mjs'),
    imported: join(at, 'words.mjs'),
  };
  await cp(join(lab, 'problems/train.ko.jsonl'), paths.data);
  await cp(join(lab, 'problems/test.ko.jsonl'), paths.suite);
  await writeFile(paths.imported, 'export const most = 40;\n');
  await writeFile(
    paths.module,
    `import { most } from './words.mjs';\nexport default ({ completion }) => Math.min(completion.length, most) / most;\n`,
  );
  await writeFile(
    paths.yaml,
    `seed: 3
model: { path: ${lab} }
prompt: { style: plain }
data: { train: [{ path: train.jsonl }], eval: [{ name: held, path: suite.jsonl }] }
rewards: [{ name: length, module: reward.mjs }]
grpo: { max_steps: 4, prompts_per_step: 2, num_generations: 4, max_completion_length: 12 }
optimizer: { learning_rate: 1e-3 }
eval: { at_start: false, at_end: false }
checkpoint: { every: 1 }
run: { dir: ${paths.dir} }
`,
  );
  return paths;
}

const again = (
  { dir }: Made,
  {
    yaml,
    sets = [],
    accept = false,
    warnings = [],
  }: { yaml?: string; sets?: string[]; accept?: boolean; warnings?: string[] } = {},
) =>
  resume(dir, changeOf(yaml, sets, { acceptChanges: accept }), {
    acceptChanges: accept,
    tell: (event) => void (event.type === 'warning' && warnings.push(event.message)),
  });

const edit = async (path: string, change: (text: string) => string) =>
  writeFile(path, change(await readFile(path, 'utf8')));

describe('a resumed run', () => {
  it('is refused, and not touched, where something is otherwise than at its start; goes on where that is accepted', async () => {
    const made = await interrupted();
    const cases: [what: RegExp, file: string, change: (text: string) => string][] = [
      [/data\.train\[0\]\.path .*train\.jsonl: \d+ bytes/, made.data, (text) => text.replace('0', '1')],
      [/data\.eval\[0\]\.path .*suite\.jsonl/, made.suite, (text) => `${text}\n`],
      [/rewards\[0\]\.module .*reward\.mjs/, made.module, (text) => text.replace('most) / most', '9) / 9')],
      [/rewards\[0\]\.module imports words\.mjs/, made.imported, () => 'export const most = 30;\n'],
      [/run\.json: config\.grpo\.temperature: 1 then, 0.5 now/, join(made.dir, 'run.json'), temperature],
      [
        /run\.json: config\.seed: 3 then, 4 now/,
        join(made.dir, 'run.json'),
        (text) => text.replace('"seed": 3,', '"seed": 4,'),
      ],
      [/metrics\.jsonl: a line for each of 2 steps then, 1 without/, join(made.dir, 'metrics.jsonl'), firstLine],
    ];
    for (const [what, file, change] of cases) {
      const whole = await readFile(file);
      await edit(file, change);
      const before = await filesBelow(made.dir);
      await assert.rejects(again(made), { code: 'RUN_CHANGED', message: what });
      await assert.rejects(checkResume(made.dir, changeOf(undefined, [], { acceptChanges: false })), {
        code: 'RUN_CHANGED',
      });
      const now = await filesBelow(made.dir);
      assert.deepEqual([...now.keys()], [...before.keys()]);
      for (const [name, bytes] of before) assert.ok(now.get(name)!.equals(bytes), name);
      await writeFile(file, whole);
    }
    assert.deepEqual(await checkResume(made.dir, changeOf(undefined, [], { acceptChanges: false })), {
      step: 2,
      maxSteps: 4,
      finished: false,
    });
    await edit(made.imported, () => 'export const most = 30;\n');
    assert.equal((await again(made, { accept: true })).status, 'finished');
    const { resumed } = await readRecord(made.dir);
    assert.match(resumed[0]!.accepted!.join(), /rewards\[0\]\.module imports words\.mjs/);
  });

  it('has other gradients where a GPU of other memory cuts its rows otherwise; a CPU may cut them as it likes', () => {
    const plan = { total: 5, host: 1, microBatchRows: 700, microBatchTokens: 1000, terms: [] };
    const room = { total: 80, free: 70 };
    const record = { plan: { total: 5, host: 1, microBatchRows: 900 } };
    assert.deepEqual(planChanged(record, { ...plan, room }), [
      { what: 'rows of the widest micro-batch', then: '900', now: '700' },
    ]);
    const noted = { plan: { ...record.plan, microBatchRows: 700, microBatchTokens: 1001 } };
    assert.deepEqual(planChanged(noted, { ...plan, room }), [
      { what: 'rows that a micro-batch may take', then: '1001', now: '1000' },
    ]);
    assert.deepEqual(planChanged(noted, plan), []);
    assert.deepEqual(planChanged(record, plan), []);
    assert.deepEqual(planChanged(record, { ...plan, microBatchRows: 900, room }), []);
    assert.deepEqual(planChanged({}, { ...plan, room }), []);
  });

  it('is refused on another GPU, by its name', () => {
    const on = (isa: string) => ({ device: 'cuda', isa });
    const record = {
      machine: { glossa: glossaVersion() },
      model: { dtype: 'bfloat16' as const, ...on('NVIDIA H100') },
    };
    assert.deepEqual(machineChanged(record, on('NVIDIA H200')), [
      { what: 'GPU', then: 'NVIDIA H100', now: 'NVIDIA H200' },
    ]);
    assert.deepEqual(machineChanged(record, on('NVIDIA H100')), []);
  });

  it('is refused under another instruction set', async (t) => {
    const made = await interrupted();
    if ((await readRecord(made.dir)).model!.isa === 'portable') return t.skip('this processor has no other');
    const before = process.env['GLOSSA_ISA'];
    process.env['GLOSSA_ISA'] = 'portable';
    try {
      await assert.rejects(again(made), { code: 'RUN_CHANGED', message: /instruction set: \w+ then, portable now/ });
    } finally {
      if (before === undefined) delete process.env['GLOSSA_ISA'];
      else process.env['GLOSSA_ISA'] = before;
    }
  });

  it('takes a config file beside it at its word: the same one goes on, another is refused with what differs', async () => {
    const made = await interrupted('rollouts.every=2');
    await edit(made.yaml, (text) => text.replace('learning_rate: 1e-3', 'learning_rate: 2e-3'));
    await assert.rejects(again(made, { yaml: made.yaml }), {
      code: 'RUN_CHANGED',
      message: /config\.yaml: optimizer\.learning_rate: 0\.001 then, 0\.002 now/,
    });
    await edit(made.yaml, (text) =>
      text.replace('learning_rate: 2e-3', 'learning_rate: 1e-3').replace('seed: 3', 'seed: 4'),
    );
    await assert.rejects(again(made, { yaml: made.yaml, accept: true }), { code: 'CONFIG_RESUME', message: /seed/ });
    await edit(made.yaml, (text) => text.replace('seed: 4', 'seed: 3'));
    assert.equal((await again(made, { yaml: made.yaml })).status, 'finished');
  });

  it('changes by --set what it may, more where it is accepted, and never what it rests on', async () => {
    const made = await interrupted();
    await assert.rejects(again(made, { sets: ['grpo.temperature=0.9'] }), { code: 'CONFIG_RESUME' });
    await assert.rejects(again(made, { sets: ['model.path=/nowhere'], accept: true }), { code: 'CONFIG_RESUME' });
    await assert.rejects(again(made, { sets: ['grpo.max_steps=1'] }), { code: 'CONFIG_RESUME', message: /has made 2/ });
    await again(made, { sets: ['grpo.temperature=0.9', 'grpo.max_steps=3'], accept: true });
    const { config, resumed } = await readRecord(made.dir);
    assert.equal((config as { grpo: { temperature: number } }).grpo.temperature, 0.9);
    assert.deepEqual(resumed[0]!.accepted, ['grpo.temperature: 1 -> 0.9']);
  });

  it('of a version that had not yet some settings goes on with their defaults as the unbroken run', async () => {
    const made = await interrupted();
    const whole = `${made.dir}-whole`;
    await train(parseConfig(await readFile(made.yaml, 'utf8'), { path: made.yaml, sets: [`run.dir=${whole}`] }));
    await asVersion(made, without(...LATER));
    // A file that says what the default is says nothing new.
    await edit(made.yaml, (text) => `${text}kv_cache_gb: 0\n`.replace('{ path: ', '{ trainable: ["*"], path: '));
    await checkResume(made.dir, changeOf(made.yaml, [], { acceptChanges: false }));
    assert.equal((await again(made)).status, 'finished');
    const [a, b] = [await filesBelow(made.dir), await filesBelow(whole)];
    assert.deepEqual([...a.keys()].sort(), [...b.keys()].sort());
    for (const [name, bytes] of b)
      if (/^(checkpoints|rollouts|eval|final)/.test(name)) assert.ok(a.get(name)!.equals(bytes), name);
    assert.deepEqual(await lastingMetrics(made.dir), await lastingMetrics(whole));
    const { config, resumed } = await readRecord(made.dir);
    assert.deepEqual((config as { model: { trainable: string[] } }).model.trainable, ['*']);
    assert.equal(resumed[0]!.accepted, undefined);
  });

  it('of a version that had not yet some settings is refused where they are not at their defaults now', async () => {
    const made = await interrupted();
    await asVersion(made, without(...LATER));
    const plain = await readFile(made.yaml, 'utf8');
    await edit(made.yaml, (text) => text.replace('grpo: {', 'grpo: { entropy_coef: 0.01,'));
    await assert.rejects(again(made, { yaml: made.yaml }), {
      code: 'RUN_CHANGED',
      message: /config\.yaml: grpo\.entropy_coef: not in that version then, 0\.01 now$/,
    });
    await assert.rejects(again(made, { sets: ['grpo.entropy_coef=0.01'] }), { code: 'CONFIG_RESUME' });
    await writeFile(made.yaml, plain.replace('{ path: ', '{ trainable: ["*.mlp.*", "*.norm.*"], path: '));
    for (const accept of [false, true])
      await assert.rejects(again(made, { yaml: made.yaml, accept }), {
        code: 'CONFIG_RESUME',
        message: /model\.trainable/,
      });
    await again(made, { sets: ['grpo.entropy_coef=0.01', 'kv_cache_gb=1', 'rewards.0.weight=2'], accept: true });
    const { resumed } = await readRecord(made.dir);
    assert.deepEqual(resumed[0]!.accepted, [
      'rewards[0].weight: not in that version -> 2',
      'grpo.entropy_coef: not in that version -> 0.01',
    ]);
  });

  it('of a version with settings that there are no longer is refused, and where that is accepted goes on without them', async () => {
    const made = await interrupted('rollouts.every=2');
    await asVersion(
      made,
      (config) => {
        const { grpo, rewards } = config as { grpo: object; rewards: object[] };
        return { ...config, grpo: { ...grpo, pace: 3 }, rewards: [{ ...rewards[0], cap: null }], old: { list: [1] } };
      },
      'grpo.pace=3',
    );
    await assert.rejects(again(made), (error: Error) => {
      const lines = error.message.split('\n').slice(1);
      assert.equal(lines.length, 3);
      for (const part of ['grpo.pace: 3', 'old.list[0]: 1', 'rewards[0].cap: null'])
        assert.ok(
          lines.some((line) => line.trim() === `${part} then, not in this version now`),
          error.message,
        );
      return (error as { code?: string }).code === 'RUN_CHANGED';
    });
    assert.equal((await again(made, { yaml: made.yaml, accept: true })).status, 'finished');
    const { config, resumed } = await readRecord(made.dir);
    assert.ok(!('old' in (config as object)));
    assert.ok(resumed[0]!.accepted!.includes('grpo.pace: 3 -> not in this version'));
  });

  it('whose run.json somebody has edited is not gone on with past a slip in a name', async () => {
    const made = await interrupted();
    await edit(join(made.dir, 'run.json'), (text) =>
      text.replace('"temperature": 1,', '"temperature": 1, "temprature": 2,'),
    );
    await assert.rejects(again(made), {
      code: 'RUN_CHANGED',
      message: /config\.grpo\.temprature: not set then, 2 now/,
    });
    await assert.rejects(again(made, { accept: true }), { code: 'RUN_CORRUPT', message: /did you mean temperature/ });
  });

  it('of a version that paid language for all words is refused: it would be paid otherwise from here on', async () => {
    const made = await interrupted('rewards=[{"name":"language"},{"name":"accuracy"}]');
    const { languagePaidOn, ...record } = await readRecord(made.dir);
    assert.equal(languagePaidOn, 'reasoning');
    await writeRecord(runFolder(made.dir), record);
    await assert.rejects(again(made), (error: GlossaError) => {
      assert.equal(error.code, 'RUN_CHANGED');
      assert.match(error.message, /what the reward language pays for: all words, .*the words of the reasoning now/);
      assert.equal(error.message.split('\n').length, 2);
      return true;
    });
    await again(made, { accept: true });
    assert.equal((await readRecord(made.dir)).languagePaidOn, 'reasoning');
  });

  it('trains the tensors that it was begun with, for good', async () => {
    const trainable = 'model.trainable.0=*.mlp.*';
    const made = await interrupted(trainable);
    await assert.rejects(again(made, { sets: ['model.trainable.0=*'], accept: true }), {
      code: 'CONFIG_RESUME',
      message: /model\.trainable/,
    });
    const step = (dir: string, n: number) => readFile(join(runFolder(dir).checkpoint(n), 'model.safetensors'));
    assert.equal((await again(made)).status, 'finished');
    const whole = await inputs(join(root, String(count++)));
    await train(parseConfig(await readFile(whole.yaml, 'utf8'), { path: whole.yaml, sets: [trainable] }));
    assert.ok((await step(made.dir, 4)).equals(await step(whole.dir, 4)));
    const { config } = await readRecord(made.dir);
    assert.deepEqual((config as { model: { trainable: string[] } }).model.trainable, ['*.mlp.*']);
  });

  it('that is finished says so and does nothing; one that is made longer says what becomes of the schedule', async () => {
    const made = await interrupted();
    await again(made);
    const before = await filesBelow(made.dir);
    await rm(made.data);
    assert.deepEqual(await again(made), {
      dir: made.dir,
      status: 'finished',
      step: 4,
      checkpoint: runFolder(made.dir).checkpoint(4),
      already: true,
    });
    assert.deepEqual([...(await filesBelow(made.dir)).keys()], [...before.keys()]);
    await assert.rejects(again(made, { sets: ['grpo.max_steps=5'] }), {
      code: 'RUN_CHANGED',
      message: /not there now/,
    });
    await writeFile(made.data, await readFile(join(lab, 'problems/train.ko.jsonl')));
    const warnings: string[] = [];
    await again(made, { sets: ['grpo.max_steps=5'], warnings });
    assert.match(
      warnings.join('\n'),
      /was 4 and is now 5: the linear schedule .* Step 5 has the learning rate 0\.0002/,
    );
  });

  it('tells what of its rollouts and metrics is missing or changed, and goes on', async () => {
    const made = await interrupted();
    const folder = runFolder(made.dir);
    await rm(folder.rollout(1));
    await truncate(folder.rollout(2), 100);
    await edit(folder.metrics, (text) => text.replace(/"loss":[^,]+/, '"loss":9'));
    const warnings: string[] = [];
    await again(made, { warnings });
    const told = warnings.join('\n');
    assert.match(told, /rollouts\/000001\.\w+ is gone/);
    assert.match(told, /rollouts\/000002\.\w+ was changed or cut off/);
    assert.match(told, /metrics\.jsonl was changed in its lines up to step 2/);
  });

  it('of checkpoints without optimizer state says that AdamW would begin anew', async () => {
    const made = await interrupted('checkpoint.save_only_model=true');
    const files = await readdir(runFolder(made.dir).checkpoint(2));
    assert.ok(files.includes('model.safetensors') && !files.includes('state.safetensors'));
    await assert.rejects(again(made), { code: 'RUN_CHANGED', message: /save_only_model.*AdamW would begin anew/ });
    assert.equal((await again(made, { accept: true })).status, 'finished');
  });

  it('makes a damaged reference anew from the model of the start, with the same bits', async () => {
    const [whole, made] = [await interrupted('grpo.beta=0.1'), await interrupted('grpo.beta=0.1')];
    await again(whole);
    const reference = runFolder(made.dir).reference;
    await truncate(join(reference, 'model.safetensors'), 1000);
    const warnings: string[] = [];
    await again(made, { warnings });
    assert.match(warnings.join('\n'), /reference.*model\.safetensors has checksum .*made anew/);
    assert.deepEqual(await lastingMetrics(made.dir), await lastingMetrics(whole.dir));
    await rm(join(reference, 'model.safetensors'));
    await writeFile(join(reference, 'config.json'), '{}');
    assert.equal((await again(made, { sets: ['grpo.max_steps=5'] })).status, 'finished');
  });
});

describe('a finished run', () => {
  it('that cannot be made longer stays finished, every byte of it', async () => {
    const made = await interrupted();
    await again(made);
    const before = await filesBelow(made.dir);
    const sets = ['grpo.max_steps=8', 'kv_cache_gb=1e-6'];
    await assert.rejects(again(made, { sets }), { code: 'KV_CACHE_TOO_SMALL' });
    await assert.rejects(checkResume(made.dir, changeOf(undefined, sets, { acceptChanges: false })), {
      code: 'KV_CACHE_TOO_SMALL',
    });
    const now = await filesBelow(made.dir);
    assert.deepEqual([...now.keys()], [...before.keys()]);
    for (const [name, bytes] of before) assert.ok(now.get(name)!.equals(bytes), name);
  });
});

describe('a start', () => {
  it('that fails leaves nothing: no folder, and of a run to be overwritten every byte', async () => {
    const made = await interrupted();
    const before = await filesBelow(made.dir);
    const broken = join(root, 'broken.jsonl');
    await writeFile(broken, '{"id": 1');
    const empty = join(root, 'empty.jinja');
    await writeFile(empty, '');
    const cases: [string, string][] = [
      ['model.path=/nowhere', 'MODEL_NOT_FOUND'],
      [`model.path=${broken}`, 'MODEL_NOT_FOUND'],
      [`data.train=[{path: ${broken}}]`, 'DATA_BAD_ROW'],
      ['data.train=[{path: /nowhere.jsonl}]', 'DATA_NOT_FOUND'],
      ['data.train=[{path: /dev/zero}]', 'DATA_FORMAT'],
      [`prompt={style: template, template: ${empty}}`, 'PROMPT_EMPTY'],
      ['rewards=[{name: x, module: /nowhere.mjs}]', 'REWARD_MODULE'],
      ['grpo.max_completion_length=100000', 'CONFIG_BUDGET'],
      ['prompt.style=chat', 'PROMPT_NO_TEMPLATE'],
      ['kv_cache_gb=1e-6', 'KV_CACHE_TOO_SMALL'],
      ['model.trainable=[nothing]', 'TRAINABLE_UNKNOWN'],
    ];
    for (const [set, codes] of cases) {
      for (const dir of [made.dir, join(root, 'never/made')]) {
        const sets = [set, `run.dir=${dir}`];
        const config = parseConfig(await readFile(made.yaml, 'utf8'), { path: made.yaml, sets });
        const refused = (error: unknown) => {
          assert.match((error as { code: string }).code, new RegExp(codes), set);
          return true;
        };
        await assert.rejects(train(config, { overwrite: true }), refused);
        await assert.rejects(checkInputs(config), refused);
      }
      assert.ok(!existsSync(join(root, 'never')));
      const now = await filesBelow(made.dir);
      assert.deepEqual([...now.keys()], [...before.keys()]);
      for (const [name, bytes] of before) assert.ok(now.get(name)!.equals(bytes), name);
    }
  });

  it('whose rewards fail is mended and started again in the same folder', async () => {
    const made = await inputs(join(root, 'mended'));
    const start = async () => train(parseConfig(await readFile(made.yaml, 'utf8'), { path: made.yaml }));
    const whole = await readFile(made.module, 'utf8');
    await writeFile(made.module, 'export default () => { throw new Error("boom"); };');
    await assert.rejects(start(), { code: 'GRADER_ERRORS' });
    assert.equal((await readRecord(made.dir)).status, 'failed');
    // Node keeps modules that it has loaded: of another name it is another one.
    await writeFile(made.module.replace('reward', 'other'), whole);
    await edit(made.yaml, (text) => text.replace('reward.mjs', 'other.mjs'));
    assert.equal((await start()).status, 'finished');
  });

  it('on the folder of a run takes its newest checkpoint', async () => {
    const made = await interrupted();
    const sets = [`model.path=${made.dir}`, `run.dir=${made.dir}-next`, 'grpo.max_steps=1'];
    const config = parseConfig(await readFile(made.yaml, 'utf8'), { path: made.yaml, sets });
    assert.equal((await train(config)).status, 'finished');
    const { config: recorded } = await readRecord(`${made.dir}-next`);
    assert.equal((recorded as { model: { path: string } }).model.path, runFolder(made.dir).checkpoint(2));
  });

  it('with overwriting ends as the run would in an empty folder', async () => {
    const made = await interrupted();
    await appendFile(join(made.dir, 'notes.txt'), 'mine');
    const config = parseConfig(await readFile(made.yaml, 'utf8'), { path: made.yaml });
    await train(config, { overwrite: true });
    const other = parseConfig(await readFile(made.yaml, 'utf8'), { path: made.yaml, sets: [`run.dir=${made.dir}-b`] });
    await train(other);
    assert.deepEqual(await lastingMetrics(made.dir), await lastingMetrics(`${made.dir}-b`));
    const [a, b] = [await filesBelow(made.dir), await filesBelow(`${made.dir}-b`)];
    a.delete('notes.txt');
    assert.deepEqual([...a.keys()].sort(), [...b.keys()].sort());
    for (const [name, bytes] of b)
      if (/^(checkpoints|rollouts|eval|final)/.test(name)) assert.ok(a.get(name)!.equals(bytes), name);
    assert.equal((await readMetrics(join(made.dir, 'metrics.jsonl'))).length, 4);
  });
});

const temperature = (text: string) => text.replace('"temperature": 1,', '"temperature": 0.5,');
const firstLine = (text: string) => `${text.split('\n')[0]!}\n`;
