export {
  DEFAULT_SCORE_FIELDS,
  ORIGIN_FIELDS,
  readCompletion,
  type GivenCompletion,
  type ScoreFields,
} from './completion.js';
export { scoreRows, type ScoredRow } from './score.js';
export { scoreOf, ScoreTotals, type Score, type Totals } from './totals.js';
