/**
 * Word breaks inside runs of letters that are written without spaces: Chinese and Japanese (one dictionary in ICU) and Thai.
 * They are those of Intl.Segmenter, whatever its locale. What it costs is the making of objects, about a microsecond a segment
 * and two a call, more than the search in the dictionary; so several runs share a call, some segments are told by their
 * neighbour, and the breaks of short runs are remembered, since the completions of one prompt repeat each other's clauses.
 */
let segmenter: Intl.Segmenter | undefined;

/** Runs remembered; when there are as many, all are forgotten. Longer ones seldom come back. */
const REMEMBERED_RUNS = 1 << 14;
const LONGEST_REMEMBERED = 40;
const remembered = new Map<string, readonly number[]>();

/** Letters that are enough for a call: with fewer there are more calls, with more each segment takes longer (V8 copies all). */
const CALL = 150;
/** Longest stretch that is broken as one: the search is not linear where it finds no word. */
const STRETCH = 2000;

/** Lengths of the words of each of `runs`, in UTF-16 units. A run holds letters and their marks only. */
export function wordLengths(runs: readonly string[]): (readonly number[])[] {
  const lengths = runs.map((run) => (run.length === 1 ? ONE : remembered.get(run)));
  let unknown: number[] = [];
  let letters = 0;
  for (let i = 0; i < runs.length; i++) {
    const run = runs[i]!;
    if (run.length > STRETCH) lengths[i] = inStretches(run);
    else if (lengths[i] === undefined) {
      unknown.push(i);
      letters += run.length;
    }
    if (letters < CALL && i < runs.length - 1) continue;
    const found = segment(unknown.map((index) => runs[index]!));
    for (let j = 0; j < unknown.length; j++) lengths[unknown[j]!] = found[j]!;
    unknown = [];
    letters = 0;
  }
  return lengths as (readonly number[])[];
}

const ONE: readonly number[] = [1];

function inStretches(run: string): number[] {
  const lengths: number[] = [];
  for (let at = 0; at < run.length; at += STRETCH) lengths.push(...segment([run.slice(at, at + STRETCH)])[0]!);
  return lengths;
}

function segment(runs: readonly string[]): number[][] {
  segmenter ??= new Intl.Segmenter('zh', { granularity: 'word' });
  // A newline breaks on either side of it, whatever it stands between.
  const segments = segmenter.segment(runs.join('\n'));
  let at = 0;
  return runs.map((run) => {
    const lengths: number[] = [];
    const end = at + run.length;
    while (at < end) {
      if (at + 1 === end) {
        lengths.push(1);
        break;
      }
      // The word that the second letter is in begins with the first letter, or the first is a word by itself: two for one.
      const { index, segment: word } = segments.containing(at + 1)!;
      if (index > at) lengths.push(index - at);
      lengths.push(word.length);
      at = index + word.length;
    }
    at = end + 1;
    remember(run, lengths);
    return lengths;
  });
}

function remember(run: string, lengths: readonly number[]): void {
  if (run.length > LONGEST_REMEMBERED) return;
  if (remembered.size >= REMEMBERED_RUNS) remembered.clear();
  // A copy: a slice would keep the whole completion alive for as long as it is remembered.
  remembered.set((' ' + run).slice(1), lengths);
}
