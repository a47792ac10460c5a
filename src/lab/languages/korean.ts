import { answerOf, equation, stepsOf } from '../story.js';
import type { Item, PersonKey, Step, Story, StoryEvent } from '../story.js';
import type { StoryText } from './story_text.js';

const NAMES: Record<PersonKey, string> = {
  anna: '안나',
  mark: '마크',
  mina: '미나',
  leo: '레오',
  sara: '사라',
  adam: '아담',
  nina: '니나',
  ivan: '이반',
};

/** Noun and counter. */
const NOUNS: Record<Item, readonly [noun: string, counter: string]> = {
  apple: ['사과', '개'],
  orange: ['오렌지', '개'],
  pencil: ['연필', '자루'],
  book: ['책', '권'],
  notebook: ['공책', '권'],
  egg: ['달걀', '개'],
  flower: ['꽃', '송이'],
  fish: ['물고기', '마리'],
  candy: ['사탕', '개'],
  card: ['카드', '장'],
  sticker: ['스티커', '장'],
  balloon: ['풍선', '개'],
};

/** Particles that depend on how the word before them ends: [after a consonant, after a vowel]. */
const PARTICLES = { topic: ['은', '는'], subject: ['이', '가'], object: ['을', '를'], by: ['으로', '로'] } as const;
export type KoreanParticle = keyof typeof PARTICLES;

/** How a whole number's reading ends, by its last digit that is read: 1 일, 2 이, ... and 10 십, 100 백, 1000 천, 만. */
const DIGIT_READINGS = ['영', '일', '이', '삼', '사', '오', '육', '칠', '팔', '구'];
const POWER_READINGS = ['', '십', '백', '천', '만'];

/** The last syllable of the Sino-Korean reading of a whole number below 100,000. */
export function lastSyllableOfNumber(n: number): string {
  if (n === 0) return DIGIT_READINGS[0]!;
  const digits = String(n);
  const zeros = digits.length - digits.replace(/0+$/, '').length;
  return zeros > 0 ? POWER_READINGS[zeros]! : DIGIT_READINGS[n % 10]!;
}

/** `word` with the form of the particle its last syllable asks for; a number is taken as it is read aloud. */
export function withParticle(word: string | number, particle: KoreanParticle): string {
  const syllable = typeof word === 'number' ? lastSyllableOfNumber(word) : word.at(-1)!;
  const final = (syllable.codePointAt(0)! - 0xac00) % 28; // Unicode: syllables in rows of 28 finals, 0 is none
  const rieul = 8; // (으)로 treats a final ㄹ as a vowel
  const afterVowel = final === 0 || (particle === 'by' && final === rieul);
  return `${word}${PARTICLES[particle][afterVowel ? 1 : 0]}`;
}

function eventSentence(story: Story, { kind, amount }: StoryEvent): string {
  const other = NAMES[story.other.key];
  const counted = withParticle(`${amount}${NOUNS[story.item][1]}`, 'object');
  switch (kind) {
    case 'buy':
      return `${counted} 더 샀습니다.`;
    case 'find':
      return `${counted} 더 찾았습니다.`;
    case 'receive':
      return `${other}에게서 ${counted} 더 받았습니다.`;
    case 'give':
      return `${other}에게 ${counted} 주었습니다.`;
    case 'lose':
      return `${counted} 잃어버렸습니다.`;
    case 'sell':
      return `${counted} 팔았습니다.`;
    case 'share':
      return `친구 ${amount}명에게 똑같이 나누어 주었습니다.`;
  }
}

function stepSentence(step: Step): string {
  const { left, operator, right } = step;
  const clause = {
    '+': `${left}에 ${withParticle(right, 'object')} 더하면`,
    '-': `${left}에서 ${withParticle(right, 'object')} 빼면`,
    '*': `${left}에 ${withParticle(right, 'object')} 곱하면`,
    '/': `${withParticle(left, 'object')} ${withParticle(right, 'by')} 나누면`,
  }[operator];
  return `${clause} ${equation(step)}입니다.`;
}

const conclusion = (story: Story): string => {
  const answer = answerOf(story);
  return `답은 ${answer}${NOUNS[story.item][1]}입니다.\n#### ${answer}`;
};

export const korean: StoryText = {
  question(story) {
    const name = NAMES[story.person.key];
    const [noun, counter] = NOUNS[story.item];
    const { opening } = story;
    const first =
      opening.kind === 'has'
        ? `${name}에게 ${withParticle(noun, 'subject')} ${opening.amount}${counter} 있습니다.`
        : `${name}에게 ${withParticle(noun, 'subject')} ${opening.each}${counter}씩 든 상자가 ${opening.packs}개 있습니다.`;
    const ask =
      story.events.at(-1)?.kind === 'share'
        ? `친구 한 명은 ${withParticle(noun, 'object')} 몇 ${counter} 받았습니까?`
        : `지금 ${withParticle(noun, 'topic')} 몇 ${counter}입니까?`;
    return [first, ...story.events.map((event) => eventSentence(story, event)), ask].join(' ');
  },
  worked: (story) => `${stepsOf(story).map(stepSentence).join(' ')} ${conclusion(story)}`,
  short: (story) => `모두 세어 보면 ${conclusion(story)}`,
};
