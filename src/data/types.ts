import type { Language } from '../language/types.js';

export interface Problem {
  id: string;
  question: string;
  answer: string;
  language: Language;
  solution?: string | undefined;
  source?: string | undefined;
}
export interface DataSetSettings {
  path: string; // .jsonl, .jsonl.gz, .parquet
  /** Our field -> the file's field. Defaults: id, question, answer, lang. */
  fields?: { id?: string; question?: string; answer?: string; language?: string; solution?: string } | undefined;
  language?: Language | undefined; // for files that have no language field; or a filter where they have
  weight?: number | undefined; // default 1
  limit?: number | undefined;
  onBadRow?: 'error' | 'skip' | undefined; // default error
}
export interface DataSet {
  problems: Problem[];
  skipped: { line: number; reason: string }[];
  settings: DataSetSettings;
}
// src/data/index.ts:
//   loadDataSet(settings): Promise<DataSet>
//   promptOrder(sets: DataSet[], seed: bigint): (index: number) => Problem
//     the index-th problem of an endless weighted, shuffled stream (by counter: no state to save for resume)
