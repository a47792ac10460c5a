/** Signs of a word that are looked at. */
const SIGNS = 3;

/** What words begin with: tells at most places of a text, for little, that none of them stands there. */
export class Beginnings {
  readonly #found = new Set<string>();

  constructor(...others: readonly Beginnings[]) {
    for (const other of others) for (const beginning of other.#found) this.#found.add(beginning);
  }

  add(word: string): void {
    this.#found.add(word.slice(0, SIGNS));
  }

  /** Whether one of the words may stand at a place of a text in small letters. */
  at(text: string, at: number): boolean {
    for (let length = 1; length <= SIGNS; length++) if (this.#found.has(text.slice(at, at + length))) return true;
    return false;
  }
}
