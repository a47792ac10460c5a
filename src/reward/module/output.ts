import type { Readable } from 'node:stream';
import { printable } from '../../base/printable.js';

/** Characters that a process's module may print; the rest is read and dropped. */
const SHOWN = 16_000;
/** Of a line. */
const LONGEST_LINE = 1000;

/** Passes on what a module prints to standard error, each line behind the name of its reward, up to a bound. */
export function labelled(streams: readonly Readable[], name: string): void {
  let left = SHOWN;
  const show = (line: string): void => {
    if (left <= 0 || line === '') return;
    const text = printable(line.slice(0, Math.min(left, LONGEST_LINE)));
    left -= line.length;
    process.stderr.write(`${name}: ${text}\n${left <= 0 ? `${name}: more is not shown\n` : ''}`);
  };
  for (const stream of streams) {
    let held = '';
    stream.setEncoding('utf8');
    stream.on('data', (piece: string) => {
      if (left <= 0) return;
      const lines = (held + piece).split('\n');
      held = lines.pop()!.slice(0, SHOWN);
      lines.forEach(show);
    });
    stream.on('end', () => show(held));
    stream.on('error', () => undefined);
  }
}
