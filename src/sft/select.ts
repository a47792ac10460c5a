import { join } from 'node:path';
import { GlossaError } from '../base/error.js';
import { exists } from '../base/exists.js';
import { openRows, rowPlace } from '../data/index.js';
import { COUNTED_LANGUAGES } from '../language/types.js';
import { rolloutSteps } from '../rollout/index.js';
import { readRecord, runFolder } from '../run/index.js';

/** Which completions are kept. */
export interface Selection {
  /** Also wrong ones, and those that nobody could judge. */
  wrong: boolean;
  /** Least share of words in the language of the prompt. */
  minTargetWr: number;
  /** Most completions of a problem. */
  perProblem: number;
  /** Most completions in all. */
  limit: number;
}

/** A completion that is kept, as a row of supervised fine-tuning. */
export interface SelectedRow {
  id: string;
  question: string;
  solution: string;
  answer: string | null;
  lang: string;
}

/** Why completions were left out; each counts once, under the first that holds. */
export interface LeftOut {
  /** Cut off by the budget. */
  unfinished: number;
  wrong: number;
  /** No word, or fewer in the target language than asked for. */
  off_target: number;
  /** The same text for the same problem as one that was kept. */
  duplicate: number;
  /** Beyond the completions of its problem. */
  surplus: number;
  /** Beyond the limit. */
  beyond_limit: number;
}

export interface Selected {
  rows: SelectedRow[];
  read: number;
  leftOut: LeftOut;
}

/** The files of completions that a name stands for: itself, or the rollouts of a run in the order of their steps. */
export async function completionFiles(given: string): Promise<string[]> {
  if (!(await exists(join(given, 'run.json')))) return [given];
  await readRecord(given);
  const folder = runFolder(given);
  const files = (await rolloutSteps(folder.rollouts)).map((step) => folder.rollout(step));
  if (files.length > 0) return files;
  throw new GlossaError('DATA_EMPTY', `${given} has no rollouts`, {
    hint: 'rollouts.every says which generations are written; npx glossa eval --out FILE writes completions too',
  });
}

/** What is read of a file with many more: the ids and log-probabilities of every token among them. */
const COLUMNS = [
  ...['id', 'question', 'completion', 'language', 'gold', 'finish', 'correct'],
  ...COUNTED_LANGUAGES.map((language) => `words.${language}`),
];

/**
 * Rejection sampling: of the completions in files of rollouts or of `eval --out`, in their order, those that ended, are right and
 * are in the language asked for.
 *
 * @throws GlossaError DATA_BAD_ROW for a row that is no completion; those of openRows.
 */
export async function selectCompletions(files: readonly string[], selection: Selection): Promise<Selected> {
  const leftOut: LeftOut = { unfinished: 0, wrong: 0, off_target: 0, duplicate: 0, surplus: 0, beyond_limit: 0 };
  const rows: SelectedRow[] = [];
  const ofProblem = new Map<string, Set<string>>();
  let read = 0;
  for (const file of files) {
    for await (const row of openRows(file, COLUMNS)) {
      const { kept, targetWr, finish, correct } = completionOf(row, file);
      read++;
      const problem = `${kept.lang} ${kept.id}`;
      const before = ofProblem.get(problem) ?? new Set<string>();
      if (finish !== 'stop') leftOut.unfinished++;
      else if (!selection.wrong && correct !== true) leftOut.wrong++;
      else if (!(targetWr >= selection.minTargetWr)) leftOut.off_target++;
      else if (before.has(kept.solution)) leftOut.duplicate++;
      else if (before.size >= selection.perProblem) leftOut.surplus++;
      else if (rows.length >= selection.limit) leftOut.beyond_limit++;
      else {
        rows.push(kept);
        ofProblem.set(problem, before.add(kept.solution));
      }
    }
  }
  return { rows, read, leftOut };
}

interface Completion {
  kept: SelectedRow;
  /** NaN where there is no word. */
  targetWr: number;
  finish: unknown;
  correct: unknown;
}

function completionOf(row: { line: number } & ({ value: unknown } | { reason: string }), file: string): Completion {
  if (!('value' in row)) throw bad(file, row, row.reason);
  const fields = row.value as Record<string, unknown>;
  const text = (name: string): string => {
    const value = fields[name];
    if (typeof value === 'string') return value;
    throw bad(file, row, `no ${name}`);
  };
  const lang = text('language');
  const words = Object.entries(fields).filter(([name]) => name.startsWith('words.'));
  const sum = words.reduce((all, [, count]) => all + Number(count ?? 0), 0);
  const answer = fields['gold'];
  return {
    kept: {
      ...{ id: text('id'), question: text('question'), solution: text('completion').trim() },
      ...{ answer: typeof answer === 'string' ? answer : null, lang },
    },
    targetWr: Number(fields[`words.${lang}`] ?? 0) / sum,
    finish: fields['finish'],
    correct: fields['correct'],
  };
}

function bad(file: string, row: { line: number }, reason: string): GlossaError {
  return new GlossaError(
    'DATA_BAD_ROW',
    `${rowPlace(file, { ...row, reason })}: ${reason}, so it is no graded completion`,
    {
      hint: 'name a run, one of its rollouts, or what npx glossa eval --out has written',
    },
  );
}
