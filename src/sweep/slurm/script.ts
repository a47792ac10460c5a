import { GlossaError } from '../../base/error.js';
import type { SweepRecord } from '../record.js';
import { taskFolder } from './folder.js';

/** One array job: its task of number i trains run `from` + i of sweep.json. */
export interface ArrayJob {
  from: number;
  /** Of the runs. */
  indices: readonly number[];
  /** Where the script is to lie. */
  path: string;
  text: string;
}

/** What the script is to call. */
export interface TaskCommand {
  /** glossa itself, to be followed by its arguments. */
  command: readonly string[];
  /** Folder to call it in. */
  cwd: string;
}

/**
 * The array jobs that train these runs: one, or where Slurm takes no number so large, several.
 *
 * @param most Tasks that an array may have, and one more than their largest number: Slurm's MaxArraySize.
 * @throws GlossaError SWEEP_INVALID where a name cannot stand in a script.
 */
export function arrayJobs(sweep: SweepRecord, indices: readonly number[], most: number, task: TaskCommand): ArrayJob[] {
  const blocks = new Map<number, number[]>();
  for (const index of [...indices].sort((a, b) => a - b)) {
    const from = index - (index % most);
    blocks.set(from, [...(blocks.get(from) ?? []), index]);
  }
  return [...blocks].map(([from, block]) => ({
    from,
    indices: block,
    path: taskFolder(sweep.dir).script(from),
    text: scriptText(sweep, from, block, task),
  }));
}

function scriptText(
  sweep: SweepRecord,
  from: number,
  indices: readonly number[],
  { command, cwd }: TaskCommand,
): string {
  const { slurm } = sweep.spec;
  const numbers = ranges(indices.map((index) => index - from));
  const limit = slurm.array_limit === undefined ? '' : `%${String(slurm.array_limit)}`;
  const options = [
    `--job-name=glossa-${sweep.name}`,
    `--array=${numbers}${limit}`,
    `--output=${outputPattern(sweep.dir)}`,
    '--open-mode=append',
    slurm.partition === undefined ? [] : `--partition=${slurm.partition}`,
    slurm.account === undefined ? [] : `--account=${slurm.account}`,
    slurm.gres === undefined ? [] : `--gres=${slurm.gres}`,
    slurm.time === undefined ? [] : `--time=${String(slurm.time)}`,
    `--cpus-per-task=${String(slurm.cpus_per_task)}`,
    slurm.memory === undefined ? [] : `--mem=${slurm.memory}`,
    '--requeue',
    `--signal=B:USR1@${String(seconds(slurm.signal_before))}`,
    slurm.extra,
  ].flat();
  const run = from === 0 ? '$SLURM_ARRAY_TASK_ID' : `$((${String(from)} + SLURM_ARRAY_TASK_ID))`;
  const words = [...command, 'sweep', sweep.dir, '--task'].map(shellWord);
  return `#!/bin/bash
${options.map((option) => `#SBATCH ${option}`).join('\n')}

# A task trains one run of the sweep, the one of its number${from === 0 ? '' : ` and ${String(from)}`} in ${oneLine(sweep.dir)}/sweep.json,
# from its last checkpoint on. All that it knows lies in that folder.
cd ${shellWord(cwd)} || exit 1
${words.join(' ')} "${run}" &
task=$!

# Slurm sends USR1 to this shell before the time limit: the run saves and ends, and the task is queued again.
# SIGTERM (scancel, pre-emption) reaches the run without this shell, which waits for it; Slurm says what comes then.
early=
trap 'early=1; kill -TERM "$task"' USR1
trap : TERM
while wait "$task"; code=$?; [ "$code" -gt 128 ] && kill -0 "$task" 2>/dev/null; do :; done

# 143: it was ended by the signal that was passed on, and saved.
if [ -n "$early" ] && [ "$code" = 143 ]; then
  scontrol requeue "\${SLURM_ARRAY_JOB_ID}_$SLURM_ARRAY_TASK_ID"
fi
exit "$code"
`;
}

/** `0-3,7`. */
function ranges(numbers: readonly number[]): string {
  const spans: [number, number][] = [];
  for (const n of numbers) {
    const last = spans.at(-1);
    if (last && n === last[1] + 1) last[1] = n;
    else spans.push([n, n]);
  }
  return spans.map(([a, b]) => (a === b ? String(a) : `${String(a)}-${String(b)}`)).join(',');
}

function seconds(duration: string): number {
  const [, digits, unit] = /^(\d+)(s|m|min)?$/.exec(duration)!;
  return Number(digits) * (unit?.startsWith('m') ? 60 : 1);
}

/** Pattern of the tasks' output as sbatch reads it: a % of a folder's name is doubled, and quotes keep spaces. */
function outputPattern(dir: string): string {
  const { folder, pattern } = taskFolder(dir).output;
  const path = `${folder.replaceAll('%', '%%')}/${pattern}`;
  return /^[\w.+:,%@/=-]*$/.test(path) ? path : `"${oneLine(path).replaceAll(/["\\]/g, '\\$&')}"`;
}

function shellWord(word: string): string {
  return /^[\w.+:,%@/=-]+$/.test(word) ? word : `'${oneLine(word).replaceAll("'", `'\\''`)}'`;
}

function oneLine(text: string): string {
  if (!/[\n\r\0]/.test(text)) return text;
  throw new GlossaError('SWEEP_INVALID', `${JSON.stringify(text)}: a line of a Slurm script ends where this goes on`, {
    hint: 'give it on one line (a folder: another name)',
  });
}
