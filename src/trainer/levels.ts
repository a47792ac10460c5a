import type { ResolvedConfig } from '../config/index.js';

/** Whether a training set is weighed by levels: accuracy is counted by them then. */
export const hasLevels = ({ data }: Pick<ResolvedConfig, 'data'>): boolean =>
  data.train.some(({ levels }) => levels !== undefined);
