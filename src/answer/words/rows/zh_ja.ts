import { ANY_BEGIN, numbered, type NumberWords } from '../row.js';

export const ZH_JA: NumberWords = {
  languages: ['zh', 'ja'],
  words: { ...numbered(0, '零|〇 一|壱 二|两|兩|弐 三|参 四 五 六 七 八 九'), 廿: 20 },
  scales: { 十: 10, 百: 100, 千: 1e3, 万: 1e4, 萬: 1e4, 亿: 1e8, 億: 1e8, 兆: 1e12 },
  section: 1e4,
  alone: { 一半: '0.5', 半分: '0.5' },
  andHalf: '半',
  joint: '',
  begin: ANY_BEGIN,
  /** The end, punctuation, or a counter or copula that does not make another word of it. */
  end: /^(?:$|[\s\p{P}=]|[个個只支本元块塊人名岁歲天年月日米厘枚匹台冊円点張张条條辆輛杯页頁棵朵颗顆瓶箱袋斤度歩步题題つ]|小时|小時|时間|時間|分钟|分間|公里|千克|公斤|です|でした|だ|になり|である)/u,
};
