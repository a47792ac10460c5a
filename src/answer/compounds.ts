/**
 * Measures of two parts, which no one number is: 2 hours 30 minutes, 3 m 20 cm, 5元3角. Units of one kind, in each language that is
 * measured; the first unit stands between the two numbers and another of its kind behind the second.
 */
const KINDS = [
  // Time.
  kind(
    'weeks?|days?|hours?|hrs?|minutes?|mins?|min|seconds?|secs?|sec|h|m|s|years?|months?',
    '년|개월|주일|주|일|시간|시|분|초|月|周|星期|天|日|小时|小時|時間|时|時|点|點|分钟|分鐘|分間|分|秒|個月|个月|年|ヶ月|か月',
    'สัปดาห์|วัน|ชั่วโมง|นาฬิกา|นาที|วินาที|ปี|เดือน',
    String.raw`тиж[а-яії]*|дн[іяі]в?|день|діб|доб[аиу]|год[а-яі]*\.?|хв[а-я]*\.?|сек[а-я]*\.?|с|рок[иіу]в?|років|рік|міся[а-яії]*|дней|час[а-я]*|мин[а-я]*\.?|недел[а-я]*|лет|месяц[а-я]*`,
  ),
  // Length.
  kind(
    String.raw`kilometers?|kilometres?|meters?|metres?|centimeters?|centimetres?|millimeters?|miles?|yards?|feet|foot|inch(?:es)?|km|cm|mm|m|ft\.?|in\.?|yd|'|"|′|″`,
    '킬로미터|센티미터|밀리미터|미터|센티|公里|千米|厘米|毫米|分米|米|公尺|公分|キロメートル|センチメートル|センチ|メートル|キロ|ミリ|尺|寸',
    'กิโลเมตร|เซนติเมตร|มิลลิเมตร|เมตร|กม\\.|ซม\\.|ม\\.',
    'кілометр[а-яів]*|сантиметр[а-яів]*|метр[а-яів]*|километр[а-я]*|км|см|мм|дм|м',
  ),
  // Weight and volume.
  kind(
    String.raw`kilograms?|grams?|milligrams?|tons?|pounds?|lbs?\.?|ounces?|oz\.?|kg|mg|g|liters?|litres?|milliliters?|gallons?|quarts?|pints?|cups?|L|l|ml|mL`,
    '킬로그램|그램|톤|리터|밀리리터|公斤|千克|克|吨|斤|两|升|毫升|キログラム|グラム|トン|リットル|ミリリットル|デシリットル',
    'กิโลกรัม|กรัม|ลิตร|มิลลิลิตร|กก\\.|ขีด',
    'кілограм[а-яів]*|грам[а-яів]*|тонн?[а-яи]*|літр[а-яів]*|мілілітр[а-яів]*|килограмм?[а-я]*|литр[а-я]*|кг|г|т|л|мл',
  ),
  // Money.
  kind(
    'dollars?|cents?|euros?|pounds?|pence|rupees?|paise|¢',
    '달러|센트|유로|元|块|塊|毛|角|分|ドル|セント',
    'บาท|สตางค์',
    String.raw`грн\.?|грив[а-яєень]*|коп\.?|копі[а-яійоек]*|копе[а-яейк]*|руб\.?|рубл[а-яей]*|долар[а-яів]*|центі?в?`,
  ),
];

function kind(...languages: string[]): { between: RegExp; behind: RegExp } {
  const units = String.raw`(?:${languages.join('|')})(?![a-zа-яіїєґ])`;
  return {
    between: new RegExp(String.raw`^ ?${units}(?:,? (?:and|і|й|та|и)|과|와|と)? ?$`, 'u'),
    behind: new RegExp(`^ ?(${units})`, 'u'),
  };
}

/** Whether two numbers with `gap` between them and `after` behind the second measure one thing in two units. */
export function isCompound(gap: string, after: string): boolean {
  return KINDS.some(({ between, behind }) => {
    const second = between.test(gap) ? behind.exec(after) : null;
    // "2 hours and 3 hours" are two measures.
    return second !== null && !gap.trim().startsWith(second[1]!);
  });
}
