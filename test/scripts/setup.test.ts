import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import { fileURLToPath, pathToFileURL } from 'node:url';

const SCRIPTS = fileURLToPath(new URL('../../scripts', import.meta.url));
const moduleUrl = (name: string): string => pathToFileURL(join(SCRIPTS, 'setup', name)).href;

const dir = mkdtempSync(join(tmpdir(), 'glossa-setup-'));
after(() => {
  rmSync(dir, { recursive: true, force: true });
});

/** Runs a few lines of JavaScript in a process of their own and returns what they printed. */
function run(code: string, environment: NodeJS.ProcessEnv = {}): { status: number | null; output: string } {
  const { status, stdout, stderr } = spawnSync(process.execPath, ['--input-type=module', '-e', code], {
    encoding: 'utf8',
    env: { ...process.env, ...environment },
  });
  return { status, output: stdout + stderr };
}

/** A folder of programs to be the whole PATH: scripts by name, and links to real ones. */
function pathWith(programs: Readonly<Record<string, string>>): string {
  const folder = mkdtempSync(join(dir, 'path-'));
  for (const [name, script] of Object.entries(programs)) {
    if (script.startsWith('/')) symlinkSync(script, join(folder, name));
    else writeFileSync(join(folder, name), `#!/bin/sh\n${script}\n`, { mode: 0o755 });
  }
  return folder;
}

describe('set-up on a machine that lacks something', () => {
  const require = (what: string, PATH: string): string =>
    run(
      `import { ${what} } from '${moduleUrl('requirements.mjs')}';
      try { console.log('found', ${what}()); } catch (error) { console.log(error.message); }`,
      { PATH, CXX: '', PYTHON: '' },
    ).output;

  it('names the compiler and the command that installs one', () => {
    const debian = require('requireCompiler', pathWith({ 'apt-get': 'exit 0' }));
    assert.match(debian, /needs a C\+\+20 compiler/);
    assert.match(debian, /apt-get install -y g\+\+ make python3/);
    const fedora = require('requireCompiler', pathWith({ dnf: 'exit 0' }));
    assert.match(fedora, /dnf install -y gcc-c\+\+ make python3/);
    const unknown = require('requireCompiler', pathWith({}));
    assert.match(unknown, /apt-get install .* or .*dnf install/);
  });

  it('passes over a compiler that is too old and says what it said', () => {
    const output = require('requireCompiler', pathWith({
      'c++': 'echo "error: unrecognized option -std=c++20" >&2; exit 1',
    }));
    assert.match(output, /too old or broken: .*c\+\+: error: unrecognized option -std=c\+\+20/);
  });

  it('names make and python3', () => {
    assert.match(require('requireMake', pathWith({})), /needs make\./);
    assert.match(require('requirePython', pathWith({})), /needs python3, which node-gyp runs on/);
  });

  it('does without CMake that is missing or too old', () => {
    assert.match(require('findCmake', pathWith({})), /found undefined/);
    assert.match(require('findCmake', pathWith({ cmake: 'echo cmake version 3.10.2' })), /found undefined/);
    assert.match(require('findCmake', pathWith({ cmake: 'echo cmake version 3.25.1' })), /found .*cmake/);
    assert.match(require('findCmake', pathWith({ cmake: 'echo cmake version 4.0.0' })), /found .*cmake/);
  });

  it('an old Node is told which one is needed', () => {
    const old = `Object.defineProperty(process, 'versions', { value: { ...process.versions, node: '18.20.0' } });
      await import('${pathToFileURL(join(SCRIPTS, 'setup.mjs')).href}');`;
    const { status, output } = run(old);
    assert.equal(status, 1);
    assert.match(output, /glossa needs Node 20\.19 or later; this is 18\.20\.0/);
    assert.match(output, /nvm install 22/);
  });
});

