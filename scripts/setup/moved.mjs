// A checkout that was moved or copied with its build folder: CMake's cache and node-gyp's makefiles name the folder they
// were made in, and neither tool goes on elsewhere. What names another folder is deleted and made anew.
import { existsSync, readdirSync, readFileSync, realpathSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { BUILD, ROOT } from './paths.mjs';

/** Deletes what was configured in another folder; returns the names of what went, for the log. */
export function removeMovedBuilds(root = ROOT, build = BUILD) {
  if (!existsSync(build)) return [];
  const moved = [
    ...readdirSync(build).filter((name) => isForeignCmake(join(build, name), root)),
    ...(isForeignGyp(build, root) ? gypFiles(build) : []),
  ];
  for (const name of moved) rmSync(join(build, name), { recursive: true, force: true });
  return moved;
}

function isForeignCmake(folder, root) {
  const cache = read(join(folder, 'CMakeCache.txt'));
  if (cache === undefined) return false;
  const entry = (name) => new RegExp(`^${name}:[A-Z]+=(.*)$`, 'm').exec(cache)?.[1];
  return !isSame(entry('CMAKE_HOME_DIRECTORY'), root) || !isSame(entry('CMAKE_CACHEFILE_DIR'), folder);
}

// config.gypi names the folder of headers that node-gyp was given, which lies in the build folder.
function isForeignGyp(build, root) {
  const config = read(join(build, 'config.gypi'));
  if (config === undefined) return false;
  const headers = /"nodedir": "([^"]*)"/.exec(config)?.[1];
  return headers === undefined || !isSame(headers, join(root, 'build', 'node-api'));
}

/** Everything of node-gyp's in the build folder but what it built in the end. */
function gypFiles(build) {
  const objects = ['Release', 'Debug'].flatMap((type) =>
    ['.deps', 'obj', 'obj.target', 'lib.target'].map((name) => join(type, name)),
  );
  return [
    ...readdirSync(build).filter((name) => /^(config\.gypi|gyp-mac-tool|Makefile|binding\.Makefile)$|\.mk$/.test(name)),
    ...objects.filter((name) => existsSync(join(build, name))),
  ];
}

function isSame(named, folder) {
  if (named === undefined) return false;
  try {
    return realpathSync(named) === realpathSync(folder);
  } catch {
    return false; // what it names is gone
  }
}

function read(path) {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}
