// What must already be on the machine: a C++20 compiler, make, and python3 where there is no CMake. Each missing one is
// named with the command that installs it.
import { spawnSync } from 'node:child_process';
import { accessSync, constants, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { SetupFailure } from './step.mjs';

export function findProgram(name) {
  if (name.includes('/')) return isExecutable(name) ? name : undefined;
  return (process.env.PATH ?? '')
    .split(delimiter)
    .map((folder) => join(folder, name))
    .find(isExecutable);
}

function isExecutable(path) {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

const INSTALL = [
  ['apt-get', 'apt-get install -y g++ make python3'],
  ['dnf', 'dnf install -y gcc-c++ make python3'],
  ['apk', 'apk add g++ make python3'],
  ['pacman', 'pacman -S --needed gcc make python'],
  ['zypper', 'zypper install -y gcc-c++ make python3'],
  ['xcode-select', 'xcode-select --install'],
];

function missing(what) {
  const known = INSTALL.find(([manager]) => findProgram(manager) !== undefined)?.[1];
  const commands =
    known ??
    INSTALL.slice(0, 2)
      .map(([, command]) => command)
      .join('   or   ');
  const sudo = known !== undefined && process.getuid?.() !== 0 && !known.startsWith('xcode') ? 'sudo ' : '';
  return new SetupFailure(
    `glossa builds its native engine here and needs ${what}.\n  Install what it needs: ${sudo}${commands}\n  then run the same command again.`,
  );
}

const PROGRAM =
  '#include <concepts>\ntemplate <std::integral T> T same(T x) { return x; }\nint main() { return same(0); }\n';

/** The first of $CXX, c++, g++ and clang++ that compiles C++20. */
export function requireCompiler() {
  const folder = mkdtempSync(join(tmpdir(), 'glossa-compiler-'));
  const tried = [];
  try {
    const source = join(folder, 'a.cc');
    writeFileSync(source, PROGRAM);
    for (const name of [process.env.CXX, 'c++', 'g++', 'clang++']) {
      const path = name ? findProgram(name) : undefined;
      if (path === undefined) continue;
      const { status, stderr } = spawnSync(path, ['-std=c++20', source, '-o', join(folder, 'a.out')], {
        encoding: 'utf8',
      });
      if (status === 0) return path;
      tried.push(`${path}: ${(stderr ?? '').split('\n').find((line) => line.trim() !== '') ?? 'does not run'}`);
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
  const found = tried.length > 0 ? ` (found, but too old or broken: ${tried.join('; ')})` : '';
  throw missing(`a C++20 compiler: GCC 12 or later, or Clang 15 or later${found}`);
}

export function requireMake() {
  const path = findProgram('make');
  if (path === undefined) throw missing('make');
  return path;
}

export function requirePython() {
  const path = [process.env.PYTHON, 'python3', 'python'].map((name) => name && findProgram(name)).find(Boolean);
  if (path === undefined) throw missing('python3, which node-gyp runs on');
  return path;
}

/** cmake where it is new enough for CMakeLists.txt, else undefined. */
export function findCmake() {
  const path = findProgram('cmake');
  if (path === undefined) return undefined;
  const version = /version (\d+)\.(\d+)/.exec(spawnSync(path, ['--version'], { encoding: 'utf8' }).stdout ?? '');
  if (version === null) return undefined;
  const [major, minor] = [Number(version[1]), Number(version[2])];
  return major > 3 || (major === 3 && minor >= 18) ? path : undefined;
}
