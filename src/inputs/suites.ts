import {
  suiteSettings,
  type EvalSource,
  type ExamplesSource,
  type ResolvedConfig,
  type SuiteSettings,
} from '../config/index.js';
import { GlossaError } from '../base/error.js';
import { loadDataSet, remarks, spaceless } from '../data/index.js';
import type { DataSet, DataSetSettings, Problem } from '../data/types.js';
import { defined } from '../base/defined.js';
import type { FewShot, PromptSettings } from '../prompt/index.js';
import { loadSource } from './sources.js';

/** Held-out problems, and how they are asked and answered. */
export interface Suite {
  name: string;
  /** That the problems were read from. */
  file: string;
  problems: readonly Problem[];
  settings: SuiteSettings;
  prompt: PromptSettings;
}

/** A suite, and the set that it was read as. */
export type LoadedSuite = Suite & { set: DataSet<Problem[]> };

/** What suites say nothing of. */
export type SuiteDefaults = Pick<ResolvedConfig, 'seed' | 'eval'> & { prompt: PromptSettings };

/**
 * Reads a suite of a config; those of the lab lie in `labDir`.
 *
 * @returns It, and the set it was read as.
 * @throws GlossaError SUITE_LETTERS; those of loadSource.
 */
export async function loadSuite(
  config: SuiteDefaults,
  source: EvalSource & { name: string },
  labDir: string | undefined,
  { rows = false }: { rows?: boolean } = {},
): Promise<LoadedSuite> {
  const set = await loadSource(source, labDir, { rows });
  const settings = suiteSettings(config, source);
  const examples = source.examples && (await loadExamples(source.examples, source, set.problems));
  const prompt = { ...config.prompt, ...defined({ examples }) };
  if (settings.by === 'letters') requireOptions(source.name, set);
  return { name: source.name, file: set.settings.path, problems: set.problems, settings, prompt, set };
}

/** What should be known of a suite before it is used, for itself. */
export function suiteRemarks({ name, set }: { name: string; set: DataSet<Problem[]> }): string[] {
  const said = remarks(set);
  return set.counts.unjudged < set.problems.length
    ? said
    : [...said, `${name}: no answer of it can be judged: only language and length are measured`];
}

/** @throws GlossaError SUITE_LETTERS where a problem of a suite that is answered by letters has no options. */
function requireOptions(suite: string, { problems, settings: { path } }: DataSet<Problem[]>): void {
  const bare = problems.find(({ options }) => options === undefined);
  if (bare === undefined) return;
  throw new GlossaError(
    'SUITE_LETTERS',
    `${suite} is answered by letters, and problem ${bare.id} of ${path} has no options`,
    {
      hint: 'name the fields of the options under fields.options, or let completions answer (by: generation)',
    },
  );
}

/**
 * Worked examples for the problems of a suite: the first of a file, in a problem's language where the file has several, but for the
 * problem itself and its translation, known by its id with the same answer.
 *
 * @throws GlossaError SUITE_EXAMPLES where there are too few for some problem; those of loadDataSet.
 */
async function loadExamples(
  { path, num, as, fields, language }: ExamplesSource,
  suite: Pick<EvalSource, 'suite' | 'format' | 'verifier'>,
  asked: readonly Problem[],
): Promise<FewShot> {
  const settings: DataSetSettings = {
    ...{ path, language, suite: suite.suite, format: suite.format, verifier: suite.verifier },
    fields: fields && defined(fields),
  };
  const languages = [...new Set(asked.map((problem) => problem.language))];
  const fallback = languages.length === 1 ? languages[0] : undefined;
  const { problems } = await loadDataSet({ ...settings, fallbackLanguage: language ?? fallback });
  const known = problems.map((each) => ({ ...each, spaceless: spaceless(each.question) }));
  const of: FewShot['of'] = ({ question, language: own, id, answer }) => {
    const asks = spaceless(question);
    return known
      .filter((each) => each.language === (language ?? own) && each.spaceless !== asks)
      .filter((each) => each.id !== id || each.answer !== answer)
      .slice(0, num)
      .map((each) => ({ question: each.question, answer: saidAnswer(each) }));
  };
  for (const problem of asked) {
    const found = of(problem).length;
    if (found >= num) continue;
    throw new GlossaError(
      'SUITE_EXAMPLES',
      `${path} has ${String(found)} examples in ${language ?? problem.language} besides problem ${problem.id} itself, and ${String(num)} are asked for`,
      { hint: 'ask for fewer with num, or say with language which examples to take' },
    );
  }
  return { as, of };
}

/** What an example says: its solution, with the answer marked below it where it marks none; else the answer. */
function saidAnswer({ solution, answer, options }: Problem): string {
  if (options !== undefined) return answer;
  const said = solution ?? answer;
  return /####|\\boxed\{/.test(said) ? said : `${solution === undefined ? '' : `${solution}\n`}#### ${answer}`;
}
