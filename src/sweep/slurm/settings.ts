import { z } from 'zod';

const count = z.int().min(1);
/** What goes into a line of the script as it is. */
const word = z.string().regex(/^[^\s"'#]+$/, 'expected a word without spaces, quotes and #');
const option = z.string().regex(/^-[^\n\r]*$/, 'expected an option of sbatch, such as --qos=long');

/** `slurm:` of a sweep file: what the array job asks for. What is not said is the cluster's default. */
export const slurmSchema = z.strictObject({
  partition: word.optional(),
  account: word.optional(),
  gres: word.optional().describe('Such as gpu:1.'),
  time: z
    .union([word, count])
    .optional()
    .describe('Limit of a task as sbatch takes it: 30 (minutes), "2:00:00"; a run that needs longer is queued again.'),
  cpus_per_task: count.default(1),
  memory: word.optional().describe('Of a task: 4G.'),
  signal_before: z
    .string()
    .regex(/^\d{1,4}(s|m|min)?$/, 'expected seconds or minutes, such as 90s or 5m')
    .default('90s')
    .describe('Before the limit: the run finishes its step and saves, and its task is queued again.'),
  array_limit: count.optional().describe('Tasks at once.'),
  extra: z.array(option).default([]).describe('Further options of sbatch, a line each, as they are.'),
});
