import type { Budget } from './budget.js';
import { isIdentifier } from './characters.js';
import { TemplateFault } from './fault.js';
import { isSpace, skipSpace, SPACE, spaceStart } from './space.js';
import { unescapeString } from './string_literal.js';

export type TokenType =
  | 'data'
  | 'variable_begin'
  | 'variable_end'
  | 'block_begin'
  | 'block_end'
  | 'name'
  | 'string'
  | 'integer'
  | 'float'
  | 'operator'
  | 'eof';

export interface Token {
  type: TokenType;
  value: string;
  line: number;
}

const FLOAT = /(?<!\.)(?:\d+_)*\d+(?:(?:\.(?:\d+_)*\d+)?e[+-]?(?:\d+_)*\d+|\.(?:\d+_)*\d+)/iy;
const INTEGER = /0b(?:_?[01])+|0o(?:_?[0-7])+|0x(?:_?[\da-f])+|[1-9](?:_?\d)*|0(?:_?0)*/iy;
const NAME = /[\p{L}\p{N}\p{M}\p{Pc}·]+/uy;
const OPERATOR = /\/\/|\*\*|==|!=|>=|<=|[-+/*%~[\](){}><=.:|,;]/y;
const RAW_BEGIN = new RegExp(`\\{%([-+]?)[${SPACE}]*raw[${SPACE}]*(-?)%\\}`, 'y');
const RAW_END = new RegExp(`\\{%([-+]?)[${SPACE}]*endraw[${SPACE}]*([-+]?)%\\}`, 'g');
/** Characters of a template: ten times the longest that are published. */
const LONGEST_TEMPLATE = 1 << 20;
const CLOSING: Record<string, string> = { '{': '}', '(': ')', '[': ']' };

/**
 * The tokens of a template, read as Jinja reads it where Transformers sets it up: `trim_blocks`, `lstrip_blocks`, line ends of
 * any kind as `\n`, and the last line end left away. One pass; every token knows its line.
 */
export function tokenize(template: string, budget: Budget): Token[] {
  if (template.length > LONGEST_TEMPLATE)
    throw new TemplateFault('limit', `is longer than ${String(LONGEST_TEMPLATE >> 20)} million characters`, 1);
  budget.text(template.length);
  return new Lexer(template.replace(/\r\n?/g, '\n').replace(/\n$/, ''), budget).run();
}

class Lexer {
  private readonly tokens: Token[] = [];
  private at = 0;
  private line = 1;
  /** Whether what was read last ends a line. */
  private lineStarts = true;

  constructor(
    private readonly source: string,
    private readonly budget: Budget,
  ) {}

  run(): Token[] {
    try {
      return this.read();
    } catch (fault) {
      if (fault instanceof TemplateFault) fault.line ??= this.line;
      throw fault;
    }
  }

  private read(): Token[] {
    const opening = /\{[%{#]/g;
    while (this.at < this.source.length) {
      opening.lastIndex = this.at;
      const found = opening.exec(this.source);
      if (found === null) {
        this.data(this.source.slice(this.at));
        break;
      }
      this.tag(found.index);
    }
    this.push('eof', '');
    return this.tokens;
  }

  /** Text up to a tag, and the tag. */
  private tag(start: number): void {
    const kind = this.source[start + 1]!;
    RAW_BEGIN.lastIndex = start;
    const raw = kind === '%' ? RAW_BEGIN.exec(this.source) : null;
    const sign = raw ? raw[1]! : this.signAt(start + 2);
    this.text(start, sign, kind !== '{');
    if (raw) return this.raw(start, raw);
    const inner = start + 2 + sign.length;
    if (kind === '#') return this.comment(inner);
    this.push(kind === '{' ? 'variable_begin' : 'block_begin', '');
    this.at = inner;
    this.expression(kind === '{' ? '}}' : '%}');
  }

  private signAt(at: number): string {
    const sign = this.source[at] ?? '';
    return sign === '-' || sign === '+' ? sign : '';
  }

  /** The text before a tag, without the white space that the tag takes. */
  private text(end: number, sign: string, strippable: boolean): void {
    const text = this.source.slice(this.at, end);
    let kept = text;
    if (sign === '-') kept = text.slice(0, spaceStart(text));
    else if (sign !== '+' && strippable) {
      const lineStart = text.lastIndexOf('\n') + 1;
      if ((lineStart > 0 || this.lineStarts) && skipSpace(text, lineStart) === text.length)
        kept = text.slice(0, lineStart);
    }
    this.data(kept);
    this.advance(end);
  }

  private data(text: string): void {
    if (text !== '') this.push('data', text);
  }

  /** Moves on, counting lines. */
  private advance(to: number): void {
    for (let at = this.at; at < to; at++) if (this.source.charCodeAt(at) === 10) this.line++;
    if (to > this.at) this.lineStarts = this.source[to - 1] === '\n';
    this.at = to;
  }

  private comment(inner: number): void {
    const end = this.source.indexOf('#}', inner);
    if (end === -1) this.fail('a comment is not closed');
    const sign = end > inner ? this.signAt(end - 1) : '';
    this.advance(this.tagEnd(end + 2, sign));
  }

  private raw(start: number, begin: RegExpExecArray): void {
    const opened = start + begin[0].length;
    this.advance(begin[2] === '-' ? skipSpace(this.source, opened) : opened);
    RAW_END.lastIndex = this.at;
    const end = RAW_END.exec(this.source);
    if (end === null) this.fail('a raw block is not closed');
    this.text(end.index, end[1]!, true);
    this.advance(this.tagEnd(end.index + end[0].length, end[2]!));
  }

  /** Where output goes on behind a block's or comment's end: behind all white space, or one line end, or at once. */
  private tagEnd(at: number, sign: string): number {
    if (sign === '-') return skipSpace(this.source, at);
    return sign === '' && this.source[at] === '\n' ? at + 1 : at;
  }

  private expression(close: '}}' | '%}'): void {
    const { source } = this;
    const open: string[] = [];
    for (;;) {
      const code = source.charCodeAt(this.at);
      if (Number.isNaN(code)) return; // the parser says what is open
      if (isSpace(code)) {
        this.advance(skipSpace(source, this.at));
        continue;
      }
      if (open.length === 0 && this.closes(close)) return;
      if (code === 0x22 || code === 0x27) this.string(source[this.at]!);
      else if (this.match(FLOAT, 'float') || this.match(INTEGER, 'integer')) continue;
      else if (this.match(NAME, 'name')) this.checkName();
      else if (this.match(OPERATOR, 'operator')) this.balance(open);
      else this.fail(`unexpected ${JSON.stringify(String.fromCodePoint(source.codePointAt(this.at)!))}`);
    }
  }

  /** Reads the end of the tag where it stands here. */
  private closes(close: '}}' | '%}'): boolean {
    const sign = close === '%}' || this.source[this.at] === '-' ? this.signAt(this.at) : '';
    if (!this.source.startsWith(close, this.at + sign.length)) return false;
    this.push(close === '}}' ? 'variable_end' : 'block_end', '');
    const end = this.at + sign.length + 2;
    if (close === '}}') this.advance(sign === '-' ? skipSpace(this.source, end) : end);
    else this.advance(this.tagEnd(end, sign));
    return true;
  }

  private match(pattern: RegExp, type: TokenType): boolean {
    pattern.lastIndex = this.at;
    const found = pattern.exec(this.source);
    if (found === null) return false;
    this.push(type, found[0]);
    this.advance(this.at + found[0].length);
    return true;
  }

  private checkName(): void {
    const { value } = this.tokens.at(-1)!;
    if (!isIdentifier(value)) this.fail(`${JSON.stringify(value)} is no name`);
  }

  private balance(open: string[]): void {
    const { value } = this.tokens.at(-1)!;
    if (value in CLOSING) open.push(CLOSING[value]!);
    else if (value === '}' || value === ')' || value === ']') {
      const expected = open.pop();
      if (expected === undefined) this.fail(`unexpected "${value}"`);
      if (expected !== value) this.fail(`unexpected "${value}", expected "${expected}"`);
    }
  }

  private string(quote: string): void {
    let end = this.at + 1;
    while (end < this.source.length && this.source[end] !== quote) end += this.source[end] === '\\' ? 2 : 1;
    if (end >= this.source.length) this.fail(`unexpected ${quote}: a text is not closed`);
    this.push('string', unescapeString(this.source.slice(this.at + 1, end), this.line));
    this.advance(end + 1);
  }

  private push(type: TokenType, value: string): void {
    this.budget.spend();
    this.tokens.push({ type, value, line: this.line });
  }

  private fail(message: string): never {
    throw new TemplateFault('syntax', message, this.line);
  }
}
