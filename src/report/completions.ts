import { LANGUAGES, type CountedLanguage, type Language } from '../language/types.js';
import { labelWords } from '../language/index.js';
import { runFolder } from '../run/index.js';
import { readRolloutFile, rolloutSteps } from '../rollout/index.js';

/** A completion as the report shows it: its words with their languages. */
export interface ShownCompletion {
  step: number;
  question: string;
  answer: string;
  language: Language;
  correct: boolean | null;
  reward: number | null;
  advantage: number | null;
  finish: string;
  pieces: { text: string; language: CountedLanguage | null }[];
}

/** Up to `count` of the rollout steps on disk, spread evenly from the first to the last. */
export async function chooseSteps(runDir: string, count: number): Promise<number[]> {
  const steps = await rolloutSteps(runFolder(runDir).rollouts);
  if (steps.length <= count) return steps;
  const chosen = new Set<number>();
  for (let i = 0; i < count; i++) chosen.add(steps[Math.round((i * (steps.length - 1)) / (count - 1))]!);
  return [...chosen];
}

export const SHOWN_COLUMNS = [
  'prompt_index',
  'question',
  'gold',
  'language',
  'completion',
  'correct',
  'reward',
  'advantage',
  'finish',
];

/** The first completions of the first `prompts` prompts of a step: what the model wrote, not a selection. */
export async function showCompletions(
  runDir: string,
  step: number,
  prompts: number,
  each: number,
): Promise<ShownCompletion[]> {
  const rows = await readRolloutFile(runFolder(runDir).rollout(step), SHOWN_COLUMNS);
  const shown: ShownCompletion[] = [];
  const perPrompt = new Map<number, number>();
  for (const row of rows) {
    const prompt = Number(row['prompt_index']);
    const taken = perPrompt.get(prompt) ?? 0;
    if (taken >= each || (!perPrompt.has(prompt) && perPrompt.size >= prompts)) continue;
    perPrompt.set(prompt, taken + 1);
    shown.push(shownRow(row, step));
  }
  return shown;
}

/** A row of a rollout with {@link SHOWN_COLUMNS}. */
export function shownRow(row: Readonly<Record<string, unknown>>, step: number): ShownCompletion {
  const language = asLanguage(row['language']);
  return {
    step,
    question: asText(row['question']),
    answer: asText(row['gold']),
    language,
    correct: typeof row['correct'] === 'boolean' ? row['correct'] : null,
    reward: asNumber(row['reward']),
    advantage: asNumber(row['advantage']),
    finish: asText(row['finish']),
    pieces: colourWords(asText(row['completion']), language),
  };
}

/** The text cut into runs: words with their language, and what lies between them. */
export function colourWords(text: string, target: Language): ShownCompletion['pieces'] {
  const pieces: ShownCompletion['pieces'] = [];
  let at = 0;
  for (const word of labelWords(text, target)) {
    if (word.start > at) pieces.push({ text: text.slice(at, word.start), language: null });
    pieces.push({ text: text.slice(word.start, word.end), language: word.language });
    at = word.end;
  }
  if (at < text.length) pieces.push({ text: text.slice(at), language: null });
  return pieces;
}

const asText = (value: unknown): string => (typeof value === 'string' ? value : '');
const asNumber = (value: unknown): number | null =>
  typeof value === 'number' && Number.isFinite(value) ? value : null;
const asLanguage = (value: unknown): Language => LANGUAGES.find((l) => l === value) ?? 'en';
