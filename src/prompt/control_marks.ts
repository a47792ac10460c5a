import { controlPattern } from '../tokenizer/index.js';
import type { ControlToken, Tokenizer } from '../tokenizer/index.js';

/**
 * Lets texts pass through a template without becoming control tokens: their spellings of such tokens travel as marks of
 * private-use characters that occur in none of the texts, so that the template sees all other text as it is.
 */
export class ControlMarks {
  private readonly spellings: string[] = [];
  private readonly open: string;

  constructor(
    private readonly tokenizer: Tokenizer,
    texts: readonly string[],
  ) {
    let code = 0xe000;
    while (texts.some((text) => text.includes(String.fromCharCode(code)))) code++;
    this.open = String.fromCharCode(code);
  }

  /** Marks all spellings, or, in what the model itself has written, those of tokens that decoding leaves out. */
  hide(text: string, by: 'user' | 'model' = 'user'): string {
    const pattern = controlPattern(by === 'user' ? this.tokenizer.controlTokens : specialTokens(this.tokenizer));
    if (pattern === undefined) return text;
    return text.replace(pattern, (spelling) => `${this.open}${this.spellings.push(spelling) - 1}${this.open}`);
  }

  show(text: string): string {
    return text.replace(
      new RegExp(`${this.open}(\\d+)${this.open}`, 'g'),
      (_, index) => this.spellings[Number(index)]!,
    );
  }
}

const special = new WeakMap<Tokenizer, readonly ControlToken[]>();

function specialTokens(tokenizer: Tokenizer): readonly ControlToken[] {
  let tokens = special.get(tokenizer);
  if (tokens === undefined) special.set(tokenizer, (tokens = tokenizer.controlTokens.filter((token) => token.special)));
  return tokens;
}
