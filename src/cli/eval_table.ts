import { fieldMeasure, labelOf, showValue } from '../metrics/index.js';
import type { EvaluationRow } from '../run/index.js';
import { textTable } from './format.js';

const FIELDS = [
  'accuracy',
  'clipped_ratio',
  'target_wr',
  'target_wr_rewarded',
  'en_wr',
  'mean_length',
] as const satisfies readonly (keyof EvaluationRow)[];

/** A line for each language of each suite; the share of cut-off completions stands beside every accuracy. */
export function evaluationTable(rows: readonly EvaluationRow[]): string {
  const measures = FIELDS.map((field) => ({ field, measure: fieldMeasure(field) }));
  return textTable([
    ['suite', 'language', ...measures.map(({ measure }) => labelOf({ measure })), 'accuracy, strict', 'n'],
    ...rows.map((row) => [
      row.suite,
      row.language,
      ...measures.map(({ field, measure }) => showValue(row[field], measure.unit)),
      showValue(row.accuracy_strict ?? null, 'share'),
      String(row.n),
    ]),
  ]);
}
