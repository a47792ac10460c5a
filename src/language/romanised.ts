/**
 * Japanese, Korean and Chinese written in Latin letters, which neither English function words nor eld's table tell apart from
 * English (eld knows no language of that sound): Hepburn, Revised Romanisation and pinyin, by the shape of syllables and by
 * particles and endings.
 */

/** Share of words that must have the shape. */
const SHAPED = 0.85;

/** Hepburn: open syllables and n, doubled consonants. */
const HEPBURN =
  /^(?:(?:k{1,2}|s{1,2}|t{1,2}|p{1,2}|g|z|d|n|h|b|m|r|w|y|j|f|ky|gy|s?sh|t?ch|t?ts|ny|hy|by|py|my|ry)?[aiueoāīūēō]|n(?=[^aiueoy]|$)|n')+$/;
const HEPBURN_WORDS = new Set(
  (
    'wa ga wo ni no de mo kara made desu masu deshita mashita masen ka ne yo ikutsu nanko arimasu imasu motte kore sore dakara ' +
    'shitagatte tsugi mazu zenbu goukei gokei kotae kotaeha ko kai nin en'
  ).split(' '),
);
const HEPBURN_SHARE = 0.2;

const PINYIN =
  /^(?:(?:zh|ch|sh|[bpmfdtnlgkhjqxrzcsyw])?(?:iang|iong|uang|ueng|ang|eng|ing|ong|ian|iao|uai|uan|van|ai|ei|ao|ou|an|en|in|un|ia|ie|iu|ua|uo|ui|ue|er|[aoeiuüv]))+$/;
const PINYIN_WORDS = new Set(
  (
    'de le shi ge zai you yi er san si wu liu qi ba jiu ta wo ni women tamen nimen zhe na yige liangge sange duoshao haiyou ' +
    'suoyi yinwei yigong jia jian dengyu cheng chu xian ranhou daan meige geng shengxia haishi meiyou shuliang zongshu'
  ).split(' '),
);
const PINYIN_SHARE = 0.25;
const KOREAN_ENDING =
  /.(?:neun|eun|reul|eul|eseo|euro|ege|imnida|mnida|seumnida|seubnida|ibnida|haeyo|ieyo|yeyo|eoyo|ayo|nikka|gayo|jiman|myeon|haessda|haetda|eotda|atda|ida|hago|buteo|kkaji)$/;
const KOREAN_SHARE = 0.3;

const TONES = /[\u0300\u0301\u0304\u030c]/g;

/** Whether a run of Latin words reads as romanised Japanese, Korean or Chinese. Words: 4 or more. */
export function isRomanised(words: readonly string[]): boolean {
  const plain = words.map(withoutTones);
  const share = (test: (word: string) => boolean): number => plain.filter(test).length / plain.length;
  if (share((word) => KOREAN_ENDING.test(word)) >= KOREAN_SHARE) return true;
  if (share((word) => HEPBURN_WORDS.has(word)) >= HEPBURN_SHARE && share((word) => HEPBURN.test(word)) >= SHAPED)
    return true;
  return share((word) => PINYIN_WORDS.has(word)) >= PINYIN_SHARE && share((word) => PINYIN.test(word)) >= SHAPED;
}

function withoutTones(word: string): string {
  const lower = word.toLowerCase();
  return ASCII.test(lower) ? lower : lower.normalize('NFD').replace(TONES, '').normalize('NFC');
}
const ASCII = /^[a-z'-]*$/;
