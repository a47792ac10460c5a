import type { Language } from '../language/types.js';
import type { Problem, Problems } from './types.js';

const EMPTY = 0;

/**
 * Finds ids that come twice in a language, of any number of problems: a table of their hashes, 8 to 16 bytes a problem. What has
 * the same hash is looked up among the problems themselves, so that nothing rests on hashes being different.
 */
export class SeenIds {
  /** Of each place: 1 + number of the problem, and its hash. */
  private table = new Uint32Array(2 * 1024);
  private count = 0;

  constructor(private readonly problems: Problems) {}

  /** The earlier problem of this id and language; where there is none, the next problem to be added is it. */
  find({ id, language }: Problem): Problem | undefined {
    const hash = hashOf(id, language);
    let place = this.placeOf(hash);
    for (; this.table[2 * place] !== EMPTY; place = this.after(place)) {
      if (this.table[2 * place + 1] !== hash) continue;
      const earlier = this.problems.at(this.table[2 * place]! - 1)!;
      if (earlier.id === id && earlier.language === language) return earlier;
    }
    this.table[2 * place] = ++this.count;
    this.table[2 * place + 1] = hash;
    if (2 * this.count > this.size) this.grow();
    return undefined;
  }

  private get size(): number {
    return this.table.length / 2;
  }
  private placeOf(hash: number): number {
    return hash & (this.size - 1);
  }
  private after(place: number): number {
    return (place + 1) & (this.size - 1);
  }

  private grow(): void {
    const old = this.table;
    this.table = new Uint32Array(2 * old.length);
    for (let i = 0; i < old.length; i += 2) {
      if (old[i] === EMPTY) continue;
      let place = this.placeOf(old[i + 1]!);
      while (this.table[2 * place] !== EMPTY) place = this.after(place);
      this.table[2 * place] = old[i]!;
      this.table[2 * place + 1] = old[i + 1]!;
    }
  }
}

/** FNV-1a over code units, with the mixing of MurmurHash3 at the end. */
function hashOf(id: string, language: Language): number {
  let hash = 0x811c9dc5;
  const add = (text: string) => {
    for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  };
  add(language);
  add(id);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}
