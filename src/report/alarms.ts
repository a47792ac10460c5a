import type { RunModel } from '../analysis/index.js';
import { measureLanguage } from '../language/index.js';
import { alarmText, FidelityWatch, plainestSuspect, type FidelityAlarm } from '../metrics/index.js';
import { fidelityOfRow, FIDELITY_COLUMNS, readRolloutFile, rolloutSteps } from '../rollout/index.js';
import { runFolder } from '../run/index.js';
import { SHOWN_COLUMNS, shownRow, type ShownCompletion } from './completions.js';
import { promptsName } from './story.js';

/** Where the words of completions stopped telling what language the model reasons in, and a completion of then. */
export interface ShownAlarm {
  text: string;
  /** Undefined: no rollout of that step or a later one is on disk, or none of its completions shows it. */
  completion: ShownCompletion | undefined;
}

/** What training has warned of, from the lines of metrics.jsonl. */
export async function alarmsOf({ training, dir, metrics }: RunModel): Promise<ShownAlarm[]> {
  const shown: ShownAlarm[] = [];
  for (const { language, of } of training) {
    const watch = new FidelityWatch();
    const fields = ['target_wr', 'target_wr_reasoning', 'repetition', 'clipped_ratio'] as const;
    const values = Object.fromEntries(fields.map((field) => [field, of(field)]));
    for (const [i, { step }] of metrics.entries()) {
      for (const alarm of watch.look(step, (field) => values[field]![i]!.value)) {
        const text = `${promptsName(language)}, step ${String(step)}: ${alarmText(alarm, language)}.`;
        shown.push({ text, completion: await exampleOf(dir, alarm, language) });
      }
    }
  }
  return shown;
}

/** Of the first rollout on disk from the step of the alarm on. */
async function exampleOf(
  dir: string,
  { kind, step }: FidelityAlarm,
  language: string | null,
): Promise<ShownCompletion | undefined> {
  const folder = runFolder(dir);
  const at = (await rolloutSteps(folder.rollouts)).find((each) => each >= step);
  if (at === undefined) return undefined;
  const columns = [...SHOWN_COLUMNS, ...Object.values(FIDELITY_COLUMNS)];
  const rows = (await readRolloutFile(folder.rollout(at), columns)).filter(
    (row) => language === null || row['language'] === language,
  );
  const completions = rows.map((row) => shownRow(row, at));
  const suspects = rows.map((row, i) => {
    const { total, targetWr } = measureLanguage(String(row['completion']), completions[i]!.language);
    const counts = fidelityOfRow(row);
    const fidelity = counts && {
      ...counts,
      targetWr: counts.reasoning === 0 ? null : counts.target / counts.reasoning,
    };
    return { measure: { total, targetWr, fidelity }, clipped: row['finish'] !== 'stop' };
  });
  return completions[plainestSuspect(kind, suspects)];
}
