import { spellingPattern, type Stretch, type Tokenizer } from '../tokenizer/index.js';

/**
 * Lets texts pass through a template without becoming special tokens: their spellings of such tokens travel as marks that occur
 * in none of the texts, so that the template sees all other text as it is.
 */
export class ControlMarks {
  private readonly spellings: string[] = [];
  private readonly open: string;

  constructor(
    private readonly tokenizer: Pick<Tokenizer, 'controlTokens'>,
    texts: readonly string[],
  ) {
    let mark = 0;
    while (texts.some((text) => text.includes(openingMark(mark)))) mark++;
    this.open = openingMark(mark);
  }

  hide(text: string): string {
    const pattern = spellingPattern(this.tokenizer.controlTokens);
    if (pattern === undefined) return text;
    return text.replace(pattern, (spelling) => `${this.open}${String(this.spellings.push(spelling) - 1)}\ue001`);
  }

  /** What was rendered, with the hidden spellings back in their places as letters. */
  show(text: string): Stretch[] {
    // Odd parts are the numbers of marks.
    const parts = text.split(new RegExp(`${this.open}(\\d+)\ue001`));
    return parts
      .map((part, i) =>
        i % 2 === 0 ? { text: part, special: true } : { text: this.spellings[Number(part)]!, special: false },
      )
      .filter((stretch) => stretch.text !== '');
  }
}

const openingMark = (mark: number): string => `\ue000${mark === 0 ? '' : String(mark)}:`;
