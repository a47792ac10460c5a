import { GlossaError } from '../base/error.js';

/** Memory of cards in GB as their makers name it; what a driver reports is up to 7 % more. */
const CARDS: Readonly<Record<string, number>> = {
  A10: 24,
  A100: 80,
  'A100-40GB': 40,
  'A100-80GB': 80,
  A30: 24,
  B200: 180,
  H100: 80,
  'H100-NVL': 94,
  H200: 141,
  L4: 24,
  L40S: 48,
  'RTX-3090': 24,
  'RTX-4090': 24,
  'RTX-5090': 32,
  'RTX-A6000': 48,
};

/** Bytes of `H200`, `80GB`, `80` or `80.5 GB`. @throws GlossaError USAGE */
export function gpuMemory(text: string): number {
  const card = Object.entries(CARDS).find(
    ([name]) =>
      name ===
      text
        .trim()
        .toUpperCase()
        .replaceAll(/[\s_]+/g, '-'),
  );
  const given = /^(\d+(?:\.\d+)?)\s*(?:gb)?$/i.exec(text.trim())?.[1];
  const gb = card?.[1] ?? (given === undefined ? NaN : Number(given));
  if (gb >= 0.1 && gb <= 10_000) return Math.round(gb * 1e9);
  throw new GlossaError('USAGE', `--device-memory ${text}: expected GB, such as 80GB, or a card`, {
    hint: `cards: ${Object.keys(CARDS).join(', ')}`,
  });
}
