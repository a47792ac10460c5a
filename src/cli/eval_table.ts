import {
  fieldMeasure,
  HEADLINE,
  labelOf,
  rowMeasure,
  showValue,
  type Interval,
  type Measure,
} from '../metrics/index.js';
import { atKs, type EvaluationRow } from '../run/index.js';
import { textTable } from './format.js';

const FIELDS = [...HEADLINE, 'mean_length'] as const satisfies readonly (keyof EvaluationRow)[];

/**
 * A line for each language of each suite, behind the step where there are several; 95 % intervals in brackets; the share of
 * cut-off completions stands beside every accuracy. Of several completions a problem a second table has pass@k and maj@k.
 */
export function evaluationTable(rows: readonly EvaluationRow[]): string {
  const place = placeOf(rows);
  const measures = FIELDS.map((field) => ({ field, measure: fieldMeasure(field) }));
  const main = textTable([
    [...place.names, ...measures.map(({ measure }) => labelOf({ measure })), 'accuracy, strict', 'n'],
    ...rows.map((row) => [
      ...place.of(row),
      ...measures.map(({ field, measure }) => showInterval(row[field], measure.unit, row.intervals?.[field])),
      showValue(row.accuracy_strict ?? null, 'share'),
      String(row.n),
    ]),
  ]);
  const several = rows.filter((row) => (row.samples ?? 1) > 1);
  return several.length === 0 ? main : `${main}\n\n${severalTable(several, place)}`;
}

/** The columns that say which row it is. */
interface Place {
  names: readonly string[];
  of: (row: EvaluationRow) => readonly string[];
}

function placeOf(rows: readonly EvaluationRow[]): Place {
  const curve = rows.some(({ step }) => step !== rows[0]!.step);
  return {
    names: [...(curve ? ['step'] : []), 'suite', 'language'],
    of: ({ step, suite, language }) => [...(curve ? [String(step)] : []), suite, language],
  };
}

/** Columns are the names that any of the rows has. */
function severalTable(rows: readonly EvaluationRow[], place: Place): string {
  const names = [...new Set(rows.flatMap(atKs))];
  return textTable([
    [...place.names, ...names.map((name) => labelOf(rowMeasure(name)!)), 'ties', 'problems'],
    ...rows.map((row) => [
      ...place.of(row),
      ...names.map((name) => showInterval(row[name], 'share', row.intervals?.[name])),
      String(row.maj_ties ?? '-'),
      String(row.problems ?? '-'),
    ]),
  ]);
}

/** `41.0 % [36.3, 45.9]`. */
function showInterval(value: number | null | undefined, unit: Measure['unit'], interval: Interval | undefined): string {
  const shown = showValue(value, unit);
  if (interval === undefined || value === null || value === undefined) return shown;
  const ends = interval.map((end) => showValue(end, unit).replace(' %', ''));
  return `${shown} [${ends.join(', ')}]`;
}
