import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const BASE = `@glossa/native-${process.platform}-${process.arch}`;
const dir = mkdtempSync(join(tmpdir(), 'glossa-packages-'));
after(() => {
  rmSync(dir, { recursive: true, force: true });
});

interface Manifest {
  version: string;
  os: string[];
  dependencies: Record<string, string>;
  optionalDependencies: Record<string, string>;
}
const manifest = (folder: string) => JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as Manifest;

function run(command: string, args: readonly string[], cwd: string): string {
  const { status, stdout, stderr, error } = spawnSync(command, args, { cwd, encoding: 'utf8' });
  assert.equal(status, 0, `${command} ${args.join(' ')}\n${String(error ?? '')}${stdout}${stderr}`);
  return stdout;
}

/** Folders of what the repository has of the program's dependencies, outermost ones. */
function installedPackages(): string[] {
  const lock = JSON.parse(readFileSync(join(ROOT, 'package-lock.json'), 'utf8')) as {
    packages: Record<string, { dev?: boolean }>;
  };
  return Object.entries(lock.packages)
    .filter(([place, { dev }]) => /^node_modules\/(?:@[^/]+\/)?[^/]+$/.test(place) && dev !== true)
    .map(([place]) => place)
    .filter((place) => existsSync(join(ROOT, place)));
}

const unbuilt = existsSync(join(ROOT, 'dist/index.js')) ? false : 'dist/ is not built here (npm run build)';

test('packages laid out from a build are installed from their folders and load the engine', { skip: unbuilt }, () => {
  const out = join(dir, 'packages');
  run(process.execPath, [join(ROOT, 'scripts/lay_out_packages.mjs'), '--out', out], ROOT);
  const [glossa, native] = [join(out, 'glossa'), join(out, BASE)];
  const { version, optionalDependencies, dependencies } = manifest(glossa);
  assert.deepEqual(optionalDependencies, { [BASE]: version, [`${BASE}-cuda13`]: version });
  assert.equal(manifest(native).version, version);
  assert.deepEqual(manifest(native).os, [process.platform]);
  // What is not in the registry must not be asked of it where the repository itself is installed.
  assert.equal('optionalDependencies' in manifest(ROOT), false);

  // npm finds the other packages as they are in the repository, copied, so that it needs no network.
  const project = join(dir, 'project');
  mkdirSync(project);
  writeFileSync(join(project, 'package.json'), '{"name":"project","version":"1.0.0","type":"module"}\n');
  assert.ok(Object.keys(dependencies).length > 0);
  for (const place of installedPackages()) cpSync(join(ROOT, place), join(project, place), { recursive: true });
  const quiet = [
    '--ignore-scripts',
    '--offline',
    '--install-links',
    '--no-audit',
    '--no-fund',
    '--no-save',
    '--no-package-lock',
  ];
  run('npm', ['install', ...quiet, native, glossa], project);

  const installed = join(project, 'node_modules');
  const script = `
    import { createEngine } from 'glossa';
    import { readFileSync } from 'node:fs';
    const engine = await createEngine(readFileSync(process.argv[1], 'utf8'), 1n);
    console.log(engine.info().family);
    await engine.dispose();`;
  const config = join(dir, 'config.json');
  writeFileSync(config, JSON.stringify(TINY));
  assert.equal(run(process.execPath, ['--input-type=module', '-e', script, config], project), 'qwen2\n');
  const found = run(process.execPath, [join(installed, 'glossa/bin/glossa.mjs'), 'doctor'], project);
  assert.ok(found.includes(join(installed, BASE, 'glossa.node')), found);

  // Without it, one message says what was tried and what to type.
  rmSync(join(installed, BASE), { recursive: true });
  const { status, stderr } = spawnSync(process.execPath, [join(installed, 'glossa/bin/glossa.mjs'), 'doctor'], {
    cwd: project,
    encoding: 'utf8',
  });
  assert.notEqual(status, 0);
  assert.match(stderr, new RegExp(`${BASE}: not installed`));
  assert.match(stderr, new RegExp(`npm install ${BASE}@${version.replaceAll('.', '\\.')}`));
});

const TINY = {
  model_type: 'qwen2',
  hidden_size: 32,
  intermediate_size: 64,
  num_hidden_layers: 1,
  num_attention_heads: 2,
  num_key_value_heads: 1,
  max_position_embeddings: 64,
  vocab_size: 50,
  rms_norm_eps: 1e-6,
  rope_theta: 1e4,
  initializer_range: 0.02,
  tie_word_embeddings: true,
  hidden_act: 'silu',
};
