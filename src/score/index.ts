export { DEFAULT_SCORE_FIELDS, ORIGIN_FIELDS, type ScoreFields } from './completion.js';
export { scoreRows } from './score.js';
export { scoreOf, ScoreTotals, type Score, type Totals } from './totals.js';