describe('dependencies', () => {
  function fresh(wanted: object, installed: object | undefined): boolean {
    const root = mkdtempSync(join(dir, 'npm-'));
    writeFileSync(join(root, 'package-lock.json'), JSON.stringify({ packages: { '': {}, ...wanted } }));
    if (installed !== undefined) {
      mkdirSync(join(root, 'node_modules'));
      writeFileSync(join(root, 'node_modules', '.package-lock.json'), JSON.stringify({ packages: installed }));
    }
    const { output } = run(`import { dependenciesAreFresh } from '${moduleUrl('dependencies.mjs')}';
      console.log(dependenciesAreFresh(${JSON.stringify(root)}));`);
    return output.trim() === 'true';
  }
  const a = { 'node_modules/a': { version: '1.0.0', integrity: 'x' } };

  it('are fresh where what is installed is what the lock file says', () => {
    assert.equal(fresh(a, a), true);
    assert.equal(fresh({ ...a, 'node_modules/b-win32': { version: '1.0.0', optional: true } }, a), true);
  });

  it('are stale where a package is absent, older or was never recorded', () => {
    assert.equal(fresh(a, undefined), false);
    assert.equal(fresh(a, {}), false);
    assert.equal(fresh(a, { 'node_modules/a': { version: '0.9.0', integrity: 'x' } }), false);
    assert.equal(fresh(a, { 'node_modules/a': { version: '1.0.0', integrity: 'y' } }), false);
  });
});

describe('the lock', () => {
  const holding = (lock: string, log: string, ms: number): string => `
    import { withLock } from '${moduleUrl('lock.mjs')}';
    import { appendFileSync } from 'node:fs';
    await withLock(${JSON.stringify(lock)}, async () => {
      appendFileSync(${JSON.stringify(log)}, 'in\\n');
      await new Promise((resolve) => setTimeout(resolve, ${String(ms)}));
      appendFileSync(${JSON.stringify(log)}, 'out\\n');
    });`;

  it('lets one set-up in at a time', async () => {
    const [lock, log] = [join(dir, 'a.lock'), join(dir, 'a.log')];
    const children = [1, 2, 3].map(() =>
      spawn(process.execPath, ['--input-type=module', '-e', holding(lock, log, 150)]),
    );
    const codes = await Promise.all(children.map(async (child) => (await once(child, 'exit'))[0] as unknown));
    assert.deepEqual(codes, [0, 0, 0]);
    assert.equal(readFileSync(log, 'utf8'), 'in\nout\n'.repeat(3));
    assert.equal(existsSync(lock), false);
  });

  it('is taken over at once from a set-up that was killed', async () => {
    const [lock, log] = [join(dir, 'b.lock'), join(dir, 'b.log')];
    const child = spawn(process.execPath, ['--input-type=module', '-e', holding(lock, log, 60_000)]);
    while (!existsSync(log)) await new Promise((resolve) => setTimeout(resolve, 10));
    child.kill('SIGKILL');
    await once(child, 'exit');
    assert.equal(existsSync(lock), true);
    const began = performance.now();
    assert.equal(run(holding(lock, log, 1)).status, 0);
    assert.ok(performance.now() - began < 5_000);
    assert.deepEqual(
      readdirSync(dir).filter((name) => name.startsWith('b.lock')),
      [],
    );
  });
});

