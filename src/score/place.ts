import { plainRow } from '../data/index.js';
import type { UngradedCompletion } from '../reward/index.js';

/** What users' functions are told of a completion beside its text: its problem's row, its ids, and where it stands. */
export interface Place extends Required<Pick<UngradedCompletion, 'ids' | 'sample' | 'step' | 'group'>> {
  id: string;
  row: Record<string, unknown>;
}

/**
 * Finds groups in rows as they come. Completions are of one group where `suite`, `file`, `policy_step`, `prompt_index`, `id` and the
 * language are the same, as far as rows have them; a row with neither `id` nor `prompt_index` is a group of its own. Where a row
 * has no `sample`, its place is the order in the group.
 */
export class Places {
  readonly #groups = new Map<string, { group: number; next: number }>();

  of(record: Readonly<Record<string, unknown>>, line: number, language: string): Place {
    const row = plainRow(record);
    const { id, suite, file, policy_step: step, prompt_index: prompt, sample, completion_ids: ids } = row;
    const known = [suite, file, step, prompt, id, language].map((each) => each ?? null);
    const key = id === undefined && prompt === undefined ? String(line) : JSON.stringify(known);
    let found = this.#groups.get(key);
    if (found === undefined) this.#groups.set(key, (found = { group: this.#groups.size, next: 0 }));
    const place = found.next++;
    return {
      id: typeof id === 'string' || typeof id === 'number' ? String(id) : String(line),
      row,
      ids: Array.isArray(ids) && ids.every(Number.isInteger) ? (ids as number[]) : [],
      group: found.group,
      sample: isCount(sample) ? sample : place,
      step: isCount(step) ? step : 0,
    };
  }
}

const isCount = (value: unknown): value is number => Number.isInteger(value) && (value as number) >= 0;
