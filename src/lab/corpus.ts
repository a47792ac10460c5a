import { GlossaError } from '../base/error.js';
import { toRagged } from '../base/ragged.js';
import type { SequenceBatch } from '../engine/types.js';
import type { Tokenizer } from '../tokenizer/index.js';
import { STORY_TEXTS } from './languages/index.js';
import { Draws, PURPOSE } from './random.js';
import { drawStory } from './story.js';
import type { LabLanguage, LabSettings, LanguageMix } from './types.js';

/** One document of the pre-training corpus: a question in `language`, and the solution the mix drew for it. */
export interface CorpusDocument {
  language: LabLanguage;
  /** The solution's language: English where the document switches code. */
  solutionLanguage: LabLanguage;
  question: string;
  solution: string;
}

/** The `index`-th document of an endless corpus; a function of the settings and the index alone. */
export function corpusDocument(settings: LabSettings, index: number): CorpusDocument {
  const draws = new Draws(settings.seed, PURPOSE.corpus, index);
  const mix = Object.entries(settings.mix) as [LabLanguage, LanguageMix][];
  const [language, { codeSwitch, worked }] = mix[draws.weighted(mix.map(([, { share }]) => share))]!;
  const switched = draws.uniform() < codeSwitch;
  const style = draws.uniform() < worked || switched ? 'worked' : 'short';
  const solutionLanguage = switched ? 'en' : language;
  const story = drawStory(settings.problems, settings.seed, 'train', index);
  return {
    language,
    solutionLanguage,
    question: STORY_TEXTS[language].question(story),
    solution: STORY_TEXTS[solutionLanguage][style](story),
  };
}

/** Documents `first` to `first + count - 1` as ids: the question's line is the prompt, the solution and its end the rest. */
export async function corpusBatch(
  settings: LabSettings,
  tokenizer: Tokenizer,
  first: number,
  count: number,
): Promise<SequenceBatch> {
  const end = tokenizer.eosIds[0]!;
  const documents = Array.from({ length: count }, (_, i) => corpusDocument(settings, first + i));
  const prompts = await Promise.all(documents.map(({ question }) => tokenizer.encode(`${question}\n`)));
  const completions = await Promise.all(
    documents.map(async ({ solution }) => [...(await tokenizer.encode(solution)), end]),
  );
  return { prompts: toRagged(prompts), completions: toRagged(completions) };
}

/** Refuses a mix that can draw nothing, or that switches from English to English. */
export function checkMix(mix: LabSettings['mix']): void {
  const entries = Object.entries(mix) as [LabLanguage, LanguageMix][];
  const fail = (message: string, hint: string): never => {
    throw new GlossaError('LAB_SETTINGS', message, { hint });
  };
  if (!entries.some(([, { share }]) => share > 0)) fail('mix has no language with a share above 0', 'give en a share');
  for (const [language, shares] of entries) {
    for (const [name, value] of Object.entries(shares) as [keyof LanguageMix, number][]) {
      const most = name === 'share' ? Infinity : 1;
      if (!(value >= 0 && value <= most)) {
        fail(`mix.${language}.${name} is ${value}, expected 0 to ${most}`, 'give shares as fractions');
      }
    }
  }
  if ((mix.en?.codeSwitch ?? 0) > 0) {
    fail('mix.en.codeSwitch is above 0, and English solutions are what other languages switch to', 'set it to 0');
  }
}
