import type { Language } from '../language/types.js';
import { alarmText, FidelityWatch, plainestSuspect, watchedOf } from '../metrics/index.js';
import type { MetricsLine } from '../run/index.js';
import type { Collected } from './collect.js';

/** Characters of a completion that a warning shows, of its beginning and of its end. */
const [BEGINNING, END] = [160, 80];

/** Says in which steps the words of completions stop telling what language the model reasons in, and shows one. */
export class FidelityAlarms {
  readonly #watches: readonly { language: Language; watch: FidelityWatch }[];

  /** @param languages of the training prompts. */
  constructor(languages: readonly Language[]) {
    this.#watches = languages.map((language) => ({ language, watch: new FidelityWatch() }));
  }

  /** Warnings of the step whose line this is; rows [start, end) of the generation are its completions. */
  look(line: MetricsLine, batch: Collected, [start, end]: readonly [number, number]): string[] {
    const several = this.#watches.length > 1;
    return this.#watches.flatMap(({ language, watch }) =>
      watch.look(line.step, watchedOf(line, several ? language : null)).map((alarm) => {
        const rows = Array.from({ length: end - start }, (_, i) => start + i).filter(
          (row) => batch.problems[batch.columns.promptIndex[row]!]!.language === language,
        );
        const suspects = rows.map((row) => ({
          measure: batch.graded[row]!.language,
          clipped: batch.finish[row] !== 'stop',
        }));
        const row = rows[plainestSuspect(alarm.kind, suspects)];
        const example = row === undefined ? '' : `. For example: ${excerpt(batch.texts[row]!)}`;
        return `step ${String(line.step)}: ${alarmText(alarm, language)}${example}`;
      }),
    );
  }
}

/** A completion on one line; of a long one its beginning and its end. */
function excerpt(text: string): string {
  const line = text.trim().replaceAll(/\s+/g, ' ');
  return line.length <= BEGINNING + END ? line : `${line.slice(0, BEGINNING)} ... ${line.slice(-END)}`;
}
