// glossa.node and glossa-native, by cmake-js where there is CMake and by node-gyp elsewhere. Neither looks for Node's
// headers on the network: Node-API's come with the node-api-headers package.
import { chmodSync, copyFileSync, existsSync, mkdirSync, renameSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { writeGypHeaders } from './gyp_headers.mjs';
import { BUILD, RELEASE, ROOT } from './paths.mjs';
import { findCmake, findProgram, requireCompiler, requireMake, requirePython } from './requirements.mjs';
import { clearStamp, contentHash, hasStamp, writeStamp } from './stamp.mjs';
import { runLogged, toolEnvironment } from './step.mjs';

const FILES = { glossa: 'glossa.node', 'glossa-native': 'glossa-native' };
const jobs = String(availableParallelism());

const inputHash = () =>
  contentHash(
    ['CMakeLists.txt', 'binding.gyp', 'native', 'scripts/sources.mjs', 'scripts/setup', 'package-lock.json'],
    [process.platform, process.arch, process.env.CXX ?? '', process.env.CXXFLAGS ?? ''],
  );

export function nativeIsFresh(target) {
  return existsSync(join(RELEASE, FILES[target])) && hasStamp(target, inputHash());
}

/** Builds one target: glossa (the addon) or glossa-native (tests, benches and checks). */
export async function buildNative(target) {
  const hash = inputHash();
  clearStamp(target);
  await (findCmake() === undefined ? buildByNodeGyp(target) : buildByCmakeJs(target));
  writeStamp(target, hash);
}

export async function buildByCmakeJs(target, out = join(BUILD, 'cmake')) {
  const cxx = requireCompiler();
  if (findProgram('ninja') === undefined) requireMake();
  const tool = [
    join(ROOT, 'node_modules', 'cmake-js', 'bin', 'cmake-js'),
    '--out',
    out,
    '--config',
    'Release',
    '--CDGLOSSA_TOOL=ON',
  ];
  const env = toolEnvironment({ CXX: cxx });
  await runLogged(process.execPath, [...tool, 'configure'], { env });
  await runLogged(process.execPath, [...tool, 'build', '--target', target, '--parallel', jobs], { env });
  const made = [join(out, 'Release', FILES[target]), join(out, FILES[target])].find((path) => existsSync(path));
  if (made === undefined) throw new Error(`cmake-js built no ${FILES[target]} in ${out}`);
  publish(made, FILES[target]);
}

export async function buildByNodeGyp(target) {
  const cxx = requireCompiler();
  requireMake();
  const headers = writeGypHeaders();
  const env = toolEnvironment({ CXX: cxx, PYTHON: requirePython() });
  const tool = [join(ROOT, 'node_modules', 'node-gyp', 'bin', 'node-gyp.js'), '--release', `--nodedir=${headers}`];
  await runLogged(process.execPath, [...tool, 'configure'], { env });
  await runLogged(process.execPath, [...tool, '--jobs', jobs, 'build', target], { env });
}

// By rename, so that a program that has the old file loaded keeps it, and nobody loads half a file.
function publish(from, name) {
  mkdirSync(RELEASE, { recursive: true });
  const temporary = join(RELEASE, `.${name}.tmp`);
  copyFileSync(from, temporary);
  chmodSync(temporary, 0o755);
  renameSync(temporary, join(RELEASE, name));
}
