import type { Language } from '../language/types.js';
import type { Message } from '../prompt/index.js';
import type { ProblemField, SuiteName } from './suites.js';
import type { Weight } from './weight.js';

/** A problem as graders and reward modules see it. */
export interface Problem {
  /** The row's, or `file:line`; problems of one id in several languages are parallel. */
  id: string;
  question: string;
  /** The gold answer, as the file has it; a number as text. */
  answer: string;
  /** Of the question, and the one the completion should be in. */
  language: Language;
  /** The prompt as a chat, where the row has one; then `question` is what the user says last. */
  messages?: readonly Message[] | undefined;
  /** How many options the question has, called A, B and so on; absent where the file has none. */
  options?: number | undefined;
  /** A worked solution, where the file has one. */
  solution?: string | undefined;
  /** How hard the problem is, where the file says: a name, or a number as text. */
  level?: string | undefined;
  /** Where the problem is from, where the file says. */
  source?: string | undefined;
  /** What decides whether an answer is right: a verifier of glossa, or the path of a module. Default number. */
  verifier?: string | undefined;
  /** Every column of its row under the file's own names, as plain data; where rows are kept. */
  row?: Readonly<Record<string, unknown>> | undefined;
}
/** Problems in their order: an array, or a list of which most lies on disk. */
export interface Problems extends Iterable<Problem> {
  readonly length: number;
  at(index: number): Problem | undefined;
}
export interface DataSetSettings {
  /** A data file; or what `files` were found by, and what the set is called. */
  path: string;
  /** Read one after the other. Default: `path`. */
  files?: readonly string[] | undefined;
  /** Our field -> the file's field. Defaults: id, question, answer, lang, level. */
  fields?: (Partial<Record<ProblemField, string>> & { options?: string[] }) | undefined;
  /** A suite by name: it knows the fields, the verifier and the language of its files, where these settings do not say. */
  suite?: SuiteName | undefined;
  /** What a question becomes, with `{question}` in it; default: itself, or as the suite has it. */
  format?: string | undefined;
  language?: Language | undefined; // for files that have no language field; or a filter where they have
  /** Of rows that do not say, where `language` is not given. */
  fallbackLanguage?: Language | undefined;
  /** Default 1; 0 takes the set out. */
  weight?: Weight | undefined;
  /** By level, times the weight of the set; 1 of levels that are not named. Rows must have a level then. */
  levels?: Readonly<Record<string, Weight>> | undefined;
  /** Problems at most, from the start of the file; rows left out do not count. */
  limit?: number | undefined;
  onBadRow?: 'error' | 'skip' | undefined; // default error
  /** Keep every column of each problem's row, for users' functions. Default false. */
  rows?: boolean | undefined;
  verifier?: string | undefined; // of all its problems: number (the default), choice, mathematics, or the path of a module
}
export interface DataSet<P extends Problems = Problems> {
  problems: P;
  /** Of its problems, in the order of LANGUAGES. */
  languages: readonly Language[];
  /** How many rows were left out, and how many answers nothing judges by; of each the first 1,000 are listed. */
  counts: { skipped: number; unjudged: number };
  skipped: { line: number; reason: string }[];
  /** Gold answers of `problems` that their verifier cannot judge by: completions of these are not judged. */
  unjudged: { line: number; answer: string }[];
  /** What is not among `problems` because it is held out of training. */
  heldOut?: Problems;
  settings: DataSetSettings;
}

/** What an order of problems needs of a set, and what says why there are not enough of them. */
export type DrawnSet = Pick<DataSet, 'problems' | 'settings' | 'heldOut'> & Partial<Pick<DataSet, 'counts'>>;
