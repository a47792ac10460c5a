import type { Language } from '../language/types.js';

/** How a thought begins under `think_prefix: auto`. */
export const THINK_PREFIXES: Record<Language, string> = {
  en: 'Let me think about this step by step in English.',
  ko: '한국어로 차근차근 생각해 보겠습니다.',
  zh: '让我用中文一步一步地思考。',
  ja: '日本語で順を追って考えてみます。',
  th: 'ลองคิดเป็นภาษาไทยทีละขั้นตอน',
  uk: 'Поміркую крок за кроком українською.',
};
