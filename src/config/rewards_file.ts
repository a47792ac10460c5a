import { dirname, resolve } from 'node:path';
import { z } from 'zod';
import { checkRewards } from './check_rewards.js';
import { resolveFiles } from './files.js';
import { findingsOf, refusal } from './findings.js';
import { readConfigText, readConfigYaml } from './load.js';
import { configSchema, type Config } from './schema.js';

/** What is read of a config for grading alone; the rest may be there, and is not looked at. */
const gradingSchema = z.object({
  rewards: configSchema.shape.rewards.unwrap(),
  answer: configSchema.shape.answer,
});

/**
 * Rewards and answer mode of a config, or of a file that has nothing else.
 *
 * @throws GlossaError as loadConfig does.
 */
export async function loadRewards(path: string): Promise<Pick<Config, 'rewards' | 'answer'>> {
  const { value, doc, lines } = readConfigYaml(await readConfigText(path), path);
  const source = { path, doc, lines, overrides: [] };
  const parsed = gradingSchema.safeParse(resolveFiles(value ?? {}, dirname(resolve(path))), { reportInput: true });
  const findings = parsed.success ? checkRewards(parsed.data) : parsed.error.issues.flatMap(findingsOf);
  if (findings.length > 0) throw refusal(findings, source);
  return parsed.data!;
}
