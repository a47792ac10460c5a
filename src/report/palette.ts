import { LANGUAGE_TABLE } from '../language/index.js';

/**
 * Colours as CSS custom properties, so that one figure serves light and dark pages. Both sets keep a contrast of at
 * least 3:1 against their ground and differ in lightness as well as in hue (Okabe & Ito's set, shifted for dark).
 */
export interface Ink {
  light: string;
  dark: string;
}

/** Lines of several runs in one chart. */
export const SERIES_INK: readonly Ink[] = [
  { light: '#d55e00', dark: '#ff9a56' },
  { light: '#0072b2', dark: '#56b4e9' },
  { light: '#666666', dark: '#a8a8a8' },
  { light: '#009e73', dark: '#3fd6a8' },
  { light: '#a8457f', dark: '#e79fc8' },
  { light: '#7a6400', dark: '#e3cf4f' },
];

export const CLASS_INK = {
  target: LANGUAGE_TABLE.ko.colour,
  mixed: { light: '#8a6d00', dark: '#e3cf4f' },
  english: LANGUAGE_TABLE.en.colour,
} as const;

export const PAGE_INK: Record<'ground' | 'text' | 'quiet' | 'rule' | 'good' | 'bad', Ink> = {
  ground: { light: '#ffffff', dark: '#15171a' },
  text: { light: '#1b1d20', dark: '#e8e8e6' },
  quiet: { light: '#5c6167', dark: '#9da3aa' },
  rule: { light: '#d9dcdf', dark: '#34383d' },
  good: { light: '#1a7f37', dark: '#4fc36b' },
  bad: { light: '#b3261e', dark: '#ff8a80' },
};

/** Cells of a heat map, from little to much: near the ground first, so that one figure serves light and dark pages. */
export const HEAT_INK: readonly Ink[] = [
  { light: '#eef3f8', dark: '#1c2733' },
  { light: '#d3e3f0', dark: '#223a50' },
  { light: '#abcde4', dark: '#275070' },
  { light: '#78b0d6', dark: '#2f6a94' },
  { light: '#3a7fb3', dark: '#4590c0' },
  { light: '#1f6aa8', dark: '#6aaad3' },
  { light: '#0b4a8f', dark: '#a3d0ee' },
];

/** `name -> ink` of every colour a figure or page uses, under the custom property `--<name>`. */
export function inkTable(): Map<string, Ink> {
  const table = new Map<string, Ink>();
  for (const [name, ink] of Object.entries(PAGE_INK)) table.set(name, ink);
  for (const [name, { colour }] of Object.entries(LANGUAGE_TABLE)) table.set(`lang-${name}`, colour);
  for (const [name, ink] of Object.entries(CLASS_INK)) table.set(`class-${name}`, ink);
  HEAT_INK.forEach((ink, i) => table.set(`heat-${i}`, ink));
  SERIES_INK.forEach((ink, i) => table.set(`series-${i}`, ink));
  return table;
}

/** The line of the i-th of several runs or sets: of more than there are colours the second round is dashed. */
export function seriesInk(i: number): { ink: string; dashed: boolean } {
  return { ink: `series-${String(i % SERIES_INK.length)}`, dashed: Math.floor(i / SERIES_INK.length) % 2 === 1 };
}

export const ink = (name: string): string => `var(--${name})`;
