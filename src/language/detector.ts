import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';

export interface Detected {
  language: string;
  getScores(): Record<string, number>;
  isReliable(): boolean;
}
interface Detector {
  detect(text: string): Detected;
}
let detector: Detector | undefined;

/**
 * eld (Nito-ELD) with its smaller table, loaded at the first question that scripts and function words leave open: it takes
 * about 0.4 s and 80 MB in each thread, and most texts never need it. Loaded by `require`, since measuring is synchronous.
 */
export function languageDetector(): Detector {
  if (detector === undefined) {
    const require = createRequire(import.meta.url);
    const module = require(fileURLToPath(import.meta.resolve('eld/small'))) as { eld: Detector };
    detector = module.eld;
  }
  return detector;
}
