// A reporter of node:test that tells only what was skipped: one line of JSON each, {name, reason}. A group that is skipped as a
// whole is one.
import { relative } from 'node:path';
import { ROOT } from './setup/paths.mjs';

export default async function* skippedReporter(events) {
  for await (const { type, data } of events) {
    if (type !== 'test:pass' || data.skip === undefined) continue;
    const file = data.file === undefined ? '' : `${relative(ROOT, data.file)}: `;
    const reason = typeof data.skip === 'string' && data.skip !== '' ? data.skip : 'no reason given';
    yield `${JSON.stringify({ name: `${file}${data.name}`, reason })}\n`;
  }
}
