import assert from 'node:assert/strict';
import { mkdtemp, readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { describe, it } from 'node:test';
import { GlossaError } from '../../src/base/error.js';
import { checkRaw, configJsonSchema, loadConfig, parseConfig, settingsTable } from '../../src/config/index.js';
import { lossTable } from '../../src/engine/index.js';
import { nearest } from '../../src/base/suggest.js';

const SMALLEST = 'model: { lab: {} }\ndata:\n  train:\n    - lab: {}\n';
const parse = (text: string, ...sets: string[]) => parseConfig(text, { path: 'studies/x.yaml', sets });
const refused = (text: string, ...sets: string[]): GlossaError => {
  try {
    parse(text, ...sets);
  } catch (error) {
    assert.ok(error instanceof GlossaError, String(error));
    return error;
  }
  throw new Error('the config was accepted');
};

describe('config', () => {
  it("fills in TRL's defaults and names the run after the file", () => {
    const config = parse(SMALLEST);
    assert.equal(config.grpo.num_generations, 8);
    assert.equal(config.grpo.loss_type, 'dapo');
    assert.equal(config.grpo.beta, 0);
    assert.equal(config.grpo.epsilon, 0.2);
    assert.equal(config.grpo.scale_rewards, 'group');
    assert.equal(config.optimizer.learning_rate, 1e-6);
    assert.equal(config.run.name, 'x');
    assert.equal(config.run.dir, resolve('runs/x'));
    assert.equal(config.prompt.style, 'plain');
  });

  it('takes overrides as YAML values', () => {
    const config = parse(
      SMALLEST,
      'optimizer.learning_rate=1e-4',
      'grpo.epsilon_high=0.28',
      'rewards=[{name: format, weight: 2}]',
      'data.train[0].limit=9',
    );
    assert.equal(config.optimizer.learning_rate, 1e-4);
    assert.equal(config.grpo.epsilon_high, 0.28);
    assert.deepEqual(config.rewards, [{ name: 'format', weight: 2 }]);
    assert.equal(config.data.train[0]!.limit, 9);
  });

  it('resolves files from the config file, and those of overrides from the working folder', () => {
    const text = 'model: { path: ../m }\ndata:\n  train:\n    - path: d.jsonl\n';
    assert.equal(parse(text).model.path, resolve('m'));
    assert.equal(parse(text).data.train[0]!.path, resolve('studies/d.jsonl'));
    assert.equal(parse(text, 'data.train.0.path=e.jsonl').data.train[0]!.path, resolve('e.jsonl'));
  });

  it("reads a prompt template from the config file's folder, and goes on with that text when resumed", async () => {
    const dir = await mkdtemp(join(tmpdir(), 'glossa-config-'));
    await writeFile(join(dir, 'own.jinja'), '{{ question }}?');
    await writeFile(join(dir, 'run.yaml'), `${SMALLEST}prompt: { template: own.jinja, think_prefix: auto }\n`);
    const config = await loadConfig(join(dir, 'run.yaml'));
    const template = { path: join(dir, 'own.jinja'), text: '{{ question }}?' };
    assert.deepEqual(config.prompt, { style: 'template', think_prefix: 'auto', template });
    await writeFile(template.path, 'something else');
    const recorded: unknown = JSON.parse(JSON.stringify(config));
    assert.deepEqual(checkRaw(recorded, { path: 'run.yaml', overrides: [] }).prompt, config.prompt);
    const missing = refused(`${SMALLEST}prompt:\n  template: nowhere.jinja\n`);
    assert.equal(missing.code, 'CONFIG_NOT_FOUND');
    assert.match(missing.message, /^studies\/x\.yaml:6:13: prompt\.template: cannot read .*studies\/nowhere\.jinja/);
  });

  it('refuses prompt settings that cannot hold together', () => {
    const message = (prompt: string) => {
      const error = refused(`${SMALLEST}prompt: { ${prompt} }\n`);
      assert.equal(error.code, 'CONFIG_IMPOSSIBLE');
      return error.message;
    };
    assert.match(message('style: template'), /prompt\.style: template needs prompt\.template/);
    assert.match(message('style: chat, template: x.jinja'), /prompt\.template: belongs to style template/);
    assert.match(message('style: plain, thinking: true'), /prompt\.thinking: a plain prompt/);
    assert.match(message('think_prefix: auto'), /prompt\.think_prefix: a plain prompt/); // a lab model's is plain
    assert.match(message('style: chat, thinking: false, think_prefix: auto'), /prompt\.think_prefix: begins a thought/);
  });

  it('keeps a name of the hub, unless a folder or file of that name is there', () => {
    const text = 'model: { path: org/tiny@v1 }\ndata:\n  train:\n    - path: datasets/org/sums/x.jsonl\n';
    assert.equal(parse(text).model.path, 'org/tiny@v1');
    assert.equal(parse(text).data.train[0]!.path, 'datasets/org/sums/x.jsonl');
    assert.equal(parse(text, 'model.path=src/hub').model.path, resolve('src/hub'));
    assert.equal(parse(text, 'model.path=./org/tiny').model.path, resolve('org/tiny'));
    assert.equal(
      parse(text, 'data.train.0.path=problems/org/x.jsonl').data.train[0]!.path,
      resolve('problems/org/x.jsonl'),
    );
  });

  it('names line and column of a value of the wrong type', () => {
    const error = refused(`${SMALLEST}grpo:\n  num_generations: many\n`);
    assert.equal(error.code, 'CONFIG_INVALID');
    assert.match(error.message, /^studies\/x\.yaml:6:20: grpo\.num_generations: expected number, got "many"$/);
  });

  it('refuses an unknown key at its line, with a suggestion', () => {
    const error = refused(`${SMALLEST}grpo:\n  num_generation: 4\n`);
    assert.equal(error.code, 'CONFIG_UNKNOWN_KEY');
    assert.match(
      error.message,
      /^studies\/x\.yaml:6:3: grpo\.num_generation: unknown setting; did you mean num_generations\?$/,
    );
    assert.match(refused(`${SMALLEST}learning_rate: 1\n`).message, /did you mean optimizer\.learning_rate\?/);
  });

  it('says which override is wrong', () => {
    assert.match(
      refused(SMALLEST, 'grpo.max_steps=abc').message,
      /^--set grpo\.max_steps=abc: grpo\.max_steps: expected number/,
    );
    assert.equal(refused(SMALLEST, 'no equals').code, 'CONFIG_OVERRIDE');
    assert.equal(refused(SMALLEST, 'seed.x=1').code, 'CONFIG_OVERRIDE');
    assert.equal(refused(`${SMALLEST}seed: 3\n`, 'seed.x=1').code, 'CONFIG_OVERRIDE');
  });

  it('reports broken YAML, a missing section and several faults at once', () => {
    const broken = refused('model: {\n');
    assert.equal(broken.code, 'CONFIG_SYNTAX');
    assert.match(broken.message, /^studies\/x\.yaml:\d+:\d+: /);
    assert.match(refused('model: { path: m }\n').message, /data\.train: is missing/);
    assert.equal(refused('').code, 'CONFIG_MISSING');
    assert.equal(refused(`${SMALLEST}seed: -1\nthreads: x\n`).message.split('\n').length, 2);
  });

  const impossible: [string, string[], RegExp][] = [
    [
      'completions that cannot be divided among steps',
      ['grpo.steps_per_generation=3', 'grpo.max_steps=9'],
      /cannot be divided among 3 steps/,
    ],
    ['more completions than memory has', ['grpo.prompts_per_step=1000000000'], /prompts_per_step: .*may have 1048576/],
    ['completions that do not make whole groups', ['grpo.generation_batch_size=20'], /groups of num_generations 8/],
    ['steps that stop inside a generation', ['grpo.num_iterations=3', 'grpo.max_steps=10'], /not a multiple/],
    ['two ways to say how many prompts', ['grpo.generation_batch_size=16', 'grpo.prompts_per_step=2'], /not both/],
    ['several greedy samples', ['eval.num_samples=4'], /greedy/],
    ['two models', ['model={path: m, lab: {}}', 'data.train=[{path: p.jsonl}]'], /got path and lab/],
    ['a warm-up longer than the run', ['optimizer.warmup_steps=101'], /more than grpo\.max_steps/],
    ['a suite twice', ['data.eval=[{name: a, lab: {}}, {name: a, lab: {}}]'], /twice/],
    ['lab problems without a lab model', ['model={path: m}'], /needs model\.lab/],
  ];
  for (const [name, sets, message] of impossible) {
    it(`refuses ${name}`, () => {
      const error = refused(SMALLEST, ...sets);
      assert.equal(error.code, 'CONFIG_IMPOSSIBLE');
      assert.match(error.message, message);
    });
  }

  it('puts a model of the command line in the place of the file, and keeps a lab whose problems are trained on', () => {
    const files = 'data: { train: [{ path: p.jsonl }] }\n';
    const model = (text: string) => {
      const { path, lab, init } = parse(text, 'model.path=m').model;
      return [path, lab !== undefined, init !== undefined];
    };
    assert.deepEqual(model(SMALLEST), [resolve('m'), true, false]);
    assert.deepEqual(model('model: { lab: {} }\n'), [resolve('m'), true, false]);
    assert.deepEqual(model(`model: { lab: {} }\n${files}`), [resolve('m'), false, false]);
    assert.deepEqual(model(`model: { init: { config: c.json, tokenizer: t } }\n${files}`), [
      resolve('m'),
      false,
      false,
    ]);
    assert.deepEqual(model(`model: { path: n }\n${files}`), [resolve('m'), false, false]);
  });

  it('refuses a group of one', () => {
    assert.match(refused(SMALLEST, 'grpo.num_generations=1').message, /at least 2 completions/);
  });

  it('refuses a loss it does not know by name, and suggests for a misspelt one and for what has another name', () => {
    assert.equal(refused(SMALLEST, 'grpo.loss_type=remax').code, 'CONFIG_LOSS_TYPE');
    assert.match(
      refused(SMALLEST, 'grpo.loss_type=remax').message,
      /\(grpo, bnpo, dr_grpo, dapo, luspo, rloo, cispo, sapo, vespo\)/,
    );
    assert.match(refused(SMALLEST, 'grpo.loss_type=dapoo').message, /did you mean dapo\?/);
    assert.match(refused(SMALLEST, 'grpo.loss_type=gspo').message, /grpo with importance_sampling_level sequence/);
  });

  it('takes every loss of the engine, with what it needs', () => {
    for (const { name, needs } of lossTable())
      parse(SMALLEST, `grpo.loss_type=${name}`, ...(needs === null ? [] : [`grpo.${needs}=5`]));
  });

  it('refuses settings of a loss that do not fit together, naming both', () => {
    const impossible = (expected: RegExp, ...sets: string[]): void => {
      const error = refused(SMALLEST, ...sets);
      assert.equal(error.code, 'CONFIG_IMPOSSIBLE');
      assert.match(error.message, expected);
    };
    impossible(/grpo\.epsilon_high.*cispo has no default/, 'grpo.loss_type=cispo');
    impossible(/grpo\.delta.*sapo does not read it; it is for grpo, bnpo/, 'grpo.loss_type=sapo', 'grpo.delta=2');
    impossible(/grpo\.vespo_k_pos.*it is for vespo/, 'grpo.vespo_k_pos=1');
    impossible(/grpo\.delta.*1\.28/, 'grpo.delta=1.25', 'grpo.epsilon_high=0.28');
    impossible(/no KL where beta is 0/, 'grpo.use_bias_correction_kl=true');
    impossible(/vespo does not read it/, 'grpo.loss_type=vespo', 'grpo.importance_sampling_level=sequence');
  });

  it('refuses a reward nobody has, unless a module is given', () => {
    assert.match(refused(SMALLEST, 'rewards=[{name: acuracy}]').message, /did you mean accuracy\?/);
    for (const [reward, message] of [
      ['module: a.mjs, settings: {x: [1, .nan]}', /rewards\[0\]\.settings\.x\[1\]: expected plain data .*got NaN/],
      ['module: a.mjs, url: "http://x/"', /url: give it or module, not both/],
      ['module: a.mjs, retries: 1', /retries: is for a reward with url/],
      ['url: "http://x/", memory: 100', /memory: is for a reward with module/],
      ['url: "ftp://x/"', /expected an http:\/\/ or https:\/\/ address/],
    ] as const)
      assert.match(refused(SMALLEST, `rewards=[{name: mine, ${reward}}]`).message, message);
    assert.match(refused(SMALLEST, 'rewards.0.timeout=3').message, /timeout: is for a reward with module or url/);
    assert.equal(parse(SMALLEST, 'rewards=[{name: mine, module: ./mine.js}]').rewards[0]!.module, resolve('mine.js'));
  });

  it('exports a JSON Schema that refuses unknown keys and holds the defaults', () => {
    const schema = configJsonSchema() as {
      additionalProperties: unknown;
      properties: Record<string, { properties: Record<string, { default: unknown }> }>;
    };
    assert.equal(schema.additionalProperties, false);
    assert.equal(schema.properties.grpo!.properties.epsilon!.default, 0.2);
  });

  it('keeps docs/config.md current (glossa schema --table > docs/config.md)', async () => {
    assert.equal(await readFile(new URL('../../docs/config.md', import.meta.url), 'utf8'), settingsTable());
  });
});

describe('nearest', () => {
  it('finds a slip of the finger and nothing far away', () => {
    const known = ['learning_rate', 'epsilon', 'beta'];
    assert.equal(nearest('learning-rate', known), 'learning_rate');
    assert.equal(nearest('lerning_rate', known), 'learning_rate');
    assert.equal(nearest('btea', known), 'beta');
    assert.equal(nearest('temperature', known), undefined);
  });
});
