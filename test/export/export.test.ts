import assert from 'node:assert/strict';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { parse, stringify } from 'yaml';
import { loadConfig } from '../../src/config/index.js';
import { loadEngine } from '../../src/engine/index.js';
import { locateInputs, locateModel } from '../../src/inputs/index.js';
import { loadTokenizer } from '../../src/tokenizer/index.js';
import { glossa } from '../e2e/glossa.js';
import { tinyBase } from '../sweep/sweep_file.js';

let root: string;
let run: string;
const at = (...parts: string[]) => join(root, ...parts);
const weights = (dir: string) => readFile(join(dir, 'model.safetensors'));

before(async () => {
  root = await mkdtemp(join(tmpdir(), 'glossa-export-'));
  run = at('run');
  const suite = { name: 'held-out', lab: { split: 'test', language: 'ko' }, limit: 4 };
  const { data, ...base } = tinyBase(at('lab')) as { data: Record<string, unknown> };
  await writeFile(
    at('tiny.yaml'),
    stringify({ ...base, data: { ...data, eval: [suite] }, checkpoint: { every: 2, keep: 3 }, run: { dir: run } }),
  );
  const { code, stderr } = await glossa(['train', at('tiny.yaml'), '--set', 'grpo.max_steps=4', '--progress', 'none']);
  assert.equal(code, 0, stderr);
});
after(() => rm(root, { recursive: true, force: true }));

describe('a run for others', () => {
  it('has the weights of its newest checkpoint, its tokenizer, and a card with what it did', async () => {
    const out = at('models', 'newest');
    const { code, stdout, stderr } = await glossa(['export', run, '--out', out, '--json']);
    assert.equal(code, 0, stderr);
    const told = JSON.parse(stdout) as { dir: string; step: number; dtype: string; parameters: number };
    assert.deepEqual([told.dir, told.step, told.dtype], [out, 4, 'float32']);
    assert.ok((await weights(out)).equals(await weights(join(run, 'checkpoints/000004'))));
    await loadTokenizer(out);
    assert.ok(!(await readdir(out)).some((name) => name.startsWith('state.')));

    const card = await readFile(join(out, 'README.md'), 'utf8');
    const [, head] = card.split('---\n');
    assert.deepEqual((parse(head!) as { language: string[] }).language, ['ko']);
    const { rows } = JSON.parse(await readFile(join(run, 'eval/000004-held-out.json'), 'utf8')) as {
      rows: { accuracy: number; n: number }[];
    };
    const { accuracy, n } = rows[0]!;
    assert.match(
      card,
      new RegExp(`\\| held-out \\| Korean \\| 4 \\| ${(100 * accuracy).toFixed(1)} % \\|.* ${String(n)} \\|`),
    );
    assert.ok(!card.includes(root), 'the card tells where files lay');
  });

  it('is that of an earlier checkpoint, in another type, where that is asked for', async () => {
    const out = at('models', 'earlier');
    const { code, stderr } = await glossa(['export', run, '--out', out, '--step', '2', '--dtype', 'bfloat16']);
    assert.equal(code, 0, stderr);
    const [whole, rounded] = [await weights(join(run, 'checkpoints/000002')), await weights(out)];
    assert.ok(rounded.length < 0.6 * whole.length);
    assert.match(await readFile(join(out, 'README.md'), 'utf8'), /2 of 4 optimizer steps/);
    const engine = await loadEngine(out, { frozen: true });
    await engine.dispose();
  });

  it('names the run that it began with, and its step', async () => {
    const [later, out] = [at('later'), at('models', 'later')];
    const sets = ['--model', run, '--set', `run.dir=${later}`, '--set', 'grpo.max_steps=1', '--progress', 'none'];
    assert.equal((await glossa(['train', at('tiny.yaml'), ...sets])).code, 0);
    assert.equal((await glossa(['export', later, '--out', out])).code, 0);
    const card = await readFile(join(out, 'README.md'), 'utf8');
    assert.match(card, /from the run `run`, as it was after step 4: 1 of 1 optimizer steps/);
  });

  it('is refused where it has no place or there is none', async () => {
    const refused = async (...args: string[]) => (await glossa(['export', ...args])).stderr;
    assert.match(await refused(run, '--out', run), /error USAGE: .* not empty\n.*--out/);
    assert.match(
      await refused(run, '--out', at('x'), '--step', '3'),
      /error MODEL_NOT_FOUND: .*step 3\n.*there are 2, 4/,
    );
    assert.match(await refused(at('nothing'), '--out', at('x')), /error RUN_NOT_FOUND/);
    assert.match(
      await refused(run, '--out', at('x'), '--dtype', 'int8'),
      /error USAGE: --dtype int8: expected float32/,
    );
    assert.ok(!(await readdir(root)).includes('x'));
  });
});

