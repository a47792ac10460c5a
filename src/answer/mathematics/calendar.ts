import type { Formula } from './formula.js';

const MONTHS = 'january february march april may june july august september october november december'.split(' ');
const SLAVIC = [
  /^(?:січ|янв)/,
  /^(?:лют|фев)/,
  /^(?:берез|мар)/,
  /^(?:квіт|апр)/,
  /^(?:трав|ма[йя])/,
  /^(?:черв|июн)/,
  /^(?:лип|июл)/,
  /^(?:серп|авг)/,
  /^(?:верес|сен)/,
  /^(?:жовт|окт)/,
  /^(?:листопад|ноя)/,
  /^(?:груд|дек)/,
];

const CLOCK = /^(오전|오후|上午|下午|午前|午後|早上|晚上)?\s?(\d{1,2}):(\d{2})(?::(\d{2}))?\s?(?:([ap])\.?\s?m\.?)?$/i;
const HOUR = /^(\d{1,2})\s?([ap])\.?\s?m\.?$/i;
const EASTERN = /^(오전|오후|上午|下午|午前|午後|早上|晚上)?\s?(\d{1,2})\s?(?:시|点|點|時)(?:\s?(\d{1,2})\s?[분分])?$/;
const ISO = /^(\d{4})-(\d{1,2})-(\d{1,2})$/;
const EASTERN_DATE = /^(?:(\d{4})\s?[년年])?\s?(\d{1,2})\s?[월月]\s?(\d{1,2})\s?[일日号號]$/;
const WESTERN_DATE = /^(\p{L}{3,12})\.? (\d{1,2})(?:st|nd|rd|th)?(?:,? (\d{4}))?$/u;
const DAY_FIRST = /^(\d{1,2})(?:st|nd|rd|th)?(?: of)? (\p{L}{3,12})(?:,? (\d{4}))?(?: р(?:оку|\.)?| г(?:ода|\.)?)?$/u;

/** A time of the day, or a date, that a text consists of: 4:30 p.m., 05:00, 오후 3시, October 30, 2024-05-17, 17 травня; null of others. */
export function timeOrDate(text: string): Formula | null {
  const plain = text
    .replace(/\\(?:text|mbox|mathrm)\s?\{([^{}]*)\}/g, ' $1')
    .replace(/\\[!,;: ]|[~$]/g, ' ')
    .replace(/\s*:\s*/g, ':')
    .replace(/\s+/g, ' ')
    .replace(/^(?:at|on) /, '')
    .trim();
  if (plain.length > 40 || !/\d/.test(plain)) return null;
  return timeOf(plain) ?? dateOf(plain);
}

function timeOf(text: string): Formula | null {
  const clock = CLOCK.exec(text);
  if (clock !== null) return time(clock[2]!, clock[3], clock[4], clock[1] ?? clock[5]);
  const hour = HOUR.exec(text);
  if (hour !== null) return time(hour[1]!, undefined, undefined, hour[2]);
  const eastern = EASTERN.exec(text);
  return eastern === null || (eastern[1] === undefined && eastern[3] === undefined && !/[时時시]$/.test(text))
    ? null
    : time(eastern[2]!, eastern[3], undefined, eastern[1]);
}

function time(hour: string, minute = '0', second = '0', half: string | undefined): Formula | null {
  const parts = [hour, minute, second].map(Number) as [number, number, number];
  if (parts[0] > 24 || parts[1] > 59 || parts[2] > 59) return null;
  const afternoon = half === undefined ? null : /[pP후下晚]|午後/.test(half) ? 1 : 0;
  return { kind: 'time', parts: [...parts, afternoon] };
}

function dateOf(text: string): Formula | null {
  const iso = ISO.exec(text) ?? EASTERN_DATE.exec(text);
  if (iso !== null) return date(iso[1], Number(iso[2]), iso[3]!);
  const western = WESTERN_DATE.exec(text);
  if (western !== null) return date(western[3], monthOf(western[1]!), western[2]!);
  const dayFirst = DAY_FIRST.exec(text);
  return dayFirst === null ? null : date(dayFirst[3], monthOf(dayFirst[2]!), dayFirst[1]!);
}

function monthOf(word: string): number {
  const name = word.toLowerCase();
  const english = MONTHS.findIndex(
    (month) => month === name || month.slice(0, 3) === name || (name === 'sept' && month === 'september'),
  );
  return 1 + (english >= 0 ? english : SLAVIC.findIndex((month) => month.test(name)));
}

function date(year: string | undefined, month: number, day: string): Formula | null {
  if (month < 1 || month > 12 || Number(day) < 1 || Number(day) > 31) return null;
  return { kind: 'date', parts: [year === undefined ? null : Number(year), month, Number(day)] };
}
