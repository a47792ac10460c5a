import { GlossaError } from '../base/error.js';
import { printable } from '../base/printable.js';

export type ProgressMode = 'live' | 'plain' | 'json' | 'none';

/** auto is live on a terminal and plain elsewhere. @throws GlossaError USAGE. */
export function progressMode(asked: string, stream: NodeJS.WriteStream = process.stderr): ProgressMode {
  if (asked === 'auto') return stream.isTTY && process.env.TERM !== 'dumb' ? 'live' : 'plain';
  if (asked === 'plain' || asked === 'json' || asked === 'none') return asked;
  throw new GlossaError('USAGE', `--progress ${asked}: expected auto, plain, json or none`);
}

/** Lines that stay, and below them, on a terminal, one block that is drawn again and again. */
export class Display {
  private block: string[] = [];
  private drawn = 0;
  private lastDraw = -Infinity;

  constructor(
    readonly mode: ProgressMode,
    private readonly stream: NodeJS.WriteStream = process.stderr,
  ) {}

  /** Columns of the terminal that a line may fill; without end where there is none. */
  get width(): number {
    return this.stream.isTTY ? (this.stream.columns || 80) - 1 : Infinity;
  }

  /** A line that stays; not shown in the modes json and none. */
  line(text: string): void {
    if (this.mode === 'none' || this.mode === 'json') return;
    this.erase();
    this.stream.write(`${printable(text)}\n`);
    this.draw();
  }

  /** A line that stays in every mode but none: as an object in mode json. */
  warning(message: string): void {
    if (this.mode === 'json') this.json({ type: 'warning', message });
    else this.line(`warning: ${message}`);
  }

  json(value: unknown): void {
    if (this.mode === 'json') this.stream.write(`${JSON.stringify(value)}\n`);
  }

  /** Replaces the block, at most ten times a second; shown on a terminal only. */
  live(lines: readonly string[]): void {
    this.block = [...lines];
    if (this.mode !== 'live' || performance.now() - this.lastDraw < 100) return;
    this.erase();
    this.draw();
  }

  /** Takes the block away. */
  end(): void {
    this.block = [];
    this.erase();
  }

  private erase(): void {
    if (this.drawn > 0) this.stream.write(`\x1b[${String(this.drawn)}A\x1b[J`);
    this.drawn = 0;
  }

  private draw(): void {
    if (this.mode !== 'live' || this.block.length === 0) return;
    const width = (this.stream.columns || 80) - 1;
    this.stream.write(this.block.map((line) => `${printable(line).slice(0, width)}\n`).join(''));
    this.drawn = this.block.length;
    this.lastDraw = performance.now();
  }
}

/** A warning of a command that has no display. */
export function warn(message: string): void {
  process.stderr.write(`warning: ${printable(message)}\n`);
}

/**
 * The display of a command whose result is its progress: objects for a machine go to standard output, lines for a person to
 * standard error. @throws GlossaError USAGE.
 */
export function openDisplay(asked: string): Display {
  const mode = progressMode(asked);
  return new Display(mode, mode === 'json' ? process.stdout : process.stderr);
}
