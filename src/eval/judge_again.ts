import { GlossaError } from '../base/error.js';
import { FINISH, type Finish } from '../engine/types.js';
import { LANGUAGES, type Language } from '../language/types.js';
import { createGrader, type Grader, type GraderOptions, type UngradedCompletion } from '../reward/index.js';
import { readRolloutFile } from '../rollout/index.js';
import type { EvaluationRow } from '../run/index.js';
import { figuresByLanguage } from './figures.js';
import { judgedLetter } from './letters.js';

const COLUMNS = [
  ...['prompt_index', 'completion_ids', 'finish', 'file', 'id', 'language', 'question', 'gold', 'verifier'],
  ...['completion', 'hint', 'prompt_ids'],
];

export interface JudgeAgainSettings extends Pick<EvaluationRow, 'step' | 'suite'> {
  /** Of the completions on disk, which do not say. */
  temperature: number;
  by: 'generation' | 'letters';
  /**
   * What decides whether an answer is right; given what the row itself says (undefined in files of earlier versions), and the
   * file that its problem was read from.
   */
  verifierOf: (row: { verifier: string | undefined; file: string | undefined }) => string | undefined;
  /** What is known of the thought that a prompt begins. */
  thoughtOf: (prompt: JudgedPrompt) => Promise<UngradedCompletion['thought']>;
  /** Default flexible. */
  answer: NonNullable<GraderOptions['answer']>;
}

export interface JudgedPrompt {
  language: Language;
  question: string;
  /** Undefined in files that do not have them. */
  ids: ArrayLike<number> | undefined;
  /** Whether a lever had put a hint into it. */
  hinted: boolean;
}

interface Row {
  problem: number;
  tokens: number;
  finish: Finish;
  file: string | undefined;
  id: string;
  language: Language;
  question: string;
  gold: string;
  verifier: string | undefined;
  completion: string;
  prompt: ArrayLike<number> | undefined;
  hinted: boolean;
}

/**
 * Judges the completions of a file that an evaluation or a training wrote, and measures their language, without the model: the rows that
 * `evaluate` gives, but for rewards.
 *
 * @throws GlossaError IO_ERROR, ROLLOUT_INVALID; those of createGrader.
 */
export async function judgeAgain(path: string, settings: JudgeAgainSettings): Promise<EvaluationRow[]> {
  const { step, suite, temperature, by, answer } = settings;
  const rows = (await readRolloutFile(path, COLUMNS)).map((row, i) => readRow(row, `${path}, row ${String(i + 1)}`));
  const verifiers = rows.map((row) => settings.verifierOf(row));
  // A letter is judged by itself, whatever the prompt began.
  const thoughts = by === 'letters' ? [] : await thoughtsOf(rows, settings.thoughtOf);
  const grader: Grader = await createGrader([], { answer, verifiers });
  try {
    const graded = await grader.grade(
      rows.map(({ id, question, gold, language, completion, finish }, i) => ({
        problem: { id, question, answer: gold, language, verifier: verifiers[i] },
        completion: by === 'letters' ? judgedLetter(completion) : completion,
        finish,
        thought: thoughts[i],
      })),
    );
    const failed = graded.flatMap(({ errors }) => errors)[0];
    if (failed !== undefined)
      throw new GlossaError('VERIFIER_MODULE', `${path}: ${failed.reward}: ${failed.message}`, {
        hint: 'mend the module, or name another verifier',
      });
    const files = [...new Set(rows.map(({ file }) => file))];
    const completions = rows.map((row, i) => ({ ...row, verifier: verifiers[i], graded: graded[i]! }));
    return figuresByLanguage(completions, {
      ...{ step, suite, temperature, rewards: [] },
      // Rollouts may be of several files.
      ...(files.length === 1 && files[0] !== undefined && { file: files[0] }),
    });
  } finally {
    await grader.close();
  }
}

/** Of each row; the rows of one prompt have one. */
async function thoughtsOf(
  rows: readonly Row[],
  thoughtOf: JudgeAgainSettings['thoughtOf'],
): Promise<UngradedCompletion['thought'][]> {
  const found = new Map<number, ReturnType<typeof thoughtOf>>();
  for (const { problem, language, question, prompt, hinted } of rows)
    if (!found.has(problem)) found.set(problem, thoughtOf({ language, question, ids: prompt, hinted }));
  return Promise.all(rows.map(({ problem }) => found.get(problem)!));
}

function readRow(row: Record<string, unknown>, place: string): Row {
  const text = (name: string): string => {
    const value = row[name];
    if (typeof value === 'string') return value;
    throw invalid(place, name, 'text');
  };
  const list = (name: string): ArrayLike<number> => {
    const value = row[name];
    if (Array.isArray(value) || ArrayBuffer.isView(value)) return value as unknown as ArrayLike<number>;
    throw invalid(place, name, 'a list of numbers');
  };
  if (typeof row.prompt_index !== 'number') throw invalid(place, 'prompt_index', 'a number');
  const optional = (name: string): string | undefined => (row[name] == null ? undefined : text(name));
  return {
    problem: row.prompt_index,
    tokens: list('completion_ids').length,
    finish: oneOf(FINISH, text('finish'), place, 'finish'),
    file: optional('file'),
    id: optional('id') ?? '',
    language: oneOf(LANGUAGES, text('language'), place, 'language'),
    question: optional('question') ?? '',
    gold: text('gold'),
    verifier: optional('verifier'),
    completion: text('completion'),
    prompt: row.prompt_ids == null ? undefined : list('prompt_ids'),
    hinted: optional('hint') !== undefined,
  };
}

function oneOf<T extends string>(all: readonly T[], value: string, place: string, name: string): T {
  const found = all.find((each) => each === value);
  if (found === undefined) throw invalid(place, name, `one of ${all.join(', ')}`);
  return found;
}

const invalid = (place: string, column: string, expected: string): GlossaError =>
  new GlossaError('ROLLOUT_INVALID', `${place}: column ${column}: expected ${expected}`, {
    hint: 'restore the file, or leave it out with --step',
  });
