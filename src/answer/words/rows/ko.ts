import { numbered, type NumberWords } from '../row.js';

const END =
  /^(?:$|[\s\p{P}=]|입니다|이다|이에요|예요|이고|개|명|마리|원|권|자루|살|시간|분|일|년|대|장|송이|그루|번|점|쪽|잔|병|킬로|미터|센티)/u;

/** Sino-Korean. */
export const KO: NumberWords = {
  languages: ['ko'],
  words: numbered(0, '영|공 일 이 삼 사 오 육|륙 칠 팔 구'),
  scales: { 십: 10, 백: 100, 천: 1e3, 만: 1e4, 억: 1e8, 조: 1e12 },
  section: 1e4,
  alone: { 절반: '0.5' },
  notBefore: { 이: /^(?:다|에요|고|며|므로)/u },
  joint: ' ?',
  begin: '[가-힣]',
  end: END,
};

/** Native Korean: what is counted, below 100; beyond, a Sino-Korean hundred stands before it. */
export const KO_NATIVE: NumberWords = {
  languages: ['ko'],
  words: {
    ...numbered(1, '하나|한 둘|두 셋|세 넷|네 다섯 여섯 일곱 여덟 아홉 열'),
    ...numbered(20, '스물|스무 서른 마흔 쉰 예순 일흔 여든 아흔', 10),
    백: 100,
  },
  scales: {},
  section: 1e4,
  joint: ' ?',
  begin: '[가-힣]',
  end: END,
};
