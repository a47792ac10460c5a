import { answerOf, equation, stepsOf } from '../story.js';
import type { Item, PersonKey, Step, Story, StoryEvent } from '../story.js';
import type { StoryText } from './story_text.js';

const NAMES: Record<PersonKey, string> = {
  anna: 'Anna',
  mark: 'Mark',
  mina: 'Mina',
  leo: 'Leo',
  sara: 'Sara',
  adam: 'Adam',
  nina: 'Nina',
  ivan: 'Ivan',
};

/** Singular and plural. */
const NOUNS: Record<Item, readonly [one: string, many: string]> = {
  apple: ['apple', 'apples'],
  orange: ['orange', 'oranges'],
  pencil: ['pencil', 'pencils'],
  book: ['book', 'books'],
  notebook: ['notebook', 'notebooks'],
  egg: ['egg', 'eggs'],
  flower: ['flower', 'flowers'],
  fish: ['fish', 'fish'],
  candy: ['candy', 'candies'],
  card: ['card', 'cards'],
  sticker: ['sticker', 'stickers'],
  balloon: ['balloon', 'balloons'],
};

/** "1 apple", "2 apples". */
export function countedEnglish(n: number, item: Item): string {
  return `${n} ${NOUNS[item][n === 1 ? 0 : 1]}`;
}

const subject = (story: Story): string => (story.person.gender === 'female' ? 'She' : 'He');
const object = (story: Story): string => (story.person.gender === 'female' ? 'her' : 'him');

function eventClause(story: Story, { kind, amount }: StoryEvent): string {
  const they = subject(story);
  const other = NAMES[story.other.key];
  switch (kind) {
    case 'buy':
      return `${they} buys ${amount} more`;
    case 'find':
      return `${they} finds ${amount} more`;
    case 'receive':
      return `${other} gives ${object(story)} ${amount} more`;
    case 'give':
      return `${they} gives ${amount} to ${other}`;
    case 'lose':
      return `${they} loses ${amount}`;
    case 'sell':
      return `${they} sells ${amount}`;
    case 'share':
      return `${they} shares them equally among ${amount} friends`;
  }
}

function stepClause(story: Story, { event }: Step): string {
  const they = subject(story);
  if (event === null) return `${they} opens all the boxes`;
  switch (event.kind) {
    case 'buy':
      return `${they} buys ${event.amount}`;
    case 'find':
      return `${they} finds ${event.amount}`;
    case 'receive':
      return `${they} gets ${event.amount}`;
    case 'give':
      return `${they} gives ${event.amount}`;
    case 'lose':
      return `${they} loses ${event.amount}`;
    case 'sell':
      return `${they} sells ${event.amount}`;
    case 'share':
      return `${event.amount} friends share them`;
  }
}

const conclusion = (answer: number): string => `The answer is ${answer}.\n#### ${answer}`;

export const english: StoryText = {
  question(story) {
    const name = NAMES[story.person.key];
    const { opening } = story;
    const nouns = NOUNS[story.item][1];
    const first =
      opening.kind === 'has'
        ? `${name} has ${countedEnglish(opening.amount, story.item)}.`
        : `${name} has ${opening.packs} boxes with ${countedEnglish(opening.each, story.item)} in each.`;
    const ask =
      story.events.at(-1)?.kind === 'share'
        ? `How many ${nouns} does each friend get?`
        : `How many ${nouns} does ${story.person.gender === 'female' ? 'she' : 'he'} have now?`;
    return [first, ...story.events.map((event) => `${eventClause(story, event)}.`), ask].join(' ');
  },
  worked(story) {
    const steps = stepsOf(story).map((step) => `${stepClause(story, step)}, so ${equation(step)}.`);
    return `${steps.join(' ')} ${conclusion(answerOf(story))}`;
  },
  short: (story) => {
    const answer = answerOf(story);
    return `Counting them all, the answer is ${answer}.\n#### ${answer}`;
  },
};
