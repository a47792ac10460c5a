/** What a Han character tells of the language. */
export const Form = { both: 0, japanese: 1, chinese: 2, traditional: 3 } as const;

/** One byte per BMP code unit. */
let table: Uint8Array | undefined;

/**
 * Han characters that tell Japanese from Chinese, by the character sets that their countries made standards; made on first use
 * (about 40 ms). Japanese: those of JIS X 0208, level 1, that neither GB 2312 nor Big5 has (働, 込, 売, 円: forms of Japan's
 * spelling reform and characters made there). Chinese: those of GB 2312 or of Big5's frequently used part that JIS X 0208 has not
 * (们, 这, 说, 說). Traditional, a weaker sign of Chinese: those that Big5 has among the frequent ones, GB 2312 has not, and JIS
 * X 0208 has only at level 2 (這, 號, 國), since Japan writes another form or seldom this one. In 10,600 sentences of MGSM, MSVAMP and lingua none of the other language's occurs.
 */
export function hanForms(): Uint8Array {
  if (table !== undefined) return table;
  const jis = (to: number): string[] => characters('euc-jp', 0xb0, to, [[0xa1, 0xfe]]);
  const big5 = (to: number): string[] => characters('big5', 0xa4, to, BIG5_TRAILS);
  const simplified = characters('gb18030', 0xb0, 0xf7, [[0xa1, 0xfe]]);
  table = new Uint8Array(0x10000);
  const paint = (letters: Iterable<string>, form: number): void => {
    for (const letter of letters) table![letter.charCodeAt(0)] = form;
  };
  paint(jis(0xcf), Form.japanese);
  paint([...simplified, ...big5(0xf9)], Form.both);
  const frequent = [...simplified, ...big5(0xc6)];
  const all = new Set(jis(0xf4));
  paint(
    frequent.filter((letter) => !all.has(letter)),
    Form.chinese,
  );
  const simple = new Set(simplified);
  const usual = new Set(jis(0xcf));
  paint(
    big5(0xc6).filter((letter) => all.has(letter) && !usual.has(letter) && !simple.has(letter)),
    Form.traditional,
  );
  return table;
}

const BIG5_TRAILS: [number, number][] = [
  [0x40, 0x7e],
  [0xa1, 0xfe],
];
const HAN = /\p{Script=Han}/u;

/** Han characters of a two-byte encoding with lead bytes from..to. */
function characters(encoding: string, from: number, to: number, trails: [number, number][]): string[] {
  const bytes: number[] = [];
  for (let lead = from; lead <= to; lead++)
    for (const [first, last] of trails) for (let trail = first; trail <= last; trail++) bytes.push(lead, trail);
  return [...new TextDecoder(encoding).decode(new Uint8Array(bytes))].filter((letter) => HAN.test(letter));
}
