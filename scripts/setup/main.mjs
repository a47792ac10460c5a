// The three steps, each skipped while its inputs are those of its last success.
import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { dependenciesAreFresh, installDependencies } from './dependencies.mjs';
import { withLock } from './lock.mjs';
import { buildNative, nativeIsFresh } from './native.mjs';
import { BUILD, LOG } from './paths.mjs';
import { runStep, SetupFailure } from './step.mjs';
import { compileTypeScript, typeScriptIsFresh } from './typescript.mjs';

const stepsFor = ({ test }) => [
  { name: 'dependencies', fresh: dependenciesAreFresh, run: installDependencies },
  { name: 'native engine', fresh: () => nativeIsFresh('glossa'), run: () => buildNative('glossa') },
  ...(test
    ? [{ name: 'native tests', fresh: () => nativeIsFresh('glossa-native'), run: () => buildNative('glossa-native') }]
    : []),
  { name: 'TypeScript', fresh: typeScriptIsFresh, run: compileTypeScript },
];

/** Whether a set-up would find nothing to do. */
export const isSetUp = (what) => stepsFor(what).every((step) => step.fresh());

/** Does what is missing; one line a step on stderr, everything else in build/setup.log. */
export async function setUp(what) {
  const steps = stepsFor(what);
  if (steps.every((step) => step.fresh())) return;
  try {
    mkdirSync(BUILD, { recursive: true });
    await withLock(join(BUILD, 'setup.lock'), async () => {
      rmSync(LOG, { force: true });
      // Looked at again: another set-up may have finished while this one waited.
      for (const step of steps) if (!step.fresh()) await runStep(step);
    });
  } catch (error) {
    console.error(error instanceof SetupFailure ? error.message : error);
    process.exitCode = 1;
  }
}
