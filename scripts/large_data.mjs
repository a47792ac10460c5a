// Writes a JSONL file of made problems: node scripts/large_data.mjs FILE [ROWS]. docs/log.md tells what was measured with it.
import { createWriteStream } from 'node:fs';
import { once } from 'node:events';

const [path, rows = '5000000'] = process.argv.slice(2);
if (path === undefined) {
  console.error('node scripts/large_data.mjs FILE [ROWS]');
  process.exit(2);
}
const file = createWriteStream(path);
let text = '';
for (let i = 0; i < Number(rows); i++) {
  const [a, b] = [i % 997, Math.floor(i / 997)];
  const question = `A box holds ${a} red and ${b} blue marbles. How many marbles are there in all?`;
  text += `${JSON.stringify({ id: `made-${i}`, question, answer: String(a + b), lang: 'en', level: 1 + (i % 5) })}\n`;
  if (text.length > 2 ** 20) {
    if (!file.write(text)) await once(file, 'drain');
    text = '';
  }
}
file.end(text);
await once(file, 'finish');
