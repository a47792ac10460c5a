/**
 * How a value reads. share: from 0 to 1 in files, shown in per cent; percent: of a machine's ceiling, 0 to 100 in files too.
 * The others are shown as they are.
 */
export type Unit =
  'share' | 'percent' | 'tokens' | 'completions' | 'words' | 'nats' | 'reward' | 'seconds' | 'tokens/s' | 'number';

/** A quantity that is reported somewhere, under one name, one label and one unit everywhere. */
export interface Measure {
  /** In metrics.jsonl. `<reward>`, `<class>` stand for a name of the run's own, `<k>` for a number. */
  name: string;
  /** In the rows of evaluations, of `score` and of the demo, where it stands there. */
  field?: string;
  /** In tables, legends and sentences. `{target}` is the name of the prompt's language. */
  label: string;
  unit: Unit;
  /** One sentence, as docs/metrics.md prints it. */
  description: string;
}
