import { answerOf, equation, stepsOf } from '../story.js';
import type { Item, PersonKey, Step, Story, StoryEvent } from '../story.js';
import type { StoryText } from './story_text.js';

const NAMES: Record<PersonKey, string> = {
  anna: 'アンナ',
  mark: 'マーク',
  mina: 'ミナ',
  leo: 'レオ',
  sara: 'サラ',
  adam: 'アダム',
  nina: 'ニナ',
  ivan: 'イワン',
};

/** Noun and counter. */
const NOUNS: Record<Item, readonly [noun: string, counter: string]> = {
  apple: ['りんご', '個'],
  orange: ['オレンジ', '個'],
  pencil: ['鉛筆', '本'],
  book: ['本', '冊'],
  notebook: ['ノート', '冊'],
  egg: ['卵', '個'],
  flower: ['花', '本'],
  fish: ['魚', '匹'],
  candy: ['あめ', '個'],
  card: ['カード', '枚'],
  sticker: ['シール', '枚'],
  balloon: ['風船', '個'],
};

function eventSentence(story: Story, { kind, amount }: StoryEvent): string {
  const other = NAMES[story.other.key];
  const counted = `${amount}${NOUNS[story.item][1]}`;
  switch (kind) {
    case 'buy':
      return `さらに${counted}買いました。`;
    case 'find':
      return `さらに${counted}見つけました。`;
    case 'receive':
      return `${other}からさらに${counted}もらいました。`;
    case 'give':
      return `${other}に${counted}あげました。`;
    case 'lose':
      return `${counted}なくしました。`;
    case 'sell':
      return `${counted}売りました。`;
    case 'share':
      return `それを${amount}人の友達に同じ数ずつ分けました。`;
  }
}

function stepSentence(story: Story, step: Step): string {
  const counter = NOUNS[story.item][1];
  const counted = `${step.right}${counter}`;
  const clause =
    step.event === null
      ? '全部の箱を合わせると'
      : {
          buy: `${counted}買うと`,
          find: `${counted}見つけると`,
          receive: `${counted}もらうと`,
          give: `${counted}あげると`,
          lose: `${counted}なくすと`,
          sell: `${counted}売ると`,
          share: `${step.right}人で分けると`,
        }[step.event.kind];
  return `${clause}${equation(step)}${counter}になります。`;
}

const conclusion = (story: Story): string => {
  const answer = answerOf(story);
  return `答えは${answer}${NOUNS[story.item][1]}です。\n#### ${answer}`;
};

export const japanese: StoryText = {
  question(story) {
    const name = NAMES[story.person.key];
    const [noun, counter] = NOUNS[story.item];
    const { opening } = story;
    const first =
      opening.kind === 'has'
        ? `${name}は${noun}を${opening.amount}${counter}持っています。`
        : `${name}は${noun}が${opening.each}${counter}ずつ入った箱を${opening.packs}箱持っています。`;
    const ask =
      story.events.at(-1)?.kind === 'share'
        ? `友達はそれぞれ${noun}を何${counter}もらいましたか？`
        : `${name}は今${noun}を何${counter}持っていますか？`;
    return [first, ...story.events.map((event) => eventSentence(story, event)), ask].join('');
  },
  worked: (story) =>
    `${stepsOf(story)
      .map((step) => stepSentence(story, step))
      .join('')}${conclusion(story)}`,
  short: (story) => `全部数えると、${conclusion(story)}`,
};