describe('a run that ended with its best checkpoint', () => {
  it('stands for that one everywhere, and says so', async () => {
    const dir = at('best');
    const { data, ...base } = tinyBase(at('lab')) as { data: Record<string, unknown> };
    const suite = { name: 'held-out', lab: { split: 'test', language: 'ko' }, limit: 4 };
    // The first step has the fewest tokens behind it.
    const best = { metric: 'num_tokens', greater_is_better: false, load_at_end: true };
    const config = { ...base, data: { ...data, eval: [suite] }, checkpoint: { every: 2, keep: 1, best } };
    await writeFile(at('best.yaml'), stringify({ ...config, run: { dir } }));
    const { code, stderr } = await glossa(['train', at('best.yaml'), '--progress', 'plain']);
    assert.equal(code, 0, stderr);
    assert.match(stderr, /finished after step 4; weights of step 1, the best, in .*final/);
    const told = async (...args: string[]) => {
      const { stdout, stderr: error, code: exit } = await glossa(args);
      assert.equal(exit, 0, error);
      return stdout;
    };
    const out = at('best-model');
    assert.match(await told('export', dir, '--out', out), /after step 1, the best by num_tokens \(\d+\)/);
    assert.ok((await weights(out)).equals(await weights(join(dir, 'final'))));
    assert.match(
      await readFile(join(out, 'README.md'), 'utf8'),
      /1 of 4 optimizer steps .* The weights are those after step 1, the best by num_tokens/,
    );
    assert.equal((await locateModel(dir, assert.fail)).step, 1);
    const asked = await loadConfig(at('best.yaml'));
    const named = { ...asked, model: { ...asked.model, path: dir } };
    assert.equal((await locateInputs(named, assert.fail)).model.path, join(dir, 'checkpoints/000001'));
    assert.match(
      await told('export', dir, '--out', at('last'), '--step', '4'),
      /after step 4, the step that was asked/,
    );
    assert.deepEqual((JSON.parse(await told('summary', dir)) as { steps: unknown }).steps, {
      ...{ made: 4, planned: 4, final: 1 },
    });
    assert.match(await told('runs', dir), / 4\/4, final 1 /);

    await rm(join(dir, 'checkpoints/000001'), { recursive: true });
    const warnings: string[] = [];
    assert.equal((await locateModel(dir, (message) => warnings.push(message))).step, 4);
    assert.match(warnings.join(), /no checkpoint after step 1; the run ended with its weights/);
  });
});

describe('a run that trained adapters', () => {
  let adapted: string;
  before(async () => {
    adapted = at('adapted');
    const lora = { rank: 2, alpha: 4, targets: ['q_proj', 'v_proj'] };
    const { grpo, ...base } = tinyBase(at('lab'));
    const config = { ...base, lora, grpo: { ...grpo, max_steps: 1, top_p: 0.9 }, run: { dir: adapted } };
    await writeFile(at('adapted.yaml'), stringify(config));
    const { code, stderr } = await glossa(['train', at('adapted.yaml'), '--progress', 'none']);
    assert.equal(code, 0, stderr);
  });
  const cardOf = async (out: string, ...more: string[]) => {
    const { code, stderr } = await glossa(['export', adapted, '--out', out, ...more]);
    assert.equal(code, 0, stderr);
    const card = await readFile(join(out, 'README.md'), 'utf8');
    return { card, head: parse(card.split('---\n')[1]!) as { library_name: string } };
  };

  it('says in the card what trained, how it was sampled, and which library reads the folder', async () => {
    const whole = await cardOf(at('whole'));
    assert.equal(whole.head.library_name, 'transformers');
    assert.match(whole.card, /\| trained \| LoRA, rank 2, alpha 4, q_proj, v_proj; merged into the weights here \|/);
    assert.match(whole.card, /\| sampling \| temperature 1, top-p 0\.9 \|/);
    const alone = await cardOf(at('alone'), '--adapter');
    assert.equal(alone.head.library_name, 'peft');
    assert.match(alone.card, /this folder is the adapter alone/);
  });

  it('refuses another type of the adapter alone, and to be added up before it is merged', async () => {
    const typed = await glossa(['export', adapted, '--out', at('y'), '--adapter', '--dtype', 'bfloat16']);
    assert.match(typed.stderr, /error USAGE: --dtype bfloat16: an adapter is written in float32/);
    const merged = await glossa(['merge', adapted, run, '--out', at('y')]);
    assert.match(merged.stderr, /error MODEL_ADAPTER: .*an adapter, not a model.*\n.*npx glossa export .*adapted/);
    const plain = await glossa(['merge', join(adapted, 'final'), run, '--out', at('y')]);
    assert.match(plain.stderr, /error MODEL_ADAPTER: .*\n.*npx glossa export RUN/);
    assert.ok(!(await readdir(root)).includes('y'));
  });
});
