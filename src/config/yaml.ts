import { Composer, isAlias, isMap, isPair, isScalar, isSeq, Lexer, LineCounter, Parser } from 'yaml';
import type { Document, Node } from 'yaml';

/** YAML text as plain values, with what finds a value's line again. */
export interface YamlText {
  value: unknown;
  doc: Document.Parsed;
  lines: LineCounter;
}

/** What is wrong with a YAML text, and where: `line:column`, from 1. */
export class YamlFault extends Error {
  constructor(
    message: string,
    readonly place: string,
  ) {
    super(message);
  }
}

/** Sections inside each other, aliases followed. The parser itself would run out of stack at some thousands. */
const MOST_LEVELS = 64;
/** Characters and nodes of a text with every alias written out: a config has some hundreds. */
const MOST_WRITTEN_OUT = 2 ** 22;
const MOST_ALIASES = 1000;

/**
 * Reads one document of YAML 1.2 (core schema, with merge keys `<<`). Refused, besides what is no YAML: nesting and aliases
 * without measure, an alias within what it names, a key given twice, that is no word or `__proto__`, tags that mean nothing here.
 *
 * @throws YamlFault
 */
export function readYaml(text: string): YamlText {
  const lines = new LineCounter();
  const doc = compose(text, lines);
  const place = placeIn(lines);
  const [broken] = [...doc.errors, ...doc.warnings];
  if (broken) throw new YamlFault(broken.message.replace(/; please use .*/, ''), place(broken.pos[0]));
  new Measure(place).of(doc.contents, 0);
  try {
    return { value: doc.toJS({ maxAliasCount: -1 }), doc, lines };
  } catch (error) {
    throw new YamlFault((error as Error).message, place(doc.contents?.range[0] ?? 0)); // `<<` of what is no section
  }
}

const placeIn = (lines: LineCounter) => (offset: number) => {
  const { line, col } = lines.linePos(offset);
  return `${String(Math.max(1, line))}:${String(Math.max(1, col))}`;
};

/** The steps of the library's own parseDocument, with an eye on the depth before anything recursive sees it. */
function compose(text: string, lines: LineCounter): Document.Parsed {
  lines.addNewLine(0);
  const parser = new Parser(lines.addNewLine);
  const composer = new Composer({ merge: true, uniqueKeys: false, prettyErrors: false });
  const documents: Document.Parsed[] = [];
  function* tokens() {
    for (const lexeme of new Lexer().lex(text)) {
      yield* parser.next(lexeme);
      if (parser.stack.length > 2 * MOST_LEVELS)
        throw new YamlFault(`more than ${String(MOST_LEVELS)} levels inside each other`, placeIn(lines)(parser.offset));
    }
    yield* parser.end();
  }
  for (const doc of composer.compose(tokens(), true, text.length)) documents.push(doc);
  const second = documents[1];
  if (second) throw new YamlFault('a second document begins here; expected one', placeIn(lines)(second.range[0]));
  return documents[0]!;
}

interface Size {
  size: number;
  levels: number;
}

/** Measures a document as it would be written out, in the order of its text, before any of it is built. */
class Measure {
  private readonly anchors = new Map<string, Size | 'open'>();
  private aliases = 0;

  constructor(private readonly place: (offset: number) => string) {}

  of(node: unknown, level: number): Size {
    if (isAlias(node)) return this.bounded(this.named(node.source, node), level, node);
    const anchor = (node as { anchor?: string } | null)?.anchor;
    if (anchor !== undefined) this.anchors.set(anchor, 'open');
    const total: Size = { size: 1, levels: 0 };
    const add = (child: unknown, levels: number) => {
      const inner = this.of(child, level + levels);
      total.size += inner.size;
      total.levels = Math.max(total.levels, inner.levels + levels);
    };
    if (isMap(node)) {
      const keys = new Set<string>();
      for (const pair of node.items) {
        this.key(pair.key, keys);
        add(pair.value, 1);
      }
    } else if (isSeq(node)) for (const item of node.items) add(isPair(item) ? item.value : item, 1);
    else if (isScalar(node)) total.size += node.source?.length ?? 0;
    if (anchor !== undefined) this.anchors.set(anchor, total);
    return this.bounded(total, level, node);
  }

  private key(key: unknown, keys: Set<string>): void {
    if (!isScalar(key)) throw this.fault('a key must be a word', key);
    const name = String(key.value);
    // What reads the values would pass over it in silence.
    if (name === '__proto__') throw this.fault('nothing is called __proto__', key);
    if (keys.has(name)) throw this.fault(`${name.slice(0, 60)} is given twice`, key);
    keys.add(name);
  }

  private named(name: string, node: unknown): Size {
    const found = this.anchors.get(name);
    if (found === undefined) throw this.fault(`*${name} names nothing before it`, node);
    if (found === 'open') throw this.fault(`*${name} stands within what it names, so it has no end`, node);
    if (++this.aliases > MOST_ALIASES) throw this.fault(`more than ${String(MOST_ALIASES)} aliases`, node);
    return found;
  }

  private bounded(total: Size, level: number, node: unknown): Size {
    if (level + total.levels > MOST_LEVELS)
      throw this.fault(`more than ${String(MOST_LEVELS)} levels inside each other`, node);
    if (total.size > MOST_WRITTEN_OUT)
      throw this.fault(`with its aliases written out, this is larger than a config may be`, node);
    return total;
  }

  private fault(message: string, node: unknown): YamlFault {
    return new YamlFault(message, this.place((node as Node | null)?.range?.[0] ?? 0));
  }
}
