import type { VerifierName } from '../answer/types.js';
import type { Language } from '../language/types.js';

/** Our names of what a row has. */
export type ProblemField = 'id' | 'question' | 'answer' | 'language' | 'solution' | 'level';

/** What a suite's name says of its files: whichever of its published layouts they have. */
export interface KnownSuite {
  /** Our field to the names it has in the layouts; the first that a row has is read. Others have their default names. */
  fields: Partial<Record<ProblemField, readonly string[]>>;
  /** Columns of the options of a question, A first. */
  options?: readonly string[];
  /** What the prompt is made of; default: the question alone. */
  format?: string;
  verifier: VerifierName;
  /** Of files that do not say. */
  language?: Language;
  /** A file of the hub, after `npx glossa fetch`; `{language}` is the language that is asked for. */
  hub?: string;
}

const choices = (repository: string): KnownSuite => ({
  fields: { id: ['id', 'sample_id'] },
  options: ['option_a', 'option_b', 'option_c', 'option_d'],
  format: '{question}\nAnswer:',
  verifier: 'choice',
  hub: `datasets/CohereLabs/${repository}/{language}/test-00000-of-00001.parquet`,
});

/** Suites that are known by name. A file in glossa's own layout (id, question, answer, lang) is one of each. */
export const SUITES = {
  /** Cobbe et al. 2021 (arXiv 2110.14168). Its answers are solutions that end in `#### 18`. */
  gsm8k: {
    fields: {},
    verifier: 'number',
    language: 'en',
    hub: 'datasets/openai/gsm8k/main/test-00000-of-00001.parquet',
  },
  /** Shi et al. 2022 (arXiv 2210.03057): 250 problems of GSM8K in 11 languages; lines of question, tab, number. */
  mgsm: {
    fields: { question: ['question', '0'], answer: ['answer_number', 'answer', '1'] },
    verifier: 'number',
    hub: 'datasets/juletxara/mgsm/mgsm_{language}.tsv',
  },
  /** Chen et al. 2023 (arXiv 2310.20246): SVAMP in 10 languages. */
  msvamp: { fields: {}, verifier: 'number' },
  /** Lightman et al. 2023 (arXiv 2305.20050): 500 problems of MATH. */
  math500: {
    fields: { id: ['id', 'unique_id'], question: ['question', 'problem'] },
    verifier: 'mathematics',
    language: 'en',
    hub: 'datasets/HuggingFaceH4/MATH-500/test.jsonl',
  },
  /** Singh et al. 2024 (arXiv 2412.03304): MMLU in 42 languages; questions with four options. */
  global_mmlu: choices('Global-MMLU'),
  global_mmlu_lite: choices('Global-MMLU-Lite'),
} as const satisfies Record<string, KnownSuite>;

export type SuiteName = keyof typeof SUITES;
export const SUITE_NAMES = Object.keys(SUITES) as [SuiteName, ...SuiteName[]];

/** What a name says; nothing where there is none. */
export const knownSuite = (name: SuiteName | undefined): KnownSuite | undefined =>
  name === undefined ? undefined : SUITES[name];

/** The verifier of problems: the one that is named, else that of their suite; undefined: the default. */
export const verifierNameOf = (given: {
  verifier?: string | undefined;
  suite?: SuiteName | undefined;
}): string | undefined => given.verifier ?? knownSuite(given.suite)?.verifier;
