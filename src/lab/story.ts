import { createHash } from 'node:crypto';
import { GlossaError } from '../base/error.js';
import { Draws, PURPOSE } from './random.js';
import type { Operation, ProblemSettings, Split } from './types.js';

/** People of the stories, by the words for them in each language's table. */
export const PEOPLE = [
  { key: 'anna', gender: 'female' },
  { key: 'mark', gender: 'male' },
  { key: 'mina', gender: 'female' },
  { key: 'leo', gender: 'male' },
  { key: 'sara', gender: 'female' },
  { key: 'adam', gender: 'male' },
  { key: 'nina', gender: 'female' },
  { key: 'ivan', gender: 'male' },
] as const;
export type Person = (typeof PEOPLE)[number];
export type PersonKey = Person['key'];

/** Countable things, chosen so that every language has a usual counter or plural for them. */
export const ITEMS = [
  'apple',
  'orange',
  'pencil',
  'book',
  'notebook',
  'egg',
  'flower',
  'fish',
  'candy',
  'card',
  'sticker',
  'balloon',
] as const;
export type Item = (typeof ITEMS)[number];

/** How a story begins: a quantity, or `packs` boxes of `each`. */
export type Opening = { kind: 'has'; amount: number } | { kind: 'packs'; packs: number; each: number };

export const GAINS = ['buy', 'find', 'receive'] as const;
export const LOSSES = ['give', 'lose', 'sell'] as const;
export type Gain = (typeof GAINS)[number];
export type Loss = (typeof LOSSES)[number];

/** What happens: `amount` is gained, lost, or (share) the number of friends the rest is shared among. */
export interface StoryEvent {
  kind: Gain | Loss | 'share';
  amount: number;
}

/** A problem before any language: the same story is told in all of them. */
export interface Story {
  id: string;
  person: Person;
  /** Who gives and receives; never the person. */
  other: Person;
  item: Item;
  opening: Opening;
  events: readonly StoryEvent[];
}

/** One line of arithmetic. `event` is null for the opening's own product. */
export interface Step {
  event: StoryEvent | null;
  left: number;
  operator: '+' | '-' | '*' | '/';
  right: number;
  result: number;
}

export const isGain = (kind: StoryEvent['kind']): kind is Gain => (GAINS as readonly string[]).includes(kind);

/** The arithmetic of a story, in order. */
export function stepsOf(story: Pick<Story, 'opening' | 'events'>): Step[] {
  const steps: Step[] = [];
  const { opening } = story;
  let total = opening.kind === 'has' ? opening.amount : opening.packs * opening.each;
  if (opening.kind === 'packs') {
    steps.push({ event: null, left: opening.packs, operator: '*', right: opening.each, result: total });
  }
  for (const event of story.events) {
    const operator = event.kind === 'share' ? '/' : isGain(event.kind) ? '+' : '-';
    const result =
      operator === '/' ? total / event.amount : operator === '+' ? total + event.amount : total - event.amount;
    steps.push({ event, left: total, operator, right: event.amount, result });
    total = result;
  }
  return steps;
}

/** The equation of a step as it is written in every language. */
export const equation = (step: Step): string => `${step.left}${step.operator}${step.right}=${step.result}`;

/** The number asked for. */
export const answerOf = (story: Pick<Story, 'opening' | 'events'>): number => stepsOf(story).at(-1)!.result;

/** Share of all stories that are held out. */
const TEST_SHARE = 0.1;

/**
 * Draws the `index`-th story of a split. A story belongs to a split by the hash of what it tells, so train and test
 * never share a story, whatever the seed; a story of the other split is drawn again under the next counter.
 */
export function drawStory(settings: ProblemSettings, seed: number, split: Split, index: number): Story {
  const draws = new Draws(seed, PURPOSE.story + (split === 'test' ? 0x100 : 0), index);
  for (let attempt = 0; attempt < 10_000; attempt++) {
    const told = tellStory(settings, draws);
    if (told === undefined) continue;
    const digest = createHash('sha256').update(JSON.stringify(told)).digest();
    const heldOut = digest.readUInt32BE(0) < TEST_SHARE * 2 ** 32;
    if (heldOut === (split === 'test')) return { id: digest.toString('hex', 0, 8), ...told };
  }
  throw new GlossaError(
    'LAB_NO_STORY',
    'no story fits problems.steps, max_start, max_change, max_total and operations',
    {
      hint: 'raise max_total, or allow add and subtract',
    },
  );
}

function tellStory(settings: ProblemSettings, draws: Draws): Omit<Story, 'id'> | undefined {
  const allowed = (operation: Operation): boolean => settings.operations.includes(operation);
  const weights = (['1', '2', '3', '4'] as const).map((steps) => settings.steps[steps] ?? 0);
  let left = draws.weighted(weights) + 1;
  const person = draws.below(PEOPLE.length);
  let other = (person + 1 + draws.below(PEOPLE.length - 1)) % PEOPLE.length;
  const item = draws.pick(ITEMS);

  let opening: Opening;
  if (allowed('multiply') && draws.uniform() < 0.4) {
    opening = { kind: 'packs', packs: 2 + draws.below(4), each: 2 + draws.below(Math.max(1, settings.maxChange - 1)) };
    left--;
  } else {
    opening = { kind: 'has', amount: 2 + draws.below(settings.maxStart - 1) };
  }
  let total = opening.kind === 'has' ? opening.amount : opening.packs * opening.each;
  if (total > settings.maxTotal) return undefined;
  const share = left > 0 && allowed('divide') && draws.uniform() < 0.4;
  if (share) left--;

  const events: StoryEvent[] = [];
  for (; left > 0; left--) {
    const room = { add: settings.maxTotal - total, subtract: total - 1 };
    const choices = (['add', 'subtract'] as const).filter((operation) => allowed(operation) && room[operation] >= 1);
    if (choices.length === 0) return undefined;
    const operation = draws.pick(choices);
    const amount = 1 + draws.below(Math.min(settings.maxChange, room[operation]));
    // Never twice the same thing in a row: "she buys 3 more, she buys 2 more" reads like a slip.
    const kinds = (operation === 'add' ? GAINS : LOSSES).filter((kind) => kind !== events.at(-1)?.kind);
    events.push({ kind: draws.pick(kinds), amount });
    total += operation === 'add' ? amount : -amount;
  }
  if (share) {
    const friends = [2, 3, 4, 5, 6].filter((n) => total % n === 0);
    if (friends.length === 0) return undefined;
    events.push({ kind: 'share', amount: draws.pick(friends) });
  }
  // Somebody who does not occur must not tell two stories apart: they would be one text under two ids.
  if (!events.some(({ kind }) => kind === 'give' || kind === 'receive')) other = (person + 1) % PEOPLE.length;
  return { person: PEOPLE[person]!, other: PEOPLE[other]!, item, opening, events };
}
