/**
 * Word breaks inside a run of letters that are written without spaces: Chinese and Japanese (one dictionary in ICU, whatever
 * the locale) and Thai. Intl.Segmenter costs about 1.5 microseconds a word, by far the most of the whole measure, and the
 * completions of one prompt repeat each other's clauses, so the breaks of short runs are remembered.
 */
const segmenters = new Map<'zh' | 'th', Intl.Segmenter>();

/** Runs remembered, per script; when full, the older half is forgotten. Longer runs are not worth their memory. */
const REMEMBERED_RUNS = 1 << 14;
const LONGEST_REMEMBERED = 40;
const remembered = { zh: new Map<string, Uint8Array>(), th: new Map<string, Uint8Array>() };

/**
 * Lengths of the words of `run`, which holds letters only, in UTF-16 units. The breaks of `zh` hold for Japanese too.
 */
export function wordLengths(run: string, locale: 'zh' | 'th'): ArrayLike<number> {
  if (run.length === 1) return ONE;
  if (run.length > LONGEST_REMEMBERED) return segment(run, locale);
  const memory = remembered[locale];
  const known = memory.get(run);
  if (known !== undefined) return known;
  const lengths = Uint8Array.from(segment(run, locale));
  if (memory.size >= REMEMBERED_RUNS) {
    let surplus = REMEMBERED_RUNS >> 1;
    for (const old of memory.keys()) {
      memory.delete(old);
      if (--surplus === 0) break;
    }
  }
  // A copy: a slice would keep the whole completion alive for as long as it is remembered.
  memory.set((' ' + run).slice(1), lengths);
  return lengths;
}

const ONE = [1];

function segment(run: string, locale: 'zh' | 'th'): number[] {
  let segmenter = segmenters.get(locale);
  if (segmenter === undefined) {
    segmenter = new Intl.Segmenter(locale, { granularity: 'word' });
    segmenters.set(locale, segmenter);
  }
  const lengths: number[] = [];
  // The dictionary breaker is not linear in a run without any break, so a run of many thousand letters goes in pieces.
  for (let start = 0; start < run.length; start += PIECE) {
    for (const word of segmenter.segment(run.slice(start, start + PIECE))) lengths.push(word.segment.length);
  }
  return lengths;
}

const PIECE = 2000;
