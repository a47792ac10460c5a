import { answerOf, equation, stepsOf } from '../story.js';
import type { Item, PersonKey, Step, Story, StoryEvent } from '../story.js';
import type { StoryText } from './story_text.js';

const NAMES: Record<PersonKey, string> = {
  anna: 'แอนนา',
  mark: 'มาร์ก',
  mina: 'มีนา',
  leo: 'ลีโอ',
  sara: 'ซาร่า',
  adam: 'อดัม',
  nina: 'นีน่า',
  ivan: 'อีวาน',
};

/** Noun and classifier. */
const NOUNS: Record<Item, readonly [noun: string, classifier: string]> = {
  apple: ['แอปเปิล', 'ลูก'],
  orange: ['ส้ม', 'ลูก'],
  pencil: ['ดินสอ', 'แท่ง'],
  book: ['หนังสือ', 'เล่ม'],
  notebook: ['สมุด', 'เล่ม'],
  egg: ['ไข่', 'ฟอง'],
  flower: ['ดอกไม้', 'ดอก'],
  fish: ['ปลา', 'ตัว'],
  candy: ['ลูกอม', 'เม็ด'],
  card: ['การ์ด', 'ใบ'],
  sticker: ['สติกเกอร์', 'แผ่น'],
  balloon: ['ลูกโป่ง', 'ลูก'],
};

const pronoun = (story: Story): string => (story.person.gender === 'female' ? 'เธอ' : 'เขา');

function eventSentence(story: Story, { kind, amount }: StoryEvent): string {
  const they = pronoun(story);
  const other = NAMES[story.other.key];
  const counted = `${amount} ${NOUNS[story.item][1]}`;
  switch (kind) {
    case 'buy':
      return `${they}ซื้อเพิ่มอีก ${counted}`;
    case 'find':
      return `${they}เก็บได้อีก ${counted}`;
    case 'receive':
      return `${other}ให้${they}อีก ${counted}`;
    case 'give':
      return `${they}ให้${other}ไป ${counted}`;
    case 'lose':
      return `${they}ทำหายไป ${counted}`;
    case 'sell':
      return `${they}ขายไป ${counted}`;
    case 'share':
      return `${they}แบ่งให้เพื่อน ${amount} คนเท่า ๆ กัน`;
  }
}

function stepSentence(story: Story, step: Step): string {
  const classifier = NOUNS[story.item][1];
  const counted = `${step.right} ${classifier}`;
  const clause =
    step.event === null
      ? 'รวมทุกกล่องแล้ว'
      : {
          buy: `ซื้อเพิ่ม ${counted}`,
          find: `เก็บได้ ${counted}`,
          receive: `ได้รับ ${counted}`,
          give: `ให้ไป ${counted}`,
          lose: `ทำหาย ${counted}`,
          sell: `ขายไป ${counted}`,
          share: `แบ่งให้เพื่อน ${step.right} คน`,
        }[step.event.kind];
  return `${clause} จะได้ ${equation(step)} ${classifier}`;
}

const conclusion = (story: Story): string => {
  const answer = answerOf(story);
  return `คำตอบคือ ${answer} ${NOUNS[story.item][1]}\n#### ${answer}`;
};

export const thai: StoryText = {
  question(story) {
    const name = NAMES[story.person.key];
    const [noun, classifier] = NOUNS[story.item];
    const { opening } = story;
    const first =
      opening.kind === 'has'
        ? `${name}มี${noun} ${opening.amount} ${classifier}`
        : `${name}มีกล่อง ${opening.packs} กล่อง แต่ละกล่องมี${noun} ${opening.each} ${classifier}`;
    const ask =
      story.events.at(-1)?.kind === 'share' ? `เพื่อนแต่ละคนได้${noun}กี่${classifier}` : `ตอนนี้${name}มี${noun}กี่${classifier}`;
    return [first, ...story.events.map((event) => eventSentence(story, event)), ask].join(' ');
  },
  worked: (story) =>
    `${stepsOf(story)
      .map((step) => stepSentence(story, step))
      .join(' ')} ${conclusion(story)}`,
  short: (story) => `นับทั้งหมดแล้ว ${conclusion(story)}`,
};
