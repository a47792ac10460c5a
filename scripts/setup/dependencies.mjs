// npm packages, as package-lock.json has them.
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { BUILD, LOG, ROOT } from './paths.mjs';
import { runLogged, SetupFailure } from './step.mjs';

const readJson = (path) => JSON.parse(readFileSync(path, 'utf8'));

/** npm leaves a record of what it installed, written last; it is compared with what should be there. */
export function dependenciesAreFresh(root = ROOT) {
  const record = join(root, 'node_modules', '.package-lock.json');
  if (!existsSync(record)) return false;
  const wanted = readJson(join(root, 'package-lock.json')).packages;
  const installed = readJson(record).packages;
  return Object.entries(wanted).every(([path, entry]) => {
    if (path === '') return true;
    const there = installed[path];
    // Packages for other platforms are optional and stay away.
    if (there === undefined) return entry.optional === true;
    return there.version === entry.version && there.integrity === entry.integrity;
  });
}

const QUIET = ['--no-audit', '--no-fund', '--no-update-notifier', '--loglevel=error', '--include=dev'];

export async function installDependencies() {
  // The npm that runs this script, where one does, so that no second npm is needed on the path.
  const npm = process.env.npm_execpath;
  const [command, first] = npm?.endsWith('.js') ? [process.execPath, [npm]] : ['npm', []];
  try {
    await runLogged(command, [...first, 'ci', ...QUIET]);
  } catch (error) {
    // A cache that may not be written to (another user's, a read-only file system): a private one instead.
    if (!(error instanceof SetupFailure) || !/\b(EROFS|EACCES|EPERM)\b/.test(readFileSync(LOG, 'utf8'))) throw error;
    await runLogged(command, [...first, 'ci', ...QUIET, '--cache', join(BUILD, 'npm-cache')]);
  }
}
