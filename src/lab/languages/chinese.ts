import { answerOf, equation, stepsOf } from '../story.js';
import type { Item, PersonKey, Step, Story, StoryEvent } from '../story.js';
import type { StoryText } from './story_text.js';

const NAMES: Record<PersonKey, string> = {
  anna: '安娜',
  mark: '马克',
  mina: '米娜',
  leo: '里奥',
  sara: '萨拉',
  adam: '亚当',
  nina: '妮娜',
  ivan: '伊万',
};

/** Noun and measure word. */
const NOUNS: Record<Item, readonly [noun: string, measure: string]> = {
  apple: ['苹果', '个'],
  orange: ['橙子', '个'],
  pencil: ['铅笔', '支'],
  book: ['书', '本'],
  notebook: ['笔记本', '本'],
  egg: ['鸡蛋', '个'],
  flower: ['花', '朵'],
  fish: ['鱼', '条'],
  candy: ['糖', '颗'],
  card: ['卡片', '张'],
  sticker: ['贴纸', '张'],
  balloon: ['气球', '个'],
};

const pronoun = (story: Story): string => (story.person.gender === 'female' ? '她' : '他');

function eventSentence(story: Story, { kind, amount }: StoryEvent): string {
  const they = pronoun(story);
  const other = NAMES[story.other.key];
  const counted = `${amount}${NOUNS[story.item][1]}`;
  switch (kind) {
    case 'buy':
      return `${they}又买了${counted}。`;
    case 'find':
      return `${they}又找到了${counted}。`;
    case 'receive':
      return `${other}又给了${they}${counted}。`;
    case 'give':
      return `${they}给了${other}${counted}。`;
    case 'lose':
      return `${they}弄丢了${counted}。`;
    case 'sell':
      return `${they}卖掉了${counted}。`;
    case 'share':
      return `${they}把它们平均分给${amount}个朋友。`;
  }
}

function stepSentence(story: Story, step: Step): string {
  const counted = `${step.right}${NOUNS[story.item][1]}`;
  const clause =
    step.event === null
      ? '把所有盒子加起来'
      : {
          buy: `买了${counted}`,
          find: `找到${counted}`,
          receive: `得到${counted}`,
          give: `给出${counted}`,
          lose: `弄丢${counted}`,
          sell: `卖掉${counted}`,
          share: `平均分给${step.right}个朋友`,
        }[step.event.kind];
  return `${clause}，所以${equation(step)}。`;
}

const conclusion = (story: Story): string => {
  const answer = answerOf(story);
  return `答案是${answer}${NOUNS[story.item][1]}。\n#### ${answer}`;
};

export const chinese: StoryText = {
  question(story) {
    const name = NAMES[story.person.key];
    const [noun, measure] = NOUNS[story.item];
    const { opening } = story;
    const first =
      opening.kind === 'has'
        ? `${name}有${opening.amount}${measure}${noun}。`
        : `${name}有${opening.packs}个盒子，每个盒子里有${opening.each}${measure}${noun}。`;
    const ask =
      story.events.at(-1)?.kind === 'share'
        ? `每个朋友得到多少${measure}${noun}？`
        : `${name}现在有多少${measure}${noun}？`;
    return [first, ...story.events.map((event) => eventSentence(story, event)), ask].join('');
  },
  worked: (story) =>
    `${stepsOf(story)
      .map((step) => stepSentence(story, step))
      .join('')}${conclusion(story)}`,
  short: (story) => `全部数一下，${conclusion(story)}`,
};