describe('a checkout that was moved or copied', () => {
  /** Runs removeMovedBuilds on a build folder whose files are given by their path in it. */
  function removed(root: string, files: Readonly<Record<string, string>>): { moved: string[]; left: string[] } {
    const build = join(root, 'build');
    for (const [name, text] of Object.entries(files)) {
      mkdirSync(join(build, name, '..'), { recursive: true });
      writeFileSync(join(build, name), text);
    }
    const { output } = run(`import { removeMovedBuilds } from '${moduleUrl('moved.mjs')}';
      console.log(JSON.stringify(removeMovedBuilds(${JSON.stringify(root)}, ${JSON.stringify(build)})));`);
    const left = readdirSync(build, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name).slice(build.length + 1));
    return { moved: (JSON.parse(output) as string[]).sort(), left: left.sort() };
  }
  const cache = (home: string, folder: string): string =>
    `CMAKE_BUILD_TYPE:STRING=Release\nCMAKE_CACHEFILE_DIR:INTERNAL=${folder}\nCMAKE_HOME_DIRECTORY:INTERNAL=${home}\n`;
  const gyp = (root: string): string => `# do not edit\n{ "variables": { "nodedir": "${root}/build/node-api" } }\n`;

  it('loses what CMake and node-gyp configured elsewhere, and keeps what was built', () => {
    const root = mkdtempSync(join(dir, 'moved-'));
    const { moved, left } = removed(root, {
      'cmake/CMakeCache.txt': cache('/old/place', '/old/place/build/cmake'),
      'sanitize/CMakeCache.txt': cache('/old/place', '/old/place/build/sanitize'),
      'config.gypi': gyp('/old/place'),
      Makefile: 'all:',
      'glossa.target.mk': '',
      'Release/.deps/a.d': '/old/place/node_modules/node-addon-api/napi.h',
      'Release/obj.target/a.o': '',
      'Release/glossa.node': '',
      'stamps/glossa': 'hash',
    });
    assert.deepEqual(
      moved,
      [
        'Makefile',
        'Release/.deps',
        'Release/obj.target',
        'cmake',
        'config.gypi',
        'glossa.target.mk',
        'sanitize',
      ].sort(),
    );
    assert.deepEqual(left, ['Release/glossa.node', 'stamps/glossa']);
  });

  it('keeps what was configured here, by whatever link the folder is named', () => {
    const root = mkdtempSync(join(dir, 'here-'));
    const link = `${root}-link`;
    symlinkSync(root, link);
    mkdirSync(join(root, 'build', 'node-api'), { recursive: true });
    const { moved } = removed(root, {
      'cmake/CMakeCache.txt': cache(link, `${link}/build/cmake`),
      'config.gypi': gyp(root),
    });
    assert.deepEqual(moved, []);
  });
});

describe('progress of a build', () => {
  const shown = (said: string): number =>
    Number(
      run(`import { nativeProgress } from '${moduleUrl('native.mjs')}';
      console.log(nativeProgress('glossa')(${JSON.stringify(said)}));`).output,
    );

  it("is read from make's percentages, ninja's counts and node-gyp's lines", () => {
    assert.equal(shown('[  5%] Building a\n[ 40%] Building b\n'), 0.4);
    assert.equal(shown('-- Configuring done\n[3/12] Building a\n[9/12] Linking b\n'), 0.75);
    const gyp = shown('  CXX(target) Release/obj.target/a.o\n  CXX(target) Release/obj.target/b.o\n');
    assert.ok(gyp > 0 && gyp < 0.1);
    assert.equal(shown('gyp info it worked'), 0);
  });

  it('tells seconds, share and what remains', () => {
    const text = (share: string): string =>
      run(`import { progressText } from '${moduleUrl('step.mjs')}'; console.log(progressText(0, 30_000, ${share}));`)
        .output;
    assert.equal(text('0.25'), '25 %, 30 s, about 90 s to go\n');
    assert.equal(text('undefined'), '30 s\n');
    assert.equal(text('0'), '30 s\n');
  });
});

describe('a second set-up', () => {
  it('does nothing, says nothing and is quick', (t) => {
    const state = run(`import { isSetUp } from '${moduleUrl('main.mjs')}'; console.log(isSetUp({ tool: true }));`);
    if (state.output.trim() !== 'true') {
      t.skip('the checkout is not set up: npm test sets it up first');
      return;
    }
    const began = performance.now();
    const { status, stdout, stderr } = spawnSync(process.execPath, [join(SCRIPTS, 'setup.mjs'), '--tool'], {
      encoding: 'utf8',
    });
    assert.deepEqual({ status, stdout, stderr }, { status: 0, stdout: '', stderr: '' });
    assert.ok(performance.now() - began < 2_000);
  });
});
