// Trains a made sweep in its way: writes a step of one run after the other, and brings the results up to date, until it is killed.
import { appendFile } from 'node:fs/promises';
import { runFolder } from '../../src/run/index.js';
import { readSweep, updateResults } from '../../src/sweep/index.js';

const sweep = await readSweep(process.argv[2]!);
process.stdout.write('begun\n');
for (let step = 100; ; step++) {
  for (const run of sweep.runs)
    await appendFile(runFolder(run.dir).metrics, `${JSON.stringify({ step, accuracy: step / 1000 })}\n`);
  await updateResults(sweep);
}
