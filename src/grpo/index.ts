export { computeAdvantages } from './advantages.js';
export { COMPLETION_CLASSES, completionClass, PURE_WORD_RATIO, type CompletionClass } from './completion_class.js';
export {
  advantageMetrics,
  completionMetrics,
  gradedMetrics,
  languageMetrics,
  rewardMetrics,
  type GradedRow,
  type Metrics,
} from './metrics.js';
export { nanStatistics, type NanStatistics } from './statistics.js';
