// The steps, each skipped while its inputs are those of its last success.
import { appendFileSync, mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { dependenciesAreFresh, installDependencies } from './dependencies.mjs';
import { withLock } from './lock.mjs';
import { removeMovedBuilds } from './moved.mjs';
import { wantCuda, wantsCuda } from './cuda.mjs';
import { buildNative, nativeIsFresh, nativeProgress } from './native.mjs';
import { BUILD, LOG } from './paths.mjs';
import { runStep, SetupFailure } from './step.mjs';
import { compileTypeScript, typeScriptIsFresh } from './typescript.mjs';

const native = (name, target) => ({
  name,
  fresh: () => nativeIsFresh(target),
  run: () => buildNative(target),
  progress: nativeProgress(target),
});

const stepsFor = ({ tool }) => [
  { name: 'dependencies', fresh: dependenciesAreFresh, run: installDependencies },
  native('native engine', 'glossa'),
  ...(tool ? [native('glossa-native', 'glossa-native')] : []),
  { name: 'TypeScript', fresh: typeScriptIsFresh, run: compileTypeScript },
];

/** Whether a set-up would find nothing to do. */
export const isSetUp = (what) => stepsFor(what).every((step) => step.fresh());

/** Does what is missing; one line a step on stderr, everything else in build/setup.log. */
export async function setUp(what) {
  const steps = stepsFor(what);
  if ((what.cuda ?? wantsCuda()) === wantsCuda() && steps.every((step) => step.fresh())) return;
  try {
    mkdirSync(BUILD, { recursive: true });
    await withLock(join(BUILD, 'setup.lock'), async () => {
      if (what.cuda !== undefined) wantCuda(what.cuda);
      rmSync(LOG, { force: true });
      const moved = removeMovedBuilds();
      if (moved.length > 0) appendFileSync(LOG, `configured in another folder, begun anew: ${moved.join(', ')}\n`);
      // Looked at again: another set-up may have finished while this one waited.
      for (const step of steps) if (!step.fresh()) await runStep(step);
    });
  } catch (error) {
    console.error(error instanceof SetupFailure ? error.message : error);
    process.exitCode = 1;
  }
}
