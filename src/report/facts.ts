import type { RunModel } from '../analysis/index.js';

/** A run's folder and settings, name and value; `grpo` counts for nothing in supervised fine-tuning. */
export function facts({ dir, config, supervised }: RunModel): [string, string][] {
  const rows: [string, string][] = [['run', dir]];
  const walk = (value: unknown, path: string): void => {
    if (value !== null && typeof value === 'object' && !Array.isArray(value)) {
      for (const [key, inner] of Object.entries(value)) walk(inner, path === '' ? key : `${path}.${key}`);
    } else if (value !== undefined) {
      rows.push([path, typeof value === 'string' ? value : JSON.stringify(value)]);
    }
  };
  walk(config, '');
  return supervised ? rows.filter(([name]) => !name.startsWith('grpo.')) : rows;
}
