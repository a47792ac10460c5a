import { answerOf, equation, stepsOf } from '../story.js';
import type { Item, PersonKey, Step, Story, StoryEvent } from '../story.js';
import type { StoryText } from './story_text.js';

/** Nominative and dative. */
const NAMES: Record<PersonKey, readonly [nominative: string, dative: string]> = {
  anna: ['Анна', 'Анні'],
  mark: ['Марк', 'Марку'],
  mina: ['Міна', 'Міні'],
  leo: ['Лео', 'Лео'],
  sara: ['Сара', 'Сарі'],
  adam: ['Адам', 'Адаму'],
  nina: ['Ніна', 'Ніні'],
  ivan: ['Іван', 'Івану'],
};

/** Forms of a noun beside a number: after 1 (nominative, accusative), after 2 to 4, after 5 and more. */
interface CountedForms {
  one: string;
  oneAccusative: string;
  few: string;
  many: string;
}
const forms = (one: string, oneAccusative: string, few: string, many: string): CountedForms => ({
  one,
  oneAccusative,
  few,
  many,
});

const NOUNS: Record<Item | 'box', CountedForms> = {
  apple: forms('яблуко', 'яблуко', 'яблука', 'яблук'),
  orange: forms('апельсин', 'апельсин', 'апельсини', 'апельсинів'),
  pencil: forms('олівець', 'олівець', 'олівці', 'олівців'),
  book: forms('книга', 'книгу', 'книги', 'книг'),
  notebook: forms('зошит', 'зошит', 'зошити', 'зошитів'),
  egg: forms('яйце', 'яйце', 'яйця', 'яєць'),
  flower: forms('квітка', 'квітку', 'квітки', 'квіток'),
  fish: forms('рибка', 'рибку', 'рибки', 'рибок'),
  candy: forms('цукерка', 'цукерку', 'цукерки', 'цукерок'),
  card: forms('картка', 'картку', 'картки', 'карток'),
  sticker: forms('наліпка', 'наліпку', 'наліпки', 'наліпок'),
  balloon: forms('кулька', 'кульку', 'кульки', 'кульок'),
  box: forms('коробка', 'коробку', 'коробки', 'коробок'),
};

/** The Slavic plural rule (CLDR uk): 1, 21, 31 but not 11: one; 2-4, 22-24 but not 12-14: few; all others: many. */
export function pluralUkrainian(n: number): 'one' | 'few' | 'many' {
  const tens = n % 100;
  const units = n % 10;
  if (units === 1 && tens !== 11) return 'one';
  if (units >= 2 && units <= 4 && (tens < 12 || tens > 14)) return 'few';
  return 'many';
}

/** "1 книгу", "2 книги", "5 книг"; the case matters after 1 only. */
export function countedUkrainian(n: number, item: Item | 'box', grammaticalCase: 'nominative' | 'accusative'): string {
  const plural = pluralUkrainian(n);
  const noun = NOUNS[item];
  return `${n} ${plural === 'one' && grammaticalCase === 'accusative' ? noun.oneAccusative : noun[plural]}`;
}

const subject = (story: Story): string => (story.person.gender === 'female' ? 'Вона' : 'Він');
const dative = (story: Story): string => (story.person.gender === 'female' ? 'їй' : 'йому');

function eventClause(story: Story, { kind, amount }: StoryEvent): string {
  const they = subject(story);
  const [other, toOther] = NAMES[story.other.key];
  switch (kind) {
    case 'buy':
      return `${they} купує ще ${amount}`;
    case 'find':
      return `${they} знаходить ще ${amount}`;
    case 'receive':
      return `${other} дає ${dative(story)} ще ${amount}`;
    case 'give':
      return `${they} дає ${toOther} ${amount}`;
    case 'lose':
      return `${they} губить ${amount}`;
    case 'sell':
      return `${they} продає ${amount}`;
    case 'share':
      return `${they} ділить їх порівну між ${amount} друзями`;
  }
}

function stepSentence(story: Story, step: Step): string {
  const they = subject(story);
  const clause =
    step.event === null
      ? `${they} рахує всі коробки`
      : {
          buy: `${they} купує ${step.right}`,
          find: `${they} знаходить ${step.right}`,
          receive: `${they} отримує ${step.right}`,
          give: `${they} віддає ${step.right}`,
          lose: `${they} губить ${step.right}`,
          sell: `${they} продає ${step.right}`,
          share: `${they} ділить на ${step.right}`,
        }[step.event.kind];
  return `${clause}, тому ${equation(step)}.`;
}

const conclusion = (story: Story): string => {
  const answer = answerOf(story);
  return `Відповідь: ${countedUkrainian(answer, story.item, 'nominative')}.\n#### ${answer}`;
};

const lowerFirst = (text: string): string => text.charAt(0).toLowerCase() + text.slice(1);

export const ukrainian: StoryText = {
  question(story) {
    const [name] = NAMES[story.person.key];
    const { opening, item } = story;
    const first =
      opening.kind === 'has'
        ? `${name} має ${countedUkrainian(opening.amount, item, 'accusative')}.`
        : `${name} має ${countedUkrainian(opening.packs, 'box', 'accusative')}, у кожній по ${countedUkrainian(opening.each, item, 'accusative')}.`;
    const ask =
      story.events.at(-1)?.kind === 'share'
        ? `Скільки ${NOUNS[item].many} отримує кожен друг?`
        : `Скільки ${NOUNS[item].many} тепер має ${name}?`;
    return [first, ...story.events.map((event) => `${eventClause(story, event)}.`), ask].join(' ');
  },
  worked: (story) =>
    `${stepsOf(story)
      .map((step) => stepSentence(story, step))
      .join(' ')} ${conclusion(story)}`,
  short: (story) => `Якщо порахувати всі, ${lowerFirst(conclusion(story))}`,
};
