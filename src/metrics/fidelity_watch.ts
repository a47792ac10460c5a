import { languageName } from '../language/index.js';
import type { Language, LanguageMeasure } from '../language/types.js';
import type { Metrics } from './measures.js';
import { showValue } from './show.js';

/** Steps whose mean is looked at. */
const STEPS = 5;
/** How far Target WR may lie above that of the reasoning. */
const PARTED = 0.2;
/** How far the share of repetition, or of completions that are cut off, may rise above the least there was. */
const JUMP = 0.3;

type Kind = 'parted' | 'repetition' | 'clipped_ratio';
type Watched = 'target_wr' | 'target_wr_reasoning' | 'repetition' | 'clipped_ratio';

/** Completions that are no longer what their ratios say. */
export interface FidelityAlarm {
  kind: Kind;
  /** The last of the steps that `now` is the mean of. */
  step: number;
  now: Record<Watched, number | null>;
  /** The least such mean so far, of what has jumped. */
  before: number | null;
}

/**
 * Watches the prompts in one language for a ratio that is made up: Target WR more than 20 points above that of the reasoning, or
 * repetition or cut-off completions 30 points above the least there was, in the mean of the last five steps. Each is said once
 * until it is well again.
 */
export class FidelityWatch {
  #last: Record<Watched, number | null>[] = [];
  readonly #least: Partial<Record<Kind, number>> = {};
  readonly #said = new Set<Kind>();

  /** @param of the value of a field after this step; null where there is none. */
  look(step: number, of: (field: Watched) => number | null): FidelityAlarm[] {
    const line = {
      target_wr: of('target_wr'),
      target_wr_reasoning: of('target_wr_reasoning'),
      repetition: of('repetition'),
      clipped_ratio: of('clipped_ratio'),
    };
    this.#last = [...this.#last, line].slice(-STEPS);
    if (this.#last.length < STEPS) return [];
    const now = {
      target_wr: this.#mean('target_wr'),
      target_wr_reasoning: this.#mean('target_wr_reasoning'),
      repetition: this.#mean('repetition'),
      clipped_ratio: this.#mean('clipped_ratio'),
    };
    const { target_wr: plain, target_wr_reasoning: reasoning } = now;
    const apart = plain === null || reasoning === null ? null : plain - reasoning;
    return [
      ...this.#alarm('parted', apart !== null && apart > PARTED, { step, now, before: null }),
      ...(['repetition', 'clipped_ratio'] as const).flatMap((kind) => {
        const value = now[kind];
        if (value === null) return [];
        const before = Math.min(this.#least[kind] ?? value, value);
        this.#least[kind] = before;
        return this.#alarm(kind, value > before + JUMP, { step, now, before });
      }),
    ];
  }

  #mean(field: Watched): number | null {
    const values = this.#last.flatMap((line) => line[field] ?? []);
    return values.length === 0 ? null : values.reduce((sum, value) => sum + value, 0) / values.length;
  }

  #alarm(kind: Kind, raised: boolean, alarm: Omit<FidelityAlarm, 'kind'>): FidelityAlarm[] {
    const told = this.#said.has(kind);
    if (raised) this.#said.add(kind);
    else this.#said.delete(kind);
    return raised && !told ? [{ kind, ...alarm }] : [];
  }
}

/** The names in metrics.jsonl that a watch looks at; of prompts in one of several languages those under its name. */
export function watchedOf(line: Metrics, language: Language | null): (field: Watched) => number | null {
  const under = language === null ? ('language' as const) : (`language/${language}` as const);
  return (field) => {
    switch (field) {
      case 'target_wr':
        return line[`${under}/target_wr`] ?? null;
      case 'target_wr_reasoning':
        return line[`${under}/reasoning/target_wr`] ?? null;
      case 'repetition':
        return line[`${under}/repetition`] ?? null;
      case 'clipped_ratio':
        return (
          (language === null ? line['completions/clipped_ratio'] : line[`language/${language}/clipped_ratio`]) ?? null
        );
    }
  };
}

/** What happened, in a sentence or two; `language`: of the prompts, where it is known. */
export function alarmText({ kind, step, now, before }: FidelityAlarm, language: Language | null): string {
  const share = (value: number | null) => showValue(value, 'share');
  const target = language === null ? 'in the language of the prompts' : languageName(language);
  const steps = `mean of steps ${String(step - STEPS + 1)} to ${String(step)}`;
  switch (kind) {
    case 'parted':
      return `${share(now.target_wr)} of all words are ${target}, but ${share(now.target_wr_reasoning)} of those of the reasoning (${steps}; ${share(now.repetition)} of the words repeated, ${share(now.clipped_ratio)} of the completions cut off): Target WR counts words that nothing is reasoned with. Believe the reasoning's; the rewards language and language_gated pay for that alone`;
    case 'repetition':
      return `repeated words rose from ${share(before)} to ${share(now.repetition)} (${steps}): completions say the same again and again`;
    case 'clipped_ratio':
      return `cut-off completions rose from ${share(before)} to ${share(now.clipped_ratio)} (${steps}): they no longer end by themselves`;
  }
}

/** What is known of a completion that may show an alarm. */
export interface Suspect {
  measure: Pick<LanguageMeasure, 'targetWr' | 'total'> & {
    fidelity?: Pick<LanguageMeasure['fidelity'], 'targetWr' | 'repeated'> | undefined;
  };
  clipped: boolean;
}

/** The completion that shows best what an alarm is about; -1 where none does. */
export function plainestSuspect(kind: Kind, rows: readonly Suspect[]): number {
  const worth = rows.map(({ measure, clipped }) => {
    if (kind === 'clipped_ratio') return clipped ? 1 + measure.total : 0;
    if (kind === 'repetition') return measure.fidelity?.repeated ?? 0;
    return (measure.targetWr ?? 0) - (measure.fidelity?.targetWr ?? 0);
  });
  const most = worth.reduce((greatest, each) => Math.max(greatest, each), 0);
  return most > 0 ? worth.indexOf(most) : -1;
}
