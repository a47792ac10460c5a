import { verifierOf } from '../answer/index.js';
import { verifierNameOf } from './suites.js';
import type { DataSet } from './types.js';

/** What a reader of a set should know before it is used: rows left out, gold answers that no grader can judge. */
export function remarks({ settings, problems, skipped, unjudged, counts }: DataSet): string[] {
  const { path } = settings;
  const said: string[] = [];
  const [bad] = skipped;
  if (bad) said.push(`${path}: ${counts.skipped} bad rows skipped, the first at line ${bad.line}: ${bad.reason}`);
  const [gold] = unjudged;
  if (gold) {
    said.push(
      `${path}: ${counts.unjudged} of ${problems.length} gold answers are not ${verifierOf(verifierNameOf(settings))!.golds}, so nothing judges their completions ` +
        `(null, not wrong); the first at line ${gold.line}: ${JSON.stringify(gold.answer.slice(0, 80))}`,
    );
  }
  return said;
}
