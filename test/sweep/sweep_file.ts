import { mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { stringify } from 'yaml';

/** A laboratory's model that is made in a second and trained for a few steps: enough for bytes to differ. */
export const tinyBase = (cache: string) => ({
  model: { lab: { seed: 1, pretrain: { steps: 20 } }, cache },
  data: { train: [{ lab: { language: 'ko' } }] },
  grpo: { max_steps: 4, prompts_per_step: 2, num_generations: 4, max_completion_length: 12, scale_rewards: 'none' },
  optimizer: { learning_rate: 4e-4, lr_scheduler_type: 'constant' },
  checkpoint: { every: 2, keep: 1 },
});

/** A folder of its own with a sweep file in it. */
export async function sweepFile(content: Record<string, unknown> | string): Promise<{ root: string; path: string }> {
  const root = await mkdtemp(join(tmpdir(), 'glossa-sweep-'));
  const path = join(root, 'sweep.yaml');
  await writeFile(path, typeof content === 'string' ? content : stringify(content));
  return { root, path };
}
