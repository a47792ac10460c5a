import { execFile } from 'node:child_process';
import { GlossaError } from '../../base/error.js';

/** Milliseconds that Slurm's controller has to answer; a busy one lets its commands try again for a while. */
const PATIENCE = 120_000;

/**
 * Calls a command of Slurm.
 *
 * @returns what it wrote.
 * @throws GlossaError SLURM_NOT_FOUND, SLURM_REFUSED with its own words.
 */
export async function slurmCommand(name: 'sbatch' | 'scontrol' | 'squeue', args: readonly string[]): Promise<string> {
  const { error, stdout, stderr } = await new Promise<{ error: Error | null; stdout: string; stderr: string }>(
    (done) => {
      execFile(name, args, { timeout: PATIENCE, maxBuffer: 2 ** 28 }, (error, stdout, stderr) => {
        done({ error, stdout, stderr });
      });
    },
  );
  if (error === null) return stdout;
  const { code, killed } = error as Error & { code?: string | number | null; killed?: boolean };
  if (code === 'ENOENT' || code === 'EACCES')
    throw new GlossaError('SLURM_NOT_FOUND', `no ${name} on PATH: this machine has no Slurm`, {
      hint: 'call it where the cluster takes jobs (its login node); --dry-run prints the script, and without --slurm the sweep runs here',
      cause: error,
    });
  const said = stderr.trim().replaceAll(/^\w+: (error: )?/gm, '') || stdout.trim() || error.message;
  throw new GlossaError(
    'SLURM_REFUSED',
    killed ? `${name} does not answer for ${String(PATIENCE / 1000)} s: ${said}` : `${name} refuses: ${said}`,
    { hint: adviceFor(said), cause: error },
  );
}

/** What Slurm says, and what stands in the sweep file of it. */
const ADVICE: readonly (readonly [RegExp, string])[] = [
  [/partition/i, '`sinfo` lists the partitions; the sweep file names one as slurm.partition'],
  [
    /gres|generic resource/i,
    '`sinfo -o "%P %G"` lists what there is; the sweep file asks for it as slurm.gres, such as gpu:1',
  ],
  [/memory/i, 'the sweep file asks for it as slurm.memory; `sinfo -o "%P %m"` lists what nodes have'],
  [/account|qos/i, 'the sweep file names it as slurm.account (a QOS in slurm.extra: [--qos=...])'],
  [
    /time/i,
    'the sweep file gives it as slurm.time, such as 30 (minutes) or 2:00:00; `sinfo -o "%P %l"` lists the limits',
  ],
  [/array/i, 'ask your cluster for its limits: scontrol show config | grep -i array'],
  [
    /node configuration|cpu|processors/i,
    'no node has so much: slurm.cpus_per_task, slurm.memory and slurm.gres of the sweep file',
  ],
  [/unrecognized option|invalid option/i, 'the lines of slurm.extra are options of sbatch, such as --qos=long'],
  [
    /contact|connect|munge|auth/i,
    '`scontrol ping` says whether the controller is up; the same command again submits what is missing',
  ],
];

function adviceFor(said: string): string {
  return (
    ADVICE.find(([words]) => words.test(said))?.[1] ??
    '--dry-run prints the script; the section slurm: of the sweep file makes it'
  );
}
